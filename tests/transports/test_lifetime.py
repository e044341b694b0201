"""Connections of the transports: kept, shared, left early, cancelled, and never leaked."""

import threading
from time import monotonic, sleep

import anyio
import anyio.lowlevel

from llm_pure.transports.base import Timeouts, TransportSettings
from llm_pure.types.errors import ConnectionFailed, InvalidConfiguration, TimedOut
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.carriers import (
    QUICK,
    AsyncCarrier,
    every_async_kind,
    every_kind,
    is_sync,
    open_async,
    open_sync,
    run,
    send,
    stream,
)
from tests.support.loopback import (
    Connection,
    Loopback,
    always,
    answering,
    asking,
    chunked,
    response,
)


def send_in_turn(
    kind: str, requests: list[HttpRequest], pause_s: float = 0
) -> list[LLMResult[HttpResponse]]:
    """Over one transport."""
    got: list[LLMResult[HttpResponse]] = []
    if is_sync(kind):
        with open_sync(kind) as transport:
            for request in requests:
                got.append(transport.send(request, QUICK))
                sleep(pause_s)
        return got

    async def main() -> None:
        async with open_async(kind) as transport:
            for request in requests:
                got.append(await transport.asend(request, QUICK))
                await anyio.sleep(pause_s)

    run(kind, main)
    return got


@every_kind
def test_calls_in_turn_share_one_connection(kind: str) -> None:
    with Loopback(always(response(b"ok"))) as server:
        got = send_in_turn(kind, [asking(server.url)] * 5)
        assert [answer.unwrap().body for answer in got] == [b"ok"] * 5
        assert server.accepted == 1
        assert server.wait_until_left()


@every_kind
def test_a_connection_that_the_server_closed_is_replaced(kind: str) -> None:
    with Loopback(answering(response(b"ok"))) as server:
        got = send_in_turn(kind, [asking(server.url)] * 2, pause_s=0.05)
        assert [answer.unwrap().body for answer in got] == [b"ok"] * 2
        assert server.accepted == 2
        assert server.wait_until_left()


@every_kind
def test_a_stream_that_is_left_early_closes_its_connection(kind: str) -> None:
    def talk(connection: Connection) -> None:
        connection.read_request()
        connection.send(chunked(b"first", end=False))
        connection.pause()

    with Loopback(talk) as server:
        _, pieces = stream(kind, asking(server.url), most=1).unwrap()
        assert pieces == [Success(b"first")]
        assert server.wait_until_left()


@every_kind
def test_a_stream_that_is_never_read_closes_its_connection(kind: str) -> None:
    with Loopback(always(chunked(b"first", end=False))) as server:
        if is_sync(kind):
            with open_sync(kind) as transport:
                with transport.stream(asking(server.url), QUICK) as opened:
                    assert opened.unwrap().head.status == 200
                assert server.wait_until_left()
        else:

            async def main() -> None:
                async with open_async(kind) as transport:
                    async with transport.astream(asking(server.url), QUICK) as opened:
                        assert opened.unwrap().head.status == 200
                    assert await anyio.to_thread.run_sync(server.wait_until_left)

            run(kind, main)


@every_kind
def test_a_stream_that_was_read_leaves_its_connection_for_the_next(kind: str) -> None:
    with Loopback(always(chunked(b"a", b"b"))) as server:
        got = send_in_turn(kind, [asking(server.url)] * 2)
        assert [answer.unwrap().body for answer in got] == [b"ab", b"ab"]
        assert server.accepted == 1


@every_kind
def test_a_closed_transport_says_so(kind: str) -> None:
    request = asking("http://127.0.0.1:1")
    if is_sync(kind):
        transport = open_sync(kind)
        transport.close()
        transport.close()  # once more is nothing new
        whole: object = transport.send(request, QUICK)
        with transport.stream(request, QUICK) as opened:
            streamed: object = opened
        got = (whole, streamed)
    else:

        async def main() -> tuple[object, object]:
            transport = open_async(kind)
            await transport.aclose()
            await transport.aclose()
            whole = await transport.asend(request, QUICK)
            async with transport.astream(request, QUICK) as opened:
                return whole, opened

        got = run(kind, main)
    expected = ConnectionFailed(message="this transport is closed", retryable=False)
    assert got == (Failure(expected), Failure(expected))


@every_kind
def test_closing_a_transport_ends_the_calls_that_are_under_way(kind: str) -> None:
    patient = Timeouts(read_s=5, total_s=5)
    with Loopback(lambda connection: connection.pause()) as server:
        if is_sync(kind):
            transport = open_sync(kind)
            threading.Timer(0.1, transport.close).start()
            got = transport.send(asking(server.url), patient)
        else:

            async def main() -> LLMResult[HttpResponse]:
                transport = open_async(kind)
                answers: list[LLMResult[HttpResponse]] = []

                async def call() -> None:
                    answers.append(await transport.asend(asking(server.url), patient))

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(call)
                    await anyio.sleep(0.1)
                    await transport.aclose()
                return answers[0]

            got = run(kind, main)
        assert isinstance(got, Failure)
        assert isinstance(got.failure(), ConnectionFailed)
        assert server.wait_until_left()


@every_async_kind
def test_a_transport_of_another_event_loop_says_so(kind: str) -> None:
    with Loopback(always(response(b"ok"))) as server:
        transports: list[AsyncCarrier] = []

        async def first() -> LLMResult[HttpResponse]:
            transport = open_async(kind)
            transports.append(transport)
            got = await transport.asend(asking(server.url), QUICK)
            await transport.aclose()
            return got

        async def second() -> tuple[object, object]:
            whole = await transports[0].asend(asking(server.url), QUICK)
            async with transports[0].astream(asking(server.url), QUICK) as opened:
                return whole, opened

        assert run(kind, first).unwrap().body == b"ok"
        expected = InvalidConfiguration(
            message="this transport belongs to another event loop: open one in each",
            field="transport",
        )
        assert run(kind, second) == (Failure(expected), Failure(expected))
        assert server.accepted == 1


def send_at_once(
    kind: str,
    url: str,
    count: int,
    timeouts: Timeouts = QUICK,
    settings: TransportSettings | None = None,
) -> list[LLMResult[HttpResponse]]:
    """As many calls side by side over one transport."""
    settings = settings or TransportSettings()
    got: list[LLMResult[HttpResponse]] = []
    if is_sync(kind):
        with open_sync(kind, settings) as transport:
            threads = [
                threading.Thread(target=lambda: got.append(transport.send(asking(url), timeouts)))
                for _ in range(count)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return got

    async def main() -> None:
        async with open_async(kind, settings) as transport, anyio.create_task_group() as tasks:

            async def send_one() -> None:
                got.append(await transport.asend(asking(url), timeouts))

            for _ in range(count):
                tasks.start_soon(send_one)

    run(kind, main)
    return got


@every_kind
def test_many_calls_at_once_get_a_connection_each(kind: str) -> None:
    count = 30
    with Loopback(lambda connection: together(connection)) as server:
        barrier = threading.Barrier(count)

        def together(connection: Connection) -> None:
            connection.read_request()
            barrier.wait(5)
            connection.send(response(b"ok"))
            connection.pause()

        got = send_at_once(kind, server.url, count)
        assert [answer.unwrap().body for answer in got] == [b"ok"] * count
        assert server.accepted == count
        assert server.wait_until_left()


@every_kind
def test_no_more_connections_than_allowed_and_waiting_has_an_end(kind: str) -> None:
    settings = TransportSettings(max_connections=5)
    impatient = Timeouts(connect_s=1, read_s=0.4, write_s=1, pool_s=0.1, total_s=2)
    with Loopback(lambda connection: connection.pause()) as server:
        got = send_at_once(kind, server.url, 6, impatient, settings)
        errors = [answer.failure() for answer in got]
        phases = sorted(error.phase for error in errors if isinstance(error, TimedOut))
        assert phases == ["pool", "read", "read", "read", "read", "read"]
        assert server.accepted == 5
        assert server.wait_until_left()


@every_kind
def test_a_server_that_does_not_read_cannot_stretch_the_deadline(kind: str) -> None:
    ended = threading.Event()

    def never_read(connection: Connection) -> None:
        while not ended.wait(0.02):  # each write goes on in time
            connection._sock.recv(2000)

    slow = Timeouts(connect_s=1, read_s=1, write_s=0.25, pool_s=1, total_s=0.3)
    with Loopback(never_read) as server:
        began = monotonic()
        got = send(kind, asking(server.url, b"x" * 20_000_000), slow)
        ended.set()
        assert monotonic() - began < 10
        assert isinstance(got, Failure)
        assert isinstance(got.failure(), TimedOut)
        assert got.failure().retryable
        assert server.wait_until_left()
