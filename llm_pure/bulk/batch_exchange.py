"""HTTP requests of a provider batch: built by the provider's BatchApi, signed, sent, parsed; each ends in one event."""

from collections.abc import Callable
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
    ResultParts,
    ResultsPage,
    UploadState,
)
from llm_pure.transports.base import Timeouts, Transport, timeouts_of
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
        target = self.target
        if authorize:
            now = datetime.fromtimestamp(self._clock(), UTC)
            request = ok(target.provider.authorize(target.config, request, now))
        transport = ok(self._transports.get(target.settings, request.url))
        timeouts: Timeouts = timeouts_of(
            target.config, TRANSFER_S if long else None, target.settings
        )
        self.sends += 1
        sent: LLMResult[HttpResponse] = transport.send(request, timeouts)
        return ok(sent)

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
        return self._guarded(lambda: ok(self.api.parse_job(self._send(ok(request)))))

    def results(self, state: JobState, page: str) -> LLMResult[ResultsPage]:
        """Fetch and decode a page of results. A page that could be read in part is a success, with its error in it."""
        job = job_of(state)
        config = self.target.config

        def run() -> ResultsPage:
            response = self._send(ok(self.api.results(config, job, page)), long=True)
            build_parts = self.api.build_parts
            if build_parts is not None:
                return self._parts(job, page, ok(build_parts(config, job, page, response)))
            read = self.api.read_results(job, page, response)
            if read.error is None:
                return read
            error = annotate_error(self.target, read.error)
            if response.status >= 300 and not read.results:
                raise Rejected(error)
            return msgspec.structs.replace(read, error=error)

        return self._guarded(run)

    def _parts(self, job: BatchJob, page: str, parts: ResultParts) -> ResultsPage:
        """Fetch and decode the files of a page, up to the first error. Raises Rejected if nothing could be read."""
        results: list[BatchResult] = []
        error: LLMError | None = None
        for part in parts.requests:
            try:
                response = self._send(part.request, authorize=part.authorize, long=True)
            except Rejected as rejected:
                error = rejected.error
                break
            read = self.api.read_results(job, page, response)
            results += read.results
            error = read.error
            if error is not None:
                break
        if error is not None and not results:
            raise Rejected(error)
        error = None if error is None else annotate_error(self.target, error)
        return ResultsPage(results=tuple(results), next_page=parts.next_page, error=error)

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
