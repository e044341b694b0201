"""The rules of a gateway against web pages, strangers and malformed requests, in this process and through both HTTP parsers."""

import asyncio
import gzip
import logging
import socket
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import msgspec
import pytest

from llm_pure import LLMException
from llm_pure.gateway import connections
from llm_pure.gateway.serving import serve_on_loopback
from tests.support.asgi import Request
from tests.support.gateways import (
    BODIES,
    HANG,
    TWO,
    Reply,
    Running,
    Upstream,
    configuration,
    hello,
    streamed,
)

PATH, BODY = BODIES["openai_chat"]
DATA = msgspec.json.encode(BODY)


def raw(*pairs: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in pairs]


HOST = ("host", "127.0.0.1:4141")
REFUSED: dict[str, tuple[list[tuple[bytes, bytes]], int]] = {
    "no host": (raw(), 400),
    "two hosts": (raw(HOST, ("host", "localhost")), 400),
    "a host with a path": (raw(("host", "y/#@localhost")), 400),
    "an empty host": (raw(("host", "")), 400),
    "another host (DNS rebinding)": (raw(("host", "evil.example:4141")), 421),
    "a host that begins like ours": (raw(("host", "localhost.evil.example")), 421),
    "an origin": (raw(HOST, ("origin", "https://evil.example")), 403),
    "no origin's origin": (raw(HOST, ("origin", "null")), 403),
    "an empty origin": (raw(HOST, ("origin", "")), 403),
    "content-length and transfer-encoding": (raw(HOST, ("content-length", "5"), ("transfer-encoding", "chunked")), 400),
    "two content-lengths": (raw(HOST, ("content-length", "5"), ("content-length", "6")), 400),
    "an unknown transfer-encoding": (raw(HOST, ("transfer-encoding", "xchunked")), 400),
    "two transfer-encodings": (raw(HOST, ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")), 400),
    "an impossible content-length": (raw(HOST, ("content-length", "-1")), 400),
    "a long header": (raw(HOST, ("x-a", "a" * 70_000)), 431),
    "many headers": (raw(HOST, *[(f"x-{number}", "a") for number in range(101)]), 431),
    "a WebSocket": (raw(HOST, ("connection", "upgrade"), ("upgrade", "websocket")), 426),
    "an unknown coding": (raw(HOST, ("content-encoding", "rot13")), 415),
    "a body that is too long": (raw(HOST, ("content-length", str(2**40))), 413),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("path", [PATH, "/v1/messages"])
def test_a_head_that_breaks_a_rule_is_refused_before_anything_is_sent(name: str, path: str) -> None:
    headers, status = REFUSED[name]
    running = Running(TWO, hello)
    answer = asyncio.run(running.post(path, DATA, headers=headers))
    assert answer.status == status
    assert running.upstream.requests == []
    body = msgspec.json.decode(answer.body)
    assert body["error"]["message"] != ""
    assert ("type" in body) is (path == "/v1/messages")  # the client's own form
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["v1/chat/completions", "/v1/../v1/chat/completions", "//evil/v1/chat/completions", "/v1/chat\\completions", "/v1/\x00", "/./x"],
)  # fmt: skip
def test_odd_paths_are_refused(path: str) -> None:
    running = Running(TWO, hello)
    answer = asyncio.run(running.post(path, DATA))
    assert (answer.status, running.upstream.requests) == (400, [])


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH"])
def test_other_methods_are_405(method: str) -> None:
    running = Running(TWO, hello)
    answer = asyncio.run(Request(running.application, method, PATH).run())
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_hosts_and_origins_of_the_configuration_are_accepted() -> None:
    text = f'{TWO}\nserve: {{hosts: [llm.example], origins: ["https://chat.example"]}}'
    running = Running(text, hello)
    headers = raw(("host", "LLM.example:80"), ("origin", "https://chat.example"))
    assert asyncio.run(running.post(PATH, DATA, headers=headers)).status == 200


def test_an_open_address_without_keys_is_refused_at_the_start() -> None:
    for host in ("0.0.0.0", "192.168.1.7", "::", "gateway.example"):
        with pytest.raises(LLMException, match="client key"):
            Running(f'{TWO}\nserve: {{host: "{host}"}}', hello)


def test_without_keys_clients_of_other_machines_are_refused() -> None:
    running = Running(TWO, hello)
    answer = asyncio.run(running.post(PATH, DATA, client=("192.168.1.9", 4000)))
    assert (answer.status, running.upstream.requests) == (403, [])
    assert asyncio.run(running.post(PATH, DATA, client=("::1", 4000))).status == 200


TARGETS = {
    "base_url": "http://evil.example",
    "api_base": "http://evil.example",
    "api_key": "sk-evil",
    "api_type": "ollama",
    "extra_body": {"api_base": "http://evil.example"},
    "headers": {"authorization": "Bearer evil"},
    "extra_headers": {"x-evil": "1"},
    "metadata": {"api_base": "http://evil.example"},
    "proxy": "http://evil.example",
}


@pytest.mark.parametrize("field", TARGETS)
@pytest.mark.parametrize("model", ["fast", "smart"])
def test_no_client_chooses_where_its_request_goes(field: str, model: str) -> None:
    def script(request: Any) -> Reply:
        return hello(request)

    running = Running(TWO, script)
    asyncio.run(running.post(PATH, {**BODY, "model": model, field: TARGETS[field]}))
    (request,) = running.upstream.requests
    assert request.url.startswith(("http://llm.internal/", "http://claude.internal/"))
    assert "evil" not in repr(request.headers)
    keys = dict(request.headers)
    assert "sk-upstream-secret" in keys.get("authorization", "") + keys.get("x-api-key", "")


CLIENT_HEADERS = {
    "authorization": "Bearer client-secret-key", "x-api-key": "client-secret-key", "x-goog-api-key": "client-secret-key",
    "api-key": "client-secret-key", "cookie": "a=client-secret-key", "x-forwarded-for": "8.8.8.8", "x-anything": "mine",
    "openai-organization": "org-mine", "anthropic-beta": "some-beta", "anthropic-version": "2023-06-01", "openai-beta": "x=1",
}  # fmt: skip


@pytest.mark.parametrize("dialect", list(BODIES))
@pytest.mark.parametrize("model", ["fast", "smart"])
def test_no_header_of_a_client_but_a_few_reaches_the_upstream(dialect: str, model: str) -> None:
    running = Running(TWO, hello)
    path, body = streamed(dialect)
    path = path.replace("fast", model)
    asyncio.run(running.post(path, {**body, "model": model}, headers=CLIENT_HEADERS))
    (request,) = running.upstream.requests
    text = repr([(name, value) for name, value in request.headers]) + request.url
    for foreign in ("client-secret-key", "8.8.8.8", "mine"):
        assert foreign not in text
    names = {name for name, _ in request.headers}
    native = (dialect, model) == ("anthropic_messages", "smart")
    assert ("anthropic-beta" in names) is native
    assert ("openai-beta" in names) is ((dialect, model) == ("openai_chat", "fast"))


def test_no_header_of_the_upstream_but_a_few_reaches_the_client() -> None:
    sent = (
        ("content-type", "application/json"), ("set-cookie", "a=b"), ("server", "cloudflare"), ("cf-ray", "1"),
        ("openai-organization", "org-x"), ("x-ratelimit-remaining-requests", "7"), ("location", "http://llm.internal"),
    )  # fmt: skip
    running = Running(TWO, lambda request: Reply(hello(request).steps, sent))
    answer = asyncio.run(running.post(PATH, BODY))
    assert set(answer.headers) == {
        "content-type",
        "content-length",
        "x-request-id",
        "x-ratelimit-remaining-requests",
    }


def test_a_compressed_body_is_read_and_a_bomb_is_not() -> None:
    text = f"{TWO}\nserve: {{max_body: 100000}}"
    for coding, packed in (("gzip", gzip.compress(DATA)), ("deflate", zlib.compress(DATA))):
        running = Running(text, hello)
        sent = running.post(PATH, packed, headers={"content-encoding": coding})
        assert asyncio.run(sent).status == 200
    bomb = gzip.compress(b" " * 20_000_000)
    running = Running(text, hello)
    answer = asyncio.run(running.post(PATH, bomb, headers={"content-encoding": "gzip"}))
    assert (answer.status, running.upstream.requests) == (413, [])
    broken = asyncio.run(running.post(PATH, b"\x1f\x8bno", headers={"content-encoding": "gzip"}))
    assert broken.status == 400


def test_a_body_above_the_limit_is_refused_also_without_its_length() -> None:
    running = Running(f"{TWO}\nserve: {{max_body: 1000}}", hello)
    request = Request(running.application, "POST", "/v1/messages", [b" " * 600, b" " * 600])
    answer = asyncio.run(request.run())
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert running.upstream.requests == []


@pytest.mark.parametrize("dialect", list(BODIES))
def test_a_deep_body_is_the_clients_own_error(dialect: str) -> None:
    path, _ = BODIES[dialect]
    for deep in (
        b"[" * 200_000,
        b'{"model":"fast","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ):
        running = Running(TWO, hello)
        answer = asyncio.run(running.post(path, deep))
        assert answer.status == 400, dialect
        assert running.upstream.requests == []


MALFORMED = [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"model":1}', b'{"model":"fast"}', b'{"model":"fast","messages":7}',
    b'{"model":"fast","messages":[{"role":5}]}', b'{"model":"fast","messages":[{"role":"user","content":{"a":1}}]}']  # fmt: skip


@pytest.mark.parametrize("dialect", list(BODIES))
@pytest.mark.parametrize("body", MALFORMED)
def test_a_malformed_request_is_a_400_in_the_clients_form(dialect: str, body: bytes) -> None:
    running = Running(TWO, hello)
    answer = asyncio.run(running.post(BODIES[dialect][0], body))
    if (dialect, body) == ("ollama_native", b'{"model":"fast"}'):  # it only loads the model
        assert b'"done_reason":"load"' in answer.body
        return
    assert 400 <= answer.status < 500 or dialect in ("openai_responses", "gemini_content")
    error = msgspec.json.decode(answer.body)
    if answer.status >= 400:
        assert error["error"] if dialect == "ollama_native" else error["error"]["message"]


# Through uvicorn


@pytest.fixture(scope="module", params=["httptools", "h11"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, int, Upstream]]:
    def script(sent: Any) -> Reply:
        return Reply((HANG,)) if b"hang" in sent.body else hello(sent)

    upstream = Upstream(script)
    with serve_on_loopback(
        configuration(TWO), transport=upstream, env={}, parser=request.param
    ) as running:
        yield request.param, int(running.url.rpartition(":")[2]), upstream


def exchange(port: int, data: bytes, *, more: bytes = b"") -> bytes:
    """All that the server sends until it closes, or is silent."""
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.settimeout(1.0)
        received = b""
        try:
            sock.sendall(data)
            sock.sendall(more)
            while piece := sock.recv(65536):
                received += piece
                if b"\r\n\r\n" in received and b"connection: close" not in received.lower():
                    sock.settimeout(0.15)
        except OSError:
            pass
        return received


def post(*lines: str, body: bytes = DATA, path: str = PATH, length: bool = True) -> bytes:
    head = [f"POST {path} HTTP/1.1", *lines]
    if length:
        head.append(f"content-length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body


CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(DATA), DATA)
SMUGGLED = b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n"
RAW: dict[str, bytes] = {
    "CL and TE": post("host: localhost", f"content-length: {len(CHUNKED)}", "transfer-encoding: chunked", body=CHUNKED + SMUGGLED, length=False),
    "TE and CL": post("host: localhost", "transfer-encoding: chunked", "content-length: 4", body=CHUNKED + SMUGGLED, length=False),
    "two CLs": post("host: localhost", "content-length: 3", f"content-length: {len(DATA)}", length=False),
    "unknown TE": post("host: localhost", "transfer-encoding: xchunked", body=CHUNKED, length=False),
    "TE twice": post("host: localhost", "transfer-encoding: chunked", "transfer-encoding: identity", body=CHUNKED, length=False),
    "space before the colon": post("host : localhost"),
    "no host": post(),
    "two hosts": post("host: localhost", "host: evil.example"),
    "another host": post("host: evil.example"),
    "a host with a path": post("host: x/#@localhost"),
    "path without slash": post("host: localhost", path="v1/chat/completions"),
    "2 MB header": post("host: localhost", "x-a: " + "a" * 2_000_000),
    "10,000 headers": post("host: localhost", *[f"x-{number}: a" for number in range(10_000)]),
    "an origin": post("host: localhost", "origin: https://evil.example"),
    "websocket": post("host: localhost", "connection: upgrade", "upgrade: websocket", "sec-websocket-key: x"),
    "bad chunk": post("host: localhost", "transfer-encoding: chunked", body=b"zz\r\n", length=False),
    "negative CL": post("host: localhost", "content-length: -5", length=False),
}  # fmt: skip


@pytest.mark.parametrize("name", RAW)
def test_a_malformed_request_over_the_network_sends_nothing_upstream(
    served: tuple[str, int, Upstream], name: str
) -> None:
    _, port, upstream = served
    before = len(upstream.requests)
    received = exchange(port, RAW[name])
    statuses = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
    assert all(400 <= status < 500 for status in statuses), received[:300]
    assert len(statuses) <= 1  # nothing behind it was taken for a request
    assert len(upstream.requests) == before


def test_an_absolute_uri_chooses_no_target(served: tuple[str, int, Upstream]) -> None:
    """HTTP allows it, and httptools shows its path only."""
    parser, port, upstream = served
    before = len(upstream.requests)
    received = exchange(
        port, post("host: localhost", path="http://evil.example/v1/chat/completions")
    )
    sent = upstream.requests[before:]
    if parser == "h11":
        assert received.startswith(b"HTTP/1.1 400 ")
    assert {request.url for request in sent} <= {"http://llm.internal/v1/chat/completions"}


def test_bare_line_feeds_smuggle_no_request(served: tuple[str, int, Upstream]) -> None:
    _, port, upstream = served
    before = len(upstream.requests)
    received = exchange(port, RAW["no host"].replace(b"\r\n", b"\n"))
    assert b" 200 " not in received[:20]
    assert len(upstream.requests) == before


def test_a_client_that_hangs_up_over_the_network_cancels_the_upstream(
    served: tuple[str, int, Upstream],
) -> None:
    import time

    _, port, upstream = served
    before = upstream.cancelled
    body = DATA.replace(b"Say hello.", b"hang")
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(post("host: localhost", body=body))
        deadline = time.monotonic() + 5
        while not upstream.open and time.monotonic() < deadline:
            time.sleep(0.005)
    while upstream.open and time.monotonic() < deadline:
        time.sleep(0.005)
    assert (upstream.open, upstream.cancelled) == (0, before + 1)


GOOD = post("host: localhost")
OWED = {
    "nothing": b"",
    "a part of a head": GOOD[:40],
    "no body": GOOD[: -len(DATA)],
    "a part of a body": GOOD[:-5],
    "a chunk": post(
        "host: localhost", "transfer-encoding: chunked", body=CHUNKED[:9], length=False
    ),
}


@pytest.mark.parametrize(("requests", "name"), [(0, "nothing"), *product((0, 1), list(OWED)[1:])])
def test_a_client_that_does_not_send_on_is_left(
    served: tuple[str, int, Upstream], name: str, requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its first request, or in its second; between two it may be idle."""
    hurry(monkeypatch, 0.1)
    _, port, upstream = served
    before = len(upstream.requests)
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        for _ in range(requests):
            sock.sendall(GOOD)
            assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
        sock.sendall(OWED[name])
        assert b"HTTP/1.1 " not in everything(sock)
    assert len(upstream.requests) - before == requests


def hurry(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Clients have only so much time."""
    monkeypatch.setattr(connections, "LOOK_S", seconds / 4)
    for name in ("IDLE_S", "HEAD_S", "BODY_S"):
        monkeypatch.setattr(connections, name, seconds)


def everything(sock: socket.socket) -> bytes:
    """All that comes until the server ends the connection. Raises TimeoutError if it does not."""
    received = b""
    with suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            received += piece
    return received


def test_a_client_may_be_idle_between_two_requests(
    served: tuple[str, int, Upstream], monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch, 0.02)
    _, port, _ = served
    with socket.create_connection(("127.0.0.1", port), 0.15) as sock:
        for _ in range(2):
            sock.sendall(GOOD)
            with pytest.raises(TimeoutError):
                everything(sock)
        sock.settimeout(5)
        sock.sendall(post("host: localhost", "connection: close"))
        assert everything(sock).startswith(b"HTTP/1.1 200 ")


def test_a_head_without_end_is_not_kept(served: tuple[str, int, Upstream]) -> None:
    _, port, _ = served
    head = b"GET / HTTP/1.1\r\n" + (b"x: " + b"a" * 65536 + b"\r\n") * 500
    with socket.create_connection(("127.0.0.1", port), 5) as sock, pytest.raises(ConnectionError):
        sock.sendall(head)


def test_a_good_request_over_the_network_is_answered(served: tuple[str, int, Upstream]) -> None:
    _, port, _ = served
    received = exchange(port, post("host: localhost", "connection: close"))
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"Hello" in received
    chunked = exchange(
        port,
        post(
            "host: localhost",
            "transfer-encoding: chunked",
            "connection: close",
            body=CHUNKED,
            length=False,
        ),
    )
    assert chunked.startswith(b"HTTP/1.1 200 ")
    assert b"Hello" in chunked


def test_a_body_that_breaks_off_its_framing_gets_one_response(
    served: tuple[str, int, Upstream], caplog: pytest.LogCaptureFixture
) -> None:
    errors = logging.getLogger("uvicorn.error")
    errors.addHandler(caplog.handler)
    try:
        for path in (PATH, "/missing"):
            head = ("host: 127.0.0.1", "transfer-encoding: chunked")
            received = exchange(served[1], post(*head, body=b"g\r\n", path=path, length=False))
            assert received.startswith(b"HTTP/1.1 400 ")
            assert received.count(b"HTTP/1.1") == 1
    finally:
        errors.removeHandler(caplog.handler)
    assert [record.exc_text for record in caplog.records if record.exc_info] == []
