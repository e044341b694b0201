"""The transport for load: aiohttp, async and on asyncio only. It is the extra `aiohttp`.

Its ClientSession is used without what it adds: no cookies, redirects, environment, decoding, nor a retry of its own.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from time import monotonic
from typing import Any, Self

import aiohttp
from yarl import URL

from llm_pure.transports.aiohttp_io import (
    FAULTS,
    Connection,
    Sending,
    content_of,
    default_tls,
    limits_of,
    no_room,
    read_proxy,
    url_of,
)
from llm_pure.transports.base import (
    AsyncStreamingResponse,
    StreamingResponse,
    Timeouts,
    TransportSettings,
)
from llm_pure.transports.exchange import (
    CLOSED,
    Address,
    BodyDecoder,
    EventLoopGuard,
    read_address,
    read_head,
    running_loop,
    sent_headers,
    unusable_authorities,
)
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success

_LINE_LIMIT = 64 * 1024
_AUTOMATIC = ("accept", "accept-encoding", "content-type", "user-agent")


class AiohttpTransport:
    """Async, on asyncio. It belongs to the event loop that used it first; close it there."""

    def __init__(self, settings: TransportSettings | None = None) -> None:
        self._settings = settings or TransportSettings()
        self._loop = EventLoopGuard()
        self._proxy: LLMResult[URL | None] = read_proxy(self._settings.proxy)
        self._session: aiohttp.ClientSession | None = None
        self._rooms: dict[str, asyncio.Semaphore] = {}
        self._closed = False

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The whole answer, of any status."""
        prepared = self._prepare(request, timeouts)
        if isinstance(prepared, Failure):
            return prepared
        sending = prepared.unwrap()
        room = self._room(sending.address.origin)
        if not await _enter(room, timeouts.pool_s):
            return no_room(sending)
        try:
            opened = await self._open(sending)
            if isinstance(opened, Failure):
                return opened
            answer = opened.unwrap()
            try:
                return await answer.whole()
            finally:
                answer.close()
        finally:
            room.release()

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """The answer as it comes; leaving the context early closes its connection."""
        prepared = self._prepare(request, timeouts)
        if isinstance(prepared, Failure):
            yield prepared
            return
        sending = prepared.unwrap()
        room = self._room(sending.address.origin)
        if not await _enter(room, timeouts.pool_s):
            yield no_room(sending)
            return
        try:
            opened = await self._open(sending)
            if isinstance(opened, Failure):
                yield opened
                return
            try:
                yield Success(opened.unwrap())
            finally:
                opened.unwrap().close()
        finally:
            room.release()

    def preload(self, url: str) -> LLMResult[None]:
        """Reads the certificates, where this URL is encrypted and the settings bring none."""
        for checked in (_on_asyncio(), self._proxy):
            if isinstance(checked, Failure):
                return checked
        try:
            read_address(url).map(self._tls)
        except OSError as fault:
            return Failure(unusable_authorities(fault))
        return Success(None)

    async def aclose(self) -> None:
        """Closes every connection; calls under way fail, and so do later ones."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await _to_its_end(session.close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self.aclose()

    def _prepare(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[Sending]:
        for checked in (_on_asyncio(), self._loop.check(), self._proxy):
            if isinstance(checked, Failure):
                return checked
        if self._closed:
            return Failure(CLOSED)
        address = read_address(request.url)
        if isinstance(address, Failure):
            return address
        headers = sent_headers(request.headers, self._settings)
        if isinstance(headers, Failure):
            return headers
        there = address.unwrap()
        url = url_of(there)
        ends_s = monotonic() + timeouts.total_s
        return Success(Sending(request, there, url, headers.unwrap(), timeouts, ends_s))

    def _room(self, origin: str) -> asyncio.Semaphore:
        """aiohttp's own limit doesn't tell waiting for a connection from making one."""
        room = self._rooms.get(origin)
        if room is None:
            most = max(1, self._settings.max_connections)
            room = self._rooms[origin] = asyncio.Semaphore(most)
        return room

    async def _open(self, sending: Sending) -> "LLMResult[_Answer]":
        if self._closed:  # while the call was waiting
            return Failure(CLOSED)
        session = self._session or self._opened()
        try:
            tls = self._tls(sending.address)
        except OSError as fault:
            return Failure(unusable_authorities(fault))
        try:
            response = await session.request(
                sending.request.method,
                sending.url,
                headers=sending.headers,
                data=content_of(sending),
                proxy=self._proxy.unwrap(),
                ssl=tls,
                allow_redirects=False,
                timeout=limits_of(sending),
            )
        except FAULTS as fault:
            return Failure(sending.error(fault))
        return Success(_Answer(sending, response, self._settings.body_limit))

    def _opened(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=self._settings.keep_alive_s)
        factory: Any = partial(Connection, loop=asyncio.get_running_loop())
        connector._factory = factory  # where aiohttp makes its connections
        self._session = session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_AUTOMATIC,
            max_line_size=_LINE_LIMIT,
            max_field_size=_LINE_LIMIT,
        )
        session._retry_connection = False  # a transport never tries again by itself
        return session

    def _tls(self, address: Address) -> ssl.SSLContext | bool:
        proxy = self._proxy.unwrap()
        if not address.is_encrypted and (proxy is None or proxy.scheme != "https"):
            return True  # not used
        return self._settings.tls or default_tls()


class _Answer(BodyDecoder):
    """An open answer."""

    def __init__(self, sending: Sending, response: aiohttp.ClientResponse, limit: int) -> None:
        super().__init__(sending, read_head(response.status, response.raw_headers), limit)
        self._response = response
        self._sending = sending
        self._line = None if response.connection is None else response.connection.protocol
        self._read = False

    def fail(self, fault: Exception) -> LLMResult[bytes]:
        """The body broke off."""
        self.over = True
        ended = getattr(self._line, "ended", True)  # without a connection there is nothing to read
        error = self._sending.error(fault, self._reader.begun, self.head.status, ended=ended)
        return Failure(error)

    async def whole(self) -> LLMResult[HttpResponse]:
        """All of it, unless its size is above the limit or it breaks off."""
        body: list[bytes] = []
        async for piece in self:
            if isinstance(piece, Failure):
                return piece
            body.append(piece.unwrap())
        return Success(HttpResponse(self.head.status, self.head.headers, b"".join(body)))

    def __aiter__(self) -> "_Answer":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        while not self.over:
            try:
                raw = await self._response.content.readany()
                self._read = not raw
                got = self.feed(raw) if raw else self.finish()
            except FAULTS as fault:
                got = self.fail(fault)
            if got is not None:
                return got
        raise StopAsyncIteration

    def close(self) -> None:
        """A connection whose answer was read to its end is free already; any other is closed."""
        self.over = True
        if not self._read:
            self._response.close()


class AsyncOnly:
    """What stands where a sync transport is asked for: every call is a InvalidConfiguration."""

    def __init__(self, settings: TransportSettings | None = None) -> None:
        del settings

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The Failure."""
        return Failure(_ASYNC_ONLY)

    @contextmanager
    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """The Failure."""
        yield Failure(_ASYNC_ONLY)

    def preload(self, url: str) -> LLMResult[None]:
        """The Failure."""
        return Failure(_ASYNC_ONLY)

    def close(self) -> None:
        """Nothing is open."""


_ASYNC_ONLY = InvalidConfiguration(
    message="aiohttp is async only: use the methods that begin with `a`, or the transport httpx",
    field="transport",
)


_FINE: LLMResult[None] = Success(None)


def _on_asyncio() -> LLMResult[None]:
    if isinstance(running_loop(), asyncio.AbstractEventLoop):
        return _FINE
    message = "aiohttp runs on asyncio only: on trio use the transport httpx"
    return Failure(InvalidConfiguration(message=message, field="transport"))


async def _to_its_end(closing: Awaitable[None]) -> None:
    """Also when the caller is cancelled meanwhile: the cancellation comes after it, so that no task is left behind."""
    task = asyncio.ensure_future(closing)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as fault:
            cancelled = fault
    if cancelled is not None:
        raise cancelled


async def _enter(room: asyncio.Semaphore, pool_s: float) -> bool:
    if not room.locked():
        return await room.acquire()
    try:
        async with asyncio.timeout(pool_s):
            return await room.acquire()
    except TimeoutError:
        return False


open_sync = AsyncOnly
open_async = AiohttpTransport
