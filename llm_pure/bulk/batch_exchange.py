"""HTTP requests of a provider batch: built by the provider's BatchApi, signed, sent, parsed; each ends in one event."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from llm_pure.bulk.batch_events import JobState
from llm_pure.client.targets import Target, annotate_error
from llm_pure.client.transport_manager import TransportCache
from llm_pure.core.batch_api import (
    BatchApi,
    BatchInput,
    BatchJob,
    BatchResult,
    JobPage,
    ResultsDecoder,
    TransferRequest,
    UploadState,
)
from llm_pure.transports.base import StreamingResponse, Timeouts, Transport, timeouts_of
from llm_pure.types.errors import LLMError, ProtocolError, UnsupportedFeature
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import Failure, LLMResult

A = TypeVar("A")

MAX_UPLOAD_STEPS = 200
"""Requests of one upload: a file that is never ready is not waited for for ever."""
READY_S = 5.0
"""Wait before a file is looked at again."""
TRANSFER_S = 3600.0
"""Time limit of an upload and of a download."""


class PageEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a page of results has ended."""

    next_page: str = ""
    error: LLMError | None = None
    """Why the page is incomplete: its results were passed on, and it is fetched again."""


class Exchange:
    """Requests to one batch service."""

    def __init__(
        self,
        target: Target,
        api: BatchApi,
        transports: TransportCache[Transport],
        clock: Callable[[], float],
        sleep: Callable[[float], object],
    ) -> None:
        self.target = target
        self.api = api
        self.sends = 0
        self._transports = transports
        self._clock = clock
        self._sleep = sleep

    def _send(
        self, request: HttpRequest, *, authorize: bool = True, long: bool = False
    ) -> HttpResponse:
        """Sign and send. Raises Rejected."""
        if authorize:
            request = self._signed(request)
        transport = ok(self._transports.get(self.target.settings, request.url))
        self.sends += 1
        sent: LLMResult[HttpResponse] = transport.send(request, self._timeouts(long=long))
        return ok(sent)

    def _signed(self, request: HttpRequest) -> HttpRequest:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return ok(self.target.provider.authorize(self.target.config, request, now))

    def _timeouts(self, *, long: bool) -> Timeouts:
        target = self.target
        return timeouts_of(target.config, TRANSFER_S if long else None, target.settings)

    def _guarded(self, call: Callable[[], A]) -> LLMResult[A]:
        """The result of a call, with the target's secrets out of its error."""
        return returns_failure(call)().alt(lambda error: annotate_error(self.target, error))

    def upload(self, job: BatchInput) -> LLMResult[str]:
        """Upload the lines; return the file's id."""
        build, parse = self.api.upload, self.api.parse_upload

        def run() -> str:
            assert build is not None
            assert parse is not None
            state = UploadState()
            for _ in range(MAX_UPLOAD_STEPS):
                step = ok(build(self.target.config, job, state))
                if state.phase == "check":
                    self._sleep(READY_S)
                response = self._send(step.request, authorize=step.authorize, long=True)
                if step.file_id:
                    state = msgspec.structs.replace(state, file_id=step.file_id)
                state = ok(parse(response, state))
                if state.done:
                    return state.file_id
            message = f"the file {state.file_id} did not become ready"
            raise Rejected(ProtocolError(message=message, provider=self.api.provider))

        return self._guarded(run)

    def create(self, job: BatchInput) -> LLMResult[BatchJob]:
        """Create the job."""
        config = self.target.config
        return self._guarded(
            lambda: ok(self.api.parse_job(self._send(ok(self.api.create(config, job)), long=True)))
        )

    def poll(self, job_id: str) -> LLMResult[BatchJob]:
        """Fetch the job."""
        config = self.target.config
        return self._guarded(
            lambda: ok(self.api.parse_job(self._send(ok(self.api.poll(config, job_id)), long=True)))
        )

    def list_jobs(self, page: str) -> LLMResult[JobPage]:
        """Fetch a page of jobs."""
        config = self.target.config
        return self._guarded(
            lambda: ok(self.api.parse_list(self._send(ok(self.api.list_jobs(config, page)))))
        )

    def cancel(self, job_id: str) -> LLMResult[BatchJob]:
        """Cancel the job."""
        build = self.api.cancel
        if build is None:
            message = f"{self.api.provider} cannot cancel a batch: it goes on to its end"
            return Failure(UnsupportedFeature(message=message, feature="cancel"))
        request = build(self.target.config, job_id)
        parse = self.api.parse_cancel or self.api.parse_job
        return self._guarded(lambda: ok(parse(self._send(ok(request)))))

    def results(
        self, state: JobState, page: str, take: Callable[[BatchResult], object]
    ) -> LLMResult[PageEnd]:
        """Fetch a page of results, and pass each one to `take` while the body arrives: a file of any size needs no memory.

        A page that could be read in part is a success, with its error in it. What `take` raises ends the request.
        """
        return self._guarded(lambda: self._read_page(job_of(state), page, take))

    def _read_page(
        self, job: BatchJob, page: str, take: Callable[[BatchResult], object]
    ) -> PageEnd:
        request = ok(self.api.results(self.target.config, job, page))
        if self.api.build_parts is None:
            return self._read_file(job, page, TransferRequest(request=request), take)[1]
        response = self._send(request, long=True)
        parts = ok(self.api.build_parts(self.target.config, job, page, response))
        count = 0
        for part in parts.requests:
            try:
                passed, end = self._read_file(job, page, part, take)
            except Rejected as rejected:
                if not count or not rejected.error.retryable:
                    raise
                return PageEnd(error=annotate_error(self.target, rejected.error))
            count += passed
            if end.error is not None:
                return end
        return PageEnd(next_page=parts.next_page)

    def _read_file(
        self,
        job: BatchJob,
        page: str,
        transfer: TransferRequest,
        take: Callable[[BatchResult], object],
    ) -> tuple[int, PageEnd]:
        """Fetch one file of results; return how many were passed on, and how it has ended. Raises Rejected."""
        request = self._signed(transfer.request) if transfer.authorize else transfer.request
        transport = ok(self._transports.get(self.target.settings, request.url))
        self.sends += 1
        count = 0
        with transport.stream(request, self._timeouts(long=True)) as opened:
            body: StreamingResponse = ok(opened)
            decoder = self.api.open_results(job, page, body.head)
            for results in _decoded(decoder, body):
                if isinstance(results, Failure):
                    error = annotate_error(self.target, results.failure())
                    if body.head.status >= 300 and not count:
                        raise Rejected(error)
                    return count, PageEnd(error=error)
                for result in results.unwrap():
                    count += 1
                    take(result)
        return count, PageEnd(next_page=decoder.next_page)

    def delete(self, state: JobState) -> LLMResult[int]:
        """Delete what the service keeps of the job; return the number of requests. What is gone already is no error."""
        build = self.api.delete

        def run() -> int:
            requests = () if build is None else ok(build(self.target.config, job_of(state)))
            for request in requests:
                response = self._send(request)
                if response.status >= 300 and response.status not in (404, 410):
                    ok(self.api.parse_job(response))
            return len(requests)

        return self._guarded(run)


def _decoded(
    decoder: ResultsDecoder, body: StreamingResponse
) -> Iterator[LLMResult[tuple[BatchResult, ...]]]:
    """Yield the results of each piece of a body; a failure is the last item. Raises Rejected if the body ends for good."""
    for piece in body:
        if isinstance(piece, Failure):
            if not piece.failure().retryable:
                raise Rejected(piece.failure())
            yield piece
            return
        decoded = decoder.feed(piece.unwrap())
        yield decoded
        if isinstance(decoded, Failure):
            return
    yield decoder.close()


def job_of(state: JobState) -> BatchJob:
    """The job as far as its record knows it."""
    record = state.record
    return BatchJob(
        id=record.job_id,
        state=record.job_state,
        key=record.key,
        model=record.model,
        input_file=record.file_id,
        output_file=record.output_file,
        error_file=record.error_file,
        pages=record.pages,
    )
