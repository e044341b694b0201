"""A service on loopback that compresses, sets cookies and echoes the key; and vcrpy with our hooks in the network's place."""

import gzip
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from pathlib import Path
from typing import Any

from llm_pure import HttpRequest
from llm_pure.replay import before_record_request, before_record_response
from llm_pure.transports.base import Timeouts
from tests.support.http_service import http_service

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


def service() -> AbstractContextManager[str]:
    """A server on loopback; its URL."""
    return http_service(_Service)


def asked(url: str) -> list[HttpRequest]:
    """What the tests ask: one answer that is whole, and one that is streamed."""
    headers = (("authorization", f"Bearer {KEY}"), ("content-type", "application/json"))
    return [
        HttpRequest("POST", f"{url}/whole?key={KEY}", headers, b'{"ask":"one"}'),
        HttpRequest("POST", f"{url}/stream", headers, b'{"ask":"two","stream":true}'),
    ]


def cassette(path: Path, mode: str) -> Any:
    """vcrpy in the network's place."""
    recorder = vcr.VCR(
        record_mode=mode,
        before_record_request=before_record_request,
        before_record_response=before_record_response,
        match_on=["method", "uri", "body"],
    )
    return recorder.use_cassette(str(path))
