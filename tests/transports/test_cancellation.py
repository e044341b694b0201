"""Calls that are cancelled or run out of time, wherever they wait: no connection stays open, no task behind, nothing warns."""

import asyncio
from collections.abc import Awaitable, Callable
from time import sleep

import anyio
import anyio.lowlevel
import pytest
import trio

from llm_pure.transports.base import TransportSettings
from tests.support.carriers import (
    QUICK,
    AsyncCarrier,
    cancel_everywhere,
    cancel_tasks_everywhere,
    every_async_kind,
    every_asyncio_kind,
    open_async,
    run,
)
from tests.support.loopback import Connection, Loopback, always, asking, chunked, response


async def use(transport: AsyncCarrier, url: str) -> None:
    """A whole answer and a streamed one."""
    (await transport.asend(asking(url), QUICK)).unwrap()
    async with transport.astream(asking(url), QUICK) as opened:
        async for piece in opened.unwrap():
            await anyio.lowlevel.checkpoint()
            piece.unwrap()


@every_async_kind
def test_a_call_cancelled_at_any_point_leaves_no_connection(kind: str) -> None:
    with Loopback(always(chunked(b"a" * 100, b"b" * 100))) as server:

        async def call() -> None:
            async with open_async(kind) as transport:
                await use(transport, server.url)

        cancel_everywhere(kind, call)
        assert server.wait_until_left()


@every_async_kind
def test_a_cancelled_call_leaves_the_transport_usable(kind: str) -> None:
    def slow_first(connection: Connection) -> None:
        while connection.read_request():
            if len(server.requests) == 1:
                connection.pause()
                return
            connection.send(response(b"ok"))

    with Loopback(slow_first) as server:

        async def main() -> None:
            async with open_async(kind, TransportSettings(max_connections=1)) as transport:
                with anyio.move_on_after(0.1) as scope:
                    await transport.asend(asking(server.url), QUICK)
                assert scope.cancelled_caught
                assert (await transport.asend(asking(server.url), QUICK)).unwrap().body == b"ok"

        run(kind, main)
        assert server.wait_until_left()


@every_asyncio_kind
def test_a_call_cancelled_by_asyncio_itself_at_any_point_leaves_no_connection_and_no_task(
    kind: str,
) -> None:
    with Loopback(always(chunked(b"a" * 100, b"b" * 100))) as server:

        async def call() -> None:
            async with open_async(kind) as transport:
                await use(transport, server.url)

        cancel_tasks_everywhere(call)
        assert server.wait_until_left()


async def by_deadline(kind: str, seconds: float, call: Callable[[], Awaitable[None]]) -> None:
    """The deadlines that callers set themselves."""
    if kind.endswith("trio"):
        with trio.fail_after(seconds):
            await call()
    else:
        async with asyncio.timeout(seconds):
            await call()


def slow(connection: Connection) -> None:
    """Every step of an answer comes a little later."""
    while connection.read_request():
        for part in (b"HTTP/1.1 200 OK\r\n", b"content-length: 4\r\n\r\n", b"ab", b"cd"):
            sleep(0.004)
            connection.send(part)


@every_async_kind
def test_a_deadline_that_passes_at_any_point_leaves_no_connection(kind: str) -> None:
    ended: list[str] = []

    async def call() -> None:
        async with open_async(kind) as transport:
            await use(transport, server.url)

    async def main() -> None:
        step = 0
        while "done" not in ended and step < 1000:
            try:
                await by_deadline(kind, step * 0.0015, call)
                ended.append("done")
            except (TimeoutError, trio.TooSlowError):
                ended.append("late")
            step += 1

    with Loopback(slow) as server:
        run(kind, main)
        assert server.wait_until_left()
    assert ended.count("late") > 10
    assert ended[-1] == "done"


@every_asyncio_kind
def test_a_task_of_asyncio_that_is_cancelled_raises_its_own_error(kind: str) -> None:
    with Loopback(lambda connection: connection.pause()) as server:

        async def main() -> None:
            async with open_async(kind) as transport:
                task = asyncio.create_task(transport.asend(asking(server.url), QUICK))
                await asyncio.sleep(0.05)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert await asyncio.to_thread(server.wait_until_left)
                assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(main())


@pytest.mark.parametrize("kind", ["httpx trio", "httpx2 trio"])
def test_a_deadline_of_trio_is_trios_own(kind: str) -> None:
    with Loopback(lambda connection: connection.pause()) as server:

        async def main() -> None:
            async with open_async(kind) as transport:
                with pytest.raises(trio.TooSlowError), trio.fail_after(0.05):
                    await transport.asend(asking(server.url), QUICK)
                assert await trio.to_thread.run_sync(server.wait_until_left)

        trio.run(main)
