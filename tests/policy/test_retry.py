"""The retry policy: every decision is a function of what happened, the time and chance."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.policy.retry import (
    NO_RETRY,
    Attempt,
    Decision,
    FailOver,
    RetryPolicy,
    Send,
    Stop,
    Wait,
    next_action,
)
from llm_pure.types.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ConnectionFailed,
    ContentFiltered,
    ContextLengthExceeded,
    IncompleteAnswer,
    InvalidConfiguration,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
    UnknownPrice,
    UnsupportedFeature,
)

POLICY = RetryPolicy(max_attempts=4, initial_backoff_s=1, max_backoff_s=10, deadline_s=100)
DOWN = ConnectionFailed(message="refused")


def tried(*errors: LLMError, configuration: int = 0) -> list[Attempt]:
    """Attempts of one second each, one after another from second 0."""
    return [
        Attempt(error=error, target_index=configuration, started_s=n, ended_s=n + 1)
        for n, error in enumerate(errors)
    ]


def test_nothing_has_happened_yet() -> None:
    assert next_action(POLICY, [], now_s=0, jitter=0) == Send()


@pytest.mark.parametrize(
    "error",
    [
        DOWN,
        TimedOut(message="", phase="connect"),
        TimedOut(message="", phase="read"),
        RateLimited(message=""),
        Overloaded(message=""),
        ServerError(message=""),
        StreamInterrupted(message=""),
        InvalidRequest(message="", retryable=True),  # the provider said so (x-should-retry)
    ],
    ids=lambda error: error.kind,
)
def test_what_may_pass_is_waited_for(error: LLMError) -> None:
    assert next_action(POLICY, tried(error), now_s=1, jitter=1) == Wait(1)


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationFailed(message=""),
        BudgetExceeded(message=""),
        InvalidConfiguration(message=""),
        ConnectionFailed(message="", retryable=False),
        ContentFiltered(message=""),
        ContextLengthExceeded(message=""),
        InvalidRequest(message=""),
        IncompleteAnswer(message="", finish_reason="length"),
        NotFound(message=""),
        PermissionDenied(message=""),
        UnknownPrice(message=""),
        ProtocolError(message="", retryable=True),
        QuotaExceeded(message=""),
        QuotaExceeded(message="", retryable=True),
        ServerError(message="", retryable=False),
        TimedOut(message="", phase="total"),
        TimedOut(message="", phase="read", retryable=False),
        UnsupportedFeature(message=""),
    ],
    ids=lambda error: error.kind,
)
def test_what_lasts_is_given_up(error: LLMError) -> None:
    assert next_action(POLICY, tried(error), now_s=1, jitter=1) == Stop(error)


def test_waits_double_up_to_the_longest() -> None:
    policy = RetryPolicy(max_attempts=9, initial_backoff_s=1, max_backoff_s=10)
    waits = [next_action(policy, tried(*[DOWN] * n), now_s=n, jitter=1) for n in range(1, 8)]
    assert waits == [Wait(1), Wait(2), Wait(4), Wait(8), Wait(10), Wait(10), Wait(10)]


def test_chance_takes_off_half_a_wait_at_most() -> None:
    assert next_action(POLICY, tried(DOWN), now_s=1, jitter=0) == Wait(0.5)


def test_time_that_has_passed_since_counts() -> None:
    assert next_action(POLICY, tried(DOWN), now_s=1.75, jitter=1) == Wait(0.25)
    assert next_action(POLICY, tried(DOWN), now_s=2, jitter=1) == Send()
    assert next_action(POLICY, tried(DOWN), now_s=60, jitter=1) == Send()


@pytest.mark.parametrize("kind", [RateLimited, Overloaded, ServerError])
def test_the_providers_own_hint_is_waited_out(kind: type[RateLimited]) -> None:
    error = kind(message="", retry_after_s=3)
    assert next_action(POLICY, tried(error), now_s=1, jitter=0) == Wait(3)
    assert next_action(POLICY, tried(error), now_s=1, jitter=0.5) == Wait(3.5)


def test_a_hint_of_nothing_is_none() -> None:
    """It would use up all attempts within a second or two."""
    policy = RetryPolicy(max_attempts=9, initial_backoff_s=1, max_backoff_s=10)
    errors = [RateLimited(message="", retry_after_s=0)] * 4
    waits = [next_action(policy, tried(*errors[:n]), now_s=n, jitter=1) for n in range(1, 5)]
    assert waits == [Wait(1), Wait(2), Wait(4), Wait(8)]


def test_a_hint_beyond_the_longest_wait_is_given_up_and_not_cut_short() -> None:
    error = RateLimited(message="", retry_after_s=11)
    assert next_action(POLICY, tried(error), now_s=1, jitter=0) == Stop(error)


def test_attempts_are_counted() -> None:
    assert next_action(POLICY, tried(DOWN, DOWN, DOWN, DOWN), now_s=4, jitter=0) == Stop(DOWN)
    assert next_action(NO_RETRY, tried(DOWN), now_s=1, jitter=0) == Stop(DOWN)


def test_no_attempt_starts_after_the_whole_time() -> None:
    policy = RetryPolicy(deadline_s=1.5, initial_backoff_s=1)
    assert next_action(policy, tried(DOWN), now_s=1, jitter=0) == Wait(0.5)
    assert next_action(policy, tried(DOWN), now_s=1, jitter=1) == Stop(DOWN)


@pytest.mark.parametrize("cause", ["refused", "unknown_host"])
@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_a_server_that_is_not_running_is_given_up_within_5_seconds(
    cause: str, jitter: float
) -> None:
    error = ConnectionFailed(message="refused", cause=cause)
    history: list[Attempt] = []
    now_s = 0.0
    action: Decision = Send()
    while not isinstance(action, Stop):
        now_s += action.seconds if isinstance(action, Wait) else 0.0
        history.append(Attempt(error=error, started_s=now_s, ended_s=now_s))
        action = next_action(RetryPolicy(), history, now_s, jitter)
    assert now_s <= 5
    assert 4 <= len(history) <= 5


def test_the_time_for_a_server_that_is_not_running_is_a_setting() -> None:
    refused = ConnectionFailed(message="refused", cause="refused")
    once = RetryPolicy(refused_deadline_s=0)
    assert next_action(once, tried(refused), 1, 0.5) == Stop(refused)
    patient = RetryPolicy(refused_deadline_s=600)
    assert isinstance(next_action(patient, tried(*[refused] * 6), 6, 0.5), Wait)


def test_a_server_that_answered_before_is_waited_for_as_others_are() -> None:
    """It restarts: its connections are refused for a while."""
    refused = ConnectionFailed(message="refused", cause="refused")
    history = tried(ServerError(message="shutting down"), *[refused] * 5)
    assert isinstance(next_action(RetryPolicy(), history, 6, 0.5), Wait)


def test_a_fallback_comes_when_a_server_is_not_running() -> None:
    refused = ConnectionFailed(message="refused", cause="refused")
    policy = RetryPolicy(target_count=2)
    assert next_action(policy, tried(*[refused] * 5), 5, 0.5) == FailOver(1)


def test_what_reached_the_caller_is_never_asked_for_again() -> None:
    cut = Attempt(error=StreamInterrupted(message=""), output_delivered=True)
    policy = RetryPolicy(target_count=2)
    assert next_action(policy, [cut], now_s=0, jitter=0) == Stop(cut.error)


TWO = RetryPolicy(
    max_attempts=2, initial_backoff_s=1, max_backoff_s=10, deadline_s=100, target_count=2
)


def test_the_next_configuration_comes_when_the_attempts_of_one_are_used_up() -> None:
    assert next_action(TWO, tried(DOWN, DOWN), now_s=2, jitter=0) == FailOver(1)


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationFailed(message=""),
        QuotaExceeded(message=""),
        NotFound(message=""),
        ProtocolError(message=""),
        RateLimited(message="", retry_after_s=3600),
    ],
    ids=lambda error: error.kind,
)
def test_or_at_once_when_waiting_is_no_use(error: LLMError) -> None:
    assert next_action(TWO, tried(error), now_s=1, jitter=0) == FailOver(1)


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequest(message=""),
        ContentFiltered(message=""),
        ContextLengthExceeded(message=""),
        UnsupportedFeature(message=""),
        BudgetExceeded(message=""),
    ],
    ids=lambda error: error.kind,
)
def test_but_not_for_an_error_of_the_request(error: LLMError) -> None:
    assert next_action(TWO, tried(error), now_s=1, jitter=0) == Stop(error)


@pytest.mark.parametrize(
    "error",
    [ContextLengthExceeded(message=""), UnknownPrice(message=""), UnsupportedFeature(message="")],
    ids=lambda error: error.kind,
)
def test_a_fallback_that_cannot_take_the_request_is_passed_over(error: LLMError) -> None:
    three = RetryPolicy(max_attempts=1, target_count=3)
    history = [*tried(DOWN), *tried(error, configuration=1)]
    assert next_action(three, history, now_s=1, jitter=0) == FailOver(2)
    assert next_action(TWO, history, now_s=1, jitter=0) == Stop(error)


def test_a_policy_can_say_otherwise() -> None:
    error = ContextLengthExceeded(message="")
    wider = RetryPolicy(target_count=2, fail_over=frozenset({"context_length"}))
    assert next_action(wider, tried(error), now_s=1, jitter=0) == FailOver(1)


def test_attempts_of_each_configuration_are_counted_by_themselves() -> None:
    history = [*tried(DOWN, DOWN), *tried(DOWN, configuration=1)]
    assert next_action(TWO, history, now_s=1, jitter=0) == Wait(0.5)
    history = [*tried(DOWN, DOWN), *tried(DOWN, DOWN, configuration=1)]
    assert next_action(TWO, history, now_s=2, jitter=0) == Stop(DOWN)


def test_no_configuration_comes_after_the_whole_time() -> None:
    late = Attempt(error=DOWN, started_s=0, ended_s=101)
    assert next_action(TWO, [late], now_s=101, jitter=0) == Stop(DOWN)


ERRORS = st.sampled_from(
    [
        DOWN,
        RateLimited(message="", retry_after_s=2),
        RateLimited(message="", retry_after_s=1000),
        ServerError(message=""),
        TimedOut(message="", phase="read"),
        AuthenticationFailed(message=""),
        QuotaExceeded(message=""),
        InvalidRequest(message=""),
    ]
)


@given(
    errors=st.lists(ERRORS, min_size=1, max_size=40),
    jitter=st.floats(0, 1),
    configurations=st.integers(1, 3),
)
def test_every_course_ends_within_its_bounds(
    errors: list[LLMError], jitter: float, configurations: int
) -> None:
    policy = RetryPolicy(
        max_attempts=3,
        initial_backoff_s=1,
        max_backoff_s=5,
        deadline_s=30,
        target_count=configurations,
    )
    now_s, configuration = 0.0, 0
    history: list[Attempt] = []
    told: Decision = Send()
    for error in errors:
        started_s, now_s = now_s, now_s + 1
        history.append(
            Attempt(error=error, target_index=configuration, started_s=started_s, ended_s=now_s)
        )
        told = next_action(policy, history, now_s, jitter)
        if isinstance(told, Stop):
            assert told.error == error
            break
        if isinstance(told, Wait):
            assert 0 < told.seconds <= 5
            now_s += told.seconds
            assert next_action(policy, history, now_s, jitter) == Send()
        elif isinstance(told, FailOver):
            configuration = told.target_index
        assert now_s <= 30
    assert len(history) <= 3 * configurations
    assert len(history) == len(errors) or isinstance(told, Stop)
    assert all(
        0 <= after.target_index - before.target_index <= 1 for before, after in pairwise(history)
    )
