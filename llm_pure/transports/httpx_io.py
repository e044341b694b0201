"""httpx and httpx2 for the transports: loading the package, requests, connection pools and errors.

The packages have the same names, each with its own httpcore. Private names of httpcore are used in `set_network_backend` only.
"""

import ssl
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from time import monotonic
from types import ModuleType
from typing import Any

import msgspec

from llm_pure.transports.base import Timeouts, TransportSettings
from llm_pure.transports.connection_pools import POOL_SIZE
from llm_pure.transports.deadlines import has_ended
from llm_pure.transports.exchange import (
    NOT_A_PROXY,
    Attempt,
    error_text,
    is_host_name,
    not_sendable,
    reason,
    refused_by_proxy,
    sent_headers,
    unusable_address,
    unusable_proxy,
)
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import Rejected


class Library(msgspec.Struct, frozen=True, eq=False):
    """One of the two packages."""

    client: Any
    """httpx or httpx2."""
    core: Any
    """Its httpcore."""
    content: type[Any]
    """Class for request bodies, see `Content`."""
    errors: tuple[type[Exception], ...]
    """Exceptions that sending and reading may raise."""


def load_library(client: str, core: str) -> Library:
    """Import both packages. Raises ImportError if they are not installed."""
    http = _import_without_command_line(client)
    return Library(
        http,
        import_module(core),
        type("Content", (Content, http.SyncByteStream, http.AsyncByteStream), {}),
        (http.HTTPError, http.InvalidURL, http.StreamError, OSError, UnicodeError),
    )


def _import_without_command_line(name: str) -> Any:
    """Import the package without its command line, which loads click, rich and Pygments where they are installed.

    The package sees an ImportError, as if they were not installed. Its `main` loads them when it is called.
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
    """A request's body. httpx's class is an async generator, which a cancelled call leaves to the garbage collector."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        return iter((self._data,) if self._data else ())

    def __aiter__(self) -> "_AsyncChunks":
        return _AsyncChunks(iter(self))


class _AsyncChunks:
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> "_AsyncChunks":
        return self

    async def __anext__(self) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise StopAsyncIteration


# requests


class PreparedRequest(msgspec.Struct, frozen=True):
    """A request of httpx, and when its call ends."""

    library: Library
    request: Any
    origin: str
    authority: str
    deadline_s: float

    def error_of(
        self, error: Exception, status: int | None = None, *, begun: bool = False
    ) -> LLMError:
        """Translate an exception that `library.errors` names."""
        attempt = Attempt(self.authority, status, begun, ended=has_ended())
        return error_of(self.library.client, error, attempt, late=monotonic() >= self.deadline_s)


def prepare(
    library: Library, settings: TransportSettings, request: HttpRequest, timeouts: Timeouts
) -> PreparedRequest:
    """Convert the request. The deadline counts from now.

    Raises Rejected with InvalidConfiguration for a URL or a header that cannot be sent.
    """
    target, origin, authority = _parse_url(library, request.url)
    limits = {
        "connect": timeouts.connect_s,
        "read": timeouts.read_s,
        "write": timeouts.write_s,
        "pool": timeouts.pool_s,
    }
    converted = library.client.Request(
        request.method,
        target,
        headers=sent_headers(request.headers, settings),
        content=request.body,
        extensions={"timeout": limits},
    )
    converted.stream = library.content(request.body)
    return PreparedRequest(library, converted, origin, authority, monotonic() + timeouts.total_s)


@lru_cache(maxsize=256)
def _parse_url(library: Library, text: str) -> tuple[Any, str, str]:
    """Return the URL as an object of httpx, its origin, its host and port."""
    try:
        url = library.client.URL(text)
        problem = _url_problem(url)
    except (library.client.InvalidURL, UnicodeError):
        raise Rejected(unusable_address(text, "its host or its port is not valid")) from None
    if problem:
        raise Rejected(unusable_address(text, problem))
    authority = url.netloc.decode("ascii")
    return url, f"{url.scheme}://{authority}", authority


def _url_problem(url: Any) -> str:
    """Return why nothing can be sent to this URL, or "". httpx leaves some checks to the sockets, which raise."""
    if url.scheme not in ("http", "https") or not url.host:
        return "it must begin with http:// or https:// and a host"
    if not 0 < (url.port or 80) < 65536:
        return "its port is out of range"
    if b":" not in url.raw_host and not is_host_name(url.raw_host.decode("ascii")):
        return "its host is not a valid name"
    return ""


# connection pools


def pool_arguments(
    library: Library, settings: TransportSettings, origin: str, size: int = POOL_SIZE
) -> dict[str, Any]:
    """Return the arguments of HTTPTransport and AsyncHTTPTransport."""
    client = library.client
    proxy: Any = None if settings.proxy is None else client.Proxy(settings.proxy)
    encrypted = origin.startswith("https:")
    if proxy is not None and proxy.url.scheme == "https":
        encrypted = True
        proxy.ssl_context = settings.tls  # None is httpx's default
    tls = settings.tls or (_default_tls(library) if encrypted else _unused_tls())
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


def set_network_backend(pool: Any, backend: Any) -> None:
    """Make an HTTPTransport connect through this backend.

    httpcore has the parameter `network_backend`, but httpx does not pass it on. Using httpcore's pool without HTTPTransport
    needs no private names, but breaks recorders and mocks of httpx (vcrpy, respx).
    """
    pool._pool._network_backend = backend


def preload(library: Library, settings: TransportSettings, url: str) -> None:
    """Create a pool and drop it, so that its modules and certificates are loaded. Raises Rejected if it cannot be created."""
    try:
        library.client.HTTPTransport(**pool_arguments(library, settings, url)).close()
    except pool_errors(library) as error:
        raise Rejected(pool_error(error)) from None


def pool_errors(library: Library) -> tuple[type[Exception], ...]:
    """Return the exceptions of creating a pool: the proxy is invalid, or the authorities cannot be read."""
    return (ValueError, ImportError, OSError, library.client.InvalidURL)


def pool_error(error: Exception) -> InvalidConfiguration:
    """Translate an exception of `pool_errors`. httpx quotes what it takes for a port, which may be a password."""
    if isinstance(error, OSError):
        from llm_pure.transports.tls import unusable_authorities  # imported late: start-up

        return unusable_authorities(error)
    return unusable_proxy(str(error) if isinstance(error, ImportError) else NOT_A_PROXY)


@lru_cache(maxsize=2)
def _default_tls(library: Library) -> ssl.SSLContext:
    """Return httpx's default TLS context. Cached: reading the authorities takes 20 ms."""
    context: ssl.SSLContext = library.client.create_ssl_context()
    return context


@lru_cache(maxsize=1)
def _unused_tls() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


# errors

_PHASES = {"ConnectTimeout": "connect", "WriteTimeout": "write", "PoolTimeout": "pool"}
"""Type of a timeout -> phase. Every other timeout is one of reading."""


def error_of(httpx: Any, error: Exception, attempt: Attempt, *, late: bool) -> LLMError:
    """Translate an exception of httpx, httpx2 or a socket. No message contains a URL or a header's value.

    late: the deadline of the whole call has passed.
    """
    match error:
        case httpx.TimeoutException():
            return attempt.timed_out(_PHASES.get(type(error).__name__, "read"), late=late)
        case httpx.RemoteProtocolError() if attempt.ended:
            return attempt.disconnected(error_text(error))
        case httpx.RemoteProtocolError():
            return attempt.not_http(error_text(error))
        case httpx.LocalProtocolError() | UnicodeError():
            return not_sendable(error)
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            message = "the address cannot be used: its host or its port is not valid"
            return InvalidConfiguration(message=message, field="base_url")
        case httpx.ProxyError():
            return refused_by_proxy(error_text(error), is_4xx=is_proxy_4xx(error))
        case httpx.ConnectError():
            return attempt.not_connected(error)
        case _:
            return attempt.disconnected(reason(error))


def is_proxy_4xx(error: Exception) -> bool:
    """Return true for a ProxyError of a status 4xx. httpcore reports a proxy's status line as text only.

    The text begins with the status ("407 Proxy Authentication Required"). With any other text the call may be retried.
    """
    return str(error).startswith("4")
