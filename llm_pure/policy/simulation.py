"""Simulate calls under a retry policy and outages, on a virtual clock. Pure: random numbers are an argument."""

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
"""Kind of error -> class, for Outage."""


class Outage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A period in which requests fail."""

    error: str
    """A key of ERRORS."""
    from_s: float = 0.0
    """On the virtual clock, as is `until_s`."""
    until_s: float = float("inf")
    share: float = 1.0
    """The share of requests that fail, from 0 to 1."""
    configuration: int | None = None
    """The index of the only target that fails; None: all."""
    takes_s: float = 0.1
    """Seconds until the error arrives."""
    retry_after_s: float | None = None
    """The service's hint."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """The calls: their number, the seconds between them, and the duration and tokens of each."""

    calls: int = 1000
    every_s: float = 0.1
    takes_s: float = 1.0
    tokens: float = 1000.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one call."""

    error: str | None
    """The kind of error, None after success."""
    sends: int
    waited_s: float
    """Between attempts, and for the client's own rate limit."""
    took_s: float


class Simulation(msgspec.Struct, frozen=True):
    """All calls, in order of their start."""

    outcomes: tuple[Outcome, ...]

    def summary(self) -> dict[str, Any]:
        """Return rates and times; times in seconds, with three decimals."""
        calls = len(self.outcomes)
        errors = Counter(outcome.error for outcome in self.outcomes if outcome.error is not None)
        succeeded = calls - errors.total()
        sends = sum(outcome.sends for outcome in self.outcomes)
        return {
            "calls": calls,
            "succeeded": succeeded,
            "success_rate": round(succeeded / calls, 6) if calls else 0.0,
            "errors": dict(sorted(errors.items())),
            "sends": sends,
            "sends_per_call": round(sends / calls, 3) if calls else 0.0,
            "waited_s": _spread([outcome.waited_s for outcome in self.outcomes]),
            "took_s": _spread([outcome.took_s for outcome in self.outcomes]),
        }


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
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
    """The state of one call."""

    def __init__(self, begins_s: float) -> None:
        self.begins_s = begins_s
        self.target = 0
        self.history: tuple[Attempt, ...] = ()
        self.sends = 0
        self.waited_s = 0.0
        self.outcome: Outcome | None = None

    def end(self, error: LLMError | None, ended_s: float) -> None:
        self.outcome = Outcome(
            error=None if error is None else error.kind,
            sends=self.sends,
            waited_s=self.waited_s,
            took_s=ended_s - self.begins_s,
        )


class _Simulator(msgspec.Struct, frozen=True):
    policy: RetryPolicy
    outages: Sequence[Outage]
    load: Load
    chance: Callable[[], float]
    windows: Sequence[SlidingWindow]
    """One rate limit per target."""

    def attempt(self, call: _Call, now_s: float) -> float:
        """Send the call once; return when it is due again."""
        sent_s = self.windows[call.target].enter(now_s, self.load.tokens).at_s
        call.waited_s += sent_s - now_s
        call.sends += 1
        error, took_s = self.respond(call.target, sent_s)
        ended_s = sent_s + took_s
        if error is None:
            call.end(None, ended_s)
            return ended_s
        attempt = Attempt(error=error, target_index=call.target, started_s=sent_s, ended_s=ended_s)
        call.history = (*call.history, attempt)
        match next_action(self.policy, call.history, ended_s, self.chance()):
            case Wait(seconds=seconds):
                call.waited_s += seconds
                return ended_s + seconds
            case FailOver(target_index=target):
                call.target = target
            case Stop(error=last):
                call.end(last, ended_s)
            case Send():
                pass
        return ended_s

    def respond(self, target: int, now_s: float) -> tuple[LLMError | None, float]:
        """(error or None, duration) of a request at this time; the first outage that applies counts."""
        for outage in self.outages:
            is_on = outage.from_s <= now_s < outage.until_s
            if is_on and outage.configuration in (None, target) and self.chance() < outage.share:
                fields: dict[str, Any] = {"message": "simulated"}
                if outage.error in ("rate_limited", "overloaded", "server_error"):
                    fields["retry_after_s"] = outage.retry_after_s
                return ERRORS[outage.error](**fields), outage.takes_s
        return None, self.load.takes_s


def simulate(
    policy: RetryPolicy,
    outages: Sequence[Outage],
    load: Load,
    chance: Callable[[], float],
    limit: RateLimit | None = None,
) -> Simulation:
    """Run the calls of the load with the client's `next_action`. `chance`: returns random numbers from 0 to 1."""
    windows = [SlidingWindow(limit or RateLimit()) for _ in range(policy.target_count)]
    simulator = _Simulator(policy, outages, load, chance, windows)
    calls = [_Call(number * load.every_s) for number in range(load.calls)]
    due = [(call.begins_s, number) for number, call in enumerate(calls)]
    heapq.heapify(due)
    while due:
        now_s, number = heapq.heappop(due)
        next_s = simulator.attempt(calls[number], now_s)
        if calls[number].outcome is None:
            heapq.heappush(due, (next_s, number))
    return Simulation(tuple([call.outcome for call in calls if call.outcome is not None]))
