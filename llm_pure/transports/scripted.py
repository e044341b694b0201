"""A transport that responds from a script, without a network: given bytes, chunk boundaries, delays and errors.

For tests, also those of programs that use this library: `LLM(config, transport=ScriptedTransport([...]))`.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from threading import Lock
from typing import TypeAlias

import msgspec

from llm_pure.transports.base import (
    AsyncStreamingResponse,
    StreamingResponse,
    Timeouts,
    read_body,
)
from llm_pure.types.errors import ConnectionFailed, LLMError, TimedOut
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead
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


class ScriptedTransport:
    """Sync and async, for any number of threads and tasks."""

    requests: list[HttpRequest]
    """The requests that were sent, in order."""

    def __init__(self, script: ResponseScript) -> None:
        self.requests = []
        self._script = script
        self._lock = Lock()

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the complete response."""
        with self.stream(request, timeouts) as opened:
            return opened.bind(lambda response: read_body(response.head, response))

    @contextmanager
    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """Yield the response, chunk by chunk."""
        response, wait_s = self._next(request, timeouts)
        if wait_s:
            time.sleep(wait_s)
        yield response

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the complete response."""
        async with self.astream(request, timeouts) as opened:
            if isinstance(opened, Failure):
                return opened
            response = opened.unwrap()
            return read_body(response.head, [chunk async for chunk in response])

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """Yield the response, chunk by chunk."""
        import anyio

        response, wait_s = self._next(request, timeouts)
        await anyio.sleep(wait_s)
        yield response

    def _next(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> "tuple[LLMResult[_Response], float]":
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
            return Failure(scripted), 0.0
        wait_s = min(scripted.delay_s, timeouts.read_s)
        if scripted.delay_s > timeouts.read_s:
            return Failure(_TOO_LATE), wait_s
        return Success(_Response(scripted, timeouts)), wait_s


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

    def _all(self, scripted: ScriptedResponse, *, late: bool) -> Iterator[LLMResult[bytes]]:
        if late and scripted.chunks:
            yield Failure(_TOO_LATE)
            return
        for chunk in scripted.chunks:
            yield Success(chunk)
        if scripted.error is not None:
            yield Failure(scripted.error)


_TOO_LATE = TimedOut(message="no response from the script in time", phase="read")
