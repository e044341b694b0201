"""Shared by the transports: address and headers of a request, errors of sockets, body of a response, event loops."""

import os
import re
import socket
import ssl
import sys
from functools import lru_cache
from urllib.parse import quote, urlsplit

import msgspec

from llm_pure.transports.base import TransportSettings
from llm_pure.transports.content_coding import ACCEPTED, BodyReader
from llm_pure.transports.sockets import inherited, reset_after_fork
from llm_pure.types.errors import (
    ConnectionFailed,
    InvalidConfiguration,
    LLMError,
    ProtocolError,
    TimedOut,
)
from llm_pure.types.http import Headers, ResponseHead
from llm_pure.types.redact import redact, redact_url
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import Failure, LLMResult

CLOSED = ConnectionFailed(message="this transport is closed", retryable=False)
"""The error of every call after `close`."""


# requests

_ADDED: Headers = (("accept", "*/*"), ("accept-encoding", ACCEPTED), ("user-agent", "llm-pure"))
"""Headers that are sent where the request has none of that name."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[!-~](?:[\t -~]*[!-~])?)?")  # printable ASCII, no blanks at the ends
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def sent_headers(headers: Headers, settings: TransportSettings) -> Headers:
    """Return the request's headers, then those of the settings and the defaults whose names are not set yet.

    Raises Rejected with InvalidConfiguration for an invalid header. Its value may be a key and is not in the message.
    """
    added = _added_headers(tuple([name for name, _ in headers]), settings.headers)
    for name, value in headers:
        if not _VALUE.fullmatch(value):
            raise _invalid_header(name)
    return headers + added


@lru_cache(maxsize=256)
def _added_headers(names: tuple[str, ...], common: Headers) -> Headers:
    """Return the headers to add to a request that has these. Cached: most requests of a service have the same names."""
    added = [(name.lower(), value) for name, value in common if name.lower() not in names]
    present = {*names, *dict(added)}
    added += [pair for pair in _ADDED if pair[0] not in present]
    for name in names:
        if not _NAME.fullmatch(name):
            raise _invalid_header(name)
    for name, value in added:
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise _invalid_header(name)
    return tuple(added)


def _invalid_header(name: str) -> Rejected:
    message = f"the header {name[:80]!r} contains characters that HTTP does not allow"
    return Rejected(InvalidConfiguration(message=message, field="headers"))


class Address(msgspec.Struct, frozen=True):
    """A URL in the parts that HTTP/1.1 needs."""

    origin: str
    """Scheme, host and port."""
    authority: str
    """Host and port."""
    target: str
    """Path and query, in printable ASCII."""

    @property
    def is_encrypted(self) -> bool:
        """Return true for https."""
        return self.origin.startswith("https:")


@lru_cache(maxsize=256)
def parse_address(text: str) -> Address:
    """Split a URL. The target keeps every character but those that are not allowed in a request line; user info is dropped.

    Raises Rejected with InvalidConfiguration for a URL that nothing can be sent to.

    >>> parse_address("https://me@EXAMPLE.org/a%2Fb:c?q=x+y")
    Address(origin='https://example.org', authority='example.org', target='/a%2Fb:c?q=x+y')
    """
    try:
        return _split(text)
    except (ValueError, UnicodeError) as error:
        raise Rejected(unusable_address(text, str(error))) from None


def _split(text: str) -> Address:
    if _CONTROL.search(text):
        raise ValueError("it contains a control character")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # its text quotes what may be a part of a password
        raise ValueError("its host or its port is not valid") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must begin with http:// or https:// and a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else _ascii_host(parts.hostname)
    if port == 0:
        raise ValueError("its port is out of range")
    default_port = {"http": 80, "https": 443}[parts.scheme]
    authority = host if port in (None, default_port) else f"{host}:{port}"
    target = quote(parts.path or "/", safe=_PRINTABLE)
    if parts.query:
        target += "?" + quote(parts.query, safe=_PRINTABLE)
    return Address(f"{parts.scheme}://{authority}", authority, target)


def _ascii_host(host: str) -> str:
    """Return the host as DNS knows it."""
    name = host.encode("idna").decode("ascii")
    if not is_host_name(name):
        raise ValueError("its host is not a valid name")
    return name


def is_host_name(name: str) -> bool:
    """Return true if every label of the name has 1 to 63 characters. Sockets raise UnicodeError for others."""
    return all(0 < len(label) < 64 for label in name.removesuffix(".").split("."))


def unusable_address(text: str, reason: str) -> InvalidConfiguration:
    """Return the error for a URL that nothing can be sent to."""
    return InvalidConfiguration(
        message=f"the address {redact_url(text)!r} cannot be used: {reason}", field="base_url"
    )


def unusable_proxy(reason: str) -> InvalidConfiguration:
    """Return the error for a proxy that the transport cannot use. reason: no library's text, which may quote a password."""
    return InvalidConfiguration(message=f"the proxy cannot be used: {reason}", field="proxy")


NOT_A_PROXY = (
    "it is not a URL such as http://user:password@host:port (percent-encode / ? # @ in a password)"
)


# errors

_TOO_LATE = {
    "connect": "no connection to {}",
    "write": "the request could not be sent to {}",
    "pool": "no connection was free to {}",
}
"""Phase -> message of its timeout; in every other phase the response is missing."""


class Attempt(msgspec.Struct, frozen=True):
    """Where an exception happened, for its error."""

    authority: str
    status: int | None = None
    """None before the head of the response."""
    begun: bool = False
    """True when part of the body has arrived: the service has done its work, and a timeout is not retried."""
    ended: bool = False
    """True when the service has ended the connection, so that a broken response is one that was cut off."""

    def timed_out(self, phase: str, *, late: bool = False) -> TimedOut:
        """Return the error of a step that took too long. late: the deadline of the whole call has passed."""
        return TimedOut(
            message=_TOO_LATE.get(phase, "no response from {}").format(self.authority) + " in time",
            phase="total" if late else phase,
            status=self.status,
            retryable=not self.begun,
        )

    def not_connected(self, error: BaseException) -> ConnectionFailed:
        """Return the error of a connection that was not established. An untrusted certificate is not retried."""
        return ConnectionFailed(
            message=f"no connection to {self.authority}: {reason(error)}",
            retryable=not is_untrusted(error),
            cause=connect_cause(error),
        )

    def disconnected(self, detail: str) -> ConnectionFailed:
        """Return the error of a connection that failed after it was established."""
        what = "failed" if self.status is None else "broke off"
        return ConnectionFailed(
            message=f"the connection to {self.authority} {what}: {detail}", status=self.status
        )

    def not_http(self, detail: str) -> ProtocolError:
        """Return the error of a response that does not follow HTTP/1.1."""
        return ProtocolError(
            message=f"{self.authority} does not speak HTTP/1.1: {detail}", status=self.status
        )


def not_sendable(error: BaseException) -> InvalidConfiguration:
    """Return the error of a request that the library rejects. Its text may quote a header, which may be the key."""
    return InvalidConfiguration(
        message=f"a header or the address cannot be sent ({type(error).__name__})", field="headers"
    )


def refused_by_proxy(detail: str, *, is_4xx: bool) -> ConnectionFailed:
    """Return the error of a proxy's status. A 4xx, such as 407, is not retried."""
    return ConnectionFailed(message=f"the proxy refused: {detail}", retryable=not is_4xx)


def error_text(error: BaseException) -> str:
    """Return the exception's text without keys, or its type's name."""
    return redact(str(error)) or type(error).__name__


def reason(error: BaseException) -> str:
    """Return the text of the innermost OSError: "Connection refused", not "All connection attempts failed"."""
    causes = [
        cause for cause in exception_chain(error) if isinstance(cause, OSError) and str(cause)
    ]
    innermost = causes[-1] if causes else error
    if isinstance(innermost, ConnectionError) and innermost.errno:
        return os.strerror(innermost.errno)  # asyncio replaces the system's text by its own
    return error_text(innermost)


def is_untrusted(error: BaseException) -> bool:
    """Return true if a certificate was rejected."""
    causes = (error, getattr(error, "os_error", None), *exception_chain(error))
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)


def connect_cause(error: BaseException) -> str:
    """Return ConnectionFailed.cause of a connection that was not established."""
    if is_untrusted(error):
        return "untrusted"
    causes = (error, getattr(error, "os_error", None), *exception_chain(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "unknown_host"
    return "refused" if any(isinstance(cause, ConnectionRefusedError) for cause in causes) else ""


def exception_chain(error: BaseException) -> list[BaseException]:
    """Return the causes of an exception, the innermost last."""
    causes: list[BaseException] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < 8:
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes


# responses


def read_head(
    status: int, raw: "list[tuple[bytes, bytes]] | tuple[tuple[bytes, bytes], ...]"
) -> ResponseHead:
    """Return status and headers as they came on the wire."""
    return ResponseHead(
        status, tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])
    )


class BodyDecoder:
    """Base of open responses: bytes of the body in, decoded and bounded pieces out."""

    def __init__(self, head: ResponseHead, limit: int) -> None:
        self.head = head
        self.over = False
        self._reader = BodyReader(head, limit)

    def feed(self, raw: bytes) -> LLMResult[bytes] | None:
        """Return the next piece; None if these bytes complete none."""
        return self._pieces(self._reader.take(raw))

    def finish(self) -> LLMResult[bytes] | None:
        """End the body. Returns None, or a Failure if it ends too early."""
        self.over = True
        return self._pieces(self._reader.end())

    def fail(self, error: Exception) -> LLMResult[bytes]:
        """End the body with the error that this exception means."""
        self.over = True
        return Failure(self.error_of(error, self.head.status, begun=self._reader.begun))

    def error_of(self, error: Exception, status: int, *, begun: bool) -> LLMError:
        """Translate an exception of the library."""
        raise NotImplementedError

    def _pieces(self, result: LLMResult[bytes]) -> LLMResult[bytes] | None:
        if type(result) is Failure:
            self.over = True
            return result
        return result if result.unwrap() else None


# event loops


def running_loop() -> object:
    """Return the event loop of this task, of asyncio, or trio's token for it."""
    trio = sys.modules.get("trio")  # not imported: no trio task is running
    if trio is not None and trio.lowlevel.in_trio_run():
        return trio.lowlevel.current_trio_token()
    import asyncio  # imported late: a sync call has no need of it

    return asyncio.get_running_loop()


class EventLoopGuard:
    """Remember the first event loop: connections of one loop cannot be used in another."""

    def __init__(self) -> None:
        self._first: object = None
        reset_after_fork(self)

    def reset_after_fork(self) -> None:
        """Forget the loop, with the connections: both are the parent's."""
        inherited.append(self._first)
        self._first = None

    def check(self) -> None:
        """Raise Rejected with InvalidConfiguration in any other loop."""
        current = running_loop()
        if self._first is None:
            self._first = current
        if current is not self._first:
            message = "this transport belongs to another event loop: open one in each"
            raise Rejected(InvalidConfiguration(message=message, field="transport"))
