"""WebSocket transport, for Spark (the extra `spark`): sync, and async on asyncio and trio.

A request to ws:// or wss:// opens a WebSocket of its own and sends the body as one message. The response has status 200, content
type application/x-ndjson and one message per line. A refused handshake is returned with its own status, headers and body.
Redirects are not followed and proxies are not supported.

It drives `websockets.client.ClientProtocol`, which does no I/O. The package's own clients do not fit: the sync one cannot bound
a write and starts a thread per connection, the asyncio one follows redirects and does not run on trio.
"""

import logging
import socket
from collections import deque
from contextlib import suppress
from time import monotonic

import anyio
import msgspec
from anyio.abc import ByteStream, SocketAttribute
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI, PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from llm_pure.transports.base import AsyncCalls, SyncCalls, Timeouts, TransportSettings
from llm_pure.transports.exchange import (
    CLOSED,
    Attempt,
    connect_cause,
    is_untrusted,
    reason,
    sent_headers,
    unusable_address,
    unusable_proxy,
)
from llm_pure.transports.sockets import connect, leave_to_parent
from llm_pure.transports.tls import system_and_certifi
from llm_pure.types.errors import ConnectionFailed, LLMError, ProtocolError
from llm_pure.types.http import HttpRequest, ResponseHead
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import Failure, LLMResult, Success

_READ_SIZE = 64 * 1024
_CLOSE_S = 1.0
_ERRORS = (OSError, UnicodeError, anyio.BrokenResourceError, anyio.ClosedResourceError)
"""Exceptions of sockets. TimeoutError and ssl.SSLError are OSErrors."""

_CONTENT_TYPE = ("content-type", "application/x-ndjson")
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_SILENT = logging.Logger("llm_pure.websocket")  # noqa: LOG001
"""The log lines of `websockets` contain the signed URL. `logging.config` would enable a logger of getLogger again."""
_SILENT.disabled = True


class _Session:
    """One call without I/O: handshake, one message out, messages in. Pings are answered.

    `timeouts` count from its creation.
    """

    head: ResponseHead | None = None
    """None until the handshake is over."""

    over = False
    """True when nothing more is to be read."""

    failure: LLMError | None = None
    """Why it ended, until `next_line` has returned it."""

    def __init__(
        self,
        uri: WebSocketURI,
        request: HttpRequest,
        timeouts: Timeouts,
        settings: TransportSettings,
    ) -> None:
        self.uri = uri
        self.timeouts = timeouts
        self.tls = (settings.tls or system_and_certifi()) if uri.secure else None
        self._deadline_s = monotonic() + timeouts.total_s
        self._message = request.body
        self._is_last = settings.is_last_message
        self._bytes_left = settings.body_limit
        self._fragments: list[bytes] = []
        self._lines: deque[bytes] = deque()
        self._protocol = ClientProtocol(uri, max_size=settings.body_limit, logger=_SILENT)
        handshake = self._protocol.connect()
        for name, value in sent_headers(request.headers, settings):
            handshake.headers[name] = value
        self._protocol.send_request(handshake)

    def next_line(self) -> LLMResult[bytes] | None:
        """Return the next message as a line, and after the last one the error; None if nothing is buffered."""
        if self._lines:
            return Success(self._lines.popleft())
        error, self.failure = self.failure, None
        return None if error is None else Failure(error)

    def fail(self, error: LLMError) -> None:
        """End the session with this error."""
        self.over, self.failure = True, error

    def outgoing(self) -> bytes:
        """Return and remove the bytes to be written now."""
        return b"".join(self._protocol.data_to_send())

    def closing(self) -> bytes:
        """Return the last bytes to write: a close frame if the WebSocket is open."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
        return self.outgoing()

    def receive(self, data: bytes) -> None:
        """Process bytes that were read; b"" is the end of the connection."""
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._receive_handshake(event)
            elif isinstance(event, Frame) and not self.over:
                self._receive_frame(event)
        error = None if self.over else self._find_error(ended=not data)
        if error is not None:
            self.fail(error)

    def seconds_left(self, step_s: float) -> float:
        """Return how long a step may take. Raises TimeoutError after the deadline of the call."""
        left = min(step_s, self._deadline_s - monotonic())
        if left <= 0:
            raise TimeoutError
        return left

    def error(self, error: Exception, phase: str) -> LLMError:
        """Translate an exception of the socket."""
        attempt = Attempt(f"{self.uri.host}:{self.uri.port}", begun=self.head is not None)
        if isinstance(error, TimeoutError):
            return attempt.timed_out(phase, late=monotonic() >= self._deadline_s)
        failed = attempt.disconnected(reason(error))
        return msgspec.structs.replace(
            failed, retryable=not is_untrusted(error), cause=connect_cause(error)
        )

    def _receive_handshake(self, response: Response) -> None:
        headers = tuple(response.headers.raw_items())
        if self._protocol.handshake_exc is None:
            kept = tuple([pair for pair in headers if pair[0].lower() != "content-type"])
            self.head = ResponseHead(200, (_CONTENT_TYPE, *kept))
            if self._protocol.state is State.OPEN:  # the same bytes may have closed it
                self._protocol.send_text(self._message)
        elif response.status_code == 101:
            message = "the service's handshake is not one of a websocket"
            self.fail(ProtocolError(message=message, status=101))
        else:
            self.over = True
            self.head = ResponseHead(response.status_code, headers)
            if response.body:
                self._lines.append(bytes(response.body))

    def _receive_frame(self, frame: Frame) -> None:
        if frame.opcode not in _DATA:
            return
        self._fragments.append(bytes(frame.data))
        if not frame.fin:
            return
        message, self._fragments = b"".join(self._fragments), []
        self._bytes_left -= len(message)
        if self._bytes_left < 0:
            self.fail(self._too_long())
            return
        # a line break is white space in JSON, and would end the line here
        self._lines.append(message.replace(b"\n", b" ") + b"\n")
        self.over = self._is_last is not None and self._is_last(message)

    def _find_error(self, *, ended: bool) -> LLMError | None:
        """Return why the session ends now; None if it goes on, or if the service closed it normally."""
        broken, failed = self._protocol.parser_exc, self._protocol.handshake_exc
        if isinstance(broken, PayloadTooBig):
            return self._too_long()
        if broken is not None and not isinstance(broken, EOFError):
            message = f"the service breaks the websocket protocol: {type(broken).__name__}"
            return ProtocolError(message=message, status=self._status)
        if self._protocol.close_rcvd is not None:
            self.over = True
            code = self._protocol.close_rcvd.code
            if code in (1000, 1001):
                return None
            message = f"the service closed the websocket with code {code}"
            return ConnectionFailed(message=message, status=self._status)
        if failed is not None and not isinstance(failed.__cause__, EOFError):
            return ProtocolError(message="the service's response is not HTTP")
        if not ended:
            return None
        when = "broke off" if self.head else "ended before the handshake did"
        return ConnectionFailed(message=f"the connection {when}", status=self._status)

    def _too_long(self) -> LLMError:
        return ProtocolError(message="the messages are longer than the limit", status=self._status)

    @property
    def _status(self) -> int | None:
        return self.head.status if self.head is not None else None


class _Base:
    """State that both transports have. They hold no connection between calls."""

    def __init__(self, settings: TransportSettings | None = None) -> None:
        self._settings = settings or TransportSettings()
        self._closed = False

    def _start(self, request: HttpRequest, timeouts: Timeouts) -> _Session:
        """Start a session. Raises Rejected if the transport is closed or the request cannot be sent."""
        if self._closed:
            raise Rejected(CLOSED)
        if self._settings.proxy is not None:
            raise Rejected(unusable_proxy("websockets are not sent through a proxy"))
        return _Session(_parse_uri(request.url), request, timeouts, self._settings)


class WebsocketTransport(_Base, SyncCalls):
    """Sync, for any number of threads."""

    def close(self) -> None:
        """Refuse later calls; calls in progress continue."""
        self._closed = True

    def _open(self, request: HttpRequest, timeouts: Timeouts) -> "_Response":
        session = self._start(request, timeouts)
        host, sock = session.uri.host, None
        try:
            sock = connect(host, session.uri.port, session.seconds_left(timeouts.connect_s))
            if session.tls is not None:
                sock = session.tls.wrap_socket(sock, server_hostname=host)
        except _ERRORS as error:
            if sock is not None:
                sock.close()
            raise Rejected(session.error(error, "connect")) from None
        leave_to_parent(sock)
        response = _Response(session, sock)
        try:
            response.head = response.handshake()
        except BaseException:
            response.close()
            raise
        return response


class _Response:
    """An open WebSocket, sync."""

    head: ResponseHead

    def __init__(self, session: _Session, sock: socket.socket) -> None:
        self._session = session
        self._sock = sock

    def handshake(self) -> ResponseHead:
        """Return the head of the response. Raises Rejected with the error before it."""
        while self._session.head is None:
            if self._session.failure is not None:
                raise Rejected(self._session.failure)
            self._exchange()
        return self._session.head

    def __iter__(self) -> "_Response":
        return self

    def __next__(self) -> LLMResult[bytes]:
        while (line := self._session.next_line()) is None:
            if self._session.over:
                raise StopIteration
            self._exchange()
        return line

    def close(self) -> None:
        with suppress(*_ERRORS):  # the connection may be gone
            self._sock.settimeout(_CLOSE_S)
            self._sock.sendall(self._session.closing())
        with suppress(*_ERRORS):
            self._sock.close()

    def _exchange(self) -> None:
        """Write what is pending, then read once."""
        session, timeouts = self._session, self._session.timeouts
        try:
            outgoing = session.outgoing()
            if outgoing:
                self._sock.settimeout(session.seconds_left(timeouts.write_s))
                self._sock.sendall(outgoing)
            self._sock.settimeout(session.seconds_left(timeouts.read_s))
            session.receive(self._sock.recv(_READ_SIZE))
        except _ERRORS as error:
            session.fail(session.error(error, "read"))


class AsyncWebsocketTransport(_Base, AsyncCalls):
    """Async, on asyncio and trio, in any event loop."""

    async def aclose(self) -> None:
        """Refuse later calls; calls in progress continue."""
        self._closed = True

    async def _aopen(self, request: HttpRequest, timeouts: Timeouts) -> "_AsyncResponse":
        session = self._start(request, timeouts)
        host, port = session.uri.host, session.uri.port
        stream: ByteStream
        try:
            with anyio.fail_after(session.seconds_left(timeouts.connect_s)):
                if session.tls is None:
                    stream = await anyio.connect_tcp(host, port)
                else:
                    stream = await anyio.connect_tcp(
                        host,
                        port,
                        ssl_context=session.tls,
                        tls_hostname=host,
                        tls_standard_compatible=False,
                    )
        except _ERRORS as error:
            raise Rejected(session.error(error, "connect")) from None
        response = _AsyncResponse(session, stream)
        leave_to_parent(response)
        try:
            response.head = await response.handshake()
        except BaseException:
            await response.aclose()
            raise
        return response


class _AsyncResponse:
    """An open WebSocket, async."""

    head: ResponseHead

    def __init__(self, session: _Session, stream: ByteStream) -> None:
        self._session = session
        self._stream = stream

    def fileno(self) -> int:
        sock = self._stream.extra(SocketAttribute.raw_socket, None)
        return -1 if sock is None else sock.fileno()

    async def handshake(self) -> ResponseHead:
        """Return the head of the response. Raises Rejected with the error before it."""
        while self._session.head is None:
            if self._session.failure is not None:
                raise Rejected(self._session.failure)
            await self._exchange()
        return self._session.head

    def __aiter__(self) -> "_AsyncResponse":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        while (line := self._session.next_line()) is None:
            if self._session.over:
                raise StopAsyncIteration
            await self._exchange()
        return line

    async def aclose(self) -> None:
        with anyio.CancelScope(shield=True):
            with suppress(*_ERRORS), anyio.move_on_after(_CLOSE_S):
                await self._stream.send(self._session.closing())
            await anyio.aclose_forcefully(self._stream)

    async def _exchange(self) -> None:
        """Write what is pending, then read once."""
        session, timeouts = self._session, self._session.timeouts
        try:
            outgoing = session.outgoing()
            if outgoing:
                with anyio.fail_after(session.seconds_left(timeouts.write_s)):
                    await self._stream.send(outgoing)
            with anyio.fail_after(session.seconds_left(timeouts.read_s)):
                session.receive(await self._stream.receive(_READ_SIZE))
        except anyio.EndOfStream:
            session.receive(b"")
        except _ERRORS as error:
            session.fail(session.error(error, "read"))


def _parse_uri(url: str) -> WebSocketURI:
    """Raises Rejected with InvalidConfiguration, whose message does not contain the URL's query."""
    try:
        return parse_uri(url)
    except InvalidURI as error:
        raise Rejected(unusable_address(url, error.msg)) from None
    except (ValueError, UnicodeError):
        raise Rejected(unusable_address(url, "it is not a URL")) from None


open_sync = WebsocketTransport
open_async = AsyncWebsocketTransport
