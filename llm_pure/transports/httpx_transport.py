"""Transports over HTTPTransport and AsyncHTTPTransport of httpx or httpx2, in rows of small pools, without their Client.

So there are no cookies, no redirects and no environment, and recorders and mocks of httpx (vcrpy, respx) work.
`transports.httpx` and `transports.httpx2` bind a package; each is imported only when a client names it.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, ClassVar

import anyio

from llm_pure.transports.base import AsyncCalls, SyncCalls, Timeouts, TransportSettings
from llm_pure.transports.connection_pools import ConnectionPools, PoolSlot
from llm_pure.transports.deadlines import (
    CLOSED_BY_PEER,
    AsyncDeadlineBackend,
    DeadlineBackend,
    until,
)
from llm_pure.transports.exchange import CLOSED, BodyDecoder, EventLoopGuard, read_head
from llm_pure.transports.httpx_io import (
    Library,
    PreparedRequest,
    pool_arguments,
    pool_error,
    pool_errors,
    preload,
    prepare,
    set_network_backend,
)
from llm_pure.types.errors import LLMError
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import Rejected, returns_failure
from llm_pure.types.result import LLMResult


class _Base:
    """Pools and requests, the same for both transports."""

    library: ClassVar[Library]

    def __init__(self, settings: TransportSettings | None = None) -> None:
        self._settings = settings or TransportSettings()
        self._rows: ConnectionPools[Any] = ConnectionPools(
            self._create_pool,
            max_connections=self._settings.max_connections,
            keep_alive_s=self._settings.keep_alive_s,
        )

    @returns_failure
    def preload(self, url: str) -> None:
        """Load what the first connection to this URL needs: modules, and certificates for https."""
        preload(self.library, self._settings, url)

    def _create_pool(self, origin: str, size: int) -> Any:
        raise NotImplementedError

    def _lease(self, prepared: PreparedRequest) -> tuple[PoolSlot[Any], list[Any]]:
        """Return a pool for this request, and pools to close. Raises Rejected after `close`, or if no pool can be created."""
        try:
            slot, stale = self._rows.lease(prepared.origin, monotonic())
        except pool_errors(self.library) as error:
            raise Rejected(pool_error(error)) from None
        if slot is None:
            raise Rejected(CLOSED)
        return slot, stale

    def _release(self, slot: PoolSlot[Any]) -> None:
        self._rows.release(slot, monotonic())


class BaseHttpxTransport(_Base, SyncCalls):
    """Sync, for any number of threads. Close it, or use it as a context manager."""

    def close(self) -> None:
        """Close every connection. Calls in progress fail, and so do later ones."""
        for pool in self._rows.close():
            pool.close()

    def _open(self, request: HttpRequest, timeouts: Timeouts) -> "_Response":
        prepared = prepare(self.library, self._settings, request, timeouts)
        slot, stale = self._lease(prepared)
        try:
            for pool in stale:
                pool.close()
            with until(prepared.deadline_s):
                try:
                    response = slot.pool.handle_request(prepared.request)
                except self.library.errors as error:
                    raise Rejected(prepared.error_of(error)) from None
        except BaseException:
            self._release(slot)
            raise
        release = partial(self._release, slot)
        return _Response(prepared, response, self._settings.body_limit, release)

    def _create_pool(self, origin: str, size: int) -> Any:
        library = self.library
        pool = library.client.HTTPTransport(**pool_arguments(library, self._settings, origin, size))
        set_network_backend(pool, DeadlineBackend(library.core, library.core.SyncBackend()))
        return pool


class _OpenResponse(BodyDecoder):
    """A response that holds a connection of a pool; `release` gives the pool back."""

    def __init__(
        self, prepared: PreparedRequest, response: Any, limit: int, release: Callable[[], None]
    ) -> None:
        super().__init__(read_head(response.status_code, response.headers.raw), limit)
        self._prepared = prepared
        self._errors = prepared.library.errors
        self._response = response
        self._release = release

    def error_of(self, error: Exception, status: int, *, begun: bool) -> LLMError:
        return self._prepared.error_of(error, status, begun=begun)


class _Response(_OpenResponse):
    """An open response, sync."""

    _raw: Any = None

    def __iter__(self) -> "_Response":
        return self

    def __next__(self) -> LLMResult[bytes]:
        if self._raw is None:
            self._raw = iter(self._response.stream)
        while not self.over:
            with until(self._prepared.deadline_s):
                try:
                    piece = self.feed(next(self._raw))
                except StopIteration:
                    piece = self.finish()
                except self._errors as error:
                    piece = self.fail(error)
            if piece is not None:
                return piece
        raise StopIteration

    def close(self) -> None:
        self.over = True
        try:
            with suppress(*self._errors):  # the connection may be gone
                self._response.close()
        finally:
            self._release()


class BaseAsyncHttpxTransport(_Base, AsyncCalls):
    """Async, on asyncio and trio. It belongs to the event loop that used it first; close it there."""

    def __init__(self, settings: TransportSettings | None = None) -> None:
        super().__init__(settings)
        self._loop = EventLoopGuard()

    async def aclose(self) -> None:
        """Close every connection. Calls in progress fail, and so do later ones."""
        await _close_all(self._rows.close())

    async def _aopen(self, request: HttpRequest, timeouts: Timeouts) -> "_AsyncResponse":
        self._loop.check()
        prepared = prepare(self.library, self._settings, request, timeouts)
        slot, stale = self._lease(prepared)
        try:
            await _close_all(stale)
            with until(prepared.deadline_s):
                try:
                    response = await slot.pool.handle_async_request(prepared.request)
                except self.library.errors as error:
                    raise Rejected(prepared.error_of(error)) from None
        except BaseException:
            self._release(slot)
            raise
        release = partial(self._release, slot)
        return _AsyncResponse(prepared, response, self._settings.body_limit, release)

    def _create_pool(self, origin: str, size: int) -> Any:
        library = self.library
        pool = library.client.AsyncHTTPTransport(
            **pool_arguments(library, self._settings, origin, size)
        )
        set_network_backend(pool, AsyncDeadlineBackend(library.core, library.core.AnyIOBackend()))
        return pool


class _AsyncResponse(_OpenResponse):
    """An open response, async."""

    _raw: Any = None
    _at_end = False
    _reading = False

    def __aiter__(self) -> "_AsyncResponse":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        if self._raw is None:
            self._raw = aiter(self._response.stream)
        while not self.over:
            with until(self._prepared.deadline_s):
                self._reading = True
                try:
                    piece = self.feed(await anext(self._raw))
                except StopAsyncIteration:
                    self._at_end = True
                    piece = self.finish()
                except self._errors as error:
                    self._at_end = True
                    piece = self.fail(error)
                finally:
                    self._reading = False
            if piece is not None:
                return piece
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Disconnect first, so that the generators inside httpcore end and none is left to the garbage collector."""
        self.over = True
        try:
            with suppress(*self._errors):  # the connection may be gone
                if self._reading:  # in another task, whose read ends with the connection
                    await self._response.extensions["network_stream"].aclose()
                elif self._raw is not None and not self._at_end:
                    with until(CLOSED_BY_PEER):
                        async for _ in self._raw:
                            pass
            with suppress(*self._errors):
                await self._response.aclose()
        finally:
            self._release()


async def _close_all(pools: list[Any]) -> None:
    if pools:
        with anyio.CancelScope(shield=True):
            for pool in pools:
                await pool.aclose()
