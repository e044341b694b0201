"""Transport over aiohttp, for high load (the extra `aiohttp`): async, on asyncio only.

Its ClientSession is used without what it adds: no cookies, redirects, environment, decoding and retries.
"""

import asyncio
import ssl
from collections.abc import Awaitable
from time import monotonic

import aiohttp
from yarl import URL

from llm_pure.transports.aiohttp_io import (
    ERRORS,
    content_of,
    default_tls,
    error_of,
    limits_of,
    open_session,
    parse_proxy,
    parse_url,
)
from llm_pure.transports.base import (
    AsyncCalls,
    OpenResponse,
    SyncCalls,
    Timeouts,
    TransportSettings,
)
from llm_pure.transports.exchange import (
    CLOSED,
    Address,
    Attempt,
    BodyDecoder,
    EventLoopGuard,
    read_head,
    running_loop,
    sent_headers,
)
from llm_pure.transports.sockets import inherited, reset_after_fork
from llm_pure.transports.tls import unusable_authorities
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import Failure, LLMResult


class AiohttpTransport(AsyncCalls):
    """Async, on asyncio. It belongs to the event loop that used it first; close it there."""

    def __init__(self, settings: TransportSettings | None = None) -> None:
        self._settings = settings or TransportSettings()
        self._loop = EventLoopGuard()
        self._proxy: LLMResult[URL | None] = parse_proxy(self._settings.proxy)
        self._session: aiohttp.ClientSession | None = None
        self._free: dict[str, asyncio.Semaphore] = {}
        self._closed = False
        reset_after_fork(self)

    def reset_after_fork(self) -> None:
        """Forget the session, whose connections and event loop are the parent's."""
        inherited.append((self._session, self._free))
        self._session, self._free = None, {}

    @returns_failure
    def preload(self, url: str) -> None:
        """Load the certificates if this URL is encrypted and the settings have none."""
        _check_asyncio()
        proxy = ok(self._proxy)
        try:
            address, _ = parse_url(url)
        except Rejected:
            return  # the call reports it
        self._tls(address, proxy)

    async def aclose(self) -> None:
        """Close every connection. Calls in progress fail, and so do later ones."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await _finish(session.close())

    async def _aopen(self, request: HttpRequest, timeouts: Timeouts) -> "_Response":
        self._loop.check()
        if self._session is None:
            _check_asyncio()
        proxy = ok(self._proxy)
        if self._closed:
            raise Rejected(CLOSED)
        address, url = parse_url(request.url)
        headers = sent_headers(request.headers, self._settings)
        deadline_s = monotonic() + timeouts.total_s
        free = self._free.get(address.origin) or self._new_semaphore(address.origin)
        if free.locked():
            await _acquire(free, address, timeouts.pool_s)
        else:
            await free.acquire()
        try:
            if self._closed:  # while the call was waiting
                raise Rejected(CLOSED)
            if self._session is None:
                self._session = open_session(self._settings)
            response = await self._session.request(
                request.method,
                url,
                headers=headers,
                data=content_of(request, timeouts),
                proxy=proxy,
                ssl=self._tls(address, proxy),
                allow_redirects=False,
                timeout=limits_of(timeouts, deadline_s),
            )
        except ERRORS as error:
            free.release()
            raise Rejected(error_of(error, Attempt(address.authority))) from None
        except BaseException:
            free.release()
            raise
        return _Response(response, address, self._settings.body_limit, free)

    def _new_semaphore(self, origin: str) -> asyncio.Semaphore:
        """The free connections to a host. aiohttp's own limit does not distinguish waiting from connecting."""
        size = max(1, self._settings.max_connections)
        free = self._free[origin] = asyncio.Semaphore(size)
        return free

    def _tls(self, address: Address, proxy: URL | None) -> ssl.SSLContext | bool:
        """Return the TLS context; True, which is not used, for a request without encryption."""
        if not address.is_encrypted and (proxy is None or proxy.scheme != "https"):
            return True
        try:
            return self._settings.tls or default_tls()
        except OSError as error:
            raise Rejected(unusable_authorities(error)) from None


class _Response(BodyDecoder):
    """An open response."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        address: Address,
        limit: int,
        free: asyncio.Semaphore,
    ) -> None:
        super().__init__(read_head(response.status, response.raw_headers), limit)
        self._response = response
        self._authority = address.authority
        self._connection = None if response.connection is None else response.connection.protocol
        self._free = free
        self._at_end = False

    def error_of(self, error: Exception, status: int, *, begun: bool) -> LLMError:
        # without a connection nothing more can be read
        ended = getattr(self._connection, "ended", True)
        return error_of(error, Attempt(self._authority, status, begun, ended))

    def __aiter__(self) -> "_Response":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        content = self._response.content
        while not self.over:
            if self._at_end:
                piece = self.finish()
            else:
                try:
                    raw = await content.readany()
                    self._at_end = content.at_eof()
                    piece = self.feed(raw) if raw else None
                except ERRORS as error:
                    piece = self.fail(error)
            if piece is not None:
                return piece
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Release the connection: aiohttp keeps it after a complete response; any other is closed."""
        self.over = True
        if not self._at_end:
            self._response.close()
        self._free.release()


class AsyncOnly(SyncCalls):
    """Takes the place of a sync transport: every call fails with InvalidConfiguration."""

    def __init__(self, settings: TransportSettings | None = None) -> None:
        del settings

    def preload(self, url: str) -> LLMResult[None]:
        """Fail with InvalidConfiguration."""
        return Failure(_ASYNC_ONLY)

    def close(self) -> None:
        """Do nothing: no connection is open."""

    def _open(self, request: HttpRequest, timeouts: Timeouts) -> OpenResponse:
        raise Rejected(_ASYNC_ONLY)


_ASYNC_ONLY = InvalidConfiguration(
    message="aiohttp is async only: use the methods that begin with `a`, or the transport httpx",
    field="transport",
)


async def _acquire(free: asyncio.Semaphore, address: Address, pool_s: float) -> None:
    """Wait for a free connection. Raises Rejected with TimedOut."""
    try:
        async with asyncio.timeout(pool_s):
            await free.acquire()
    except TimeoutError:
        raise Rejected(Attempt(address.authority).timed_out("pool")) from None


def _check_asyncio() -> None:
    if not isinstance(running_loop(), asyncio.AbstractEventLoop):
        message = "aiohttp runs on asyncio only: on trio use the transport httpx"
        raise Rejected(InvalidConfiguration(message=message, field="transport"))


async def _finish(closing: Awaitable[None]) -> None:
    """Await `closing` to its end. If the task is cancelled meanwhile, the cancellation is raised afterwards."""
    task = asyncio.ensure_future(closing)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


open_sync = AsyncOnly
open_async = AiohttpTransport
