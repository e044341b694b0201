"""A transport of one function, over libraries that this package does not know."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import anyio
import msgspec
import pytest
import urllib3

from llm_pure import LLM, ChatRequest, LLMConfig
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.base import Timeouts
from llm_pure.transports.callable_transport import (
    AsyncCallableTransport,
    CallableTransport,
    TransportResponse,
)
from llm_pure.types.errors import ConnectionFailed, ProtocolError, StreamInterrupted, TimedOut
from llm_pure.types.events import TextDelta
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.result import Failure, Success
from tests.support.loopback import Connection, Loopback, always, chunked, response

JSON = (("content-type", "application/json"),)
ANSWER = (
    b'{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},'
    b'"finish_reason":"stop"}]}'
)
EVENTS = (
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"H"}}]}\n\n',
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"i"},"finish_reason":"stop"}]}\n\n',
    b"data: [DONE]\n\n",
)
REQUEST = HttpRequest("POST", "http://x.test/", (), b"{}")


def over_urllib3() -> CallableTransport:
    pool = urllib3.PoolManager()

    def send(request: HttpRequest, timeouts: Timeouts) -> TransportResponse:
        response = pool.request(
            request.method, request.url, body=request.body, headers=dict(request.headers),
            timeout=timeouts.read_s, redirect=False, retries=False, preload_content=False,
        )  # fmt: skip
        return TransportResponse(
            response.status, response.headers, response.stream(), response.close
        )

    errors = urllib3.exceptions
    return CallableTransport(
        send, errors=(errors.HTTPError,), timeouts=(errors.TimeoutError,), close=pool.clear
    )


def over_requests() -> CallableTransport:
    requests: Any = import_module("requests")
    session = requests.Session()

    def send(request: HttpRequest, timeouts: Timeouts) -> TransportResponse:
        response = session.request(
            request.method, request.url, data=request.body, headers=dict(request.headers),
            timeout=timeouts.read_s, allow_redirects=False, stream=True,
        )  # fmt: skip
        body = response.iter_content(None)
        return TransportResponse(response.status_code, response.headers, body, response.close)

    errors = requests.exceptions
    return CallableTransport(send, errors=(errors.RequestException,), timeouts=(errors.Timeout,))


every_library = pytest.mark.parametrize("transport", [over_urllib3, over_requests])
Make = Callable[[], CallableTransport]


def client(transport: Any, url: str, timeout: float = 10) -> LLM:
    config = LLMConfig(api_key="k" * 24, model="m", base_url=f"{url}/v1", timeout=timeout)
    return LLM(config, transport, retry=NO_RETRY)


@every_library
def test_an_answer_comes_whole_and_streamed(transport: Make) -> None:
    with Loopback(always(response(ANSWER, headers=JSON))) as server:
        completion = client(transport(), server.url).completion("Hi").unwrap()
    assert (completion.text, completion.finish_reason) == ("Hi", "stop")
    with Loopback(always(chunked(*EVENTS))) as server:
        with client(transport(), server.url).stream("Hi") as stream:
            deltas = [event.text for event in stream if isinstance(event, TextDelta)]
        assert (deltas, stream.result().unwrap().text) == (["H", "i"], "Hi")


@every_library
def test_the_errors_of_the_library_are_values(transport: Make) -> None:
    def silent(connection: Connection) -> None:
        connection.read_request()
        connection.pause(5)

    def cut_off(connection: Connection) -> None:
        connection.read_request()
        connection.send(chunked(EVENTS[0], end=False))

    with Loopback(always(b"")) as server:
        url = server.url
    refused = client(transport(), url).completion("Hi").failure()
    assert isinstance(refused, ConnectionFailed)
    assert (refused.cause, refused.retryable) == ("refused", True)
    with Loopback(silent) as server:
        late = client(transport(), server.url, timeout=0.3).completion("Hi").failure()
    assert isinstance(late, TimedOut)
    with Loopback(cut_off) as server:
        cut = client(transport(), server.url).completion(ChatRequest(messages="Hi", stream=True))
    assert isinstance(cut.failure(), StreamInterrupted)


def sent(answer: Callable[[], TransportResponse], **options: Any) -> Any:
    return CallableTransport(lambda request, timeouts: answer(), **options).send(
        REQUEST, options.pop("timeouts_of", Timeouts())
    )


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "a/b"}, [("Content-Type", "a/b")], (("content-type", "a/b"),)]
)
def test_headers_are_a_mapping_or_pairs_in_any_case(headers: Any) -> None:
    expected = HttpResponse(201, (("content-type", "a/b"),), b"xy")
    assert sent(lambda: TransportResponse(201, headers, b"xy")) == Success(expected)
    assert sent(lambda: TransportResponse(201, headers, iter([b"x", b"y"]))) == Success(expected)


def test_a_body_is_bounded_by_size_and_by_time() -> None:
    assert isinstance(
        sent(lambda: TransportResponse(200, (), [b"123", b"456"]), body_limit=5).failure(),
        ProtocolError,
    )
    transport = CallableTransport(lambda request, timeouts: TransportResponse(200, (), [b"1"]))
    late = transport.send(REQUEST, Timeouts(total_s=-1)).failure()
    assert (late.kind, getattr(late, "phase", "")) == ("timeout", "total")


def test_a_connection_is_released_once_however_it_ends() -> None:
    closed: list[int] = []

    def broken() -> Iterator[bytes]:
        yield b"x"
        raise ConnectionResetError("gone")

    bodies: list[Any] = [b"x", [b"x"], broken()]
    for body in bodies:
        answer = TransportResponse(200, (), body, lambda: closed.append(1))
        sent(partial(msgspec.structs.replace, answer))
    assert closed == [1, 1, 1]
    transport = CallableTransport(
        lambda request, timeouts: TransportResponse(200, (), [b"x"], lambda: closed.append(2))
    )
    with transport.stream(REQUEST, Timeouts()) as opened:
        assert opened.unwrap().head == ResponseHead(200, ())
    assert closed == [1, 1, 1, 2]


def test_an_error_in_the_body_is_its_last_item_and_a_bug_passes() -> None:
    def body(error: Exception) -> Iterator[bytes]:
        yield b"x"
        raise error

    failure = sent(lambda: TransportResponse(200, (), body(ConnectionResetError("gone"))))
    assert failure == Failure(ConnectionFailed(message="gone", status=200))
    with pytest.raises(ZeroDivisionError):
        sent(lambda: TransportResponse(200, (), body(ZeroDivisionError())))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_function_is_an_async_transport(backend: str) -> None:
    closed: list[str] = []

    async def aclose() -> None:
        await anyio.lowlevel.checkpoint()
        closed.append("response")

    async def pieces() -> AsyncIterator[bytes]:
        for event in EVENTS:
            await anyio.lowlevel.checkpoint()
            yield event

    async def send(request: HttpRequest, timeouts: Timeouts) -> TransportResponse:
        await anyio.lowlevel.checkpoint()
        if b'"stream":true' in request.body:
            return TransportResponse(200, {"content-type": "text/event-stream"}, pieces(), aclose)
        return TransportResponse(200, dict(JSON), ANSWER, aclose)

    async def main() -> list[str]:
        transport = AsyncCallableTransport(send)
        llm = client(transport, "http://x.test")
        buffered = (await llm.acompletion("Hi")).unwrap().text
        async with llm.astream("Hi") as stream:
            async for _ in stream:
                pass
        await transport.aclose()
        return [buffered, stream.result().unwrap().text]

    assert anyio.run(main, backend=backend) == ["Hi", "Hi"]
    assert closed == ["response", "response"]


def test_an_async_error_is_a_value() -> None:
    async def send(request: HttpRequest, timeouts: Timeouts) -> TransportResponse:
        raise TimeoutError("late")

    async def main() -> Any:
        return await AsyncCallableTransport(send).asend(REQUEST, Timeouts())

    assert asyncio.run(main()) == Failure(TimedOut(message="late", phase="read"))
