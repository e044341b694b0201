"""How a part of a run ends: its summary, and how it is ended from outside."""

import asyncio
from collections.abc import Callable

import msgspec

from llm_pure.bulk.progress import RunCounts
from llm_pure.types.errors import LLMError


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How a part of a run has ended."""

    reason: str
    """"finished", "budget", "interrupted", "breaker" (errors of the account), "max_errors", "disk" or "error"."""
    counts: RunCounts
    """Of the run as it is now, with all its parts."""
    error: LLMError | None = None
    """Why, for "breaker", "budget" and "error"; for "max_errors" the first of the most frequent kind."""
    message: str = ""
    """Why, for people."""
    sends: int = 0
    """Requests that this part has sent."""
    took_s: float = 0.0


class Stopper:
    """How a run is ended from outside: once, no new sends; twice, now. Thread-safe once the run is under way."""

    def __init__(self) -> None:
        self.requests = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._notify: Callable[[], None] | None = None

    def stop(self) -> None:
        """Request the end, once more the end now."""
        self.requests += 1
        if self._loop is not None and self._notify is not None:
            self._loop.call_soon_threadsafe(self._notify)

    def attach(self, loop: asyncio.AbstractEventLoop, notify: Callable[[], None]) -> None:
        """Connect the run that is to be ended."""
        self._loop, self._notify = loop, notify
