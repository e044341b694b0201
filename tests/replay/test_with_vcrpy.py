"""What vcrpy records we replay, and what we write vcrpy replays: the same answers, and no secret in either file."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import pytest

from llm_pure import HttpRequest, HttpResponse
from llm_pure.effects.transports import AsyncTransport, Timeouts, Transport
from llm_pure.effects.transports.httpx import AsyncHttpxTransport, HttpxTransport
from llm_pure.http import header
from llm_pure.replay import (
    before_record_request,
    before_record_response,
    load_cassette,
    open_replay,
    redact_cassette,
    save_cassette,
)

vcr: Any = import_module("vcr")  # vcrpy has no types

KEY = "sk-proj-Canary0123456789abcdef"
JSON = f'{{"text":"grüß 😀","echo":"{KEY}"}}'
EVENTS = 'data: {"text":"grüß 😀"}\n\ndata: [DONE]\n\n'
SHOWN = JSON.replace(KEY, "*" * len(KEY)).encode()
TIMEOUTS = Timeouts(total_s=10)


class _Service(BaseHTTPRequestHandler):
    """Answers gzipped JSON, or an event stream at /stream."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        stream = self.path.startswith("/stream")
        body = EVENTS.encode() if stream else gzip.compress(JSON.encode())
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if stream else "application/json")
        self.send_header("Set-Cookie", f"session={KEY}")
        if not stream:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def service() -> Iterator[str]:
    """A server on loopback; its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(url: str) -> list[HttpRequest]:
    headers = (("authorization", f"Bearer {KEY}"), ("content-type", "application/json"))
    return [
        HttpRequest("POST", f"{url}/whole?key={KEY}", headers, b'{"ask":"one"}'),
        HttpRequest("POST", f"{url}/stream", headers, b'{"ask":"two","stream":true}'),
    ]


def sync_answers(transport: Transport, url: str) -> list[HttpResponse]:
    return [transport.send(request, TIMEOUTS).unwrap() for request in asked(url)]


async def async_answers(transport: AsyncTransport, url: str) -> list[HttpResponse]:
    return [(await transport.asend(request, TIMEOUTS)).unwrap() for request in asked(url)]


def through_httpx(url: str, kind: str) -> list[HttpResponse]:
    if kind == "sync":
        with HttpxTransport() as transport:
            return sync_answers(transport, url)

    async def run() -> list[HttpResponse]:
        async with AsyncHttpxTransport() as transport:
            return await async_answers(transport, url)

    return anyio.run(run)


def cassette(path: Path, mode: str) -> Any:
    """vcrpy in the network's place."""
    recorder = vcr.VCR(
        record_mode=mode,
        before_record_request=before_record_request,
        before_record_response=before_record_response,
        match_on=["method", "uri", "body"],
    )
    return recorder.use_cassette(str(path))


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_vcrpy_recorded_we_replay_and_what_we_wrote_vcrpy_replays(
    tmp_path: Path, kind: str
) -> None:
    theirs, ours = tmp_path / "theirs.yaml", tmp_path / "ours.yaml"
    with service() as url, cassette(theirs, "once"):
        live = through_httpx(url, kind)
    assert [response.body for response in live] == [JSON.encode(), EVENTS.encode()]

    replay = open_replay(theirs).unwrap()
    replayed = (
        sync_answers(replay, url) if kind == "sync" else anyio.run(async_answers, replay, url)
    )
    assert [response.body for response in replayed] == [SHOWN, EVENTS.encode()]
    assert [header(response.headers, "content-type") for response in replayed] == [
        "application/json",
        "text/event-stream",
    ]
    assert replay.unused == ()

    recorded = load_cassette(theirs).unwrap()
    assert redact_cassette(recorded) == recorded
    save_cassette(ours, recorded).unwrap()
    with cassette(ours, "none"):
        again = through_httpx(url, kind)
    assert again == replayed
    for file in (theirs, ours):
        text = file.read_text("utf-8")
        assert "Canary" not in text
        assert "session" not in text
