"""Everything that can happen to the bytes, done by a real server on loopback to every kind of transport."""

import errno
import os
import socket

import pytest

from llm_pure.transports.base import Timeouts, TransportSettings
from llm_pure.types.errors import (
    ConnectionFailed,
    InvalidConfiguration,
    LLMError,
    ProtocolError,
    TimedOut,
)
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, Success
from tests.support.carriers import QUICK, every_kind, send, stream, take, whole_and_streamed
from tests.support.loopback import (
    Behaviour,
    Connection,
    Loopback,
    always,
    answering,
    chunked,
    response,
)

SECRET = "sk-secret-0123456789abcdef"

IDLE = Timeouts(connect_s=2, read_s=0.15, write_s=2, pool_s=2, total_s=4)
BRIEF = Timeouts(connect_s=2, read_s=2, write_s=2, pool_s=2, total_s=0.3)


def asking(url: str, body: bytes = b"{}") -> HttpRequest:
    return HttpRequest(
        "POST", f"{url}/ask?key={SECRET}", (("authorization", f"Bearer {SECRET}"),), body
    )


def shape(error: LLMError) -> tuple[object, ...]:
    """What a caller acts on; the words are for people."""
    if isinstance(error, TimedOut):
        return (TimedOut, error.phase, error.retryable)
    return (type(error), error.retryable)


def no_secret_in(error: LLMError) -> bool:
    return SECRET not in repr(error)


# behaviours


def reset_before_the_head(connection: Connection) -> None:
    connection.read_request()
    connection.reset()


def close_before_the_head(connection: Connection) -> None:
    connection.read_request()


def reset_inside_the_head(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"HTTP/1.1 200 OK\r\ncontent-le")
    connection.reset()


def reset_after_the_head(connection: Connection) -> None:
    connection.read_request()
    connection.send(response(b"x" * 10)[:-10])
    connection.reset()


def close_after_the_head(connection: Connection) -> None:
    connection.read_request()
    connection.send(response(b"x" * 10)[:-10])


def close_in_the_body(connection: Connection) -> None:
    connection.read_request()
    connection.send(response(b"0123456789")[:-5])


def reset_in_the_body(connection: Connection) -> None:
    connection.read_request()
    connection.send(response(b"0123456789")[:-5])
    connection.pause(0.05)
    connection.reset()


def close_in_a_chunk(connection: Connection) -> None:
    connection.read_request()
    connection.send(chunked(b"hello", b"world", end=False)[:-3])


def reset_in_a_chunk(connection: Connection) -> None:
    connection.read_request()
    connection.send(chunked(b"hello", b"world", end=False)[:-3])
    connection.pause(0.05)
    connection.reset()


def close_between_chunks(connection: Connection) -> None:
    connection.read_request()
    connection.send(chunked(b"hello", end=False))


def never_answer(connection: Connection) -> None:
    connection.read_request()
    connection.pause()


def stop_after_the_head(connection: Connection) -> None:
    connection.read_request()
    connection.send(response(b"x" * 10)[:-10])
    connection.pause()


def stop_in_the_body(connection: Connection) -> None:
    connection.read_request()
    connection.send(response(b"x" * 10)[:-5])
    connection.pause()


def drip_the_head(connection: Connection) -> None:
    connection.read_request()
    connection.drip(response(b"x", headers=(("padding", "x" * 1000),)), 0.03)


def drip_the_body(connection: Connection) -> None:
    connection.read_request()
    head = response(b"x" * 1000)[:-1000]
    connection.send(head)
    connection.drip(b"x" * 1000, 0.03)


def speak_no_http(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"220 mail.example.org ESMTP\r\n\r\n")


def break_a_chunk_size(connection: Connection) -> None:
    connection.read_request()
    connection.send(chunked(b"hello", end=False) + b"zz\r\nworld\r\n")


CONNECTION = (ConnectionFailed, True)
PROTOCOL = (ProtocolError, False)

FAULTS: dict[str, tuple[Behaviour, Timeouts, tuple[object, ...]]] = {
    "reset before the head": (reset_before_the_head, QUICK, CONNECTION),
    "closed before the head": (close_before_the_head, QUICK, CONNECTION),
    "reset inside the head": (reset_inside_the_head, QUICK, CONNECTION),
    "reset after the head": (reset_after_the_head, QUICK, CONNECTION),
    "closed after the head": (close_after_the_head, QUICK, CONNECTION),
    "closed in the body": (close_in_the_body, QUICK, CONNECTION),
    "reset in the body": (reset_in_the_body, QUICK, CONNECTION),
    "closed in a chunk": (close_in_a_chunk, QUICK, CONNECTION),
    "reset in a chunk": (reset_in_a_chunk, QUICK, CONNECTION),
    "closed between chunks": (close_between_chunks, QUICK, CONNECTION),
    "never answers": (never_answer, IDLE, (TimedOut, "read", True)),
    "stops after the head": (stop_after_the_head, IDLE, (TimedOut, "read", True)),
    "stops in the body": (stop_in_the_body, IDLE, (TimedOut, "read", False)),
    "drips the head": (drip_the_head, BRIEF, (TimedOut, "total", True)),
    "drips the body": (drip_the_body, BRIEF, (TimedOut, "total", False)),
    "speaks no HTTP": (speak_no_http, QUICK, PROTOCOL),
    "breaks a chunk size": (break_a_chunk_size, QUICK, PROTOCOL),
}


@every_kind
@whole_and_streamed
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_a_value_and_leaves_no_connection(name: str, how: str, kind: str) -> None:
    behaviour, timeouts, expected = FAULTS[name]
    with Loopback(behaviour) as server:
        got = take(kind, how, asking(server.url), timeouts)
        assert isinstance(got, Failure)
        assert shape(got.failure()) == expected
        assert no_secret_in(got.failure())
        assert server.wait_until_left()
        assert server.accepted == 1  # a transport never tries again by itself


@every_kind
@pytest.mark.parametrize("name", ["closed in a chunk", "reset in the body", "drips the body"])
def test_a_fault_in_a_stream_is_its_last_item(name: str, kind: str) -> None:
    behaviour, timeouts, expected = FAULTS[name]
    with Loopback(behaviour) as server:
        head, pieces = stream(kind, asking(server.url), timeouts).unwrap()
        assert head.status == 200
        assert b"".join([piece.unwrap() for piece in pieces[:-1]])
        assert isinstance(pieces[-1], Failure)
        assert shape(pieces[-1].failure()) == expected
        assert server.wait_until_left()


@every_kind
@whole_and_streamed
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_the_key_does_not_follow_it(
    status: int, how: str, kind: str
) -> None:
    with Loopback(always(response(b"caught"))) as thief:
        away = response(b"there", status=status, headers=(("location", f"{thief.url}/"),))
        with Loopback(answering(away)) as server:
            got = take(kind, how, asking(server.url)).unwrap()
        assert (got.status, got.body) == (status, b"there")
        assert thief.accepted == 0


@every_kind
def test_a_refused_connection_says_so(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    got = send(kind, asking(f"http://127.0.0.1:{port}"))
    assert isinstance(got, Failure)
    assert shape(got.failure()) == CONNECTION
    assert (
        got.failure().message
        == f"no connection to 127.0.0.1:{port}: {os.strerror(errno.ECONNREFUSED)}"
    )
    assert cause(got.failure()) == "refused"
    assert no_secret_in(got.failure())


@every_kind
def test_a_host_that_does_not_exist_is_named(kind: str) -> None:
    got = send(kind, asking("http://nowhere.invalid"))
    assert isinstance(got, Failure)
    assert shape(got.failure()) == CONNECTION
    assert "nowhere.invalid" in got.failure().message
    assert cause(got.failure()) == "unknown_host"
    assert no_secret_in(got.failure())


@every_kind
def test_tls_to_a_server_without_it_is_a_failed_connection(kind: str) -> None:
    with Loopback(lambda connection: connection.send(response(b"plain"))) as server:
        got = send(kind, asking(server.url.replace("http:", "https:")))
        assert isinstance(got, Failure)
        assert shape(got.failure()) == CONNECTION
        assert cause(got.failure()) == ""
        assert server.wait_until_left()


def cause(error: LLMError) -> str:
    """Why there is no connection."""
    assert isinstance(error, ConnectionFailed)
    return error.cause


UNUSABLE = {
    "no scheme": "api.example.org",
    "no host": "http://",
    "another scheme": "ftp://example.org",
    "a port that is no number": "http://example.org:port",
    "a port out of range": "http://example.org:99999999",
    "a control character": "http://exa\nmple.org",
    "a label that is too long": f"http://{'a' * 70}.invalid",
    "an empty label": "http://a..invalid",
    "a broken IPv6 address": "http://[::1",
    "nothing": "",
}


@every_kind
@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_address_is_a_configuration_error(name: str, kind: str) -> None:
    got = send(kind, asking(UNUSABLE[name]))
    assert isinstance(got, Failure)
    assert shape(got.failure()) == (InvalidConfiguration, False)
    assert no_secret_in(got.failure())


@every_kind
@pytest.mark.parametrize("value", [f"{SECRET}\n", f"{SECRET}é", f"{SECRET}\0", f"{SECRET}日本"])
def test_a_header_that_cannot_be_sent_is_told_without_its_value(value: str, kind: str) -> None:
    with Loopback(always(response(b"ok"))) as server:
        request = HttpRequest("POST", server.url, (("authorization", value),), b"")
        got = send(kind, request)
        assert isinstance(got, Failure)
        assert shape(got.failure()) == (InvalidConfiguration, False)
        assert no_secret_in(got.failure())
        assert server.requests == []


@every_kind
def test_a_proxy_that_refuses_the_connection_is_a_failed_connection(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = TransportSettings(proxy=f"http://user:{SECRET}@127.0.0.1:{port}")
    got = send(kind, asking("http://service.invalid"), settings=settings)
    assert isinstance(got, Failure)
    assert shape(got.failure()) == CONNECTION
    assert no_secret_in(got.failure())


@every_kind
def test_a_proxy_that_wants_credentials_is_not_asked_again(kind: str) -> None:
    with Loopback(always(response(b"", status=407))) as proxy:
        settings = TransportSettings(proxy=proxy.url)
        got = send(kind, asking("https://service.invalid"), settings=settings)
        assert isinstance(got, Failure)
        assert shape(got.failure()) == (ConnectionFailed, False)
        assert proxy.requests[0].startswith(b"CONNECT service.invalid:443 ")
        assert SECRET.encode() not in proxy.requests[0]


@every_kind
def test_a_proxy_carries_plain_requests(kind: str) -> None:
    with Loopback(always(response(b"from the proxy"))) as proxy:
        settings = TransportSettings(proxy=proxy.url)
        got = send(kind, asking("http://service.invalid"), settings=settings)
        assert got.unwrap().body == b"from the proxy"
        assert proxy.requests[0].startswith(b"POST http://service.invalid/ask")


@every_kind
@pytest.mark.parametrize("proxy", ["gopher://127.0.0.1:1", "127.0.0.1:8080", "http://[::1"])
def test_an_unusable_proxy_is_a_configuration_error(proxy: str, kind: str) -> None:
    got = send(kind, asking("http://service.invalid"), settings=TransportSettings(proxy=proxy))
    assert isinstance(got, Failure)
    assert shape(got.failure()) == (InvalidConfiguration, False)


@every_kind
def test_a_proxy_that_cannot_reach_the_service_is_a_connection_that_may_come_later(
    kind: str,
) -> None:
    with Loopback(always(response(b"", status=502))) as proxy:
        settings = TransportSettings(proxy=proxy.url)
        got = send(kind, asking("https://service.invalid"), settings=settings)
        assert isinstance(got, Failure)
        assert shape(got.failure()) == CONNECTION
        assert got.failure().message.startswith("the proxy refused: 502")


@every_kind
@whole_and_streamed
def test_bytes_after_the_length_are_never_part_of_the_body(how: str, kind: str) -> None:
    with Loopback(answering(response(b"hello") + b" and more")) as server:
        got = take(kind, how, asking(server.url))
        assert got.map(lambda answer: answer.body) == Success(b"hello")
