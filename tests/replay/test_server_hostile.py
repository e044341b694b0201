"""The replay server and what it must not trust: names and pages that lead to it, odd recordings, odd requests, slow clients."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic
from typing import Any

import pytest

from llm_pure import HttpRequest, HttpResponse
from llm_pure.replay import Cassette, Interaction, MatchRules, ReplayTransport, serve, server
from llm_pure.replay.server import ReplayServer
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport

ANY = MatchRules(origin=False)


@contextmanager
def serving(*responses: HttpResponse, **options: Any) -> Iterator[ReplayServer]:
    """The k-th response is recorded for /k."""
    kept = [
        Interaction(request=HttpRequest("GET", f"http://a.test/{index}"), response=response)
        for index, response in enumerate(responses)
    ]
    transport = ReplayTransport(Cassette(interactions=tuple(kept)), matching=ANY, again=True)
    with serve(transport, **options) as running:
        yield running


def ask(running: ReplayServer, *requests: bytes, until: bytes = b"") -> bytes:
    """All that comes back on one connection, until the server closes it or `until` has come."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as sock:
        sock.sendall(b"".join(requests))
        if not until:
            sock.shutdown(socket.SHUT_WR)
        data = b""
        while piece := sock.recv(65536):
            data += piece
            if until and data.endswith(until):
                break
        return data


def get(path: str, *fields: str, host: str | None = "127.0.0.1", method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *([f"host: {host}"] if host is not None else []), *fields]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


OK = HttpResponse(200, (("content-type", "text/plain"),), b"here")
ANSWERED = b"4\r\nhere\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8080", "localhost", "LocalHost:1", "localhost.", "[::1]", "[::1]:80"],
)
def test_loopback_names_are_answered(host: str) -> None:
    with serving(OK) as running:
        assert ask(running, get("/0", host=host)).endswith(ANSWERED)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "", "a@127.0.0.1.b", "[::1",
     "0.0.0.0", None],
)  # fmt: skip
def test_other_names_are_refused(host: str | None) -> None:
    with serving(OK) as running:
        got = ask(running, get("/0", host=host))
        assert got.startswith(b"HTTP/1.1 403 ")
        assert b"here" not in got
        assert json.loads(got.partition(b"\r\n\r\n")[2])["error"]["code"] == "host"


def test_two_names_are_refused() -> None:
    with serving(OK) as running:
        assert ask(running, get("/0", "host: evil.example")).startswith(b"HTTP/1.1 403 ")


def test_a_name_that_is_allowed_is_answered() -> None:
    with serving(OK, hosts=["My.Machine"]) as running:
        assert ask(running, get("/0", host="my.machine:80")).endswith(ANSWERED)
        origin = "origin: https://my.machine"
        assert ask(running, get("/0", origin, host="my.machine")).endswith(ANSWERED)
        assert ask(running, get("/0", host="evil.example")).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:1"])
def test_pages_of_this_machine_are_answered(origin: str) -> None:
    with serving(OK) as running:
        assert ask(running, get("/0", f"origin: {origin}")).endswith(ANSWERED)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://localhost.evil.example", "file://"]
)
def test_pages_of_other_sites_are_refused(origin: str) -> None:  # fmt: skip
    with serving(OK) as running:
        got = ask(running, get("/0", f"origin: {origin}"))
        assert got.startswith(b"HTTP/1.1 403 ")
        assert json.loads(got.partition(b"\r\n\r\n")[2])["error"]["code"] == "origin"


def headers_of(got: bytes) -> list[bytes]:
    return got.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]


def test_recorded_headers_that_http_cannot_carry_are_left_out() -> None:
    headers = (
        ("good", "1"), ("split", "1\r\nset-cookie: a=b"), ("nul", "a\0b"), ("bad name", "1"), ("new\r\nline", "1"), ("", "1"),
        ("smile", "😀"), ("latin", "é"), ("half", "\ud83d"),
    )  # fmt: skip
    with serving(HttpResponse(200, headers, b"here")) as running:
        got = ask(running, get("/0"), get("/0"))
    assert got.count(b"HTTP/1.1 200 ") == 2
    assert headers_of(got) == [
        b"good: 1", b"smile: " + "😀".encode(), b"latin: " + "é".encode(), b"half: ?", b"Transfer-Encoding: chunked",
    ]  # fmt: skip


@pytest.mark.parametrize("status", [99999, 1000, -1, 0, 99])
def test_a_recorded_status_that_http_does_not_have_is_an_error(status: int) -> None:
    with serving(HttpResponse(status, (), b"here")) as running:
        got = ask(running, get("/0"))
        assert got.startswith(b"HTTP/1.1 502 ")
        message = json.loads(got.partition(b"\r\n\r\n")[2])["error"]["message"]
        assert message == f"the recorded status {status} cannot be sent"


@pytest.mark.parametrize("status", [204, 304])
def test_a_response_without_a_body_has_none_and_the_connection_goes_on(status: int) -> None:
    with serving(HttpResponse(status, (("x", "y"),), b"none"), OK) as running:
        got = ask(running, get("/0"), get("/1"))
        first, _, second = got.partition(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 %d " % status)
        assert headers_of(first) == [b"x: y"]
        assert second.startswith(b"HTTP/1.1 200 ")
        assert second.endswith(ANSWERED)


@pytest.mark.parametrize("status", [100, 101, 103])
def test_an_interim_response_has_no_body_and_ends_the_connection(status: int) -> None:
    with serving(HttpResponse(status, (), b"none"), OK) as running:
        got = ask(running, get("/0"), get("/1"))
        head, _, rest = got.partition(b"\r\n\r\n")
        assert (head.startswith(b"HTTP/1.1 %d " % status), rest) == (True, b"")
        assert b"hunked" not in head


def test_a_response_to_head_has_no_body() -> None:
    with serve(ScriptedTransport(lambda _: ScriptedResponse(chunks=(b"here",)))) as running:
        got = ask(running, get("/0", method="HEAD"), get("/1"))
        assert got.count(b"HTTP/1.1 200 ") == 2
        assert got.count(b"here") == 1


def test_options_are_told_without_permission_for_other_sites() -> None:
    with serving(OK) as running:
        got = ask(running, get("/0", method="OPTIONS"), get("/0"))
        assert got.startswith(b"HTTP/1.1 204 ")
        assert b"allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n" in got
        assert b"access-control" not in got.lower()
        assert got.endswith(ANSWERED)


def test_an_old_client_gets_a_body_without_chunks() -> None:
    with serving(OK) as running:
        got = ask(running, b"GET /0 HTTP/1.0\r\nhost: localhost\r\n\r\n")
        assert got.endswith(b"\r\n\r\nhere")
        assert b"hunked" not in got


def post(fields: bytes, body: bytes) -> bytes:
    return b"POST /x HTTP/1.1\r\nhost: localhost\r\n" + fields + b"\r\n\r\n" + body


CHUNKED = b"transfer-encoding: chunked"


def test_a_request_with_trailers_is_read_to_its_end() -> None:
    transport = ScriptedTransport(lambda _: ScriptedResponse(chunks=(b"here",)))
    with serve(transport) as running:
        request = post(CHUNKED, b"2;a=b\r\nhi\r\n0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n")
        got = ask(running, request, get("/1"))
    assert got.count(b"HTTP/1.1 200 ") == 2
    assert [request.body for request in transport.requests] == [b"hi", b""]


@pytest.mark.parametrize(
    ("fields", "body", "status"),
    [
        (b"content-length: 2\r\ncontent-length: 2", b"hi", 400),
        (b"content-length: 2, 2", b"hi", 400),
        (b"content-length: +2", b"hi", 400),
        (b"content-length: -2", b"hi", 400),
        (b"content-length: 2\r\n" + CHUNKED, b"2\r\nhi\r\n0\r\n\r\n", 400),
        (b"transfer-encoding: gzip, chunked", b"2\r\nhi\r\n0\r\n\r\n", 400),
        (b"transfer-encoding: identity", b"hi", 400),
        (CHUNKED, b"+2\r\nhi\r\n0\r\n\r\n", 400),
        (CHUNKED, b"0x2\r\nhi\r\n0\r\n\r\n", 400),
        (CHUNKED, b"zz\r\nhi\r\n0\r\n\r\n", 400),
        (CHUNKED, b"2\r\nhiXX0\r\n\r\n", 400),
        (CHUNKED, b"0\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
        (b"content-length: 999999999999", b"hi", 413),
        (CHUNKED, b"fffffffff\r\n", 413),
    ],
)
def test_a_request_of_no_certain_length_is_refused_and_its_connection_ends(
    fields: bytes, body: bytes, status: int
) -> None:
    transport = ScriptedTransport(lambda _: ScriptedResponse(chunks=(b"here",)))
    with serve(transport) as running:
        got = ask(running, post(fields, body), get("/next"))
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert got.count(b"HTTP/1.1") == 1
    assert transport.requests == []


@pytest.mark.parametrize(
    "request_", [post(b"content-length: 5", b"hi"), post(CHUNKED, b"5\r\nhi"), post(CHUNKED, b"2\r\nhi\r\n0\r\n")]
)  # fmt: skip
def test_a_request_that_is_cut_off_is_not_asked(request_: bytes) -> None:
    transport = ScriptedTransport(lambda _: ScriptedResponse(chunks=(b"here",)))
    with serve(transport) as running:
        assert ask(running, request_) == b""
    assert transport.requests == []


def test_what_is_no_http_is_an_error_in_json() -> None:
    with serving(OK) as running:
        for request in (
            b"BREW /pot HTTP/1.1\r\nhost: localhost\r\n\r\n",
            b"GET /x HTTP/9.9\r\n\r\n",
        ):
            body = ask(running, request).partition(b"\r\n\r\n")[2]
            assert json.loads(body)["type"] == "error"


def test_many_slow_clients_hold_no_more_than_the_limit_and_others_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 20)
    before = threading.active_count()
    with serving(OK) as running, ExitStack() as stack:
        slow = []
        for _ in range(60):
            sock = socket.create_connection(("127.0.0.1", running.port), timeout=10)
            stack.callback(sock.close)
            sock.sendall(b"GET /0 HT")
            slow.append(sock)
        assert ask(running, get("/0")).endswith(ANSWERED)
        end = monotonic() + 10
        while threading.active_count() - before > 22 and monotonic() < end:
            threading.Event().wait(0.02)
        assert threading.active_count() - before <= 22
        assert slow[0].recv(10) == b""  # the first had waited longest


def test_a_client_that_drips_is_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE_S", 0.3)
    monkeypatch.setattr(server, "REQUEST_S", 0.3)
    with serving(OK) as running:
        for start in (
            b"GET /0 HTTP/1.1\r\nhost: localhost\r\nx: ",
            post(b"content-length: 1000", b""),
        ):
            with socket.create_connection(("127.0.0.1", running.port), timeout=10) as sock:
                sock.sendall(start)
                assert seconds_until_closed(sock) < 5


def seconds_until_closed(sock: socket.socket) -> float:
    """For how long the server takes one byte after the other."""
    began = monotonic()
    with suppress(ConnectionError):
        while monotonic() < began + 8:
            sock.sendall(b"x")
            threading.Event().wait(0.05)
    return monotonic() - began


def test_a_large_miss_takes_seconds_not_minutes() -> None:
    with serving(OK) as running:
        messages = [{"role": "user", "content": f"number {number}"} for number in range(20_000)]
        body = json.dumps({"messages": messages}).encode()
        began = monotonic()
        got = ask(
            running, post(b"content-type: application/json\r\ncontent-length: %d" % len(body), body)
        )
        assert got.startswith(b"HTTP/1.1 404 ")
        assert monotonic() - began < 20
