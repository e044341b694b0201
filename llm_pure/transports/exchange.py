"""What every transport does around its library: headers completed, bytes of a body bounded and decoded, one event loop."""

import asyncio
import os
import re
import sys
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, urlsplit

import msgspec

from llm_pure.transports.base import TransportSettings
from llm_pure.transports.content_coding import ACCEPTED, BodyReader
from llm_pure.types.errors import ConnectionFailed, InvalidConfiguration, LLMError
from llm_pure.types.http import Headers, ResponseHead, redact_url
from llm_pure.types.redact import redact
from llm_pure.types.result import Failure, LLMResult, Success


def said(fault: BaseException) -> str:
    """Its words without a key, else its name."""
    return redact(str(fault)) or type(fault).__name__


def reason(fault: BaseException) -> str:
    """The words of the innermost cause that has any: "Connection refused", not "All connection attempts failed"."""
    told = [cause for cause in exception_chain(fault) if isinstance(cause, OSError) and str(cause)]
    innermost = told[-1] if told else fault
    if isinstance(innermost, ConnectionError) and innermost.errno:
        return os.strerror(innermost.errno)  # asyncio puts words of its own in place of these
    return said(innermost)


def exception_chain(fault: BaseException) -> list[BaseException]:
    """What led to this exception, the innermost last."""
    causes: list[BaseException] = []
    cause = fault.__cause__ or fault.__context__
    while cause is not None and len(causes) < 8:
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes


def running_loop() -> object:
    """A token of the loop that this task runs in, the same for all of its tasks; asyncio or trio."""
    trio = sys.modules.get("trio")  # it runs nothing unless somebody has imported it
    if trio is not None and trio.lowlevel.in_trio_run():
        return trio.lowlevel.current_trio_token()
    return asyncio.get_running_loop()


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class Address(msgspec.Struct, frozen=True):
    """origin: scheme, host and port. place: host and port. target: path and query, in printable ASCII."""

    origin: str
    place: str
    target: str

    @property
    def is_encrypted(self) -> bool:
        """Is it https?"""
        return self.origin.startswith("https:")


@lru_cache(maxsize=256)
def read_address(text: str) -> LLMResult[Address]:
    """InvalidConfiguration when nothing can be sent there.

    No character of the target is changed but those that no request line can hold; user information is left out.

    >>> read_address("https://me@EXAMPLE.org/a%2Fb:c?q=x+y").unwrap()
    Address(origin='https://example.org', place='example.org', target='/a%2Fb:c?q=x+y')
    """
    try:
        return Success(_read(text))
    except (ValueError, UnicodeError) as fault:
        return Failure(unusable_address(text, str(fault)))


def _read(text: str) -> Address:
    if _CONTROL.search(text):
        raise ValueError("it holds a control character")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it has to begin with http:// or https:// and a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else _name(parts.hostname)
    if parts.port == 0:
        raise ValueError("its port is out of range")
    usual = {"http": 80, "https": 443}[parts.scheme]
    place = host if parts.port in (None, usual) else f"{host}:{parts.port}"
    target = quote(parts.path or "/", safe=_PRINTABLE)
    if parts.query:
        target += "?" + quote(parts.query, safe=_PRINTABLE)
    return Address(f"{parts.scheme}://{place}", place, target)


def _name(host: str) -> str:
    """The host as the name service knows it."""
    name = host.encode("idna").decode("ascii")
    if not all(0 < len(label) < 64 for label in name.removesuffix(".").split(".")):
        raise ValueError("its host is not a name")
    return name


_FINE: LLMResult[None] = Success(None)

CLOSED = ConnectionFailed(message="this transport is closed", retryable=False)
"""The error of every call after `close`."""

_ADDED: Headers = (("accept", "*/*"), ("accept-encoding", ACCEPTED), ("user-agent", "llm-pure"))
"""Headers that are sent where the request has none of that name."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[!-~](?:[\t -~]*[!-~])?)?")  # printable ASCII, blanks but not at its ends


def sent_headers(headers: Headers, settings: TransportSettings) -> LLMResult[Headers]:
    """The request's headers, those of the settings and our own, each where no one before has that name.

    InvalidConfiguration for one that no header can hold; its value may be a key, and is not told.
    """
    sent = [*headers]
    names = {name for name, _ in sent}
    if settings.headers:
        sent += [
            (name.lower(), value) for name, value in settings.headers if name.lower() not in names
        ]
        names = {name for name, _ in sent}
    sent += [pair for pair in _ADDED if pair[0] not in names]
    for name, value in sent:
        if not (_is_name(name) and _VALUE.fullmatch(value)):
            what = f"the header {name[:80]!r} holds what no header can"
            return Failure(InvalidConfiguration(message=what, field="headers"))
    return Success(tuple(sent))


@lru_cache(maxsize=1024)
def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def unusable_address(text: str, why: str) -> InvalidConfiguration:
    """The error for an address that nothing can be sent to."""
    return InvalidConfiguration(
        message=f"the address {redact_url(text)!r} cannot be used: {why}", field="base_url"
    )


def unusable_proxy(why: str) -> InvalidConfiguration:
    """The error for a proxy that nothing can go through."""
    return InvalidConfiguration(
        message=f"the proxy cannot be used: {redact_url(why)}", field="proxy"
    )


def unusable_authorities(fault: OSError) -> InvalidConfiguration:
    """The error for authorities that cannot be read."""
    what = f"SSL_CERT_FILE or SSL_CERT_DIR names no certificates: {fault.strerror or fault}"
    return InvalidConfiguration(message=what, field="tls_ca_file")


class RequestContext(Protocol):
    """A request under way, as far as its body needs to know it."""

    @property
    def deadline_s(self) -> float:
        """When the whole call is to be over, by `time.monotonic`."""
        ...

    def error(self, fault: Exception, begun: bool = False, status: int | None = None) -> LLMError:
        """What this exception means for the request."""
        ...


class BodyDecoder:
    """What every kind of open answer does with the bytes that it is given."""

    def __init__(self, asked: RequestContext, head: ResponseHead, limit: int) -> None:
        self.head = head
        self.over = False
        self.deadline_s = asked.deadline_s
        self._asked = asked
        self._reader = BodyReader(head, limit)

    def feed(self, raw: bytes) -> LLMResult[bytes] | None:
        """A piece to hand on; None when these bytes make none yet."""
        return self._shown(self._reader.take(raw))

    def finish(self) -> LLMResult[bytes] | None:
        """The body is over: None, or why that is too early."""
        self.over = True
        return self._shown(self._reader.end())

    def fail(self, fault: Exception) -> LLMResult[bytes]:
        """The body broke off."""
        self.over = True
        begun = self._reader.begun
        return Failure(self._asked.error(fault, begun=begun, status=self.head.status))

    def _shown(self, got: LLMResult[bytes]) -> LLMResult[bytes] | None:
        if isinstance(got, Failure):
            self.over = True
            return got
        return got if got.unwrap() else None


def read_head(
    status: int, raw: "list[tuple[bytes, bytes]] | tuple[tuple[bytes, bytes], ...]"
) -> ResponseHead:
    """Status and headers as they came on the wire."""
    return ResponseHead(
        status, tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])
    )


class EventLoopGuard:
    """Remembers the event loop that came first."""

    def __init__(self) -> None:
        self._first: object = None

    def check(self) -> LLMResult[None]:
        """Fails with InvalidConfiguration on every other one."""
        here = running_loop()
        if self._first is None:
            self._first = here
        if here is self._first:
            return _FINE
        return Failure(
            InvalidConfiguration(
                message="this transport belongs to another event loop: open one in each",
                field="transport",
            )
        )
