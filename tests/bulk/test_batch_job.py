"""The state machine of a provider batch: laws for any order of events, and the ways of one job."""

from itertools import pairwise
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.bulk.batch_events import (
    OVER,
    PHASES,
    Cancel,
    CancelRequested,
    Command,
    Create,
    Created,
    Event,
    Failed,
    Fetch,
    JobRecord,
    JobState,
    Listed,
    ListJobs,
    Log,
    Operation,
    Phase,
    Poll,
    Polled,
    Replan,
    ResultsRead,
    RowPhase,
    Started,
    Stop,
    Upload,
    Uploaded,
    row_phases,
)
from llm_pure.bulk.batch_job import MAX_ATTEMPTS, is_certain, step
from llm_pure.core.batch_api import BatchCounts, BatchJob, BatchJobError, BatchState
from llm_pure.types.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    InvalidRequest,
    LLMError,
    NotFound,
    ProtocolError,
    RateLimited,
    ServerError,
    StreamInterrupted,
)

IDS = ("a", "b", "c")
T = 1_000_000.0

ERRORS: tuple[LLMError, ...] = (
    AuthenticationFailed(message="key", status=401),
    ConnectionFailed(message="reset"),
    InvalidRequest(message="bad", status=400),
    InvalidRequest(message="Cannot find file", status=400, retryable=True),
    NotFound(message="gone", status=404),
    ProtocolError(message="odd", status=200),
    RateLimited(message="slow", status=429, retry_after_s=7.0),
    ServerError(message="down", status=500),
    StreamInterrupted(message="cut", status=200),
)

ids = st.frozensets(st.sampled_from([*IDS, "x", "y"]))
times = st.sampled_from([T, T + 1, T + 100, T + 10_000])
jobs = st.builds(
    BatchJob,
    id=st.sampled_from(["job-1", "job-2", ""]),
    state=st.sampled_from(get_args(BatchState)),
    key=st.sampled_from(["k", "other", ""]),
    input_file=st.sampled_from(["file-1", "file-2", ""]),
    counts=st.builds(
        BatchCounts,
        total=st.sampled_from([None, 0, 2, 3]),
        succeeded=st.sampled_from([None, 0, 2, 3, 9]),
        failed=st.sampled_from([None, 1]),
    ),
    created_s=st.sampled_from([None, 1.0, T]),
    pages=st.sampled_from([(), ("p1",), ("p1", "p2")]),
    errors=st.sampled_from([(), (BatchJobError(code="token_limit_exceeded", message="full"),)]),
)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Started, times),
    st.builds(Uploaded, st.sampled_from(["file-1"]), times),
    st.builds(Created, jobs, times),
    st.builds(
        Listed,
        jobs=st.lists(jobs, max_size=2).map(tuple),
        next_page=st.sampled_from(["", "2"]),
        at_s=times,
        known=st.sampled_from([frozenset(), frozenset({"job-2"})]),
        doubtful=st.sampled_from([frozenset(), frozenset({"job-2"})]),
    ),
    st.builds(Polled, jobs, times),
    st.builds(
        ResultsRead,
        page=st.sampled_from(["p1", "p2"]),
        ids=ids,
        seen=ids,
        at_s=times,
        next_page=st.sampled_from(["", "p2"]),
        error=st.sampled_from([None, *ERRORS]),
    ),
    st.builds(
        Failed,
        operation=st.sampled_from(["upload", "create", "list", "poll", "results", "cancel"]),
        error=st.sampled_from(ERRORS),
        at_s=times,
    ),
    st.builds(CancelRequested, times),
)
starts = st.builds(
    JobState,
    record=st.builds(JobRecord, key=st.just("k"), uploads=st.booleans()),
    ids=st.just(IDS),
    keeps_key=st.booleans(),
)


def walk(state: JobState, happened: list[Event]) -> list[tuple[JobState, tuple[Command, ...]]]:
    """The states and commands of these events, the start first."""
    steps: list[tuple[JobState, tuple[Command, ...]]] = [(state, ())]
    for event in happened:
        steps.append(step(steps[-1][0], event))
    return steps


@given(starts, st.lists(events, max_size=25))
def test_every_id_is_in_one_state_for_any_order_of_events(
    start: JobState, happened: list[Event]
) -> None:
    for state, _ in walk(start, happened):
        phases = row_phases(state)
        assert set(phases) == set(IDS)
        assert set(phases.values()) <= set(get_args(RowPhase))
        assert {row for row in phases if phases[row] == "ended"} == state.ended
        assert set(state.missing) == set(IDS) - state.ended
        assert state.record.job_id or state.phase not in ("running", "collecting")


@given(starts, st.lists(events, max_size=25))
def test_a_result_on_disk_stays_and_a_job_that_is_over_stays_over(
    start: JobState, happened: list[Event]
) -> None:
    for (before, _), (after, commands) in pairwise(walk(start, happened)):
        assert before.ended <= after.ended
        if before.phase in OVER:
            assert (after, commands) == (before, ())


@given(starts, st.lists(events, max_size=25))
def test_a_phase_is_on_disk_before_its_request_is_sent(
    start: JobState, happened: list[Event]
) -> None:
    """Folding the logged records gives, at each request, the phase that the request belongs to."""
    needed: dict[type, Phase] = {
        Upload: "uploading",
        Create: "creating",
        ListJobs: "creating",
        Poll: "running",
        Cancel: "running",
        Fetch: "collecting",
    }
    on_disk = start.record
    for state, commands in walk(start, happened):
        for command in commands:
            if isinstance(command, Log):
                on_disk = command.record
            elif type(command) in needed:
                assert on_disk.phase == needed[type(command)]
            elif isinstance(command, Replan):
                assert on_disk.phase in OVER
        assert on_disk.phase == state.phase


@given(starts, st.lists(events, max_size=25))
def test_a_job_is_created_again_only_after_a_list_or_a_refusal(
    start: JobState, happened: list[Event]
) -> None:
    sent = False
    for event, (_, commands) in zip([None, *happened], walk(start, happened), strict=True):
        listed = isinstance(event, Listed)
        refused = (
            isinstance(event, Failed) and event.operation == "create" and is_certain(event.error)
        )
        for command in commands:
            if isinstance(command, Create):
                assert listed or refused or not sent
                sent = True


@given(starts, st.lists(events, max_size=25))
def test_only_a_job_that_is_surely_ours_is_cancelled(
    start: JobState, happened: list[Event]
) -> None:
    for state, commands in walk(start, happened):
        if any(isinstance(command, Cancel) for command in commands):
            assert state.record.verified
            assert state.record.job_id or state.phase == "running"


@given(starts, st.lists(events, max_size=25))
def test_every_event_leads_on_or_is_ignored(start: JobState, happened: list[Event]) -> None:
    """A step that changes the phase to one that is not over has a command: the job never stands still by itself."""
    for (before, _), (after, commands) in pairwise(walk(start, happened)):
        if after.phase != before.phase and after.phase not in OVER:
            assert [command for command in commands if not isinstance(command, Log)]


@given(starts, st.lists(events, max_size=25))
def test_a_record_survives_the_log(start: JobState, happened: list[Event]) -> None:
    for state, _ in walk(start, happened):
        data = msgspec.json.encode(state.record)
        assert msgspec.json.decode(data, type=JobRecord) == state.record


def test_phases_are_those_of_the_design() -> None:
    assert PHASES == (
        "planned", "uploading", "uploaded", "creating", "running", "collecting", "collected", "failed", "cancelled",
    )  # fmt: skip


def state_in(phase: Phase, **changes: object) -> JobState:
    """A state in this phase, without failures."""
    record = JobRecord(key="k", phase=phase, file_id="file-1", creating_s=T)
    own = {name: value for name, value in changes.items() if name in JobState.__struct_fields__}
    others = {name: value for name, value in changes.items() if name not in own}
    return JobState(record=msgspec.structs.replace(record, **others), ids=IDS, **own)  # type: ignore[arg-type]


def test_a_job_goes_from_plan_to_collected_in_the_crash_safe_order() -> None:
    job = BatchJob(id="job-1", state="running", key="k")
    done = BatchJob(id="job-1", state="completed", pages=("out", "err"))
    happened: list[Event] = [
        Started(T),
        Uploaded("file-1", T),
        Created(job, T),
        Polled(done, T),
        ResultsRead(page="out", ids=frozenset("ab"), seen=frozenset("ab"), at_s=T),
        ResultsRead(page="err", ids=frozenset("c"), seen=frozenset("c"), at_s=T),
    ]
    steps = walk(JobState(record=JobRecord(key="k"), ids=IDS), happened)
    shown = [
        [command.record.phase if isinstance(command, Log) else type(command).__name__ for command in commands]
        for _, commands in steps[1:]
    ]  # fmt: skip
    assert shown == [
        ["uploading", "Upload"],
        ["uploaded", "creating", "Create"],
        ["running", "Poll"],
        ["collecting", "Fetch"],
        ["collecting", "Fetch"],
        ["collected"],
    ]
    assert set(row_phases(steps[-1][0]).values()) == {"ended"}


@pytest.mark.parametrize(
    ("word", "phase", "halve"),
    [
        ("completed", "collected", False),
        ("expired", "collected", False),
        ("cancelled", "collected", False),
        ("failed", "failed", False),
    ],
)
def test_rows_without_a_result_are_planned_again(
    word: BatchState, phase: Phase, halve: bool
) -> None:
    counts = BatchCounts(succeeded=1, failed=2)
    state, commands = step(state_in("running", job_id="job-1"), Polled(BatchJob(id="job-1", state=word, counts=counts, pages=("out",)), T))  # fmt: skip
    assert commands == (Log(state.record), Fetch("out"))
    state, commands = step(
        state, ResultsRead(page="out", ids=frozenset("a"), seen=frozenset("ab"), at_s=T)
    )
    assert state.phase == phase
    assert commands == (Log(state.record), Replan(("b", "c"), halve))


@pytest.mark.parametrize(
    ("word", "counts"),
    [
        ("completed", BatchCounts()),
        ("completed", BatchCounts(total=3, succeeded=0, failed=0)),
        ("completed", BatchCounts(succeeded=2, failed=1)),
        ("expired", BatchCounts(succeeded=2)),
    ],
)
def test_results_that_hold_less_than_was_paid_are_read_again(
    word: BatchState, counts: BatchCounts
) -> None:
    ended = Polled(BatchJob(id="job-1", state=word, counts=counts, pages=("out",)), T)
    empty = ResultsRead(page="out", ids=frozenset("a"), seen=frozenset("a"), at_s=T)
    state = state_in("running", job_id="job-1")
    for _ in range(3):
        state, commands = step(step(state, ended)[0], empty)
        assert (state.phase, [type(command) for command in commands]) == ("running", [Log, Poll])
    full = msgspec.structs.replace(empty, ids=frozenset("ab"), seen=frozenset("abc"))
    after, commands = step(step(state, ended)[0], full)
    assert (after.phase, commands) == ("collected", (Log(after.record), Replan(("c",), False)))
    after, commands = step(step(state, ended)[0], empty)
    assert (after.phase, commands[1]) == ("collected", Replan(("b", "c"), False))


def test_a_created_job_without_an_id_is_looked_for() -> None:
    state, commands = step(state_in("creating"), Created(BatchJob(id="", state="waiting"), T))
    assert state.phase == "creating"
    assert [type(command) for command in commands] == [ListJobs]


@pytest.mark.parametrize("phase", ["uploading", "creating", "running", "collecting"])
def test_an_odd_response_to_what_may_be_sent_again_stops_nothing_at_once(phase: Phase) -> None:
    operation: Operation = {"uploading": "upload", "creating": "list", "running": "poll", "collecting": "results"}[phase]  # type: ignore[assignment]  # fmt: skip
    odd = Failed(operation=operation, error=ProtocolError(message="HTML", status=200), at_s=T)
    state = state_in(phase, job_id="job-1", pages=("out",))
    for _ in range(MAX_ATTEMPTS - 1):
        state, commands = step(state, odd)
        assert not any(isinstance(command, Stop) for command in commands)
    assert step(state, odd)[1] == (Stop(odd.error),)


def test_a_full_queue_halves_the_job() -> None:
    full = BatchJob(
        id="job-1",
        state="failed",
        errors=(BatchJobError(code="token_limit_exceeded", message="too many tokens"),),
    )
    state, commands = step(state_in("running", job_id="job-1"), Polled(full, T))
    assert commands == (Log(state.record), Replan(IDS, halve=True))
    assert state.record.reason == "token_limit_exceeded: too many tokens"


def test_rows_of_a_job_that_the_user_cancelled_are_not_planned_again_by_themselves() -> None:
    state, commands = step(state_in("running", job_id="job-1"), CancelRequested(T))
    assert commands == (Log(state.record), Cancel())
    cancelled = BatchJob(id="job-1", state="cancelled", pages=("out",))
    state, commands = step(state, Polled(cancelled, T))
    state, commands = step(
        state, ResultsRead(page="out", ids=frozenset("a"), seen=frozenset("a"), at_s=T)
    )
    assert (state.phase, commands) == ("cancelled", (Log(state.record),))
    assert row_phases(state) == {"a": "ended", "b": "missing", "c": "missing"}


def test_after_a_crash_while_creating_the_job_with_our_key_is_adopted() -> None:
    state, commands = step(state_in("creating"), Started(T + 10_000))
    assert commands == (ListJobs(),)
    other = BatchJob(id="job-1", state="running", key="other")
    ours = BatchJob(id="job-2", state="running", key="k", created_s=T)
    state, commands = step(state, Listed(jobs=(other, ours), next_page="", at_s=T + 10_000))
    assert (state.record.job_id, state.record.verified) == ("job-2", True)
    assert [type(command) for command in commands] == [Log, Poll]


def test_without_a_key_the_job_with_our_file_is_adopted() -> None:
    ours = BatchJob(id="job-2", state="running", input_file="file-1")
    state, _ = step(state_in("creating"), Listed(jobs=(ours,), next_page="", at_s=T))
    assert state.record.job_id == "job-2"


def test_a_job_is_created_only_when_the_list_has_been_read_back_to_the_time_of_the_create() -> None:
    new = BatchJob(id="job-1", state="running", key="other", created_s=T + 5)
    old = BatchJob(id="job-0", state="running", key="other", created_s=T - 10_000)
    state, commands = step(state_in("creating"), Listed(jobs=(new,), next_page="2", at_s=T + 10_000))  # fmt: skip
    assert commands == (ListJobs("2"),)
    state, commands = step(state, Listed(jobs=(old,), next_page="3", at_s=T + 10_000))
    assert commands == (Create(),)


def test_shortly_after_a_create_the_list_is_read_twice() -> None:
    state, commands = step(state_in("creating"), Listed(jobs=(), next_page="", at_s=T + 1))
    assert commands == (ListJobs(after_s=30.0),)
    state, commands = step(state, Listed(jobs=(), next_page="", at_s=T + 31))
    assert commands == (Create(),)


def test_a_service_without_keys_adopts_by_time_and_size_and_gives_up_a_job_with_foreign_results() -> (
    None
):
    state = state_in("creating", keeps_key=False, file_id="", uploads=False)
    wrong_size = BatchJob(id="j0", state="running", created_s=T, counts=BatchCounts(total=9))
    likely = BatchJob(id="j1", state="completed", created_s=T, counts=BatchCounts(total=3), pages=("r",))  # fmt: skip
    state, _ = step(state, Listed(jobs=(wrong_size, likely), next_page="", at_s=T))
    assert (state.record.job_id, state.record.verified) == ("j1", False)
    state, _ = step(state, Polled(likely, T))
    state, commands = step(state, ResultsRead(page="r", ids=frozenset(), seen=frozenset("xyz"), at_s=T))  # fmt: skip
    assert (state.phase, state.record.excluded) == ("creating", ("j1",))
    assert commands == (Log(state.record), ListJobs())


def test_a_job_that_another_holds_without_certainty_is_waited_for() -> None:
    state = state_in("creating", keeps_key=False, file_id="", uploads=False)
    held = BatchJob(id="j1", state="running", created_s=T)
    late = T + 10_000
    state, commands = step(
        state,
        Listed(jobs=(held,), next_page="", at_s=late, known=frozenset({"j1"}), doubtful=frozenset({"j1"})),
    )  # fmt: skip
    assert commands == (ListJobs(after_s=600.0),)
    state, commands = step(state, Listed(jobs=(held,), next_page="", at_s=late, known=frozenset({"j1"})))  # fmt: skip
    assert commands == (Create(),)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{error.kind}-{error.status}")
def test_a_create_that_the_service_refused_makes_no_list(error: LLMError) -> None:
    state, commands = step(state_in("creating"), Failed(operation="create", error=error, at_s=T))
    kinds = [type(command) for command in commands]
    if not is_certain(error):
        assert kinds == [ListJobs]
    elif error.retryable:
        assert kinds == [Create]
    else:
        assert (state.phase, kinds) == ("failed", [Log, Stop])


def incomplete(error: LLMError) -> tuple[JobState, tuple[Command, ...]]:
    """A page that is incomplete with this error each time it is fetched."""
    state = state_in("collecting", job_id="job-1", pages=("out",))
    page = ResultsRead(page="out", ids=frozenset("a"), seen=frozenset("a"), at_s=T, error=error)
    for _ in range(MAX_ATTEMPTS - 1):
        state, commands = step(state, page)
        assert [type(command) for command in commands] == [Fetch]
    return step(state, page)


def test_a_page_that_is_damaged_at_the_service_is_left_in_the_end() -> None:
    state, commands = incomplete(ProtocolError(message="no JSON", status=200))
    assert (state.phase, state.ended) == ("collected", frozenset("a"))
    assert commands == (Log(state.record), Replan(("b", "c"), False))


@pytest.mark.parametrize(
    "error", [NotFound(message="gone", status=404), ProtocolError(message="no JSON", status=200)]
)
def test_the_page_after_a_page_that_is_left_is_read(error: LLMError) -> None:
    state = state_in("collecting", job_id="job-1", pages=("out", "err"))
    page = ResultsRead(page="out", ids=frozenset(), seen=frozenset(), at_s=T, next_page="out-2", error=error)  # fmt: skip
    commands: tuple[Command, ...] = ()
    for _ in range(MAX_ATTEMPTS):
        state, commands = step(state, page)
        if not isinstance(commands[-1], Fetch) or commands[-1].page != "out":
            break
    assert state.record.pages == ("out-2", "err")
    assert commands == (Log(state.record), Fetch("out-2"))


def test_a_page_that_is_cut_on_its_way_is_never_left() -> None:
    error = StreamInterrupted(message="cut", status=200)
    state, commands = incomplete(error)
    assert (state.phase, state.ended) == ("collecting", frozenset("a"))
    assert commands == (Stop(error),)


def test_results_that_are_not_where_they_should_be_stop_the_job_until_it_is_cancelled() -> None:
    state = state_in("collecting", job_id="job-1", pages=("out",))
    missing = Failed(operation="results", error=ProtocolError(message="gone", status=404), at_s=T)
    after, commands = step(state, missing)
    for _ in range(MAX_ATTEMPTS - 1):
        after, commands = step(after, missing)
    assert (after.phase, commands) == ("collecting", (Stop(missing.error),))
    state, _ = step(after, CancelRequested(T))
    state, commands = step(state, missing)
    for _ in range(MAX_ATTEMPTS - 1):
        state, commands = step(state, missing)
    assert (state.phase, commands) == ("cancelled", (Log(state.record),))


def test_results_that_cannot_be_fetched_leave_the_job_as_it_is() -> None:
    state = state_in("collecting", job_id="job-1", pages=("out",))
    error = AuthenticationFailed(message="key", status=401)
    after, commands = step(state, Failed(operation="results", error=error, at_s=T))
    assert (after.phase, commands) == ("collecting", (Stop(error),))


def test_a_job_that_is_not_there_yet_is_polled_again_and_one_that_is_gone_has_failed() -> None:
    state = state_in("running", job_id="job-1")
    gone = NotFound(message="gone", status=404)
    _, commands = step(state, Failed(operation="poll", error=gone, at_s=T + 1))
    assert [type(command) for command in commands] == [Poll]
    state, commands = step(state, Failed(operation="poll", error=gone, at_s=T + 10_000))
    assert state.phase == "failed"
    assert commands == (Log(state.record), Replan(IDS, False))


def test_an_unknown_state_is_polled_a_bounded_number_of_times() -> None:
    state = state_in("running", job_id="job-1")
    odd = BatchJob(id="job-1", state="unknown", raw_state="tired")
    for _ in range(30):
        state, _ = step(state, Polled(odd, T))
    state, (stop,) = step(state, Polled(odd, T))
    assert isinstance(stop, Stop)
    assert "job-1" in stop.error.message
    assert state.phase == "running"
