"""The values of a batch job's state machine: its state, the events that change it, the commands that it gives. Pure."""

from typing import Literal, TypeAlias, get_args

import msgspec

from llm_pure.core.batch_api import BatchCounts, BatchJob, BatchState
from llm_pure.types.errors import LLMError

Phase: TypeAlias = Literal[
    "planned", "uploading", "uploaded", "creating", "running", "collecting", "collected", "failed", "cancelled"
]  # fmt: skip
PHASES: tuple[Phase, ...] = get_args(Phase)
OVER: frozenset[Phase] = frozenset({"collected", "failed", "cancelled"})
"""Phases in which nothing more is done for the job."""

RowPhase: TypeAlias = Literal["planned", "in_job", "ended", "missing"]
"""Of a row: not sent yet; in the job, as far as is known; its result is on disk; to be planned again."""

POLL_S = 60.0
"""The first wait between two polls."""


Operation: TypeAlias = Literal["upload", "create", "list", "poll", "results", "cancel"]
"""What a request does."""


class JobRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All of a job's state but its rows: what a log line holds. The last one of a job counts."""

    key: str
    phase: Phase = "planned"
    model: str = ""
    uploads: bool = True
    """The lines are uploaded before the job is created."""
    file_id: str = ""
    job_id: str = ""
    output_file: str = ""
    error_file: str = ""
    verified: bool = True
    """False: the service keeps no key of ours, and the job was adopted by its time and size."""
    creating_s: float = 0.0
    """When the first create was about to be sent."""
    pages: tuple[str, ...] = ()
    """Pages of results to read, the next one first."""
    job_state: BatchState = "unknown"
    """The last state that the service reported."""
    counts: BatchCounts = BatchCounts()
    excluded: tuple[str, ...] = ()
    """Jobs that were adopted and had results of others."""
    cancelling: bool = False
    """The user has cancelled the job."""
    halve: bool = False
    """The service's queue was too full for it."""
    reason: str = ""
    """Why it failed."""
    reserved_usd: str = "0"
    """What the job can cost at most, reserved before the upload until it is over."""
    readings: int = 0
    """How often the results held less than the job has counted."""
    deleted: bool = False
    """What the service kept of it was deleted."""


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """A job and its rows."""

    record: JobRecord
    ids: tuple[str, ...] = ()
    """All rows of the job."""
    rows: tuple[int, ...] = ()
    """Their numbers in the input when the job was planned; the id decides."""
    ended: frozenset[str] = frozenset()
    """Rows whose results are on disk."""
    seen: frozenset[str] = frozenset()
    """Rows of which a result was read in this part of the run, whether it is final or not."""
    keeps_key: bool = True
    """`BatchApi.keeps_key`."""
    attempts: int = 0
    """Failures in a row of the present request."""
    listings: int = 0
    """Complete lists without our job."""
    unknown: int = 0
    """Polls in a row with a state that is in no table."""
    doubtful: bool = False
    """A job of the list may be ours, but another of this run has adopted it without certainty."""
    pages_read: int = 0
    poll_s: float = POLL_S

    @property
    def phase(self) -> Phase:
        """The job's phase."""
        return self.record.phase

    @property
    def missing(self) -> tuple[str, ...]:
        """Rows without a result, in their order."""
        return tuple([row for row in self.ids if row not in self.ended])


def row_phases(state: JobState) -> dict[str, RowPhase]:
    """Return the phase of each row: exactly one for each id, whatever happened."""
    others: RowPhase = "in_job"
    if state.phase in ("planned", "uploading", "uploaded"):
        others = "planned"
    elif state.phase in OVER:
        others = "missing"
    return {row: "ended" if row in state.ended else others for row in state.ids}


class Started(msgspec.Struct, frozen=True):
    """The driver begins, or goes on after a crash: the state is the last one of the log."""

    at_s: float


class Uploaded(msgspec.Struct, frozen=True):
    """The file is at the service."""

    file_id: str
    at_s: float


class Created(msgspec.Struct, frozen=True):
    """The service has answered a create with a job."""

    job: BatchJob
    at_s: float


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A page of jobs."""

    jobs: tuple[BatchJob, ...]
    next_page: str
    at_s: float
    known: frozenset[str] = frozenset()
    """Jobs that belong to others of this run."""
    doubtful: frozenset[str] = frozenset()
    """Those of them that are not verified."""


class Polled(msgspec.Struct, frozen=True):
    """The job as the service describes it, of a poll or a cancel."""

    job: BatchJob
    at_s: float


class ResultsRead(msgspec.Struct, frozen=True, kw_only=True):
    """A page of results was read, and its lines are on disk."""

    page: str
    ids: frozenset[str]
    """Rows of the page, whether they have a final result or not; rows to be sent again are not in it."""
    seen: frozenset[str]
    """All ids of the page."""
    at_s: float
    next_page: str = ""
    error: LLMError | None = None
    """The page is incomplete; what could be read is on disk."""


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A request of this operation failed."""

    operation: Operation
    error: LLMError
    at_s: float


class CancelRequested(msgspec.Struct, frozen=True):
    """The user cancels the job."""

    at_s: float


Event: TypeAlias = (
    Started | Uploaded | Created | Listed | Polled | ResultsRead | Failed | CancelRequested
)


class Log(msgspec.Struct, frozen=True):
    """Write this record, and go on when it is on disk."""

    record: JobRecord


class Upload(msgspec.Struct, frozen=True):
    """Upload the lines of all rows."""

    after_s: float = 0.0


class Create(msgspec.Struct, frozen=True):
    """Create the job."""

    after_s: float = 0.0


class ListJobs(msgspec.Struct, frozen=True):
    """Fetch a page of jobs."""

    page: str = ""
    after_s: float = 0.0


class Poll(msgspec.Struct, frozen=True):
    """Fetch the job."""

    after_s: float = 0.0


class Fetch(msgspec.Struct, frozen=True):
    """Fetch a page of results, and write the lines of our rows that have no result yet."""

    page: str
    after_s: float = 0.0


class Cancel(msgspec.Struct, frozen=True):
    """Cancel the job at the service."""


class Replan(msgspec.Struct, frozen=True):
    """Put these rows into new jobs."""

    ids: tuple[str, ...]
    halve: bool = False
    """Into jobs of half the size, when no other job of this run is at the service."""


class Stop(msgspec.Struct, frozen=True):
    """Nothing more can be done now; the job keeps its state."""

    error: LLMError


Command: TypeAlias = Log | Upload | Create | ListJobs | Poll | Fetch | Cancel | Replan | Stop
