"""A transport that responds from a script, without a network: given bytes, chunk boundaries, delays and errors.

For tests, also those of programs that use this library: `LLM(config, transport=ScriptedTransport([...]))`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import TypeAlias

import msgspec

from llm_pure.transports.base import AsyncCalls, SyncCalls, Timeouts
from llm_pure.types.errors import ConnectionFailed, LLMError, TimedOut
from llm_pure.types.http import Headers, HttpRequest, ResponseHead
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import Failure, LLMResult, Success


class ScriptedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One response. A delay longer than `read_s` is a TimedOut."""

    status: int = 200
    headers: Headers = ()
    chunks: tuple[bytes, ...] = ()
    """The body, cut as it is to arrive."""
    error: LLMError | None = None
    """Ends the body after its chunks."""
    delay_s: float = 0.0
    """Before the head."""
    piece_delay_s: float = 0.0
    """Before each chunk."""


ResponseScript: TypeAlias = (
    Sequence[ScriptedResponse | LLMError] | Callable[[HttpRequest], ScriptedResponse | LLMError]
)
"""Responses in order, or a function of the request. An LLMError means that no head arrived."""


class ScriptedTransport(SyncCalls, AsyncCalls):
    """Sync and async, for any number of threads and tasks."""

    requests: list[HttpRequest]
    """The requests that were sent, in order."""

    def __init__(self, script: ResponseScript) -> None:
        self.requests = []
        self._script = script
        self._lock = Lock()

    def close(self) -> None:
        """Do nothing: no connection is open."""

    async def aclose(self) -> None:
        """Do nothing: no connection is open."""

    def _open(self, request: HttpRequest, timeouts: Timeouts) -> "_Response":
        response, wait_s = self._next(request, timeouts)
        if wait_s:
            time.sleep(wait_s)
        if isinstance(response, Rejected):
            raise response
        return response

    async def _aopen(self, request: HttpRequest, timeouts: Timeouts) -> "_Response":
        import anyio  # imported late: start-up

        response, wait_s = self._next(request, timeouts)
        await anyio.sleep(wait_s)
        if isinstance(response, Rejected):
            raise response
        return response

    def _next(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> "tuple[_Response | Rejected, float]":
        """Return the next response or error, and how long to wait before it."""
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
            if callable(self._script):
                scripted = self._script(request)
            elif number <= len(self._script):
                scripted = self._script[number - 1]
            else:
                message = f"the script has no response to request number {number}"
                scripted = ConnectionFailed(message=message, retryable=False)
        if not isinstance(scripted, ScriptedResponse):
            return Rejected(scripted), 0.0
        wait_s = min(scripted.delay_s, timeouts.read_s)
        if scripted.delay_s > timeouts.read_s:
            return Rejected(_TOO_LATE), wait_s
        return _Response(scripted, timeouts), wait_s


class _Response:
    """The items of a body, sync and async."""

    def __init__(self, scripted: ScriptedResponse, timeouts: Timeouts) -> None:
        self.head = ResponseHead(scripted.status, scripted.headers)
        self._wait_s = min(scripted.piece_delay_s, timeouts.read_s)
        self._items = self._all(scripted, late=scripted.piece_delay_s > timeouts.read_s)

    def __iter__(self) -> Iterator[LLMResult[bytes]]:
        for item in self._items:
            if self._wait_s:
                time.sleep(self._wait_s)
            yield item

    def __aiter__(self) -> "_Response":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        # not a generator: trio warns of one that is left before its end
        import anyio

        for item in self._items:
            await anyio.sleep(self._wait_s)
            return item
        raise StopAsyncIteration

    def close(self) -> None:
        """Do nothing: no connection is open."""

    async def aclose(self) -> None:
        """Do nothing: no connection is open."""

    def _all(self, scripted: ScriptedResponse, *, late: bool) -> Iterator[LLMResult[bytes]]:
        if late and scripted.chunks:
            yield Failure(_TOO_LATE)
            return
        for chunk in scripted.chunks:
            yield Success(chunk)
        if scripted.error is not None:
            yield Failure(scripted.error)


_TOO_LATE = TimedOut(message="no response from the script in time", phase="read")
