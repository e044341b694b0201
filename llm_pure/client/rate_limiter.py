"""Rate limiter of one target: requests and tokens per minute, with the clock and the lock around `llm_pure.policy.rate_limit`."""

from time import monotonic

import msgspec

from llm_pure.policy.rate_limit import RateLimit, SlidingWindow, WindowEntry, estimated_tokens
from llm_pure.transports.sockets import ForkSafeLock
from llm_pure.types.completion import Completion
from llm_pure.types.errors import RateLimited
from llm_pure.types.result import Failure, LLMResult, Success


class Permit(msgspec.Struct, frozen=True):
    """Permission to send after `wait_s` seconds."""

    entry: WindowEntry
    """The estimate, which counts until the response is received."""

    wait_s: float


class RateLimiter:
    """Admits requests in their order. Safe for any number of threads and tasks."""

    def __init__(self, limit: RateLimit) -> None:
        self._minute = SlidingWindow(limit)
        self._lock = ForkSafeLock()

    def set_limit(self, limit: RateLimit) -> None:
        """Go on with another limit; what was counted stays counted."""
        with self._lock:
            self._minute.limit = limit

    def acquire(self, body: bytes, max_wait_s: float) -> LLMResult[Permit]:
        """Acquire a permit for a request with this body.

        Fails with RateLimited, without counting the request, if the wait would exceed `max_wait_s`.
        """
        tokens = estimated_tokens(body)
        with self._lock:
            now_s = monotonic()
            wait_s = self._minute.wait_s(now_s, tokens)
            if wait_s <= max_wait_s:
                return Success(Permit(self._minute.enter(now_s, tokens), wait_s))
        return Failure(
            RateLimited(
                message=f"client rate limit: no capacity within {max_wait_s:.1f} s",
                code="client_limit",
                retry_after_s=wait_s,
            )
        )

    def adjust(self, permit: Permit, value: object) -> None:
        """Replace the estimate by the tokens that the provider counted, if the value is a Completion with usage."""
        if not isinstance(value, Completion):
            return
        counted = (value.usage.input_tokens or 0) + (value.usage.output_tokens or 0)
        if counted:
            with self._lock:
                self._minute.adjust(permit.entry, counted)

    def release(self, permit: Permit) -> None:
        """Give back a permit whose request is not sent."""
        with self._lock:
            self._minute.remove(permit.entry)


def create_limiters(limit: RateLimit, count: int) -> tuple[RateLimiter, ...]:
    """Return one limiter for each target."""
    return tuple([RateLimiter(limit) for _ in range(count)])
