"""aiohttp for the transport: requests, limits, large bodies, connections and errors.

Private names of aiohttp are used in `open_session` only.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from time import monotonic
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError
from multidict import CIMultiDict
from yarl import URL

from llm_pure.transports.base import Timeouts, TransportSettings
from llm_pure.transports.exchange import (
    NOT_A_PROXY,
    Address,
    Attempt,
    error_text,
    not_sendable,
    parse_address,
    reason,
    refused_by_proxy,
    unusable_proxy,
)
from llm_pure.transports.http1_framing import ResponseFraming
from llm_pure.transports.sockets import duplicate, is_readable, leave_to_parent, unread
from llm_pure.transports.tls import default_authorities
from llm_pure.types.errors import LLMError
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import Rejected, returns_failure

_PIECE = 256 * 1024
_LINE_LIMIT = 64 * 1024
_KEEP_ALIVE_S = 1e9
"""The longest: aiohttp makes an integer of it."""
_NO_AUTOMATIC_HEADERS = ("accept", "accept-encoding", "content-type", "user-agent")
_SKIPPED: CIMultiDict[None] = CIMultiDict([(name, None) for name in _NO_AUTOMATIC_HEADERS])


# sessions and connections


def open_session(settings: TransportSettings) -> aiohttp.ClientSession:
    """Open a session without cookies, decoding, headers of its own and retries.

    aiohttp has no public way to choose the class of its connections, nor to turn off its retry of idempotent requests.
    """
    keep_alive_s = min(settings.keep_alive_s, _KEEP_ALIVE_S)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=keep_alive_s)
    connection_class: Any = partial(Connection, loop=asyncio.get_running_loop())
    connector._factory = connection_class
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        request_class=Request,
        max_line_size=_LINE_LIMIT,
        max_field_size=_LINE_LIMIT,
    )
    session._retry_connection = False
    return session


class Request(aiohttp.ClientRequest):
    """A request without headers of aiohttp's own. Its `skip_auto_headers` would copy the headers and sort these names each time."""

    def update_auto_headers(self, skip_auto_headers: object) -> None:
        """Called by aiohttp for each request."""
        self._skip_auto_headers = _SKIPPED


class Connection(ResponseHandler):
    """A connection that knows whether the service ended it, and that closes without waiting for a server that does not read.

    Bytes after the end of a response are dropped, and the connection is closed: aiohttp would take them for the response to the
    next request.
    """

    ended = False
    """True once the service has ended the connection. aiohttp reports this only in the text of its exceptions."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._framing = ResponseFraming()
        self._spare: socket.socket | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        leave_to_parent(self)

    def set_response_params(self, *, skip_payload: bool = False, **options: Any) -> None:
        """Called by aiohttp before each request. skip_payload: the method is HEAD."""
        self._framing.begin(b"HEAD" if skip_payload else b"")
        super().set_response_params(skip_payload=skip_payload, **options)

    def data_received(self, data: bytes) -> None:
        if not data:  # aiohttp goes on with what it has
            super().data_received(data)
            return
        over = self._framing.is_reusable
        own = self._framing.receive(data)
        if self._framing.is_head_refused:  # the body has errors of aiohttp's own
            error = HttpProcessingError(code=400, message=self._framing.problem)
            self.set_exception(error)
            self.close()
            return
        if self._framing.has_unasked:
            self.force_close()
        if own:
            super().data_received(own)
        elif over:
            self.close()

    def is_connected(self) -> bool:
        """False too for an idle connection with bytes, or an end, that the event loop has not read yet."""
        return super().is_connected() and not (
            self._framing.is_reusable and is_readable(self.fileno())
        )

    def fileno(self) -> int:
        """Return the file descriptor of the connection, -1 if there is none."""
        sock = None if self.transport is None else self.transport.get_extra_info("socket")
        return -1 if sock is None else sock.fileno()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """A large request is sent inside: a response that comes early is read although the service then closes."""
        transport = self.transport
        if transport is not None and transport.get_extra_info("ssl_object") is None:
            self._spare = duplicate(self)
        try:
            yield
        finally:
            spare, self._spare = self._spare, None
            if spare is not None:
                spare.close()

    async def read_early(self) -> None:
        """Let the event loop read what came already: asyncio drops it if the next write fails."""
        for _ in range(3):
            if self.is_connected() and not is_readable(self.fileno()):
                return
            await asyncio.sleep(0)

    def eof_received(self) -> None:
        self.ended = True
        super().eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        self.ended = self.ended or exc is not None
        for data in () if self._spare is None else unread(self._spare):
            self.data_received(data)
        super().connection_lost(exc)

    def close(self) -> None:
        transport = self.transport
        if isinstance(transport, asyncio.WriteTransport) and transport.get_write_buffer_size():
            self.abort()
        else:
            super().close()


@returns_failure
def parse_proxy(text: str | None) -> URL | None:
    """Fails with InvalidConfiguration for a proxy that aiohttp does not support."""
    if text is None:
        return None
    try:
        url = URL(text)
    except ValueError:
        raise Rejected(unusable_proxy(NOT_A_PROXY)) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise Rejected(unusable_proxy("aiohttp needs an http:// or https:// address with a host"))
    return url


@lru_cache(maxsize=1)
def default_tls() -> ssl.SSLContext:
    """Return the default context. Cached: reading the authorities takes 20 ms."""
    return default_authorities()


# requests


@lru_cache(maxsize=256)
def parse_url(text: str) -> tuple[Address, URL]:
    """Split a URL. The URL for yarl is sent unchanged, as it was signed. Raises Rejected like `parse_address`."""
    address = parse_address(text)
    return address, URL(address.origin + address.target, encoded=True)


def limits_of(timeouts: Timeouts, deadline_s: float) -> aiohttp.ClientTimeout:
    """Return aiohttp's timeouts. Steps that may take as long as the whole call have no timer of their own."""
    left_s = deadline_s - monotonic()
    # a call that did not wait for its connection has all of its time, so that the cached limits fit
    total_s = timeouts.total_s if timeouts.total_s - left_s < 0.005 else max(0.001, left_s)
    read_s = timeouts.read_s if timeouts.read_s < timeouts.total_s else None
    return _client_timeout(total_s, timeouts.connect_s, read_s)


@lru_cache(maxsize=16)
def _client_timeout(
    total_s: float, connect_s: float, read_s: float | None
) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=total_s, sock_connect=connect_s, sock_read=read_s, ceil_threshold=60
    )


def content_of(request: HttpRequest, timeouts: Timeouts) -> Any:
    """Return the body for aiohttp, which bounds no write. A small body fits into the system's buffers."""
    body = request.body
    return Content(body, timeouts.write_s) if len(body) > _PIECE else body


class Content(aiohttp.payload.Payload):
    """A large request body, written in pieces, each with a timeout; other tasks run in between."""

    _value: bytes

    def __init__(self, data: bytes, write_s: float) -> None:
        super().__init__(data)
        self._size = len(data)
        self._write_s = write_s

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._value.decode(encoding, errors)

    async def write(self, writer: Any) -> None:
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: Any, content_length: int | None) -> None:
        connection = None if writer.transport is None else writer.transport.get_protocol()
        with ExitStack() as stack:
            if isinstance(connection, Connection):
                stack.enter_context(connection.sending())
            for start in range(0, len(self._value), _PIECE):
                if isinstance(connection, Connection):
                    await connection.read_early()
                try:
                    async with asyncio.timeout(self._write_s):
                        await writer.write(self._value[start : start + _PIECE])
                except TimeoutError as error:
                    raise WriteTimeout from error


# errors


class WriteTimeout(TimeoutError):
    """A piece of the request was not sent in time."""


ERRORS = (aiohttp.ClientError, OSError, ValueError, RuntimeError)
"""Exceptions that sending and reading over aiohttp may raise; TimeoutError is an OSError."""

_PHASES: dict[type[TimeoutError], str] = {
    aiohttp.ConnectionTimeoutError: "connect",
    WriteTimeout: "write",
    aiohttp.SocketTimeoutError: "read",
    TimeoutError: "total",
}
"""Timeout -> phase; the first that fits."""


def error_of(error: Exception, attempt: Attempt) -> LLMError:
    """Translate an exception of aiohttp or a socket. No message contains a URL or a header's value."""
    match error:
        case TimeoutError():
            phase = next(phase for kind, phase in _PHASES.items() if isinstance(error, kind))
            return attempt.timed_out(phase)
        case aiohttp.ClientHttpProxyError():
            detail = f"{error.status} {error_text(Exception(error.message))}"
            return refused_by_proxy(detail, is_4xx=400 <= error.status < 500)
        case aiohttp.ClientConnectorError():
            return attempt.not_connected(error)
        case aiohttp.ClientResponseError():
            return attempt.not_http(_first_line(error.message))
        case aiohttp.ClientPayloadError() if not attempt.ended:
            return attempt.not_http(_first_line(str(error)))
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError() | ValueError():
            return not_sendable(error)
        case _:
            return attempt.disconnected(_first_line(reason(error)))


def _first_line(text: str) -> str:
    return error_text(Exception(text.strip().partition("\n")[0].rstrip(": ")))
