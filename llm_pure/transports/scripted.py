"""A transport that responds from a script, without a network: given bytes, chunk boundaries, delays and errors.

For tests, also those of programs that use this library: `LLM(config, transport=ScriptedTransport([...]))`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import TypeAlias

import msgspec

from llm_pure.transports.base import AsyncCalls, SyncCalls, Timeouts
from llm_pure.transports.sockets import reset_after_fork
from llm_pure.types.errors import ConnectionFailed, LLMError, TimedOut
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead
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
        reset_after_fork(self)

    def reset_after_fork(self) -> None:
        """Replace the lock, which another thread of the parent may have held."""
        self._lock = Lock()

    def close(self) -> None:
        """Do nothing: no connection is open."""

    async def aclose(self) -> None:
        """Do nothing: no connection is open."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the complete response, of any status."""
        result, wait_s = self._respond(request, timeouts)
        if wait_s:
            time.sleep(wait_s)
        return result

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the complete response, of any status."""
        import anyio  # imported late: start-up

        result, wait_s = self._respond(request, timeouts)
        await anyio.sleep(wait_s)
        return result

    def _respond(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> tuple[LLMResult[HttpResponse], float]:
        """Return the complete response or the error, and how long to wait for it."""
        scripted, wait_s = self._next(request, timeouts)
        if isinstance(scripted, LLMError):
            return Failure(scripted), wait_s
        chunks, error, piece_wait_s = _body(scripted, timeouts)
        wait_s += piece_wait_s * (len(chunks) + (error is not None))
        if error is not None:
            return Failure(error), wait_s
        body = b"".join(chunks)
        return Success(HttpResponse(scripted.status, scripted.headers, body)), wait_s

    def _open(self, request: HttpRequest, timeouts: Timeouts) -> "_Response":
        scripted, wait_s = self._next(request, timeouts)
        if wait_s:
            time.sleep(wait_s)
        if isinstance(scripted, LLMError):
            raise Rejected(scripted)
        return _Response(scripted, timeouts)

    async def _aopen(self, request: HttpRequest, timeouts: Timeouts) -> "_Response":
        import anyio  # imported late: start-up

        scripted, wait_s = self._next(request, timeouts)
        await anyio.sleep(wait_s)
        if isinstance(scripted, LLMError):
            raise Rejected(scripted)
        return _Response(scripted, timeouts)

    def _next(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> tuple[ScriptedResponse | LLMError, float]:
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
        if isinstance(scripted, LLMError):
            return scripted, 0.0
        if scripted.delay_s > timeouts.read_s:
            return _TOO_LATE, timeouts.read_s
        return scripted, max(0.0, scripted.delay_s)  # 0 for what is no time


class _Response:
    """The items of a body, sync and async."""

    def __init__(self, scripted: ScriptedResponse, timeouts: Timeouts) -> None:
        chunks, error, self._wait_s = _body(scripted, timeouts)
        self.head = ResponseHead(scripted.status, scripted.headers)
        items: list[LLMResult[bytes]] = [Success(chunk) for chunk in chunks]
        if error is not None:
            items.append(Failure(error))
        self._items = iter(items)

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


def _body(
    scripted: ScriptedResponse, timeouts: Timeouts
) -> tuple[tuple[bytes, ...], LLMError | None, float]:
    """Return the chunks that arrive, the error after them, and how long to wait before each."""
    if scripted.chunks and scripted.piece_delay_s > timeouts.read_s:
        return (), _TOO_LATE, timeouts.read_s
    return scripted.chunks, scripted.error, max(0.0, min(scripted.piece_delay_s, timeouts.read_s))


_TOO_LATE = TimedOut(message="no response from the script in time", phase="read")
