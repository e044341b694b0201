"""Pace, on a virtual clock: every 429 and remaining-limits header slows all calls; the rate climbs back."""

import heapq
from collections import deque

import pytest

from llm_pure.bulk.pacing import MAX_PAUSE_S, Pace, duration_s, observe, schedule
from llm_pure.types.http import Headers

CALM: Headers = ()


def seen(
    pace: Pace, status: int = 200, headers: Headers = CALM, *, now_s: float, sent_s: float = 0.0
) -> Pace:
    return observe(pace, status=status, headers=headers, sent_s=sent_s, now_s=now_s, sent_per_s=100)


def test_a_retry_after_pauses_all_and_halves_the_rate_once() -> None:
    pace = seen(Pace(), 429, (("retry-after", "3"),), now_s=10.0)
    assert (pace.pause_until_s, pace.rate) == (13.0, 50.0)
    for _ in range(20):  # the other calls in flight are refused too
        pace = seen(pace, 429, (("retry-after", "3"),), now_s=10.1, sent_s=9.9)
    assert (pace.pause_until_s, pace.rate) == (13.1, 50.0)
    assert schedule(pace, 10.2)[1] == 13.1
    assert seen(pace, 429, now_s=20.0, sent_s=14.0).rate == 25.0


def test_the_rate_climbs_back_and_the_limit_is_lifted() -> None:
    pace = seen(Pace(), 429, now_s=0.0)
    rates = []
    for second in range(1, 1000):
        pace, _ = schedule(pace, float(second))
        rates.append(pace.rate)
    assert rates[0] == 50
    assert rates[60] == pytest.approx(100)
    assert rates[-1] is None


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ((("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")), 360.0),
        ((("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "20ms")), 0.02),
        ((("anthropic-ratelimit-requests-remaining", "0"), ("anthropic-ratelimit-requests-reset", "7")), 7.0),
        ((("x-ratelimit-remaining-requests", "1"), ("x-ratelimit-reset-requests", "6m0s")), 0.0),
        ((("x-ratelimit-remaining-requests", "0"),), 0.0),
        ((("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "9h")), MAX_PAUSE_S),
    ],
)  # fmt: skip
def test_a_limit_of_which_nothing_is_left_pauses_until_its_reset(
    headers: Headers, pause_s: float
) -> None:
    assert seen(Pace(), 200, headers, now_s=100.0).pause_until_s == (
        100 + pause_s if pause_s else 0
    )


def test_overload_pauses_only_with_a_hint() -> None:
    assert seen(Pace(), 503, now_s=1.0) == Pace()
    assert seen(Pace(), 529, (("retry-after", "2"),), now_s=1.0).pause_until_s == 3.0


@pytest.mark.parametrize(
    "text", ["", "soon", "5 s", "1s2", "-3", "nan", "inf", "2026-11-30T00:00:00Z"]
)
def test_what_is_no_duration_is_a_bounded_number(text: str) -> None:
    assert 0 <= duration_s(text) <= MAX_PAUSE_S


def test_calls_adapt_to_a_limit_that_nobody_told_them() -> None:
    """A service of 600 requests a minute, 64 calls at a time, no limit configured."""
    pace, recent = Pace(), deque[float]()
    refused: list[float] = []
    sent: list[float] = []
    queue = [(0.0, 0.0)] * 64  # (time of the next step, when it was sent or 0)
    while queue:
        now_s, sent_s = heapq.heappop(queue)
        if now_s > 600:
            break
        if sent_s:
            status = 200
            while recent and recent[0] <= now_s - 60:
                recent.popleft()
            if len(recent) >= 600:
                status = 429
                refused.append(now_s)
            else:
                recent.append(now_s)
            rate = sum(at_s > now_s - 1 for at_s in sent[-200:])
            headers: Headers = (("retry-after", "2"),) if status == 429 else ()
            pace = observe(
                pace,
                status=status,
                headers=headers,
                sent_s=sent_s,
                now_s=now_s,
                sent_per_s=float(max(1, rate)),
            )
            heapq.heappush(queue, (now_s, 0.0))
        else:
            pace, at_s = schedule(pace, now_s)
            sent.append(at_s)
            heapq.heappush(queue, (at_s + 0.05, at_s))
    after_the_first_minute = [at_s for at_s in refused if at_s > 60]
    assert len(after_the_first_minute) <= 0.1 * sum(at_s > 60 for at_s in sent)
