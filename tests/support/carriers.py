"""The transports that hold connections, driven the same way whether they are sync, on asyncio or on trio."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Coroutine
from importlib import import_module
from typing import Any, Protocol, Self, TypeAlias, TypeVar

import anyio
import anyio.lowlevel
import pytest
import trio

from llm_pure.client.transport_manager import NAMES
from llm_pure.transports.base import (
    AsyncTransport,
    Timeouts,
    Transport,
    TransportSettings,
    read_body,
)
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")

LOOPS = ("asyncio", "trio")
SYNC_KINDS = ("httpx sync", "httpx2 sync")
ASYNC_KINDS = ("httpx asyncio", "httpx trio", "httpx2 asyncio", "httpx2 trio", "aiohttp asyncio")
ASYNCIO_KINDS = tuple([kind for kind in ASYNC_KINDS if kind.endswith("asyncio")])
KINDS = (*SYNC_KINDS, *ASYNC_KINDS)
"""A transport's name, and how it is called."""

every_kind = pytest.mark.parametrize("kind", KINDS)
every_async_kind = pytest.mark.parametrize("kind", ASYNC_KINDS)
whole_and_streamed = pytest.mark.parametrize("how", ["whole", "streamed"])
every_asyncio_kind = pytest.mark.parametrize("kind", ASYNCIO_KINDS)
every_way = pytest.mark.parametrize("kind", ["sync", *LOOPS])
every_loop = pytest.mark.parametrize("loop", LOOPS)

QUICK = Timeouts(connect_s=20, read_s=20, write_s=20, pool_s=20, total_s=30)
"""No test waits for one of these; a busy machine may."""

Streamed: TypeAlias = tuple[ResponseHead, list[LLMResult[bytes]]]


class Carrier(Transport, Protocol):
    """A sync transport that is closed by its user."""

    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *fault: object) -> None: ...


class AsyncCarrier(AsyncTransport, Protocol):
    """An async transport that is closed by its user."""

    async def aclose(self) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *fault: object) -> None: ...


def is_sync(kind: str) -> bool:
    return kind.endswith("sync") and not kind.endswith("asyncio")


def open_sync(kind: str, settings: TransportSettings | None = None) -> Carrier:
    """A sync transport, open."""
    transport: Carrier = import_module(NAMES[kind.split()[0]]).open_sync(settings)
    return transport


def open_async(kind: str, settings: TransportSettings | None = None) -> AsyncCarrier:
    """An async transport, open."""
    transport: AsyncCarrier = import_module(NAMES[kind.split()[0]]).open_async(settings)
    return transport


def run(kind: str, main: Callable[[], Awaitable[A]]) -> A:
    """The async function in a new event loop; what it leaves behind is collected, so that warnings come here."""

    async def call() -> A:
        return await main()

    try:
        return trio.run(call) if kind.endswith("trio") else asyncio.run(call())
    finally:
        gc.collect(1)


def send(
    kind: str,
    request: HttpRequest,
    timeouts: Timeouts = QUICK,
    settings: TransportSettings | None = None,
) -> LLMResult[HttpResponse]:
    """The whole answer, over a transport that is opened and closed for it."""
    if is_sync(kind):
        with open_sync(kind, settings) as transport:
            return transport.send(request, timeouts)

    async def main() -> LLMResult[HttpResponse]:
        async with open_async(kind, settings) as transport:
            return await transport.asend(request, timeouts)

    return run(kind, main)


def stream(
    kind: str,
    request: HttpRequest,
    timeouts: Timeouts = QUICK,
    settings: TransportSettings | None = None,
    most: int = 1_000_000,
) -> LLMResult[Streamed]:
    """Head and pieces of a streamed answer; no more than `most` pieces, then it is left."""
    pieces: list[LLMResult[bytes]] = []
    if is_sync(kind):
        with open_sync(kind, settings) as transport, transport.stream(request, timeouts) as opened:
            if isinstance(opened, Failure):
                return opened
            for piece in opened.unwrap():
                pieces.append(piece)
                if len(pieces) >= most:
                    break
            return Success((opened.unwrap().head, pieces))

    async def main() -> LLMResult[Streamed]:
        async with (
            open_async(kind, settings) as transport,
            transport.astream(request, timeouts) as opened,
        ):
            if isinstance(opened, Failure):
                return opened
            async for piece in opened.unwrap():
                pieces.append(piece)
                if len(pieces) >= most:
                    break
            return Success((opened.unwrap().head, pieces))

    return run(kind, main)


def take(
    kind: str,
    how: str,
    request: HttpRequest,
    timeouts: Timeouts = QUICK,
    settings: TransportSettings | None = None,
) -> LLMResult[HttpResponse]:
    """The same answer either way. how: "whole", or "streamed" and then put together."""
    if how == "whole":
        return send(kind, request, timeouts, settings)
    return stream(kind, request, timeouts, settings).bind(lambda got: read_body(*got))


async def cancel_after(turns: int, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs the function, and cancels it after so many turns of the event loop."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(main)
        for _ in range(turns):
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()


def cancel_everywhere(kind: str, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs the call again and again, each time cancelled a little later, until it comes to its end."""
    finished: list[bool] = []

    async def to_the_end() -> None:
        await call()
        finished.append(True)

    async def main() -> None:
        turns = 1
        while not finished and turns < 1_000_000:
            await cancel_after(turns, to_the_end)
            turns += 2 + turns // 20

    run(kind, main)
    assert finished


def cancel_tasks_everywhere(call: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """The same by asyncio's own means: it cancels once, where anyio cancels again at every wait until the task has ended.

    Each time the task ends cancelled, and leaves no other behind.
    """

    async def main() -> None:
        turns = 1
        while True:
            task = asyncio.create_task(call())
            for _ in range(turns):
                await asyncio.sleep(0)
            if not task.cancel():
                break
            with pytest.raises(asyncio.CancelledError):
                await task
            assert asyncio.all_tasks() - {asyncio.current_task()} == set()
            turns += 2 + turns // 20
        await task

    run("asyncio", main)
