"""The limit of requests and tokens a minute, kept by a client for each of its lanes: the clock and the lock around it."""

from threading import Lock
from time import monotonic

import msgspec

from llm_pure.policy.rate_limit import RateLimit, SlidingWindow, WindowEntry, estimated_tokens
from llm_pure.types.completion import Completion
from llm_pure.types.errors import RateLimited
from llm_pure.types.result import Failure, LLMResult, Success


class Pass(msgspec.Struct, frozen=True):
    """Leave to send after so many seconds. entry: what is counted for it until the answer is there."""

    entry: WindowEntry
    wait_s: float


class Gate:
    """Lets requests through in their order; for any number of threads and tasks."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._minute = SlidingWindow(limit)
        self._lock = Lock()

    def enter(self, body: bytes, longest_s: float) -> LLMResult[Pass]:
        """RateLimited, and nothing counted, when the turn would come later than that."""
        tokens = estimated_tokens(body)
        with self._lock:
            now_s = monotonic()
            wait_s = self._minute.wait_s(now_s, tokens)
            if wait_s <= longest_s:
                return Success(Pass(self._minute.enter(now_s, tokens), wait_s))
        return Failure(
            RateLimited(
                message=f"the client's own limit leaves no room within {longest_s:.1f} s",
                code="client_limit",
                retry_after_s=wait_s,
            )
        )

    def correct(self, given: Pass, got: object) -> None:
        """What the provider counted takes the place of the estimate."""
        if not isinstance(got, Completion):
            return
        counted = (got.usage.input_tokens or 0) + (got.usage.output_tokens or 0)
        if counted:
            with self._lock:
                self._minute.adjust(given.entry, counted)


def open_gates(limit: RateLimit | None, count: int) -> tuple[Gate, ...]:
    """One for each lane; none without a limit."""
    return () if limit is None else tuple([Gate(limit) for _ in range(count)])
