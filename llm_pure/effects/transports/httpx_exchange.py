"""What the sync and the async httpx transport share: everything but the reading and writing itself."""

import ssl
from collections.abc import Callable, Iterator
from functools import lru_cache
from time import monotonic
from typing import Any, TypeVar

import httpx
import msgspec

from llm_pure.effects.loops import running_loop
from llm_pure.effects.transports import Timeouts, TransportSettings
from llm_pure.effects.transports.content_coding import ACCEPTED, BodyReader
from llm_pure.effects.transports.httpx_faults import error_of
from llm_pure.effects.transports.pools import POOL_SIZE, PoolRows, Slot
from llm_pure.errors import ConfigurationInvalid, ConnectionFailed, LLMError
from llm_pure.http import HttpRequest, ResponseHead, conceal_url
from llm_pure.result import Failure, Parsed, Success

P = TypeVar("P")

_ADDED = (("accept", "*/*"), ("accept-encoding", ACCEPTED), ("user-agent", "llm-pure"))
"""Headers that are sent where the request has none of that name."""


class Sending(msgspec.Struct, frozen=True):
    """A request in httpx's words. origin: scheme, host and port. place: the same for people."""

    request: httpx.Request
    origin: str
    place: str
    deadline_s: float

    def error(self, fault: Exception, begun: bool = False, status: int | None = None) -> LLMError:
        """What this exception means for this request."""
        late = monotonic() >= self.deadline_s
        return error_of(fault, self.place, late=late, begun=begun, status=status)


def prepare(request: HttpRequest, timeouts: Timeouts) -> Parsed[Sending]:
    """Fails with ConfigurationInvalid for an unusable URL or header. The deadline counts from now."""
    url = _url(request.url)
    if isinstance(url, Failure):
        return url
    target = url.unwrap()
    names = {name for name, _ in request.headers}
    added = [pair for pair in _ADDED if pair[0] not in names]
    limits = {
        "connect": timeouts.connect_s,
        "read": timeouts.read_s,
        "write": timeouts.write_s,
        "pool": timeouts.pool_s,
    }
    try:
        made = httpx.Request(
            request.method,
            target,
            headers=[*request.headers, *added],
            content=request.body,
            extensions={"timeout": limits},
        )
    except (UnicodeError, TypeError):  # its message quotes the value, which may be a key
        return Failure(
            ConfigurationInvalid(message="a header holds what no header can", field="headers")
        )
    made.stream = _Content(request.body)
    place = target.netloc.decode("ascii")
    origin = f"{target.scheme}://{place}"
    return Success(Sending(made, origin, place, monotonic() + timeouts.total_s))


class _Content(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request's body. httpx's own is an async generator, which a cancelled call leaves to the garbage collector."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        return iter((self._data,) if self._data else ())

    def __aiter__(self) -> "_AsyncPieces":
        return _AsyncPieces(iter(self))


class _AsyncPieces:
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> "_AsyncPieces":
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


@lru_cache(maxsize=256)
def _url(text: str) -> Parsed[httpx.URL]:
    try:
        url = httpx.URL(text)
        why = _unusable(url)
    except (httpx.InvalidURL, UnicodeError) as fault:
        url, why = httpx.URL(), str(fault)
    if not why:
        return Success(url)
    return Failure(
        ConfigurationInvalid(
            message=f"the address {conceal_url(text)!r} cannot be used: {why}", field="base_url"
        )
    )


def _unusable(url: httpx.URL) -> str:
    """Why nothing can be sent there; "" if it can. httpx leaves some of this to the sockets, which raise on it."""
    if url.scheme not in ("http", "https") or not url.host:
        return "it has to begin with http:// or https:// and a host"
    if not 0 < (url.port or 80) < 65536:
        return "its port is out of range"
    labels = url.raw_host.removesuffix(b".").split(b".")
    if b":" not in url.raw_host and not all(0 < len(label) < 64 for label in labels):
        return "its host is not a name"
    return ""


def pool_rows(make: Callable[[str], P], settings: TransportSettings) -> PoolRows[P]:
    """Rows of the pools that `make` makes for an origin."""
    return PoolRows(
        make, max_connections=settings.max_connections, keep_alive_s=settings.keep_alive_s
    )


def lease(rows: PoolRows[P], sending: Sending) -> Parsed[tuple[Slot[P], list[P]]]:
    """A pool for this request, and pools to close. Fails on a proxy that can't be used, and once the rows are closed."""
    try:
        slot, stale = rows.lease(sending.origin, monotonic())
    except (ValueError, ImportError, httpx.InvalidURL) as fault:
        return Failure(
            ConfigurationInvalid(
                message=f"the proxy cannot be used: {conceal_url(str(fault))}", field="proxy"
            )
        )
    if slot is None:
        return Failure(ConnectionFailed(message="this transport is closed", retryable=False))
    return Success((slot, stale))


def pool_arguments(settings: TransportSettings, origin: str) -> dict[str, Any]:
    """What httpx.HTTPTransport and its async twin are made with."""
    proxy = None if settings.proxy is None else httpx.Proxy(settings.proxy)
    encrypted = origin.startswith("https:") or (proxy is not None and proxy.url.scheme == "https")
    if settings.tls is not None:
        tls = settings.tls
    else:
        tls = _default_tls() if encrypted else _unused_tls()
    return {
        "verify": tls,
        "proxy": proxy,
        "trust_env": False,
        "limits": httpx.Limits(
            max_connections=POOL_SIZE,
            max_keepalive_connections=POOL_SIZE,
            keepalive_expiry=settings.keep_alive_s,
        ),
    }


@lru_cache(maxsize=1)
def _default_tls() -> ssl.SSLContext:
    """Made once: reading the authorities costs 20 ms, and every pool would."""
    return httpx.create_ssl_context()


@lru_cache(maxsize=1)
def _unused_tls() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Body:
    """What both kinds of open answer do with the bytes that they are given."""

    def __init__(self, sending: Sending, response: httpx.Response, limit: int) -> None:
        headers = tuple(
            [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in response.headers.raw
            ]
        )
        self.head = ResponseHead(response.status_code, headers)
        self.over = False
        self.deadline_s = sending.deadline_s
        self._sending = sending
        self._reader = BodyReader(self.head, limit)

    def take(self, raw: bytes) -> Parsed[bytes] | None:
        """A piece to hand on; None when these bytes make none yet."""
        return self._shown(self._reader.take(raw))

    def end(self) -> Parsed[bytes] | None:
        """The body is over: None, or why that is too early."""
        self.over = True
        return self._shown(self._reader.end())

    def fail(self, fault: Exception) -> Parsed[bytes]:
        """The body broke off."""
        self.over = True
        begun = self._reader.begun
        return Failure(self._sending.error(fault, begun=begun, status=self.head.status))

    def _shown(self, got: Parsed[bytes]) -> Parsed[bytes] | None:
        if isinstance(got, Failure):
            self.over = True
            return got
        return got if got.unwrap() else None


class LoopGuard:
    """Remembers the event loop that came first."""

    def __init__(self) -> None:
        self._first: object = None

    def check(self) -> Parsed[None]:
        """Fails with ConfigurationInvalid on every other one."""
        here = running_loop()
        if self._first is None:
            self._first = here
        if here is self._first:
            return Success(None)
        return Failure(
            ConfigurationInvalid(
                message="this transport belongs to another event loop: open one in each",
                field="transport",
            )
        )
