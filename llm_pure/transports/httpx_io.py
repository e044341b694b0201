"""What the sync and the async transport over httpx or httpx2 share: everything but the reading and writing itself."""

import ssl
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from time import monotonic
from types import ModuleType
from typing import Any, TypeVar

import msgspec

from llm_pure.transports.base import Timeouts, TransportSettings
from llm_pure.transports.connection_pools import POOL_SIZE, ConnectionPools, PoolSlot
from llm_pure.transports.deadlines import has_ended
from llm_pure.transports.exchange import (
    CLOSED,
    exception_chain,
    reason,
    said,
    sent_headers,
    unusable_address,
    unusable_authorities,
    unusable_proxy,
)
from llm_pure.types.errors import (
    ConnectionFailed,
    InvalidConfiguration,
    LLMError,
    ProtocolError,
    TimedOut,
)
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success


class Library(msgspec.Struct, frozen=True, eq=False):
    """One of the two. client: the package. core: its httpcore. content: a request's body, as its transports want it."""

    client: Any
    core: Any
    content: type[Any]
    faults: tuple[type[Exception], ...]
    """Everything that carrying bytes over it may raise."""


def load_library(client: str, core: str) -> Library:
    """Imports both. ImportError when they are not installed."""
    http = _without_its_command(client)
    return Library(
        http,
        import_module(core),
        type("Content", (Content, http.SyncByteStream, http.AsyncByteStream), {}),
        (http.HTTPError, http.InvalidURL, http.StreamError, OSError, UnicodeError),
    )


def _without_its_command(name: str) -> Any:
    """The package, but not its command line, for which httpx loads click, rich and Pygments where they are installed.

    To httpx it looks as if they were not there; its `main` then loads them when it is called after all.
    """
    command = f"{name}._main"
    if name in sys.modules:
        return import_module(name)
    hidden: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    hidden[command] = None  # importing it is an ImportError
    try:
        http: Any = import_module(name)
    finally:
        hidden.pop(command, None)
    if "main" in vars(http):
        http.main = lambda: import_module(command).main()
    return http


class Content:
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


_PHASES = {
    "ConnectTimeout": ("connect", "no connection"),
    "WriteTimeout": ("write", "the request could not be sent"),
    "PoolTimeout": ("pool", "no connection was free"),
}
"""Every other timeout is one of reading."""


def error_of(
    httpx: Any,
    fault: Exception,
    place: str,
    *,
    late: bool,
    begun: bool,
    ended: bool,
    status: int | None = None,
) -> LLMError:
    """The error that this exception means.

    httpx: the package that raised it. place: the host, for the message. late: the deadline of the whole call has
    passed. begun: bytes of the body had come, so that the service has done its work once and is not asked again for
    being slow. ended: the connection has ended, so that a protocol error means a response that was cut off.
    """
    match fault:
        case httpx.TimeoutException():
            phase, what = _PHASES.get(type(fault).__name__, ("read", "no answer"))
            return TimedOut(
                message=f"{what} from {place} in time",
                phase="total" if late else phase,
                status=status,
                retryable=not begun,
            )
        case httpx.RemoteProtocolError():
            if ended:
                return ConnectionFailed(message=f"{place}: {said(fault)}", status=status)
            return ProtocolError(
                message=f"{place} does not speak HTTP/1.1: {said(fault)}", status=status
            )
        case httpx.LocalProtocolError() | UnicodeError():
            # its message may quote the header, and the header may be the key
            return InvalidConfiguration(
                message=f"a header or the address cannot be sent ({type(fault).__name__})",
                field="headers",
            )
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return InvalidConfiguration(
                message=f"the address cannot be used: {said(fault)}", field="base_url"
            )
        case httpx.ProxyError():
            return ConnectionFailed(
                message=f"the proxy refused: {said(fault)}", retryable=not _is_refusal(fault)
            )
        case httpx.ConnectError():
            causes = exception_chain(fault)
            untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
            return ConnectionFailed(
                message=f"no connection to {place}: {reason(fault)}", retryable=not untrusted
            )
        case _:
            what = "broke off" if status is not None else "failed"
            return ConnectionFailed(
                message=f"the connection to {place} {what}: {reason(fault)}", status=status
            )


def _is_refusal(fault: Exception) -> bool:
    """Return true for a proxy's status 4xx. httpcore gives the status line of a proxy as text only.

    The text begins with the status ("407 Proxy Authentication Required"). With any other text the call may be retried.
    """
    return str(fault).startswith("4")


P = TypeVar("P")


class Sending(msgspec.Struct, frozen=True):
    """A request in httpx's words. origin: scheme, host and port. place: host and port, for people."""

    library: Library
    request: Any
    origin: str
    place: str
    deadline_s: float

    def error(self, fault: Exception, begun: bool = False, status: int | None = None) -> LLMError:
        """What this exception means for this request."""
        late = monotonic() >= self.deadline_s
        return error_of(
            self.library.client,
            fault,
            self.place,
            late=late,
            begun=begun,
            ended=has_ended(),
            status=status,
        )


def prepare(
    library: Library, settings: TransportSettings, request: HttpRequest, timeouts: Timeouts
) -> LLMResult[Sending]:
    """Fails with InvalidConfiguration for an unusable URL or header. The deadline counts from now."""
    url = _url(library, request.url)
    if isinstance(url, Failure):
        return url
    headers = sent_headers(request.headers, settings)
    if isinstance(headers, Failure):
        return headers
    target, origin, place = url.unwrap()
    limits = {
        "connect": timeouts.connect_s,
        "read": timeouts.read_s,
        "write": timeouts.write_s,
        "pool": timeouts.pool_s,
    }
    made = library.client.Request(
        request.method,
        target,
        headers=headers.unwrap(),
        content=request.body,
        extensions={"timeout": limits},
    )
    made.stream = library.content(request.body)
    return Success(Sending(library, made, origin, place, monotonic() + timeouts.total_s))


@lru_cache(maxsize=256)
def _url(library: Library, text: str) -> LLMResult[tuple[Any, str, str]]:
    """(the URL in httpx's words, its origin, its host and port)."""
    try:
        url = library.client.URL(text)
        why = _unusable(url)
    except (library.client.InvalidURL, UnicodeError) as fault:
        return Failure(unusable_address(text, str(fault)))
    if why:
        return Failure(unusable_address(text, why))
    place = url.netloc.decode("ascii")
    return Success((url, f"{url.scheme}://{place}", place))


def _unusable(url: Any) -> str:
    """Why nothing can be sent there; "" if it can. httpx leaves some of this to the sockets, which raise on it."""
    if url.scheme not in ("http", "https") or not url.host:
        return "it has to begin with http:// or https:// and a host"
    if not 0 < (url.port or 80) < 65536:
        return "its port is out of range"
    labels = url.raw_host.removesuffix(b".").split(b".")
    if b":" not in url.raw_host and not all(0 < len(label) < 64 for label in labels):
        return "its host is not a name"
    return ""


def pool_rows(make: Callable[[str, int], P], settings: TransportSettings) -> ConnectionPools[P]:
    """Rows of the pools that `make` makes for an origin."""
    return ConnectionPools(
        make, max_connections=settings.max_connections, keep_alive_s=settings.keep_alive_s
    )


def lease(rows: ConnectionPools[P], sending: Sending) -> LLMResult[tuple[PoolSlot[P], list[P]]]:
    """A pool for this request, and pools to close. Fails once the rows are closed, and where no pool can be made."""
    try:
        slot, stale = rows.lease(sending.origin, monotonic())
    except _unmakable(sending.library) as fault:
        return Failure(_why_unmakable(fault))
    if slot is None:
        return Failure(CLOSED)
    return Success((slot, stale))


def pool_arguments(
    library: Library, settings: TransportSettings, origin: str, size: int = POOL_SIZE
) -> dict[str, Any]:
    """What HTTPTransport and its async twin are made with."""
    client = library.client
    proxy = None if settings.proxy is None else client.Proxy(settings.proxy)
    if proxy is not None and proxy.url.scheme == "https":
        proxy.ssl_context = settings.tls  # None is httpx's own
    encrypted = origin.startswith("https:") or (proxy is not None and proxy.url.scheme == "https")
    if settings.tls is not None:
        tls = settings.tls
    else:
        tls = _default_tls(library) if encrypted else _unused_tls()
    return {
        "verify": tls,
        "proxy": proxy,
        "trust_env": False,
        "limits": client.Limits(
            max_connections=size,
            max_keepalive_connections=size,
            keepalive_expiry=settings.keep_alive_s,
        ),
    }


def preload(library: Library, settings: TransportSettings, url: str) -> LLMResult[None]:
    """Makes a pool, and lets it go: its modules stay loaded, and its certificates read."""
    try:
        library.client.HTTPTransport(**pool_arguments(library, settings, url)).close()
    except _unmakable(library) as fault:
        return Failure(_why_unmakable(fault))
    return Success(None)


def _unmakable(library: Library) -> tuple[type[Exception], ...]:
    """What making a pool raises: on a proxy that cannot be, or authorities that cannot be read."""
    return (ValueError, ImportError, OSError, library.client.InvalidURL)


def _why_unmakable(fault: Exception) -> InvalidConfiguration:
    if isinstance(fault, OSError):
        return unusable_authorities(fault)
    return unusable_proxy(str(fault))


@lru_cache(maxsize=2)
def _default_tls(library: Library) -> ssl.SSLContext:
    """Made once: reading the authorities costs 20 ms, and every pool would."""
    made: ssl.SSLContext = library.client.create_ssl_context()
    return made


@lru_cache(maxsize=1)
def _unused_tls() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
