"""The transport for services that are asked over a websocket (Spark): the extra `spark`. Sync, and async on asyncio and trio.

A request of ws:// or wss:// whose body is sent as one message, once the websocket is open. Its answer has status 200, content
type application/x-ndjson and each message on a line of its own; a handshake that is refused is answered as it was. Each call
has a connection of its own. It follows no redirect and goes through no proxy.
"""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Self

import anyio
from anyio.abc import ByteStream

from llm_pure.transports.base import (
    AsyncStreamingResponse,
    StreamingResponse,
    Timeouts,
    read_body,
)
from llm_pure.transports.websocket_exchange import (
    FAULTS,
    HANG_UP_S,
    READ,
    Base,
    Sending,
    aconnect,
    connect,
)
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success


class WebsocketTransport(Base):
    """Sync, for any number of threads."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The whole answer: every message up to the last one."""
        with self.stream(request, timeouts) as opened:
            return opened.bind(lambda answer: read_body(answer.head, answer))

    @contextmanager
    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """The messages as they come; leaving the context early closes the websocket."""
        prepared = self.prepare(request, timeouts)
        if isinstance(prepared, Failure):
            yield prepared
            return
        sending = prepared.unwrap()
        connected = connect(sending)
        if isinstance(connected, Failure):
            yield connected
            return
        answer = _Answer(sending, connected.unwrap())
        try:
            yield answer.opened()
        finally:
            answer.close()

    def close(self) -> None:
        """No call is made from now on; those under way go on to their end."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()


class _Answer:
    """An open websocket, sync."""

    head: ResponseHead

    def __init__(self, sending: Sending, sock: socket.socket) -> None:
        self._sending = sending
        self._dialogue = sending.dialogue
        self._sock = sock

    def opened(self) -> LLMResult[StreamingResponse]:
        """Itself, once the handshake is done."""
        while (got := self._dialogue.opened()) is None:
            self._turn()
        if isinstance(got, Failure):
            return got
        self.head = got.unwrap()
        return Success(self)

    def __iter__(self) -> "_Answer":
        return self

    def __next__(self) -> LLMResult[bytes]:
        while (item := self._dialogue.item()) is None:
            if self._dialogue.over:
                raise StopIteration
            self._turn()
        return item

    def close(self) -> None:
        with suppress(*FAULTS):  # the connection is gone either way
            self._sock.settimeout(HANG_UP_S)
            self._sock.sendall(self._dialogue.hang_up())
        with suppress(*FAULTS):
            self._sock.close()

    def _turn(self) -> None:
        """Write what is to be written, read what comes."""
        sending = self._sending
        try:
            outgoing = self._dialogue.outgoing()
            if outgoing:
                self._sock.settimeout(sending.left_s(sending.timeouts.write_s))
                self._sock.sendall(outgoing)
            self._sock.settimeout(sending.left_s(sending.timeouts.read_s))
            self._dialogue.take(self._sock.recv(READ))
        except FAULTS as fault:
            self._dialogue.fail(sending.error(fault, "read"))


class AsyncWebsocketTransport(Base):
    """Async, on asyncio and trio. It holds no connection between calls, so that any event loop may use it."""

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The whole answer: every message up to the last one."""
        async with self.astream(request, timeouts) as opened:
            if isinstance(opened, Failure):
                return opened
            answer = opened.unwrap()
            return read_body(answer.head, [piece async for piece in answer])

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """The messages as they come; leaving the context early closes the websocket."""
        prepared = self.prepare(request, timeouts)
        if isinstance(prepared, Failure):
            yield prepared
            return
        sending = prepared.unwrap()
        connected = await aconnect(sending)
        if isinstance(connected, Failure):
            yield connected
            return
        answer = _AsyncAnswer(sending, connected.unwrap())
        try:
            yield await answer.opened()
        finally:
            await answer.aclose()

    async def aclose(self) -> None:
        """No call is made from now on; those under way go on to their end."""
        self._closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self.aclose()


class _AsyncAnswer:
    """An open websocket, async."""

    head: ResponseHead

    def __init__(self, sending: Sending, stream: ByteStream) -> None:
        self._sending = sending
        self._dialogue = sending.dialogue
        self._stream = stream

    async def opened(self) -> LLMResult[AsyncStreamingResponse]:
        """Itself, once the handshake is done."""
        while (got := self._dialogue.opened()) is None:
            await self._turn()
        if isinstance(got, Failure):
            return got
        self.head = got.unwrap()
        return Success(self)

    def __aiter__(self) -> "_AsyncAnswer":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        while (item := self._dialogue.item()) is None:
            if self._dialogue.over:
                raise StopAsyncIteration
            await self._turn()
        return item

    async def aclose(self) -> None:
        with anyio.CancelScope(shield=True), suppress(*FAULTS):
            with anyio.move_on_after(HANG_UP_S, shield=True):
                await self._stream.send(self._dialogue.hang_up())
        with anyio.CancelScope(shield=True):
            await anyio.aclose_forcefully(self._stream)

    async def _turn(self) -> None:
        """Write what is to be written, read what comes."""
        sending = self._sending
        try:
            outgoing = self._dialogue.outgoing()
            if outgoing:
                with anyio.fail_after(sending.left_s(sending.timeouts.write_s)):
                    await self._stream.send(outgoing)
            with anyio.fail_after(sending.left_s(sending.timeouts.read_s)):
                self._dialogue.take(await self._stream.receive(READ))
        except anyio.EndOfStream:
            self._dialogue.take(b"")
        except FAULTS as fault:
            self._dialogue.fail(sending.error(fault, "read"))


open_sync = WebsocketTransport
open_async = AsyncWebsocketTransport
