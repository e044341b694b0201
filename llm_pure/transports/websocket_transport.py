"""The transport for services that are asked over a websocket (Spark): the extra `spark`. Sync, and async on asyncio and trio.

A request of ws:// or wss:// whose body is sent as one message, once the websocket is open. Its answer has status 200, content
type application/x-ndjson and each message on a line of its own; a handshake that is refused is answered as it was. Each call
has a connection of its own. It follows no redirect and goes through no proxy.
"""

import logging
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import lru_cache
from time import monotonic
from typing import Self

import anyio
import msgspec
from anyio.abc import ByteStream
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI, PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from llm_pure.adapters.dialects import spark_frames
from llm_pure.transports.base import (
    AsyncStreamingResponse,
    StreamingResponse,
    Timeouts,
    TransportSettings,
    read_body,
)
from llm_pure.transports.exchange import (
    CLOSED,
    reason,
    sent_headers,
    unusable_address,
    unusable_proxy,
)
from llm_pure.types.errors import ConnectionFailed, LLMError, ProtocolError, TimedOut
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success

IsLast = Callable[[bytes], bool]
"""Does nothing come after this message? The service may leave the connection open."""

_LINES = (("content-type", "application/x-ndjson"),)
_SILENT = logging.getLogger("llm_pure.websocket")
_SILENT.disabled = True  # what `websockets` logs holds the signed address


def read_uri(url: str) -> LLMResult[WebSocketURI]:
    """InvalidConfiguration when no websocket can be there; what is wrong is told without the address."""
    try:
        return Success(parse_uri(url))
    except InvalidURI as fault:
        return Failure(unusable_address(url, fault.msg))
    except (ValueError, UnicodeError):
        return Failure(unusable_address(url, "it is no URL"))


class WebSocketSession:
    """From the handshake to the last message. over: nothing more is to be read."""

    def __init__(
        self, uri: WebSocketURI, headers: Headers, message: bytes, is_last: IsLast, limit: int
    ) -> None:
        self.head: ResponseHead | None = None
        self.over = False
        self._fault: LLMError | None = None
        self._protocol = ClientProtocol(uri, max_size=limit, logger=_SILENT)
        self._message = message
        self._is_last = is_last
        self._left = limit
        self._fragments: list[bytes] = []
        self._lines: deque[bytes] = deque()
        handshake = self._protocol.connect()
        for name, value in headers:
            handshake.headers[name] = value
        self._protocol.send_request(handshake)

    def opened(self) -> LLMResult[ResponseHead] | None:
        """What the service answered: 200 for an open websocket, else what it refused with; None while that is to come."""
        if self.head is not None:
            return Success(self.head)
        return None if self._fault is None else Failure(self._fault)

    def item(self) -> LLMResult[bytes] | None:
        """The next message with a line break after it, and after the last one the fault; None when there is none."""
        if self._lines:
            return Success(self._lines.popleft())
        fault, self._fault = self._fault, None
        return None if fault is None else Failure(fault)

    def fail(self, error: LLMError) -> None:
        """It broke off."""
        self.over, self._fault = True, error

    def outgoing(self) -> bytes:
        """What is to be written now."""
        return b"".join(self._protocol.data_to_send())

    def take(self, data: bytes) -> None:
        """Bytes that came; none at all is the end of the connection."""
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._answered(event)
            elif isinstance(event, Frame) and not self.over:
                self._framed(event)
        if not self.over:
            self._note_the_end(ended=not data)

    def hang_up(self) -> bytes:
        """The last words of this side."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
        return self.outgoing()

    def _answered(self, response: Response) -> None:
        headers = tuple(response.headers.raw_items())
        if self._protocol.handshake_exc is None:
            plain = tuple([pair for pair in headers if pair[0].lower() != "content-type"])
            self.head = ResponseHead(200, (*_LINES, *plain))
            if self._protocol.state is State.OPEN:  # it may have been closed in the same breath
                self._protocol.send_text(self._message)
            return
        if response.status_code == 101:
            what = "the service's handshake is not one of a websocket"
            self.fail(ProtocolError(message=what, status=101))
            return
        self.over = True
        self.head = ResponseHead(response.status_code, headers)
        if response.body:
            self._lines.append(bytes(response.body))

    def _framed(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        self._fragments.append(bytes(frame.data))
        if not frame.fin:
            return
        message, self._fragments = b"".join(self._fragments), []
        self._left -= len(message)
        if self._left < 0:
            self._too_long()
            return
        # in JSON a line break is white space, and here it would end the line
        self._lines.append(message.replace(b"\n", b" ") + b"\n")
        self.over = self._is_last(message)

    def _note_the_end(self, *, ended: bool) -> None:
        broken = self._protocol.parser_exc
        if isinstance(broken, PayloadTooBig):
            self._too_long()
        elif broken is not None and not isinstance(broken, EOFError):
            what = f"the service breaks the websocket protocol: {type(broken).__name__}"
            self.fail(ProtocolError(message=what, status=self._status))
        elif self._protocol.close_rcvd is not None:
            code = self._protocol.close_rcvd.code
            self.over = True
            if code not in (1000, 1001):
                what = f"the service closed the websocket with code {code}"
                self.fail(ConnectionFailed(message=what, status=self._status))
        elif self._is_no_handshake():
            what = "what the service answers is no HTTP"
            self.fail(ProtocolError(message=what))
        elif ended and self.head is None:
            self.fail(ConnectionFailed(message="the connection ended before the handshake did"))
        elif ended:
            what = "the connection broke off"
            self.fail(ConnectionFailed(message=what, status=self._status))

    def _is_no_handshake(self) -> bool:
        """Bytes that are no answer of HTTP, as against one that was cut off."""
        broken = self._protocol.handshake_exc
        return broken is not None and not isinstance(broken.__cause__, EOFError)

    def _too_long(self) -> None:
        self.fail(
            ProtocolError(message="the messages are longer than the limit", status=self._status)
        )

    @property
    def _status(self) -> int | None:
        return self.head.status if self.head is not None else None


READ = 64 * 1024
FAULTS = (OSError, UnicodeError, anyio.BrokenResourceError, anyio.ClosedResourceError)
"""What carrying bytes may raise; TimeoutError and ssl.SSLError are OSErrors."""

HANG_UP_S = 1.0


class Sending(msgspec.Struct, frozen=True):
    """A request on its way. place: where to, for people."""

    uri: WebSocketURI
    dialogue: WebSocketSession
    timeouts: Timeouts
    deadline_s: float
    tls: ssl.SSLContext | None

    @property
    def place(self) -> str:
        return f"{self.uri.host}:{self.uri.port}"

    def left_s(self, step_s: float) -> float:
        """How long a step may take by now; TimeoutError when the whole call has had its time."""
        left = min(step_s, self.deadline_s - monotonic())
        if left <= 0:
            raise TimeoutError
        return left

    def error(self, fault: Exception, phase: str) -> LLMError:
        """What this exception means."""
        begun = self.dialogue.head is not None
        if isinstance(fault, TimeoutError):
            late = monotonic() >= self.deadline_s
            what = "no connection" if phase == "connect" else "no answer"
            return TimedOut(
                message=f"{what} from {self.place} in time",
                phase="total" if late else phase,
                retryable=not begun,
            )
        untrusted = isinstance(fault, ssl.SSLCertVerificationError)
        return ConnectionFailed(
            message=f"the connection to {self.place} failed: {reason(fault)}",
            retryable=not untrusted,
        )


class Base:
    """What both kinds of transport know."""

    def __init__(
        self,
        settings: TransportSettings | None = None,
        *,
        is_last: IsLast = spark_frames.is_last,
    ) -> None:
        self._settings = settings or TransportSettings()
        self._is_last = is_last
        self._closed = False

    def prepare(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[Sending]:
        if self._closed:
            return Failure(CLOSED)
        if self._settings.proxy is not None:
            return Failure(unusable_proxy("a websocket goes through none here"))
        uri = read_uri(request.url)
        headers = sent_headers(request.headers, self._settings)
        if isinstance(uri, Failure):
            return uri
        if isinstance(headers, Failure):
            return headers
        there = uri.unwrap()
        dialogue = WebSocketSession(
            there, headers.unwrap(), request.body, self._is_last, self._settings.body_limit
        )
        tls = (self._settings.tls or _default_tls()) if there.secure else None
        return Success(Sending(there, dialogue, timeouts, monotonic() + timeouts.total_s, tls))


def connect(sending: Sending) -> LLMResult[socket.socket]:
    uri = sending.uri
    try:
        wait_s = sending.left_s(sending.timeouts.connect_s)
        sock = socket.create_connection((uri.host, uri.port), timeout=wait_s)
    except FAULTS as fault:
        return Failure(sending.error(fault, "connect"))
    if sending.tls is None:
        return Success(sock)
    try:
        return Success(sending.tls.wrap_socket(sock, server_hostname=uri.host))
    except FAULTS as fault:
        sock.close()
        return Failure(sending.error(fault, "connect"))


async def aconnect(sending: Sending) -> LLMResult[ByteStream]:
    uri = sending.uri
    try:
        with anyio.fail_after(sending.left_s(sending.timeouts.connect_s)):
            if sending.tls is None:
                return Success(await anyio.connect_tcp(uri.host, uri.port))
            return Success(
                await anyio.connect_tcp(
                    uri.host,
                    uri.port,
                    tls=True,
                    ssl_context=sending.tls,
                    tls_hostname=uri.host,
                    tls_standard_compatible=False,
                )
            )
    except FAULTS as fault:
        return Failure(sending.error(fault, "connect"))


@lru_cache(maxsize=1)
def _default_tls() -> ssl.SSLContext:
    """The system's authorities and certifi's, which comes with httpx."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


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
