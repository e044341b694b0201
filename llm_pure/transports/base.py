"""What carries an HttpRequest to a service and brings the answer back: two protocols, one sync and one async.

A transport knows bytes and time. It does not retry, adds no key, reads no answer and follows no redirect, so a key never
goes to another host. Whatever happens to the bytes is a value: no exception leaves it but cancellation.

    transport.send(request, timeouts)                 -> LLMResult[HttpResponse]
    with transport.stream(request, timeouts) as got:  -> got: LLMResult[StreamingResponse]; its fault, if any, is the last item
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec

from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead, redact_url
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from ssl import SSLContext

BODY_LIMIT = 128 * 1024 * 1024
"""The largest body that is taken, in bytes after content coding; a longer one is a ProtocolError."""

CONNECT_S = 10.0
"""How long a connection may take to be made. A service that is up answers well within it."""


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long each step may take, in seconds, and all of them together (`total_s`).

    read_s: until the next byte. pool_s: until a connection is free.
    """

    connect_s: float = CONNECT_S
    read_s: float = 600
    write_s: float = 600
    pool_s: float = 600
    total_s: float = 600


class TransportSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What stays the same from one request to the next.

    proxy: an http, https or socks5 URL (aiohttp: no socks5). max_connections: to one host. keep_alive_s: how long an
    idle connection is kept. body_limit: in bytes. tls: in place of the default context, for a private authority or a
    client certificate. headers: sent with each request that has none of that name. connect_s, read_s, write_s,
    pool_s: the most that each step may take; None leaves it the time of the whole call.
    """

    proxy: str | None = None
    max_connections: int = 1000
    keep_alive_s: float = 30
    body_limit: int = BODY_LIMIT
    tls: "SSLContext | None" = None
    headers: Headers = ()
    connect_s: float = CONNECT_S
    read_s: float | None = None
    write_s: float | None = None
    pool_s: float | None = None

    def __repr__(self) -> str:
        proxy = None if self.proxy is None else redact_url(self.proxy)
        return f"TransportSettings(proxy={proxy!r}, max_connections={self.max_connections}, ...)"


_COMMON = TransportSettings()


def timeouts_of(
    config: LLMConfig,
    timeout_s: float | None = None,
    settings: TransportSettings | None = None,
) -> Timeouts:
    """`config.timeout` for the whole call, or `timeout_s` in its place unless that is 0; no step is given longer.

    >>> timeouts_of(LLMConfig(timeout=5)).connect_s
    5
    """
    steps = settings or _COMMON
    return _timeouts(
        timeout_s or config.timeout, steps.connect_s, steps.read_s, steps.write_s, steps.pool_s
    )


@lru_cache(maxsize=64)
def _timeouts(
    total_s: float,
    connect_s: float,
    read_s: float | None,
    write_s: float | None,
    pool_s: float | None,
) -> Timeouts:
    steps = Timeouts(
        connect_s=connect_s,
        read_s=read_s or total_s,
        write_s=write_s or total_s,
        pool_s=pool_s or total_s,
        total_s=total_s,
    )
    return within(steps, total_s)


NUMBER_FIELDS = {
    "connect_timeout": "connect_s",
    "read_timeout": "read_s",
    "write_timeout": "write_s",
    "pool_timeout": "pool_s",
    "max_connections": "max_connections",
    "keep_alive": "keep_alive_s",
}
"""Fields of LLMConfig, and of TransportSettings."""

TLS_FIELDS = ("tls_ca_file", "tls_cert_file", "tls_key_file")
"""Fields of LLMConfig that name files."""


def settings_of(config: LLMConfig, common: TransportSettings) -> LLMResult[TransportSettings]:
    """The common settings with the configuration's own in place of them; a number that is 0 is one that is not set.

    InvalidConfiguration for a number below 0, and for files of certificates that cannot be used.
    """
    chosen: dict[str, Any] = {}
    for field in ("timeout", *NUMBER_FIELDS):
        value = getattr(config, field)
        if not value:
            continue
        if not value > 0:  # NaN neither
            what = f"{field} is to be above 0, and is {value}"
            return Failure(InvalidConfiguration(message=what, field=field))
        if field in NUMBER_FIELDS:
            chosen[NUMBER_FIELDS[field]] = value
    if config.proxy:
        chosen["proxy"] = config.proxy
    if not config.tls_verify or any(getattr(config, field) for field in TLS_FIELDS):
        from llm_pure.transports.tls import load_tls  # hardly ever needed

        tls = load_tls(config)
        if isinstance(tls, Failure):
            return tls
        chosen["tls"] = tls.unwrap()
    return Success(msgspec.structs.replace(common, **chosen) if chosen else common)


def within(timeouts: Timeouts, total_s: float) -> Timeouts:
    """The same, but nothing longer than this."""
    return Timeouts(
        connect_s=min(timeouts.connect_s, total_s),
        read_s=min(timeouts.read_s, total_s),
        write_s=min(timeouts.write_s, total_s),
        pool_s=min(timeouts.pool_s, total_s),
        total_s=min(timeouts.total_s, total_s),
    )


class StreamingResponse(Protocol):
    """An answer whose head is here and whose body is coming: pieces of any size, a Failure as the last item at most."""

    @property
    def head(self) -> ResponseHead:
        """Status and headers."""
        ...

    def __iter__(self) -> Iterator[LLMResult[bytes]]: ...


class AsyncStreamingResponse(Protocol):
    """The same for `async for`."""

    @property
    def head(self) -> ResponseHead:
        """Status and headers."""
        ...

    def __aiter__(self) -> AsyncIterator[LLMResult[bytes]]: ...


@runtime_checkable
class Transport(Protocol):
    """Sync. Used from several threads at once. Its maker closes it; after that every call is a ConnectionFailed."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The whole answer, of any status."""
        ...

    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AbstractContextManager[LLMResult[StreamingResponse]]:
        """The answer as it comes; leaving the context early closes its connection."""
        ...


@runtime_checkable
class AsyncTransport(Protocol):
    """Async, on asyncio and trio; the names begin with `a`, so that one value can be both kinds of transport.

    One that holds connections belongs to the event loop that used it first, and says so when another one uses it.
    """

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The whole answer, of any status."""
        ...

    def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AbstractAsyncContextManager[LLMResult[AsyncStreamingResponse]]:
        """The answer as it comes; leaving the context early closes its connection."""
        ...


def read_body(head: ResponseHead, pieces: Iterable[LLMResult[bytes]]) -> LLMResult[HttpResponse]:
    """The answer whose body came in these pieces; the Failure among them, if there is one."""
    body: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Failure):
            return piece
        body.append(piece.unwrap())
    return Success(HttpResponse(head.status, head.headers, b"".join(body)))


__all__ = [
    "BODY_LIMIT",
    "NUMBER_FIELDS",
    "TLS_FIELDS",
    "AsyncStreamingResponse",
    "AsyncTransport",
    "StreamingResponse",
    "Timeouts",
    "Transport",
    "TransportSettings",
    "read_body",
    "settings_of",
    "timeouts_of",
    "within",
]
