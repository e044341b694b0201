"""A transport that answers from a script: given bytes with given borders, delays and faults, and no network.

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
    """One answer. pieces: the body, cut as it is to arrive. fault: what breaks it off after them.

    delay_s: before the head. piece_delay_s: before each piece. A delay above `read_s` is a TimedOut.
    """

    status: int = 200
    headers: Headers = ()
    chunks: tuple[bytes, ...] = ()
    error: LLMError | None = None
    delay_s: float = 0.0
    piece_delay_s: float = 0.0


ResponseScript: TypeAlias = (
    Sequence[ScriptedResponse | LLMError] | Callable[[HttpRequest], ScriptedResponse | LLMError]
)
"""Answers in turn, or a function that answers each request. An LLMError in place of one: no head came."""


class ScriptedTransport:
    """Sync and async at once, for any number of threads and tasks. requests: what was sent, in order."""

    def __init__(self, script: ResponseScript) -> None:
        self.requests: list[HttpRequest] = []
        self._script = script
        self._lock = Lock()

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The whole answer."""
        with self.stream(request, timeouts) as opened:
            return opened.bind(lambda answer: read_body(answer.head, list(answer)))

    @contextmanager
    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """The answer, piece by piece."""
        answer = self._next(request)
        if not isinstance(answer, ScriptedResponse):
            yield Failure(answer)
            return
        late = _late(answer.delay_s, timeouts)
        if answer.delay_s:
            time.sleep(min(answer.delay_s, timeouts.read_s))
        yield Success(_Answer(answer, timeouts)) if late is None else Failure(late)

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The whole answer."""
        async with self.astream(request, timeouts) as opened:
            if isinstance(opened, Failure):
                return opened
            answer = opened.unwrap()
            return read_body(answer.head, [piece async for piece in answer])

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """The answer, piece by piece."""
        import anyio

        answer = self._next(request)
        if not isinstance(answer, ScriptedResponse):
            yield Failure(answer)
            return
        late = _late(answer.delay_s, timeouts)
        await anyio.sleep(min(answer.delay_s, timeouts.read_s))
        yield Success(_AsyncAnswer(answer, timeouts)) if late is None else Failure(late)

    def _next(self, request: HttpRequest) -> ScriptedResponse | LLMError:
        with self._lock:
            self.requests.append(request)
            if callable(self._script):
                return self._script(request)
            number = len(self.requests)
            if number > len(self._script):
                what = f"the script has no answer to request number {number}"
                return ConnectionFailed(message=what, retryable=False)
            return self._script[number - 1]


class _Script:
    """The items of a body in order, each with the wait before it."""

    def __init__(self, answer: ScriptedResponse, timeouts: Timeouts) -> None:
        self.head = ResponseHead(answer.status, answer.headers)
        self._wait_s = min(answer.piece_delay_s, timeouts.read_s)
        self._items = self._all(answer, timeouts)

    def _all(self, answer: ScriptedResponse, timeouts: Timeouts) -> Iterator[LLMResult[bytes]]:
        late = _late(answer.piece_delay_s, timeouts)
        for piece in answer.chunks:
            yield Success(piece) if late is None else Failure(late)
            if late is not None:
                return
        if answer.error is not None:
            yield Failure(answer.error)


class _Answer(_Script):
    def __iter__(self) -> Iterator[LLMResult[bytes]]:
        for item in self._items:
            if self._wait_s:
                time.sleep(self._wait_s)
            yield item


class _AsyncAnswer(_Script):
    def __aiter__(self) -> "_AsyncAnswer":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        import anyio

        for item in self._items:
            await anyio.sleep(self._wait_s)
            return item
        raise StopAsyncIteration


def _late(delay_s: float, timeouts: Timeouts) -> LLMError | None:
    if delay_s <= timeouts.read_s:
        return None
    return TimedOut(message="no answer from the script in time", phase="read")
