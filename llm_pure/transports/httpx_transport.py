"""The transports over httpx and httpx2: their own, in rows of small pools, without their Client.

So there are no cookies, no redirects and no environment. Underneath are `HTTPTransport` and `AsyncHTTPTransport`: what
records or answers for httpx in tests (vcrpy, respx) works here. `httpx.py` and `httpx2.py` name the package.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from time import monotonic
from typing import Any, ClassVar, Self

import anyio

from llm_pure.transports.base import (
    AsyncStreamingResponse,
    StreamingResponse,
    Timeouts,
    TransportSettings,
    read_body,
)
from llm_pure.transports.deadlines import (
    CLOSED_BY_PEER,
    AsyncCappedBackend,
    DeadlineBackend,
    until,
)
from llm_pure.transports.exchange import BodyDecoder, EventLoopGuard, read_head
from llm_pure.transports.httpx_io import (
    Library,
    Sending,
    lease,
    pool_arguments,
    pool_rows,
    preload,
    prepare,
)
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success


class BaseHttpxTransport:
    """Sync, for any number of threads. Close it, or use it as a context manager."""

    library: ClassVar[Library]

    def __init__(self, settings: TransportSettings | None = None) -> None:
        self._settings = settings or TransportSettings()
        self._rows = pool_rows(self._pool, self._settings)

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The whole answer, of any status."""
        with self.stream(request, timeouts) as opened:
            return opened.bind(lambda answer: read_body(answer.head, answer))

    @contextmanager
    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """The answer as it comes; leaving the context early closes its connection."""
        prepared = prepare(self.library, self._settings, request, timeouts)
        leased = prepared.bind(lambda sending: lease(self._rows, sending))
        if isinstance(leased, Failure):
            yield leased
            return
        slot, stale = leased.unwrap()
        try:
            for pool in stale:
                pool.close()
            opened = self._open(slot.pool, prepared.unwrap())
            if isinstance(opened, Failure):
                yield opened
                return
            try:
                yield Success(opened.unwrap())
            finally:
                opened.unwrap().close()
        finally:
            self._rows.release(slot, monotonic())

    def preload(self, url: str) -> LLMResult[None]:
        """Loads what the first connection to this URL would load: modules, and certificates where it is encrypted."""
        return preload(self.library, self._settings, url)

    def close(self) -> None:
        """Closes every connection; calls under way fail, and so do later ones."""
        for pool in self._rows.close():
            pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    def _open(self, pool: Any, sending: Sending) -> "LLMResult[_Answer]":
        with until(sending.deadline_s):
            try:
                response = pool.handle_request(sending.request)
            except self.library.faults as fault:
                return Failure(sending.error(fault))
        return Success(_Answer(sending, response, self._settings.body_limit))

    def _pool(self, origin: str, size: int) -> Any:
        library = self.library
        arguments = pool_arguments(library, self._settings, origin, size)
        pool = library.client.HTTPTransport(**arguments)
        # httpx passes no network backend on to httpcore
        pool._pool._network_backend = DeadlineBackend(library.core, library.core.SyncBackend())
        return pool


class _Answer(BodyDecoder):
    """An open answer, sync."""

    def __init__(self, sending: Sending, response: Any, limit: int) -> None:
        head = read_head(response.status_code, response.headers.raw)
        super().__init__(sending, head, limit)
        self._faults = sending.library.faults
        self._response = response
        self._raw = iter(response.stream)

    def __iter__(self) -> "_Answer":
        return self

    def __next__(self) -> LLMResult[bytes]:
        while not self.over:
            with until(self.deadline_s):
                try:
                    got = self.feed(next(self._raw))
                except StopIteration:
                    got = self.finish()
                except self._faults as fault:
                    got = self.fail(fault)
            if got is not None:
                return got
        raise StopIteration

    def close(self) -> None:
        self.over = True
        with suppress(*self._faults):  # the connection is gone either way
            self._response.close()


class BaseAsyncHttpxTransport:
    """Async, on asyncio and trio. It belongs to the event loop that used it first; close it there."""

    library: ClassVar[Library]

    def __init__(self, settings: TransportSettings | None = None) -> None:
        self._settings = settings or TransportSettings()
        self._loop = EventLoopGuard()
        self._rows = pool_rows(self._pool, self._settings)

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The whole answer, of any status."""
        async with self.astream(request, timeouts) as opened:
            if isinstance(opened, Failure):
                return opened
            answer = opened.unwrap()
            return read_body(answer.head, [piece async for piece in answer])

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """The answer as it comes; leaving the context early closes its connection."""
        prepared = self._loop.check().bind(
            lambda _: prepare(self.library, self._settings, request, timeouts)
        )
        leased = prepared.bind(lambda sending: lease(self._rows, sending))
        if isinstance(leased, Failure):
            yield leased
            return
        slot, stale = leased.unwrap()
        try:
            await _close_all(stale)
            opened = await self._open(slot.pool, prepared.unwrap())
            if isinstance(opened, Failure):
                yield opened
                return
            try:
                yield Success(opened.unwrap())
            finally:
                await opened.unwrap().aclose()
        finally:
            self._rows.release(slot, monotonic())

    def preload(self, url: str) -> LLMResult[None]:
        """Loads what the first connection to this URL would load: modules, and certificates where it is encrypted."""
        return preload(self.library, self._settings, url)

    async def aclose(self) -> None:
        """Closes every connection; calls under way fail, and so do later ones."""
        await _close_all(self._rows.close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self.aclose()

    async def _open(self, pool: Any, sending: Sending) -> "LLMResult[_AsyncAnswer]":
        with until(sending.deadline_s):
            try:
                response = await pool.handle_async_request(sending.request)
            except self.library.faults as fault:
                return Failure(sending.error(fault))
        return Success(_AsyncAnswer(sending, response, self._settings.body_limit))

    def _pool(self, origin: str, size: int) -> Any:
        library = self.library
        arguments = pool_arguments(library, self._settings, origin, size)
        pool = library.client.AsyncHTTPTransport(**arguments)
        # httpx passes no network backend on to httpcore
        pool._pool._network_backend = AsyncCappedBackend(library.core, library.core.AnyIOBackend())
        return pool


class _AsyncAnswer(BodyDecoder):
    """An open answer, async."""

    def __init__(self, sending: Sending, response: Any, limit: int) -> None:
        head = read_head(response.status_code, response.headers.raw)
        super().__init__(sending, head, limit)
        self._faults = sending.library.faults
        self._response = response
        self._raw = aiter(response.stream)
        self._begun = False
        self._read = False

    def __aiter__(self) -> "_AsyncAnswer":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        self._begun = True
        while not self.over:
            with until(self.deadline_s):
                try:
                    got = self.feed(await anext(self._raw))
                except StopAsyncIteration:
                    self._read = True
                    got = self.finish()
                except self._faults as fault:
                    self._read = True
                    got = self.fail(fault)
            if got is not None:
                return got
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Hangs up first: the generators inside httpcore then end by themselves, and none is left to the collector."""
        self.over = True
        with suppress(*self._faults):  # the connection is gone either way
            if self._begun and not self._read:
                with until(CLOSED_BY_PEER):
                    async for _ in self._raw:
                        pass
        with suppress(*self._faults):
            await self._response.aclose()


async def _close_all(pools: list[Any]) -> None:
    with anyio.CancelScope(shield=True):
        for pool in pools:
            await pool.aclose()
