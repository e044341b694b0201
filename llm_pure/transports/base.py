"""The two transport protocols, sync and async, their settings and timeouts, and the base classes of our own transports.

A transport carries an HttpRequest to a service and returns the response. It does not retry, adds no key, does not interpret the
response and follows no redirect, so a key never goes to another host. Every failure is a value; only cancellation is raised.

    transport.send(request, timeouts)                    -> LLMResult[HttpResponse]
    with transport.stream(request, timeouts) as opened:  -> LLMResult[StreamingResponse]; a failure of the body is its last item

A transport that reaches no service (a replay, the double of a test) has `needs_credentials = False`: the client then signs
with a stand-in where a key is missing.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

import msgspec

from llm_pure.types.config import LLMConfig, long_enough
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import (
    Headers,
    HttpRequest,
    HttpResponse,
    RedactedRepr,
    ResponseHead,
    header_secrets,
    redact_headers,
)
from llm_pure.types.redact import redact_proxy, url_secrets
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from ssl import SSLContext

BODY_LIMIT = 128 * 1024 * 1024
"""Maximum body size in bytes, after content decoding; a longer body is a ProtocolError."""

CONNECT_S = 10.0
"""Default connect timeout. A service that is up accepts a connection well within it."""


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one call in seconds: of each step, and of all together."""

    connect_s: float = CONNECT_S
    read_s: float = 600
    """Until the next byte."""
    write_s: float = 600
    pool_s: float = 600
    """Until a connection is free."""
    total_s: float = 600


class TransportSettings(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """Settings of a transport that are the same for every request."""

    proxy: str | None = None
    """URL of an http, https or socks5 proxy (aiohttp: not socks5)."""
    max_connections: int = 1000
    """To one host."""
    keep_alive_s: float = 30
    """How long an idle connection is kept."""
    body_limit: int = BODY_LIMIT
    tls: "SSLContext | None" = None
    """Replaces the default context, for a private authority or a client certificate."""
    headers: Headers = ()
    """Added to requests that have no header of that name."""
    connect_s: float = CONNECT_S
    read_s: float | None = None
    """Upper bound of the step; None allows the time of the whole call."""
    write_s: float | None = None
    pool_s: float | None = None
    is_last_message: Callable[[bytes], bool] | None = None
    """For websockets: true for the message that ends a response. The client sets it from `Provider.is_last_message`."""

    def __repr__(self) -> str:
        proxy = None if self.proxy is None else redact_proxy(self.proxy)
        return f"TransportSettings(proxy={proxy!r}, max_connections={self.max_connections}, ...)"

    def __rich_repr__(self) -> RedactedRepr:
        shown = {
            "proxy": None if self.proxy is None else redact_proxy(self.proxy),
            "headers": redact_headers(tuple([(name.lower(), text) for name, text in self.headers])),
        }
        return [(name, shown.get(name, getattr(self, name))) for name in self.__struct_fields__]


def settings_secrets(settings: TransportSettings) -> frozenset[str]:
    """Return every text of the settings that must not be shown: of the proxy's address and of the headers."""
    secrets = list(url_secrets(settings.proxy or "", is_proxy=True))
    for name, value in settings.headers:
        secrets += header_secrets(name.lower(), value)
    return long_enough(secrets)


_COMMON = TransportSettings()


def timeouts_of(
    config: LLMConfig,
    timeout_s: float | None = None,
    settings: TransportSettings | None = None,
) -> Timeouts:
    """Return the timeouts of a call: `timeout_s`, or `config.timeout` if it is 0 or None, in total. No step is longer.

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


def within(timeouts: Timeouts, total_s: float) -> Timeouts:
    """Return the timeouts with `total_s`, at least 0, as the upper bound of each."""
    total_s = max(0.0, total_s)
    return Timeouts(
        connect_s=min(timeouts.connect_s, total_s),
        read_s=min(timeouts.read_s, total_s),
        write_s=min(timeouts.write_s, total_s),
        pool_s=min(timeouts.pool_s, total_s),
        total_s=min(timeouts.total_s, total_s),
    )


NUMBER_FIELDS = {
    "connect_timeout": "connect_s",
    "read_timeout": "read_s",
    "write_timeout": "write_s",
    "pool_timeout": "pool_s",
    "max_connections": "max_connections",
    "keep_alive": "keep_alive_s",
}
"""Field of LLMConfig -> field of TransportSettings."""

TLS_FIELDS = ("tls_ca_file", "tls_cert_file", "tls_key_file")
"""Fields of LLMConfig that name files."""


@returns_failure
def settings_of(config: LLMConfig, common: TransportSettings) -> TransportSettings:
    """Return the common settings, overridden by the fields that the configuration sets; 0 means unset.

    Fails with InvalidConfiguration for a negative number, and for certificate files that cannot be used.
    """
    overrides: dict[str, Any] = {}
    for field in ("timeout", *NUMBER_FIELDS):
        value = getattr(config, field)
        if not value:
            continue
        if not value > 0:  # also NaN
            message = f"{field} must be above 0, not {value}"
            raise Rejected(InvalidConfiguration(message=message, field=field))
        if field in NUMBER_FIELDS:
            overrides[NUMBER_FIELDS[field]] = value
    if config.proxy:
        overrides["proxy"] = config.proxy
    if not config.tls_verify or any(getattr(config, field) for field in TLS_FIELDS):
        from llm_pure.transports.tls import load_tls  # imported late: start-up

        overrides["tls"] = ok(load_tls(config))
    return msgspec.structs.replace(common, **overrides) if overrides else common


class StreamingResponse(Protocol):
    """A response whose head has arrived. Iterating yields pieces of the body; a Failure can only be the last item."""

    @property
    def head(self) -> ResponseHead:
        """Status and headers."""
        ...

    def __iter__(self) -> Iterator[LLMResult[bytes]]: ...


class AsyncStreamingResponse(Protocol):
    """The async form of StreamingResponse."""

    @property
    def head(self) -> ResponseHead:
        """Status and headers."""
        ...

    def __aiter__(self) -> AsyncIterator[LLMResult[bytes]]: ...


@runtime_checkable
class Transport(Protocol):
    """Sync, safe to use from several threads. Its creator closes it; later calls fail with ConnectionFailed."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the complete response, of any status."""
        ...

    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AbstractContextManager[LLMResult[StreamingResponse]]:
        """Yield the response as its body arrives; leaving the context early closes its connection."""
        ...


@runtime_checkable
class AsyncTransport(Protocol):
    """Async, on asyncio and trio. Names begin with `a`, so that one object can implement both protocols.

    A transport with connections belongs to the event loop that used it first; calls in another loop fail.
    """

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the complete response, of any status."""
        ...

    def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AbstractAsyncContextManager[LLMResult[AsyncStreamingResponse]]:
        """Yield the response as its body arrives; leaving the context early closes its connection."""
        ...


def read_body(head: ResponseHead, pieces: Iterable[LLMResult[bytes]]) -> LLMResult[HttpResponse]:
    """Return the response with these pieces as its body, or the Failure among them."""
    body: list[bytes] = []
    for piece in pieces:
        if type(piece) is Failure:
            return piece
        body.append(piece.unwrap())
    return Success(HttpResponse(head.status, head.headers, b"".join(body)))


class OpenResponse(StreamingResponse, Protocol):
    """A response with its connection, sync."""

    def close(self) -> None:
        """Release the connection; it is closed if the body was not read to its end."""
        ...


class AsyncOpenResponse(AsyncStreamingResponse, Protocol):
    """A response with its connection, async."""

    async def aclose(self) -> None:
        """Release the connection; it is closed if the body was not read to its end."""
        ...


class SyncCalls:
    """`send` and `stream` of a sync transport over its `_open`, and the context manager."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the complete response, of any status."""
        try:
            response = self._open(request, timeouts)
        except Rejected as rejected:
            return Failure(rejected.error)
        try:
            return read_body(response.head, response)
        finally:
            response.close()

    @contextmanager
    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """Yield the response as its body arrives; leaving the context early closes its connection."""
        try:
            response = self._open(request, timeouts)
        except Rejected as rejected:
            failure = Failure(rejected.error)
        else:
            try:
                yield Success(response)
            finally:
                response.close()
            return
        yield failure

    def _open(self, request: HttpRequest, timeouts: Timeouts) -> OpenResponse:
        """Send the request and read the head. Raises Rejected."""
        raise NotImplementedError

    def close(self) -> None:
        """Close every connection. Calls in progress fail, and so do later ones."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class AsyncCalls:
    """`asend` and `astream` of an async transport over its `_aopen`, and the context manager."""

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the complete response, of any status."""
        try:
            response = await self._aopen(request, timeouts)
        except Rejected as rejected:
            return Failure(rejected.error)
        body: list[bytes] = []
        try:
            async for piece in response:
                if type(piece) is Failure:
                    return piece
                body.append(piece.unwrap())
        finally:
            await response.aclose()
        head = response.head
        data = body[0] if len(body) == 1 else b"".join(body)
        return Success(HttpResponse(head.status, head.headers, data))

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """Yield the response as its body arrives; leaving the context early closes its connection."""
        try:
            response = await self._aopen(request, timeouts)
        except Rejected as rejected:
            failure = Failure(rejected.error)
        else:
            try:
                yield Success(response)
            finally:
                await response.aclose()
            return
        yield failure

    async def _aopen(self, request: HttpRequest, timeouts: Timeouts) -> AsyncOpenResponse:
        """Send the request and read the head. Raises Rejected."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close every connection. Calls in progress fail, and so do later ones."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()
