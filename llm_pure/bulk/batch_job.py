"""The life of one job at a batch service, as a pure state machine: step(state, event) -> (state, commands).

    planned -> uploading -> uploaded -> creating -> running -> collecting -> collected | failed | cancelled

The driver does the commands in their order and feeds back an event for each request. A `Log` is on disk before the command
after it is done. Creating a job is idempotent at almost no service: once it is not certain that there is no job, the jobs
are listed, and the one with our key is adopted before another is created. Rows without a result are planned again; what the
service keeps is never deleted here.
"""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from llm_pure.bulk.batch_events import (
    OVER,
    POLL_S,
    Cancel,
    CancelRequested,
    Command,
    Create,
    Created,
    Event,
    Failed,
    Fetch,
    JobState,
    Listed,
    ListJobs,
    Log,
    Phase,
    Poll,
    Polled,
    Replan,
    ResultsRead,
    Started,
    Stop,
    Upload,
    Uploaded,
)
from llm_pure.core.batch_api import BatchJob
from llm_pure.types.errors import LLMError, NotFound, ProtocolError

MAX_POLL_S = 600.0
POLL_GROWTH = 1.5
RETRY_S = 5.0
MAX_RETRY_S = 300.0
MAX_ATTEMPTS = 6
"""Failures in a row of one request before the driver stops; the state stays, and a later run goes on."""
MAX_READINGS = 3
"""How often the results of a job are read that has counted more answers than they hold."""
MAX_UNKNOWN = 30
"""Polls in a row with a state that is in no table."""
NEW_JOB_S = 600.0
"""A job that is younger may not be in the service's answers yet."""
LIST_DELAYS_S = (2.0, 30.0)
"""Waits before the jobs are listed, one after the other, until a job counts as not created."""
MAX_EMPTY_PAGES = 100
"""Pages of results beyond one for each row: a service that names a next page for ever is not followed."""
CLOCK_SKEW_S = 600.0
"""The service's clock may be this far behind."""


Step: TypeAlias = tuple[JobState, tuple[Command, ...]]


def step(state: JobState, event: Event) -> Step:
    """Return the next state and what is to be done. An event that does not fit the phase changes nothing. Pure."""
    match state.phase, event:
        case _, Started():
            return _go_on(state, event.at_s)
        case phase, _ if phase in OVER:
            return state, ()
        case _, CancelRequested():
            return _cancel(state)
        case "uploading", Uploaded():
            return _create(_with(state, phase="uploaded", file_id=event.file_id), event.at_s)
        case "creating", Created() if event.job.id:
            return _adopt(state, event.job, verified=True)
        case "creating", Created():
            message = "the response to the create has no id of a job"
            error = ProtocolError(message=message, provider=event.job.provider)
            return _failed(state, Failed(operation="create", error=error, at_s=event.at_s))
        case "creating", Listed():
            return _look_up(state, event)
        case "running", Polled():
            return _polled(state, event.job)
        case "collecting", ResultsRead() if event.page in state.record.pages[:1]:
            return _read(state, event)
        case _, Failed():
            return _failed(state, event)
        case _:
            return state, ()


def _with(state: JobState, **changes: object) -> JobState:
    """The state with these fields of its record; a new phase begins without failures."""
    record = msgspec.structs.replace(state.record, **changes)
    if record.phase != state.record.phase:
        return msgspec.structs.replace(state, record=record, attempts=0, listings=0, unknown=0)
    return msgspec.structs.replace(state, record=record)


def _go_on(state: JobState, at_s: float) -> Step:
    record = state.record
    match record.phase:
        case "planned" | "uploading" if record.uploads:
            state = _with(state, phase="uploading")
            return state, (Log(state.record), Upload())
        case "planned" | "uploading" | "uploaded":
            return _create(state, at_s)
        case "creating":  # the create may have been sent
            return state, (ListJobs(),)
        case "running":
            return state, (Cancel(),) if record.cancelling and record.verified else (Poll(),)
        case "collecting":
            return (state, (Fetch(record.pages[0]),)) if record.pages else _finish(state)
        case _:
            return state, ()


def _create(state: JobState, at_s: float) -> Step:
    uploaded: tuple[Command, ...] = (Log(state.record),) if state.phase == "uploaded" else ()
    state = _with(state, phase="creating", creating_s=at_s)
    return state, (*uploaded, Log(state.record), Create())


def _adopt(state: JobState, job: BatchJob, *, verified: bool) -> Step:
    state = _with(
        state,
        phase="running",
        job_id=job.id,
        verified=verified,
        job_state=job.state,
        counts=job.counts,
    )
    state = msgspec.structs.replace(state, poll_s=POLL_S)
    if state.record.cancelling and verified:
        return state, (Log(state.record), Cancel())
    after_s = 0.0 if job.ended or not verified else POLL_S
    return state, (Log(state.record), Poll(after_s))


def _is_ours(state: JobState, job: BatchJob, known: frozenset[str]) -> bool:
    record = state.record
    if not job.id or job.id in known or job.id in record.excluded:
        return False
    if state.keeps_key:
        return job.key == record.key or bool(record.file_id and job.input_file == record.file_id)
    is_new = job.created_s is None or job.created_s >= record.creating_s - CLOCK_SKEW_S
    same_size = not job.counts.total or job.counts.total == len(state.ids)
    same_model = not job.model or not record.model or job.model == record.model
    return is_new and same_size and same_model


def _look_up(state: JobState, event: Listed) -> Step:
    """Adopt our job of a list; without one read the next page, list again, and then create."""
    for job in event.jobs:
        if _is_ours(state, job, event.known):
            return _adopt(state, job, verified=state.keeps_key)
    if any(_is_ours(state, job, event.known - event.doubtful) for job in event.jobs):
        state = msgspec.structs.replace(state, doubtful=True)
    oldest = min([job.created_s for job in event.jobs if job.created_s is not None], default=None)
    reaches = oldest is None or oldest >= state.record.creating_s - CLOCK_SKEW_S
    if event.next_page and reaches and event.jobs:
        return state, (ListJobs(event.next_page),)
    # another job of this run holds one that may be ours; its results will show whose it is
    if state.doubtful:
        state = msgspec.structs.replace(state, doubtful=False, attempts=0)
        return state, (ListJobs(after_s=MAX_POLL_S),)
    state = msgspec.structs.replace(state, listings=state.listings + 1, attempts=0)
    if state.record.cancelling:
        if state.listings > 1:
            return _end(state, "cancelled", "")
        return state, (ListJobs(after_s=LIST_DELAYS_S[1]),)
    if event.at_s - state.record.creating_s < NEW_JOB_S and state.listings < len(LIST_DELAYS_S):
        return state, (ListJobs(after_s=LIST_DELAYS_S[state.listings]),)
    return state, (Create(),)


def _polled(state: JobState, job: BatchJob) -> Step:
    record = state.record
    if job.id and job.id != record.job_id:
        return state, ()
    changed = (job.state, job.counts) != (record.job_state, record.counts)
    unknown = state.unknown + 1 if job.state == "unknown" else 0
    state = msgspec.structs.replace(state, attempts=0, unknown=unknown)
    state = _with(state, job_state=job.state, counts=job.counts)
    if job.ended:
        state = _with(
            state,
            phase="collecting",
            pages=job.pages,
            output_file=job.output_file,
            error_file=job.error_file,
            halve=job.queue_full,
            reason="; ".join([_reason(error.code, error.message) for error in job.errors[:5]]),
        )
        if not job.pages:
            return _finish(state)
        return state, (Log(state.record), Fetch(job.pages[0]))
    if unknown > MAX_UNKNOWN:
        message = f"the job {record.job_id} is in the state {job.raw_state!r}, which is not known"
        return state, (Stop(ProtocolError(message=message, provider=job.provider)),)
    wait_s = state.poll_s
    state = msgspec.structs.replace(state, poll_s=min(MAX_POLL_S, wait_s * POLL_GROWTH))
    log: tuple[Command, ...] = (Log(state.record),) if changed else ()
    return state, (*log, Poll(wait_s))


def _reason(code: str | None, message: str) -> str:
    return f"{code}: {message}" if code else message


def _read(state: JobState, event: ResultsRead) -> Step:
    own = frozenset(state.ids)
    if not state.record.verified and event.seen and not event.seen & own:
        return _release(state)
    ended = state.ended | (event.ids & own)
    seen = state.seen | (event.seen & own)
    verified = state.record.verified or bool(event.seen & own)
    state = msgspec.structs.replace(state, ended=ended, seen=seen)
    if event.error is not None:
        return _incomplete(_with(state, verified=verified), event)
    rest = _pages_after(state, event)
    state = msgspec.structs.replace(state, attempts=0, pages_read=state.pages_read + 1)
    state = _with(state, pages=rest, verified=verified)
    if rest:
        return state, (Log(state.record), Fetch(rest[0]))
    return _finish(state)


def _pages_after(state: JobState, event: ResultsRead) -> tuple[str, ...]:
    more = state.pages_read < len(state.ids) + MAX_EMPTY_PAGES and event.next_page != event.page
    pages = (event.next_page if more else "", *state.record.pages[1:])
    return tuple([page for page in pages if page])


def _release(state: JobState) -> Step:
    """The adopted job is of someone else: exclude it, and look again for ours."""
    excluded = (*state.record.excluded, state.record.job_id)
    state = _with(state, phase="creating", job_id="", verified=True, pages=(), excluded=excluded)
    return state, (Log(state.record), ListJobs())


def _incomplete(state: JobState, event: ResultsRead) -> Step:
    """Fetch the page again. A page that is damaged at the service is left in the end; one that is cut on its way is not."""
    attempts = state.attempts + 1
    state = msgspec.structs.replace(state, attempts=attempts)
    error = event.error
    if isinstance(error, NotFound):
        return _skip_page(state, event)
    if attempts < MAX_ATTEMPTS:
        return state, (Fetch(event.page, _backoff(error, attempts)),)
    if isinstance(error, ProtocolError) or state.record.cancelling:
        return _skip_page(state, event)
    assert error is not None
    return msgspec.structs.replace(state, attempts=0), (Stop(error),)


def _skip_page(state: JobState, event: ResultsRead) -> Step:
    """Go on with the page after it, if it names one."""
    rest = _pages_after(state, event)
    state = msgspec.structs.replace(state, attempts=0, pages_read=state.pages_read + 1)
    state = _with(state, pages=rest)
    return (state, (Log(state.record), Fetch(rest[0]))) if rest else _finish(state)


def _finish(state: JobState) -> Step:
    """All results are read: rows without one are planned again, unless the user has cancelled."""
    record = state.record
    if not record.verified:  # no result shows whose job it was
        return _release(state)
    if record.cancelling:
        return _end(state, "cancelled", record.reason)
    if len(state.seen | state.ended) < _paid(state) and record.readings < MAX_READINGS:
        # a file may be there later than the job's end, or be cut without a trace
        state = _with(state, phase="running", readings=record.readings + 1)
        return state, (Log(state.record), Poll(_backoff(None, state.record.readings)))
    phase: Phase = "failed" if record.job_state == "failed" else "collected"
    return _end(state, phase, record.reason)


def _paid(state: JobState) -> int:
    """How many results the job has by its counts; all of them, if a completed job has none that add up."""
    counts, rows = state.record.counts, len(state.ids)
    add_up = (counts.succeeded or 0) + (counts.failed or 0) == rows
    if state.record.job_state == "completed" and not add_up:
        return rows
    return min(counts.succeeded or 0, rows)


def _end(state: JobState, phase: Phase, reason: str) -> Step:
    state = _with(state, phase=phase, pages=(), reason=reason)
    missing = state.missing
    if not missing or phase == "cancelled":
        return state, (Log(state.record),)
    return state, (Log(state.record), Replan(missing, state.record.halve))


def _cancel(state: JobState) -> Step:
    if state.phase in ("planned", "uploading", "uploaded"):
        return _end(_with(state, cancelling=True), "cancelled", "")
    state = _with(state, cancelling=True)
    if state.phase == "running" and state.record.verified:
        return state, (Log(state.record), Cancel())
    return state, (Log(state.record),)


_OPERATIONS: Mapping[str, tuple[Phase, ...]] = {
    "upload": ("uploading",),
    "create": ("creating",),
    "list": ("creating",),
    "poll": ("running",),
    "cancel": ("running",),
    "results": ("collecting",),
}


def _failed(state: JobState, event: Failed) -> Step:
    """Try again what may pass; a failed create of which the service may have made a job leads to a list."""
    error = event.error
    if state.phase not in _OPERATIONS[event.operation]:
        return state, ()
    attempts = state.attempts + 1
    state = msgspec.structs.replace(state, attempts=attempts)
    wait_s = _backoff(error, attempts)
    # a page of a proxy in place of the response: these requests change nothing, and may be sent again
    passes = error.retryable or isinstance(error, ProtocolError)
    give_up = attempts >= MAX_ATTEMPTS or not passes
    match event.operation:
        case "create":
            return _create_failed(state, error, wait_s)
        case "poll":
            young = event.at_s - state.record.creating_s < NEW_JOB_S
            if isinstance(error, NotFound) and not young:
                reason = f"the job {state.record.job_id} no longer exists"
                if state.record.verified:
                    return _end(state, "failed", reason)
                return _release(state)
            give_up = give_up and not (isinstance(error, NotFound) and young)
        case "cancel":  # it may have ended meanwhile
            return state, (Poll(wait_s),)
        case "results":
            page = state.record.pages[0] if state.record.pages else ""
            read = ResultsRead(
                page=page, ids=frozenset(), seen=frozenset(), at_s=event.at_s, error=error
            )
            is_left = isinstance(error, NotFound) or (
                isinstance(error, ProtocolError) and state.record.cancelling
            )
            if not error.retryable and not is_left:
                if not give_up:
                    return state, (Fetch(page, wait_s),)
                return msgspec.structs.replace(state, attempts=0), (Stop(error),)
            return _incomplete(msgspec.structs.replace(state, attempts=attempts - 1), read)
        case _:
            pass
    if give_up:
        return msgspec.structs.replace(state, attempts=0), (Stop(error),)
    again: Mapping[str, Command] = {
        "upload": Upload(wait_s),
        "list": ListJobs(after_s=wait_s),
        "poll": Poll(wait_s),
    }
    return state, (again[event.operation],)


def _create_failed(state: JobState, error: LLMError, wait_s: float) -> Step:
    if not is_certain(error):
        state = msgspec.structs.replace(state, listings=0)
        if state.attempts >= MAX_ATTEMPTS:
            return msgspec.structs.replace(state, attempts=0), (Stop(error),)
        return state, (ListJobs(after_s=max(wait_s, LIST_DELAYS_S[0])),)
    if error.retryable and state.attempts < MAX_ATTEMPTS:
        return state, (Create(wait_s),)
    if error.retryable:
        return msgspec.structs.replace(state, attempts=0), (Stop(error),)
    state, commands = _end(state, "failed", error.message)
    replan = [command for command in commands if not isinstance(command, Replan)]
    return state, (*replan, Stop(error))


def is_certain(error: LLMError) -> bool:
    """True if the service has refused the request: no job was created. A 408, a 5xx or a broken connection does not say."""
    return error.status is not None and 400 <= error.status < 500 and error.status not in (408, 409)


def _backoff(error: LLMError | None, attempts: int) -> float:
    hint = getattr(error, "retry_after_s", None)
    doubled = RETRY_S * float(2 ** min(attempts - 1, 10))
    return float(min(MAX_RETRY_S, hint if isinstance(hint, int | float) and hint > 0 else doubled))
