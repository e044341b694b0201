"""Rate limits of the gateway's keys in this process: requests and tokens per minute, calls in flight.

A call beyond a limit fails at once with RateLimited and the time to wait: the client decides whether it waits.
"""

from collections.abc import Callable
from math import ceil
from time import monotonic

import msgspec

from llm_pure.gateway.client_keys import ClientKey
from llm_pure.policy.rate_limit import SlidingWindow, WindowEntry, estimated_tokens
from llm_pure.transports.sockets import ForkSafeLock
from llm_pure.types.completion import Usage
from llm_pure.types.errors import RateLimited
from llm_pure.types.result import Failure, LLMResult, Success

PARALLEL_RETRY_S = 1.0
"""When a client may try again that has too many calls in flight: nobody knows when one of them ends."""


class KeyPermit(msgspec.Struct, frozen=True):
    """Permission for one call of a key."""

    key: ClientKey
    entry: WindowEntry | None = None
    """The call in the key's window, with an estimate of its tokens; None without a limit per minute."""


UNLIMITED = KeyPermit(ClientKey())
"""The permit of a key without limits, for which there is nothing to end."""


class KeyLimits:
    """Limits by key. Safe for threads and tasks. clock: seconds of a monotonic clock."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, SlidingWindow] = {}
        self._in_flight: dict[str, int] = {}
        self._lock = ForkSafeLock()

    def acquire(self, key: ClientKey, body: bytes) -> LLMResult[KeyPermit]:
        """Acquire a permit for a request with this body. Fails with RateLimited, without counting the request."""
        limit = key.limit
        if limit is None and key.max_parallel_requests is None:
            return Success(UNLIMITED)
        with self._lock:
            running = self._in_flight.get(key.name, 0)
            if key.max_parallel_requests is not None and running >= key.max_parallel_requests:
                return Failure(limit_error(key, PARALLEL_RETRY_S, "requests at once"))
            entry = None
            if limit is not None:
                window = self._windows.setdefault(key.name, SlidingWindow(limit))
                window.limit = limit  # a key that was loaded again may have another
                now_s, tokens = self._clock(), estimated_tokens(body)
                wait_s = window.wait_s(now_s, tokens)
                if wait_s > 0:
                    return Failure(limit_error(key, wait_s, "requests or tokens in a minute"))
                entry = window.enter(now_s, tokens)
            self._in_flight[key.name] = running + 1
        return Success(KeyPermit(key, entry))

    def release(self, permit: KeyPermit, usage: Usage | None = None) -> None:
        """End a call. usage: as the provider counted it, which replaces the estimate of its tokens."""
        if permit is UNLIMITED:
            return
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0) if usage is not None else 0
        with self._lock:
            self._in_flight[permit.key.name] -= 1
            if permit.entry is not None and tokens:
                self._windows[permit.key.name].adjust(permit.entry, tokens)

    def in_flight(self, name: str) -> int:
        """Return how many calls of a key are running."""
        return self._in_flight.get(name, 0)


def limit_error(key: ClientKey, wait_s: float, what: str) -> RateLimited:
    """Return the error of a call beyond a limit. Codex reads the time from the text, others from the header."""
    wait_s = max(0.1, ceil(wait_s * 10) / 10)
    return RateLimited(
        message=f"the key {key.name!r} has too many {what}. Please try again in {wait_s:g}s.",
        status=429,
        code="rate_limit_exceeded",
        retry_after_s=wait_s,
    )
