"""LLM over real connections: what it keeps open and when it lets go, in threads, tasks and event loops."""

import asyncio
import errno
import gc
import os
import threading
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from llm_pure.client import LLM
from llm_pure.client.transport_manager import TransportManager
from llm_pure.policy.retry import NO_RETRY, RetryPolicy
from llm_pure.transports.base import TransportSettings
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import ConnectionFailed, ServerError, StreamInterrupted
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.carriers import (
    ASYNC_KINDS,
    ASYNCIO_KINDS,
    cancel_everywhere,
    cancel_tasks_everywhere,
    every_async_kind,
    every_loop,
    run,
)
from tests.support.loopback import Connection, Loopback, always, chunked, response
from tests.support.tiny_provider import JSON, REGISTRY, config, frames, whole
from tests.support.twins import called, every_kind, streamed

ANSWER = response(whole("Hello"), headers=JSON)


def client(server: Loopback, **named: Any) -> LLM:
    made = config(base_url=server.url, stream=False)
    return LLM(made, registry=REGISTRY, retry=named.pop("retry", NO_RETRY), **named)


def never_end(connection: Connection) -> None:
    """Two words of a stream, and no more."""
    while connection.read_request():
        connection.send(chunked(*frames("Hel", "lo", end=False), end=False))
        connection.pause()


@every_kind
def test_outside_of_a_with_block_a_call_closes_what_it_opened(kind: str) -> None:
    with Loopback(always(ANSWER)) as server:
        llm = client(server)
        for _ in range(2):  # and so a second asyncio.run is as good as the first
            assert called(kind, llm, "ask", "Hi") == Success("Hello")
            assert server.wait_until_left()
        assert server.accepted == 2


def test_inside_a_with_block_calls_share_connections() -> None:
    with Loopback(always(ANSWER)) as server, client(server) as llm:
        assert [llm.ask("Hi") for _ in range(3)] == [Success("Hello")] * 3
        assert server.accepted == 1
        with llm:
            llm.ask("Hi")
        assert llm.ask("Hi") == Success("Hello")  # the inner block closed nothing of the outer
        assert server.accepted == 1


@every_loop
def test_inside_an_async_with_block_too(loop: str) -> None:
    with Loopback(always(ANSWER)) as server:

        async def main() -> None:
            async with client(server) as llm:
                assert [await llm.aask("Hi") for _ in range(3)] == [Success("Hello")] * 3
                assert server.accepted == 1
                # another loop, in another thread, gets connections of its own
                other = await anyio.to_thread.run_sync(partial(asyncio.run, llm.aask("Hi")))
                assert other == Success("Hello")
                assert server.accepted == 2

        run(loop, main)
        assert server.wait_until_left()


@every_async_kind
def test_one_client_serves_one_event_loop_after_another(kind: str) -> None:
    with Loopback(always(ANSWER)) as server:
        llm = client(server, transport=kind.split()[0])

        async def main() -> None:
            async with llm:
                assert await llm.aask("Hi") == Success("Hello")
                assert await llm.aask_batch_parallel(["a", "b"]) == (Success("Hello"),) * 2

        for _ in range(3):
            run(kind, main)
            assert server.wait_until_left()
            run(kind, lambda: llm.aask("Hi"))  # outside of a block, too
            assert server.wait_until_left()


@every_kind
def test_a_conversation_and_a_parallel_batch_share_connections(kind: str) -> None:
    with Loopback(always(ANSWER)) as server:
        assert called(kind, client(server), "ask_batch", ["a", "b", "c"]).unwrap().texts == (
            "Hello",
            "Hello",
            "Hello",
        )
        assert server.accepted == 1
        got = called(kind, client(server), "ask_batch_parallel", ["q"] * 20, max_concurrency=2)
        assert got == (Success("Hello"),) * 20
        assert server.accepted <= 3
        assert server.wait_until_left()


@every_kind
def test_a_stream_that_is_left_early_lets_its_connection_go(kind: str) -> None:
    with Loopback(never_end) as server:
        events, result = streamed(kind, client(server), "Hi", most=2)
        assert len(events) == 2
        assert isinstance(result.failure(), StreamInterrupted)
        assert server.wait_until_left()


def test_a_stream_that_is_dropped_without_a_with_block_lets_its_connection_go() -> None:
    with Loopback(never_end) as server:
        for _ in client(server).stream("Hi"):
            break
        gc.collect()
        assert server.wait_until_left()


@every_async_kind
@pytest.mark.parametrize("when", ["before its head", "in its midst"])
def test_a_stream_may_be_closed_by_another_task(kind: str, when: str) -> None:
    """A button that stops an answer: the task that reads comes to its end, and so does the connection."""
    came, closed = threading.Event(), threading.Event()

    def behave(connection: Connection) -> None:
        while connection.read_request():
            came.set()
            if when == "before its head":
                closed.wait(5)
            connection.send(chunked(*frames("Hel", "lo", end=False), end=False))
            connection.pause()

    events: list[Any] = []

    async def main() -> LLMResult[Any]:
        async with client(server, transport=kind.split()[0]) as llm:
            stream, read = llm.astream("Hi"), anyio.Event()

            async def reading() -> None:
                async for event in stream:
                    events.append(event)
                    read.set()

            with anyio.fail_after(20):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(reading)
                    while not came.is_set():
                        await anyio.sleep(0.001)
                    if when == "in its midst":
                        await read.wait()
                    await stream.aclose()
                    closed.set()
        return stream.result()

    with Loopback(behave) as server:
        result = run(kind, main)
        assert server.wait_until_left()
    assert isinstance(result.failure(), StreamInterrupted | ConnectionFailed)
    assert (events == []) is (when == "before its head")


@every_kind
def test_a_listener_that_raises_is_not_hidden_and_leaks_nothing(kind: str) -> None:
    class Bug(Exception):
        pass

    def listen(event: object) -> None:
        raise Bug

    with Loopback(never_end) as server:
        with pytest.raises(Bug):
            called(kind, client(server), "ask", "Hi", stream=True, on_event=listen)
        assert server.wait_until_left()


@every_loop
def test_a_call_cancelled_in_a_wait_or_a_stream_leaves_nothing(loop: str) -> None:
    def refuse(connection: Connection) -> None:
        while connection.read_request():
            connection.send(response(b'{"error": "no"}', status=500, headers=JSON))

    async def main(llm: LLM) -> None:
        with anyio.move_on_after(0.1) as scope:
            await llm.aask("Hi", stream=True)
        assert scope.cancelled_caught

    for behaviour in (refuse, never_end):
        with Loopback(behaviour) as server:
            run(loop, partial(main, client(server, retry=RetryPolicy(initial_backoff_s=5))))
            assert server.wait_until_left()


@pytest.mark.parametrize(
    ("by", "kind"),
    [*[("anyio", kind) for kind in ASYNC_KINDS], *[("asyncio", kind) for kind in ASYNCIO_KINDS]],
)
def test_a_call_cancelled_at_any_point_leaves_nothing(by: str, kind: str) -> None:
    with Loopback(always(chunked(*frames("Hel", "lo")))) as server:
        llm = client(server, transport=kind.split()[0])

        async def call() -> None:
            assert await llm.aask("Hi", stream=True) == Success("Hello")
            async with llm.astream("Hi") as stream:
                async for _ in stream:
                    await anyio.lowlevel.checkpoint()
            assert stream.result().unwrap().text == "Hello"

        if by == "asyncio":
            cancel_tasks_everywhere(call)
        else:
            cancel_everywhere(kind, call)
        assert server.wait_until_left()


def test_one_client_serves_many_threads() -> None:
    with Loopback(always(ANSWER)) as server, client(server) as llm:
        got: list[LLMResult[str]] = []
        threads = [threading.Thread(target=lambda: got.append(llm.ask("Hi"))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == [Success("Hello")] * 20


@every_kind
def test_a_service_that_fails_now_and_then_is_asked_until_it_answers(kind: str) -> None:
    lock = threading.Lock()
    turns = iter(range(1_000_000))

    def moody(connection: Connection) -> None:
        while connection.read_request():
            with lock:
                turn = next(turns) % 5
            if turn == 0:
                connection.send(response(b'{"error": "no"}', status=429, headers=JSON))
            elif turn == 1:
                connection.reset()
                return
            elif turn == 2:
                connection.send(ANSWER[:-3])
                return
            else:
                connection.send(ANSWER)

    eager = RetryPolicy(max_attempts=20, initial_backoff_s=0.001, max_backoff_s=0.01)
    with Loopback(moody) as server:
        llm = client(server, retry=eager)
        got = called(kind, llm, "ask_batch_parallel", ["q"] * 60, max_concurrency=8)
        assert got == (Success("Hello"),) * 60
        assert server.wait_until_left()


@every_kind
def test_a_transport_that_was_brought_is_left_open(kind: str) -> None:
    class Counting(ScriptedTransport):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    transport = Counting([ConnectionFailed(message="no", retryable=False)] * 2)
    llm = LLM(config(), transport, registry=REGISTRY)
    with llm:
        assert isinstance(called(kind, llm, "completion", "Hi"), Failure)
    assert transport.closed == 0


@pytest.mark.parametrize("transport", ["httpx", "httpx2", "scripted"])
def test_leaving_more_often_than_entering_is_harmless(transport: str) -> None:
    with Loopback(always(ANSWER)) as server:
        brought = ScriptedTransport(
            lambda _: ScriptedResponse(headers=JSON, chunks=(whole("Hello"),))
        )
        llm = client(server, transport=brought if transport == "scripted" else transport)
        llm.__exit__(None, None, None)  # never entered
        with llm:
            assert llm.ask("Hi") == Success("Hello")
        for _ in range(3):
            llm.__exit__(None, None, None)
            assert llm.ask("Hi") == Success("Hello")
        with llm:
            assert llm.ask("Hi") == Success("Hello")
        assert server.wait_until_left()


@every_async_kind
def test_leaving_an_event_loop_more_often_than_entering_is_harmless(kind: str) -> None:
    with Loopback(always(ANSWER)) as server:
        llm = client(server, transport=kind.split()[0])

        async def main() -> None:
            await llm.__aexit__(None, None, None)
            async with llm:
                assert await llm.aask("Hi") == Success("Hello")
            for _ in range(3):
                await llm.__aexit__(None, None, None)
                assert await llm.aask("Hi") == Success("Hello")

        async def leave() -> None:
            await llm.__aexit__(None, None, None)

        run(kind, main)
        run(kind, leave)  # in another loop
        assert server.wait_until_left()


def test_a_client_may_be_left_from_another_thread_while_calls_are_under_way() -> None:
    started = threading.Barrier(5)

    def wait(connection: Connection) -> None:
        connection.read_request()
        started.wait(5)
        connection.pause()

    with Loopback(wait) as server:
        llm = client(server)
        llm.__enter__()
        got: list[LLMResult[str]] = []
        threads = [
            threading.Thread(target=lambda: got.append(llm.ask("Hi", timeout_s=8)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        started.wait(5)
        leaving = [threading.Thread(target=llm.__exit__, args=(None, None, None)) for _ in range(3)]
        for thread in leaving:
            thread.start()
        for thread in (*leaving, *threads):
            thread.join(5)
        assert [type(one.failure()) for one in got] == [ConnectionFailed] * 4
        assert server.wait_until_left()


@every_async_kind
def test_a_client_may_be_left_by_another_task_while_calls_are_under_way(kind: str) -> None:
    with Loopback(lambda connection: connection.pause()) as server:
        llm = client(server, transport=kind.split()[0])
        got: list[LLMResult[str]] = []

        async def call() -> None:
            got.append(await llm.aask("Hi", timeout_s=8))

        async def leave() -> None:
            await llm.__aexit__(None, None, None)

        async def main() -> None:
            await llm.__aenter__()
            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(call)
                await anyio.sleep(0.2)
                tasks.start_soon(leave)
                tasks.start_soon(leave)

        run(kind, main)
        assert [type(one.failure()) for one in got] == [ConnectionFailed] * 3
        assert server.wait_until_left()


def test_a_transport_that_cannot_be_closed_leaves_no_other_open() -> None:
    closed: list[str] = []

    class Stuck:
        def __init__(self, name: str) -> None:
            self.name = name

        def close(self) -> None:
            closed.append(self.name)
            raise OSError("it does not close")

    manager = TransportManager("httpx")
    manager.enter()
    with manager.acquire() as cache:
        for number in range(3):
            settings = TransportSettings(max_connections=number + 1)
            cache._open["httpx", settings, None] = Stuck(str(number))  # type: ignore[assignment]
    with pytest.raises(OSError, match="it does not close"):
        manager.exit()
    assert sorted(closed) == ["0", "1", "2"]


@every_kind
def test_connection_errors_of_a_service_that_is_down_name_it(kind: str) -> None:
    with Loopback(always(b"")) as server:
        pass
    error = called(kind, client(server), "ask", "Hi").failure()
    assert isinstance(error, ConnectionFailed)
    assert error.provider == "tiny"
    assert (
        error.message
        == f"no connection to 127.0.0.1:{server.port}: {os.strerror(errno.ECONNREFUSED)}"
    )


@every_kind
def test_an_error_status_of_a_stream_is_read_over_the_network(kind: str) -> None:
    broken = response(b'{"error": "oh no"}', status=500, headers=JSON)
    with Loopback(always(broken)) as server:
        events, result = streamed(kind, client(server), "Hi")
        assert events == []
        assert isinstance(result.failure(), ServerError)
        assert result.failure().message == "oh no"
