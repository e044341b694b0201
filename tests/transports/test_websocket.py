"""The websocket transport against a server on loopback: sync, on asyncio and on trio."""

import errno
import json
import logging
import logging.config
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import anyio
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from llm_pure import LLM, LLMConfig
from llm_pure.adapters.dialects.spark_frames import is_last
from llm_pure.client.transport_manager import NAMES
from llm_pure.transports.base import Timeouts, TransportSettings
from llm_pure.transports.websocket_transport import AsyncWebsocketTransport, WebsocketTransport
from llm_pure.types.errors import ConnectionFailed, InvalidConfiguration, ProtocolError, TimedOut
from llm_pure.types.http import HttpRequest, HttpResponse, get_header
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.loopback import Loopback
from tests.support.one_answer import http, one_answer

WAYS = ("sync", "asyncio", "trio")
every_way = pytest.mark.parametrize("way", WAYS)
QUICK = Timeouts(connect_s=20, read_s=20, write_s=20, pool_s=20, total_s=30)
"""No test waits for one of these; a busy machine may."""

Handler = Callable[[ServerConnection], None]


def frame(status: int, content: str, code: int = 0) -> str:
    header_ = {"code": code, "message": "m", "sid": "s-1", "status": status}
    choices = {"status": status, "seq": 0, "text": [{"content": content, "role": "assistant"}]}
    return json.dumps({"header": header_, "payload": {"choices": choices}})


@contextmanager
def serving(handler: Handler, **options: Any) -> Iterator[str]:
    """The address of a server that gives each connection to the handler."""

    def behave(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            handler(connection)

    logger = logging.getLogger("tests.websocket")
    logger.disabled = True
    with serve(behave, "127.0.0.1", 0, logger=logger, **options) as server:
        assert isinstance(server, Server)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/v3.5/chat"
        finally:
            server.shutdown()
            thread.join(5)


def send(
    way: str,
    request: HttpRequest,
    settings: TransportSettings | None = None,
    timeouts: Timeouts = QUICK,
) -> LLMResult[HttpResponse]:
    settings = settings or TransportSettings(is_last_message=is_last)
    if way == "sync":
        with WebsocketTransport(settings) as transport:
            return transport.send(request, timeouts)

    async def asend() -> LLMResult[HttpResponse]:
        async with AsyncWebsocketTransport(settings) as transport:
            return await transport.asend(request, timeouts)

    return anyio.run(asend, backend=way)


def ask(url: str, body: str = "{}") -> HttpRequest:
    return HttpRequest("GET", url, (("x-team", "blue"),), body.encode())


@every_way
def test_one_message_is_sent_and_each_that_comes_is_a_line(way: str) -> None:
    got: list[Any] = []

    def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        got.append((connection.request.path, connection.request.headers["x-team"]))
        got.append(connection.recv())
        connection.send(frame(0, "a\nb"))
        connection.send(frame(1, "日本").encode())
        connection.send(['{"header":\n', '{"code":0,"status":2}}'])
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=2)
        assert connection.close_code == 1000

    with serving(handler) as url:
        answer = send(way, ask(f"{url}?authorization=a%2Bb", '{"q":"ö"}')).unwrap()
    assert got == [("/v3.5/chat?authorization=a%2Bb", "blue"), '{"q":"ö"}']
    assert (answer.status, get_header(answer.headers, "content-type")) == (
        200,
        "application/x-ndjson",
    )
    assert answer.body.decode().splitlines() == [
        frame(0, "a\nb"),
        frame(1, "日本"),
        '{"header": {"code":0,"status":2}}',
    ]


@every_way
def test_after_the_last_message_nobody_waits_for_the_service_to_leave(way: str) -> None:
    def handler(connection: ServerConnection) -> None:
        connection.send(frame(2, "all"))
        with suppress(ConnectionClosed, TimeoutError):
            connection.recv(timeout=30)

    with serving(handler) as url:
        assert send(way, ask(url)).unwrap().body.decode() == frame(2, "all") + "\n"


@every_way
def test_a_service_that_leaves_in_good_order_has_said_all(way: str) -> None:
    with serving(lambda connection: connection.send(frame(0, "a"))) as url:
        assert send(way, ask(url)).unwrap().body.decode() == frame(0, "a") + "\n"


@every_way
def test_a_service_that_leaves_with_another_code_is_a_failure_after_its_messages(way: str) -> None:
    def handler(connection: ServerConnection) -> None:
        connection.send(frame(0, "a"))
        connection.close(1011)

    with serving(handler) as url:
        error = send(way, ask(url)).failure()
        assert isinstance(error, ConnectionFailed)
        assert "1011" in error.message
        with WebsocketTransport() as transport, transport.stream(ask(url), QUICK) as opened:
            items = list(opened.unwrap())
        assert items[0] == Success(frame(0, "a").encode() + b"\n")
        assert isinstance(items[1], Failure)
        assert len(items) == 2


@every_way
def test_a_connection_that_breaks_off_is_a_failure(way: str) -> None:
    def handler(connection: ServerConnection) -> None:
        connection.send(frame(0, "a"))
        connection.socket.shutdown(socket.SHUT_RDWR)

    with serving(handler) as url:
        error = send(way, ask(url)).failure()
    assert isinstance(error, ConnectionFailed)
    assert error.retryable


@every_way
def test_pings_are_answered(way: str) -> None:
    def handler(connection: ServerConnection) -> None:
        assert connection.ping().wait(2)
        connection.send(frame(2, "pong"))

    with serving(handler) as url:
        assert b"pong" in send(way, ask(url)).unwrap().body


@every_way
def test_a_handshake_that_is_refused_is_answered_as_it_was(way: str) -> None:
    body = b'{"message":"HMAC signature cannot be verified"}'
    with one_answer(http(401, "application/json", body)) as url:
        answer = send(way, ask(url.replace("http", "ws"))).unwrap()
    assert (answer.status, answer.body) == (401, body)
    assert get_header(answer.headers, "content-type") == "application/json"


@every_way
def test_a_redirect_is_answered_and_not_followed(way: str) -> None:
    answer = b"HTTP/1.1 302 Found\r\nlocation: ws://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    with one_answer(answer) as url:
        assert send(way, ask(url.replace("http", "ws"))).unwrap().status == 302


@every_way
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: tea\r\nconnection: upgrade\r\n\r\n", ProtocolError),
        (b"SSH-2.0-OpenSSH\r\n\r\n", ProtocolError),
        (b"", ConnectionFailed),
        (b"HTTP/1.1 101 Swi", ConnectionFailed),
    ],
    ids=["no websocket", "no HTTP", "nothing", "half a handshake"],
)  # fmt: skip
def test_a_handshake_of_another_kind_is_a_failure(way: str, answer: bytes, kind: type) -> None:
    with one_answer(answer) as url:
        assert isinstance(send(way, ask(url.replace("http", "ws"))).failure(), kind)


@every_way
def test_a_frame_against_the_protocol_is_a_fault(way: str) -> None:
    def handler(connection: ServerConnection) -> None:
        connection.socket.sendall(b"\xff\xff\xff\xff")
        with suppress(ConnectionClosed, TimeoutError):
            connection.recv(timeout=2)

    with serving(handler) as url:
        assert isinstance(send(way, ask(url)).failure(), ProtocolError)


@every_way
@pytest.mark.parametrize("messages", [[frame(0, "x" * 600)], [frame(0, "x" * 200)] * 3])
def test_more_than_the_limit_is_a_fault(way: str, messages: list[str]) -> None:
    def handler(connection: ServerConnection) -> None:
        for message in messages:
            connection.send(message)
        with suppress(ConnectionClosed, TimeoutError):
            connection.recv(timeout=2)

    with serving(handler) as url:
        error = send(way, ask(url), TransportSettings(body_limit=500)).failure()
    assert isinstance(error, ProtocolError)
    assert "longer than the limit" in error.message


@every_way
@pytest.mark.parametrize(
    ("timeouts", "phase"),
    [
        (Timeouts(read_s=0.2, total_s=2), "read"),
        (Timeouts(read_s=2, total_s=0.2), "total"),
    ],
    ids=["a step", "the whole call"],
)
def test_silence_ends_in_time(way: str, timeouts: Timeouts, phase: str) -> None:
    def handler(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(frame(0, "a"))
        with suppress(ConnectionClosed, TimeoutError):
            connection.recv(timeout=5)

    with serving(handler) as url:
        error = send(way, ask(url), timeouts=timeouts).failure()
    assert isinstance(error, TimedOut)
    assert (error.phase, error.retryable) == (phase, False)


@every_way
def test_nobody_there_is_a_failure_that_may_pass(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = send(way, ask(f"ws://127.0.0.1:{port}/chat")).failure()
    assert isinstance(error, ConnectionFailed)
    assert error.retryable
    assert os.strerror(errno.ECONNREFUSED) in error.message


@every_way
def test_bytes_that_are_no_tls_are_a_failure(way: str) -> None:
    with Loopback(lambda connection: connection.send(b"SSH-2.0-OpenSSH\r\n")) as server:
        error = send(way, ask(server.url.replace("http", "wss"))).failure()
    assert isinstance(error, ConnectionFailed)


@every_way
@pytest.mark.parametrize(
    ("request_", "settings", "field"),
    [
        (ask("https://x.test/chat"), None, "base_url"),
        (ask("ws://"), None, "base_url"),
        (ask("ws://x.test:99999/chat?authorization=abc"), None, "base_url"),
        (HttpRequest("GET", "ws://x.test", (("x-key", "a\nb"),)), None, "headers"),
        (ask("ws://x.test"), TransportSettings(proxy="http://proxy.test:3128"), "proxy"),
    ],
)
def test_what_cannot_be_sent_is_named_and_not_sent(
    way: str, request_: HttpRequest, settings: TransportSettings | None, field: str
) -> None:
    error = send(way, request_, settings).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == field
    assert "abc" not in error.message


@every_way
def test_a_closed_transport_sends_nothing(way: str) -> None:
    if way == "sync":
        transport = WebsocketTransport()
        transport.close()
        error = transport.send(ask("ws://x.test"), QUICK).failure()
    else:

        async def asend() -> LLMResult[HttpResponse]:
            closed = AsyncWebsocketTransport()
            await closed.aclose()
            return await closed.asend(ask("ws://x.test"), QUICK)

        error = anyio.run(asend, backend=way).failure()
    assert isinstance(error, ConnectionFailed)
    assert not error.retryable


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_call_that_is_cancelled_leaves_no_connection(loop: str) -> None:
    left = threading.Event()

    def handler(connection: ServerConnection) -> None:
        connection.send(frame(0, "a"))
        with suppress(ConnectionClosed, TimeoutError):
            connection.recv(timeout=5)
            connection.recv(timeout=5)
        if connection.close_code is not None:
            left.set()

    async def main(url: str) -> None:
        with anyio.move_on_after(0.2):
            await AsyncWebsocketTransport().asend(ask(url), QUICK)

    with serving(handler) as url:
        anyio.run(partial(main, url), backend=loop)
        assert left.wait(3)


@every_way
def test_a_stream_that_is_left_early_closes_its_connection(way: str) -> None:
    left = threading.Event()

    def handler(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(frame(0, "a"))
        try:
            connection.recv(timeout=5)
        except ConnectionClosed:
            left.set()

    async def main(url: str) -> None:
        async with AsyncWebsocketTransport().astream(ask(url), QUICK) as opened:
            async for _ in opened.unwrap():
                break

    with serving(handler) as url:
        if way == "sync":
            with WebsocketTransport().stream(ask(url), QUICK) as opened:
                next(iter(opened.unwrap()))
        else:
            anyio.run(partial(main, url), backend=way)
        assert left.wait(3)


@every_way
def test_a_client_asks_spark_over_it(way: str) -> None:
    def handler(connection: ServerConnection) -> None:
        question = json.loads(connection.recv())["payload"]["message"]["text"][-1]["content"]
        connection.send(frame(0, f"You said {question}"))
        connection.send(frame(2, "."))

    assert NAMES["websocket"] == "llm_pure.transports.websocket_transport"
    with serving(handler) as url:
        config = LLMConfig(
            api_type="spark", base_url=url, domain="lite", app_id="a", api_key="k", api_secret="s"
        )
        if way == "sync":
            answer = LLM(config, transport="websocket").ask("hi")
        else:
            answer = anyio.run(LLM(config, transport="websocket").aask, "hi", backend=way)
    assert answer == Success("You said hi.")


def test_a_client_takes_it_for_an_address_that_is_a_websockets() -> None:
    with serving(lambda one: one.send(frame(2, "Hello"))) as url:
        config = LLMConfig(
            api_type="spark", base_url=url, domain="lite", app_id="a", api_key="k", api_secret="s"
        )
        with LLM(config) as llm:
            llm.warmup().unwrap()
            assert llm.ask("hi") == Success("Hello")


@pytest.fixture
def configured_logging() -> None:
    """Logging as servers such as uvicorn configure it, which enables every logger that exists."""
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})


@pytest.mark.usefixtures("configured_logging")
def test_no_log_shows_the_signed_address(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serving(lambda one: one.send(frame(2, "a"))) as url:
        send("sync", ask(f"{url}?authorization=canary-1")).unwrap()
    assert "canary-1" not in caplog.text
