"""A retry policy, an outage and chance -> what would become of the calls, on a virtual clock. Pure."""

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from llm_pure.policy.rate_limit import RateLimit, SlidingWindow
from llm_pure.policy.retry import Attempt, FailOver, RetryPolicy, Send, Stop, Wait, next_action
from llm_pure.types.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
)

ERRORS: dict[str, type[Any]] = {
    "authentication": AuthenticationFailed,
    "connection": ConnectionFailed,
    "invalid_request": InvalidRequest,
    "not_found": NotFound,
    "overloaded": Overloaded,
    "permission": PermissionDenied,
    "quota": QuotaExceeded,
    "rate_limited": RateLimited,
    "server_error": ServerError,
    "stream_interrupted": StreamInterrupted,
    "timeout": TimedOut,
}
"""What an outage may answer, by the name of the error."""


class Outage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong for a while.

    error: a key of ERRORS. from_s, until_s: on the virtual clock. share: of the requests that it hits, from 0 to 1.
    configuration: only this one, from 0. takes_s: until the error is there. retry_after_s: what the service asks for.
    """

    error: str
    from_s: float = 0.0
    until_s: float = float("inf")
    share: float = 1.0
    configuration: int | None = None
    takes_s: float = 0.1
    retry_after_s: float | None = None


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls there are, how far apart they begin, how long a good answer takes, how many tokens each has."""

    calls: int = 1000
    every_s: float = 0.1
    takes_s: float = 1.0
    tokens: float = 1000.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One call. error: its kind, None when it was answered. waited_s: between attempts, and for the client's limit."""

    error: str | None
    sends: int
    waited_s: float
    took_s: float


class Simulation(msgspec.Struct, frozen=True):
    """Every call, in the order in which they began."""

    outcomes: tuple[Outcome, ...]

    def summary(self) -> dict[str, Any]:
        """Rates and times; times are seconds, with three decimals."""
        calls = len(self.outcomes)
        good = sum(one.error is None for one in self.outcomes)
        sends = sum(one.sends for one in self.outcomes)
        waits = sorted(one.waited_s for one in self.outcomes)
        took = sorted(one.took_s for one in self.outcomes)
        errors = Counter(one.error for one in self.outcomes if one.error is not None)
        return {
            "calls": calls,
            "succeeded": good,
            "success_rate": round(good / calls, 6) if calls else 0.0,
            "errors": dict(sorted(errors.items())),
            "sends": sends,
            "sends_per_call": round(sends / calls, 3) if calls else 0.0,
            "waited_s": _spread(waits),
            "took_s": _spread(took),
        }


def _spread(ordered: Sequence[float]) -> dict[str, float]:
    if not ordered:
        return {"mean": 0.0, "p50": 0.0, "p95": 0.0, "max": 0.0}
    last = len(ordered) - 1
    return {
        "mean": round(sum(ordered) / len(ordered), 3),
        "p50": round(ordered[last // 2], 3),
        "p95": round(ordered[int(last * 0.95)], 3),
        "max": round(ordered[last], 3),
    }


class _Call:
    """One call under way."""

    def __init__(self, begins_s: float) -> None:
        self.begins_s = begins_s
        self.configuration = 0
        self.history: tuple[Attempt, ...] = ()
        self.sends = 0
        self.waited_s = 0.0
        self.outcome: Outcome | None = None


def simulate(
    policy: RetryPolicy,
    outages: Sequence[Outage],
    load: Load,
    chance: Callable[[], float],
    limit: RateLimit | None = None,
) -> Simulation:
    """The calls of the load, with the very `next_action` that the client uses. chance: numbers from 0 to 1, in their order."""
    calls = [_Call(number * load.every_s) for number in range(load.calls)]
    minutes = [SlidingWindow(limit or RateLimit()) for _ in range(policy.target_count)]
    due = [(call.begins_s, number) for number, call in enumerate(calls)]
    heapq.heapify(due)
    while due:
        now_s, number = heapq.heappop(due)
        call = calls[number]
        next_s = _attempt(policy, outages, load, chance, minutes[call.configuration], call, now_s)
        if call.outcome is None:
            heapq.heappush(due, (next_s, number))
    return Simulation(tuple([call.outcome for call in calls if call.outcome is not None]))


def _attempt(
    policy: RetryPolicy,
    outages: Sequence[Outage],
    load: Load,
    chance: Callable[[], float],
    minute: SlidingWindow,
    call: _Call,
    now_s: float,
) -> float:
    """One sending of this call; when the next one is due."""
    sent_s = minute.enter(now_s, load.tokens).at_s
    call.waited_s += sent_s - now_s
    call.sends += 1
    error, took_s = _answer(outages, load, chance, call.configuration, sent_s)
    ended_s = sent_s + took_s
    if error is None:
        _end(call, None, ended_s)
        return ended_s
    attempt = Attempt(
        error=error, target_index=call.configuration, started_s=sent_s, ended_s=ended_s
    )
    call.history = (*call.history, attempt)
    match next_action(policy, call.history, ended_s, chance()):
        case Wait(seconds=seconds):
            call.waited_s += seconds
            return ended_s + seconds
        case FailOver(target_index=configuration):
            call.configuration = configuration
        case Stop(error=last):
            _end(call, last, ended_s)
        case Send():
            pass
    return ended_s


def _answer(
    outages: Sequence[Outage],
    load: Load,
    chance: Callable[[], float],
    configuration: int,
    now_s: float,
) -> tuple[LLMError | None, float]:
    """What the service says at this time, and how long it takes; the first outage that hits is the one."""
    for outage in outages:
        is_on = outage.from_s <= now_s < outage.until_s
        if is_on and outage.configuration in (None, configuration) and chance() < outage.share:
            given: dict[str, Any] = {"message": "simulated"}
            if outage.error in ("rate_limited", "overloaded", "server_error"):
                given["retry_after_s"] = outage.retry_after_s
            return ERRORS[outage.error](**given), outage.takes_s
    return None, load.takes_s


def _end(call: _Call, error: LLMError | None, ended_s: float) -> None:
    call.outcome = Outcome(
        error=None if error is None else error.kind,
        sends=call.sends,
        waited_s=call.waited_s,
        took_s=ended_s - call.begins_s,
    )
