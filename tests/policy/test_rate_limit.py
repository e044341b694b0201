"""The limit of requests and tokens a minute, with times that come in."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.policy.rate_limit import WINDOW_S, RateLimit, SlidingWindow, WindowEntry


def times(limit: RateLimit, asked: list[tuple[float, float]]) -> list[float]:
    """When each of these (time, tokens) goes out."""
    minute = SlidingWindow(limit)
    return [minute.enter(now_s, tokens).at_s for now_s, tokens in asked]


def test_requests_go_at_once_until_the_minute_is_full() -> None:
    limit = RateLimit(requests_per_minute=2)
    asked = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (2.0, 0.0), (200.0, 0.0)]
    assert times(limit, asked) == [0, 1, 60, 61, 200]


def test_tokens_go_at_once_until_the_minute_is_full() -> None:
    limit = RateLimit(tokens_per_minute=100)
    assert times(limit, [(0.0, 60.0), (1.0, 40.0), (2.0, 10.0), (2.0, 91.0)]) == [0, 1, 60, 120]


def test_a_request_that_is_larger_than_the_limit_goes_alone() -> None:
    limit = RateLimit(tokens_per_minute=100)
    assert times(limit, [(0.0, 10.0), (0.0, 1000.0), (0.0, 10.0)]) == [0, 60, 120]


def test_without_a_limit_nothing_waits() -> None:
    assert times(RateLimit(), [(0.0, 1e9)] * 5) == [0.0] * 5


def test_what_was_counted_takes_the_place_of_the_estimate() -> None:
    minute = SlidingWindow(RateLimit(tokens_per_minute=100))
    entry = minute.enter(0, 100)
    assert minute.wait_s(1, 50) == 59
    minute.adjust(entry, 20)
    assert minute.wait_s(1, 50) == 0


def test_those_that_leave_the_queue_take_no_time_from_those_that_come() -> None:
    minute = SlidingWindow(RateLimit(requests_per_minute=1))
    waiting = [minute.enter(0) for _ in range(4)]
    assert [entry.at_s for entry in waiting] == [0, 60, 120, 180]
    for entry in waiting[1:]:
        minute.remove(entry)
    assert [minute.enter(10).at_s, minute.enter(10).at_s] == [60, 120]


def test_asking_how_long_counts_nothing() -> None:
    minute = SlidingWindow(RateLimit(requests_per_minute=1))
    assert [minute.wait_s(0), minute.wait_s(0), minute.enter(0).at_s, minute.wait_s(0)] == [
        0,
        0,
        0,
        60,
    ]


@given(
    st.lists(
        st.tuples(st.floats(0, 30, allow_nan=False), st.integers(1, 60), st.booleans()),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 10),
    st.integers(60, 200),
    st.randoms(use_true_random=False),
)
def test_no_sixty_seconds_hold_more_than_the_limit(
    asked: list[tuple[float, int, bool]], requests: int, tokens: int, random: Random
) -> None:
    """Whether or not requests that wait are cancelled."""
    limit = RateLimit(requests_per_minute=requests, tokens_per_minute=tokens)
    now_s, entries = 0.0, list[WindowEntry]()
    minute = SlidingWindow(limit)
    for gap_s, size, cancels in asked:
        now_s += gap_s
        entries.append(minute.enter(now_s, size))
        waiting = [entry for entry in entries if entry.at_s > now_s]
        if cancels and waiting:
            cancelled = random.choice(waiting)
            minute.remove(cancelled)
            entries.remove(cancelled)
    given_at = [(entry.at_s, entry.tokens) for entry in entries]
    for start_s, _ in given_at:
        inside = [size for at_s, size in given_at if start_s <= at_s < start_s + WINDOW_S]
        assert len(inside) <= requests
        assert sum(inside) <= tokens


@pytest.mark.parametrize("requests", [0, 0.5])
def test_less_than_one_request_a_minute_is_one(requests: float) -> None:
    assert times(RateLimit(requests_per_minute=requests), [(0.0, 0.0), (0.0, 0.0)]) == [0, 60]
