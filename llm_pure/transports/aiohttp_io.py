"""A request in aiohttp's words: address, proxy, limits, TLS, and the pieces of a large body."""

import asyncio
import ssl
from functools import lru_cache
from time import monotonic
from typing import Any

import aiohttp
import msgspec
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from llm_pure.transports.base import Timeouts
from llm_pure.transports.exchange import Address, exception_chain, reason, said, unusable_proxy
from llm_pure.transports.tls import authorities
from llm_pure.types.errors import (
    ConnectionFailed,
    InvalidConfiguration,
    LLMError,
    ProtocolError,
    TimedOut,
)
from llm_pure.types.http import Headers, HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success

FAULTS = (aiohttp.ClientError, OSError, ValueError, RuntimeError)
"""Everything that carrying bytes over aiohttp may raise; TimeoutError is an OSError."""


class WriteTimeout(TimeoutError):
    """A piece of the request was not sent in time."""


def error_of(
    fault: Exception, place: str, *, begun: bool, ended: bool = False, status: int | None = None
) -> LLMError:
    """The error that this exception means.

    place: the host, for the message. begun: bytes of the body had come, so that the service has done its work once and
    is not asked again for being slow. ended: the service has ended the connection, so that a broken body was cut off.
    """
    match fault:
        case TimeoutError():
            phase, what = _phase(fault)
            return TimedOut(
                message=f"{what} from {place} in time",
                phase=phase,
                status=status,
                retryable=not begun,
            )
        case aiohttp.ClientHttpProxyError():
            return ConnectionFailed(
                message=f"the proxy refused: {fault.status} {said(Exception(fault.message))}",
                retryable=not 400 <= fault.status < 500,
            )
        case aiohttp.ClientConnectorError():
            untrusted = any(
                isinstance(cause, ssl.SSLCertVerificationError)
                for cause in (fault.os_error, *exception_chain(fault))
            )
            return ConnectionFailed(
                message=f"no connection to {place}: {reason(fault)}", retryable=not untrusted
            )
        case aiohttp.ClientResponseError():
            what = _first_line(fault.message)
            return ProtocolError(message=f"{place} does not speak HTTP/1.1: {what}", status=status)
        case aiohttp.ClientPayloadError() if not ended:
            return ProtocolError(
                message=f"{place} does not speak HTTP/1.1: {_first_line(str(fault))}", status=status
            )
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError() | ValueError():
            # its message may quote the header, and the header may be the key
            return InvalidConfiguration(
                message=f"a header or the address cannot be sent ({type(fault).__name__})",
                field="headers",
            )
        case _:
            what = "broke off" if status is not None else "failed"
            return ConnectionFailed(
                message=f"the connection to {place} {what}: {_first_line(reason(fault))}",
                status=status,
            )


def _phase(fault: TimeoutError) -> tuple[str, str]:
    if isinstance(fault, aiohttp.ConnectionTimeoutError):
        return "connect", "no connection"
    if isinstance(fault, WriteTimeout):
        return "write", "the request could not be sent"
    if isinstance(fault, aiohttp.SocketTimeoutError):
        return "read", "no answer"
    return "total", "no answer"


def _first_line(text: str) -> str:
    return said(Exception(text.strip().partition("\n")[0].rstrip(": ")))


_PIECE = 256 * 1024


class Sending(msgspec.Struct, frozen=True):
    """A request in aiohttp's words."""

    request: HttpRequest
    address: Address
    url: URL
    headers: Headers
    timeouts: Timeouts
    deadline_s: float

    def error(
        self,
        fault: Exception,
        begun: bool = False,
        status: int | None = None,
        *,
        ended: bool = False,
    ) -> LLMError:
        """What this exception means for this request."""
        return error_of(fault, self.address.place, begun=begun, ended=ended, status=status)


class Connection(ResponseHandler):
    """A connection. Closed while a server does not read, it would wait for that server; it is cut off instead."""

    ended = False
    """True once the service has ended the connection. aiohttp tells this only in the text of its exceptions."""

    def eof_received(self) -> None:
        self.ended = True
        super().eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        self.ended = self.ended or exc is not None
        super().connection_lost(exc)

    def close(self) -> None:
        transport = self.transport
        if isinstance(transport, asyncio.WriteTransport) and transport.get_write_buffer_size():
            self.abort()
        else:
            super().close()


class Content(aiohttp.payload.Payload):
    """A large request body, in pieces, so that the event loop turns between them and each has its time."""

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
        for start in range(0, len(self._value), _PIECE):
            try:
                async with asyncio.timeout(self._write_s):
                    await writer.write(self._value[start : start + _PIECE])
            except TimeoutError as fault:
                raise WriteTimeout from fault


@lru_cache(maxsize=256)
def url_of(address: Address) -> URL:
    """In yarl's words, without a character changed."""
    return URL(address.origin + address.target, encoded=True)  # what was signed is what is sent


def read_proxy(text: str | None) -> LLMResult[URL | None]:
    """InvalidConfiguration for one that aiohttp cannot go through."""
    if text is None:
        return Success(None)
    try:
        url = URL(text)
        if url.scheme in ("http", "https") and url.host:
            return Success(url)
        why = "aiohttp wants an http:// or https:// address with a host"
    except ValueError as fault:
        why = str(fault)
    return Failure(unusable_proxy(why))


def limits_of(sending: Sending) -> aiohttp.ClientTimeout:
    """Steps that may take as long as the whole have no timer of their own."""
    timeouts = sending.timeouts
    left_s = sending.deadline_s - monotonic()
    # a call that did not wait for its connection has the whole of its time, and the same limits as the one before
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


def no_room(sending: Sending) -> Failure[LLMError]:
    """The end of a call that waited for a connection in vain."""
    place = sending.address.place
    return Failure(TimedOut(message=f"no connection was free to {place} in time", phase="pool"))


def content_of(sending: Sending) -> Any:
    """The body as aiohttp takes it. aiohttp bounds no writing; a small one fits into what the system buffers."""
    body = sending.request.body
    return Content(body, sending.timeouts.write_s) if len(body) > _PIECE else body


@lru_cache(maxsize=1)
def default_tls() -> ssl.SSLContext:
    """Made once, as reading the authorities takes 20 ms."""
    return authorities()
