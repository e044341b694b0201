"""Batch services: jobs of many requests, answered within hours at a lower price. Pure; a Provider has it as `batch`.

    requests --build_line--> lines --upload--> file id --create--> job --poll--> ended --results--> responses

Every result becomes the HttpResponse that `parse_chat` reads, so a batch has no parser of answers of its own.
"""

from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import tool_names
from llm_pure.types.completion import JsonObject
from llm_pure.types.config import LLMConfig, Secret
from llm_pure.types.errors import LLMError
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.messages import SafeRepr
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import LLMResult

BatchState: TypeAlias = Literal[
    "waiting", "running", "cancelling", "completed", "failed", "expired", "cancelled", "unknown"
]
"""The state of a job. A job that has ended in any way may have results; "unknown" is a word that is in no table."""

ENDED: frozenset[BatchState] = frozenset({"completed", "failed", "expired", "cancelled"})

KEY = "llm_pure_job"
"""The metadata field with our key of a job. A name that ends in "key" would be masked in logs and cassettes."""

MAX_ID_LENGTH = 64
"""The longest custom id that every service takes; of letters, digits, "_" and "-"."""


class BatchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one job may hold. None: the service states no limit."""

    source: str
    """Where the numbers are from, with the date."""
    max_requests: int | None = None
    max_bytes: int | None = None
    """Bytes of all lines, or of the body that holds them."""
    max_line_bytes: int | None = None
    inline_bytes: int | None = None
    """Up to this size the lines are sent with the job, beyond it as a file; None: always or never."""
    min_requests: int = 1
    window_s: int | None = 24 * 3600
    """After this time the job ends at the latest; None: never."""
    discount: float | None = None
    """The part of the price that is not charged, for models without a batch price in the table of prices; None if no source
    states it."""
    one_model: bool = True
    """All requests of a job have the same model."""


class BatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a job, encoded as the service takes it."""

    custom_id: str
    data: bytes
    """JSON without a line end."""
    headers: Headers = ()
    """Headers that the request alone would have, such as beta features: the job's requests need the same."""
    adaptations: tuple[Adaptation, ...] = ()
    """What differs from the ChatRequest, and why."""

    @property
    def tool_names(self) -> dict[str, str]:
        """`Built.tool_names`: names of tools as they are sent -> the caller's."""
        return tool_names(self.adaptations)


class BatchInput(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is made of."""

    key: str
    """Our name of the job, by which it is recognized in lists: letters, digits, "_" and "-", at most 64."""
    model: str
    lines: tuple[bytes, ...] = ()
    headers: Headers = ()
    """The common `BatchLine.headers`."""
    file_id: str = ""
    """The uploaded file; "" if the lines are sent with the job."""

    @property
    def data(self) -> bytes:
        """The lines as the bytes of a file."""
        return b"".join([line + b"\n" for line in self.lines])


class UploadState(msgspec.Struct, frozen=True, kw_only=True):
    """How far an upload is. `UploadState()` is the start; a non-empty `file_id` with `done` is the end."""

    done: bool = False
    file_id: str = ""
    phase: str = ""
    """The service's next step, "" for the first."""
    url: Secret | None = None
    """Where the bytes go, if the service names it; such a URL is a credential."""


class TransferRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request of an upload, or for a file of results."""

    request: HttpRequest
    authorize: bool = True
    """False: the URL is signed, and the provider's key must not be sent to it."""
    file_id: str = ""
    """The id that the uploaded file has, where the response does not name it: `parse_upload` is called with it."""


class ResultParts(msgspec.Struct, frozen=True, kw_only=True):
    """The files that a page of results consists of."""

    requests: tuple[TransferRequest, ...] = ()
    """One for each file; their URLs may be credentials."""
    next_page: str = ""
    """The page after this one, "" for the last."""


class BatchCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of a job by outcome, as the service counts; None for what it does not say. Counts may contradict."""

    total: int | None = None
    pending: int | None = None
    succeeded: int | None = None
    failed: int | None = None


class BatchJobError(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """Why a job failed, or one reason of several."""

    message: str = ""
    code: str | None = None
    line: int | None = None
    """The number of the line in the input, as the service counts."""
    param: str | None = None


class BatchJob(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """A job as the service describes it."""

    id: str
    state: BatchState
    raw_state: str = ""
    """The service's own word."""
    key: str = ""
    """`BatchInput.key`, if the service keeps it."""
    provider: str = ""
    model: str = ""
    counts: BatchCounts = BatchCounts()
    created_s: float | None = None
    """Seconds since 1970, as the other times."""
    ended_s: float | None = None
    expires_s: float | None = None
    input_file: str = ""
    output_file: str = ""
    error_file: str = ""
    pages: tuple[str, ...] = ()
    """The pages of its results that are known now, for `results`; a page may name a next one."""
    errors: tuple[BatchJobError, ...] = ()
    cost_usd: float | None = None
    """The cost of the job, if the service states it."""
    raw: JsonObject = {}
    """The service's object, without results."""

    @property
    def ended(self) -> bool:
        """True if nothing more will happen to the job."""
        return self.state in ENDED

    @property
    def queue_full(self) -> bool:
        """True if the job failed because the service holds too many tokens of other jobs: later it may be taken."""
        return self.state == "failed" and any(
            error.code in QUEUE_FULL_CODES for error in self.errors
        )


QUEUE_FULL_CODES = frozenset({"token_limit_exceeded"})
"""Codes of a queue that is full. Source: openai/openai-python#1643 and learn.microsoft.com, by ../shared/wire/batch.md 1, 2."""


class JobPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of jobs, the newest first where the service sorts."""

    jobs: tuple[BatchJob, ...] = ()
    next_page: str = ""
    """The page after it, "" for the last."""


ResultKind: TypeAlias = Literal["response", "expired", "cancelled", "failed", "unreadable"]


class BatchResult(SafeRepr, msgspec.Struct, frozen=True, kw_only=True):
    """The result of one request."""

    custom_id: str
    """"" if the result does not say."""
    kind: ResultKind
    """"response": the model's answer or the endpoint's error, in `response`. The others: the request was not run to its
    end, and may be sent again."""
    response: HttpResponse | None = None
    """For `parse_chat`; None for kinds other than "response"."""
    error: LLMError | None = None
    """Why there is no response."""


class ResultsDecoder(Protocol):
    """Decodes one page of results: bytes -> results. It never raises, and a failed decoder stays failed.

    The results before an error are returned; the next call fails.
    """

    def feed(self, data: bytes) -> LLMResult[tuple[BatchResult, ...]]:
        """Return the results that these bytes complete; the bytes may be split anywhere."""
        ...

    def close(self) -> LLMResult[tuple[BatchResult, ...]]:
        """End the page. Fails with StreamInterrupted if it is incomplete, and with the service's error."""
        ...

    @property
    def next_page(self) -> str:
        """After `close`: the page after this one, "" for the last."""
        ...


class ResultsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of results that was read at once."""

    results: tuple[BatchResult, ...] = ()
    next_page: str = ""
    error: LLMError | None = None
    """Why the page is incomplete: its results are kept, and it is fetched again."""


class BatchApi(msgspec.Struct, frozen=True, kw_only=True):
    """A batch service as functions without state. The requests carry no credentials; `authorize` adds them."""

    provider: str
    shape: str
    """How requests and results travel: "files", "inline", "inline_or_file", "pages" or "storage" (the user's own bucket)."""
    limits: BatchLimits
    keeps_key: bool
    """A job in a list can be recognized, by `BatchJob.key` or by its input file. False: by the ids of its results only."""
    build_line: Callable[[LLMConfig, str, ChatRequest], LLMResult[BatchLine]]
    """(config, custom id, request) -> the line, with the body that `build_chat` makes."""
    create: Callable[[LLMConfig, BatchInput], LLMResult[HttpRequest]]
    parse_job: Callable[[HttpResponse], LLMResult[BatchJob]]
    """The response of `create`, `poll` and `cancel`. Fails with ProtocolError if it names no job."""
    poll: Callable[[LLMConfig, str], LLMResult[HttpRequest]]
    """(config, job id)"""
    list_jobs: Callable[[LLMConfig, str], LLMResult[HttpRequest]]
    """(config, page); "" is the first."""
    parse_list: Callable[[HttpResponse], LLMResult[JobPage]]
    results: Callable[[LLMConfig, BatchJob, str], LLMResult[HttpRequest]]
    """(config, job, page): a page of `BatchJob.pages`, or the next one of a page."""
    open_results: Callable[[BatchJob, str, ResponseHead], ResultsDecoder]
    build_parts: (
        Callable[[LLMConfig, BatchJob, str, HttpResponse], LLMResult[ResultParts]] | None
    ) = None
    """(config, job, page, the response of `results`) -> the requests for the files that it names; `open_results` decodes
    each. None: the response of `results` has the results."""
    upload: Callable[[LLMConfig, BatchInput, UploadState], LLMResult[TransferRequest]] | None = None
    """None: the lines are sent with `create`."""
    parse_upload: Callable[[HttpResponse, UploadState], LLMResult[UploadState]] | None = None
    cancel: Callable[[LLMConfig, str], LLMResult[HttpRequest]] | None = None
    """(config, job id); its results stay."""
    parse_cancel: Callable[[HttpResponse], LLMResult[BatchJob]] | None = None
    """The response of `cancel` where it is no job, and names none; None: `parse_job`."""
    delete: Callable[[LLMConfig, BatchJob], LLMResult[tuple[HttpRequest, ...]]] | None = None
    """The requests that remove what the service keeps of a job: its files, or the job."""

    def read_results(self, job: BatchJob, page: str, response: HttpResponse) -> ResultsPage:
        """Decode a page that was received at once."""
        decoder = self.open_results(job, page, response.head)
        results: list[BatchResult] = []
        error: LLMError | None = None
        for outcome in (decoder.feed(response.body), decoder.close()):
            results += outcome.value_or(())
            error = error or outcome.swap().value_or(None)
        return ResultsPage(results=tuple(results), next_page=decoder.next_page, error=error)
