"""A server on loopback that answers as a transport does: recorded requests get their recorded answers, streamed too.

It is for programs that have HTTP libraries of their own, such as the official packages:

    with serve(open_replay("tape.yaml", matching=Matching(origin=False)).unwrap()) as server:
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="any")

With `upstream` it passes on what the transport lets through, so that a recorder behind it records such programs.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import msgspec

from llm_pure.replay.recording_index import NOT_RECORDED
from llm_pure.transports.base import BODY_LIMIT, StreamingResponse, Timeouts, Transport
from llm_pure.types.errors import LLMError
from llm_pure.types.http import Headers, HttpRequest
from llm_pure.types.result import Failure, LLMResult

HOST = "127.0.0.1"

UNROUTABLE = "http://recorded.invalid"
"""The origin of requests where there is no upstream; whoever matches is not to look at it."""

_HOPS = frozenset(
    {
        "accept-encoding", "connection", "content-encoding", "content-length", "host", "keep-alive", "proxy-connection",
        "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip


class ReplayServer:
    """A server that runs. url: where, without a slash at its end."""

    def __init__(self, transport: Transport, *, upstream: str = UNROUTABLE, port: int = 0) -> None:
        handler = type("_Bound", (_Handler,), {"transport": transport, "upstream": upstream})
        self._server = _Server((HOST, port), handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.port: int = self._server.server_address[1]
        self.url = f"http://{HOST}:{self.port}"

    def wait(self) -> None:
        """Until it is closed."""
        self._thread.join()

    def close(self) -> None:
        """No more requests are taken."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serve(
    transport: Transport, *, upstream: str = UNROUTABLE, port: int = 0
) -> Iterator[ReplayServer]:
    """A server for as long as the block lasts. port: 0 is any free one. upstream: the origin that requests go to."""
    server = ReplayServer(transport, upstream=upstream.rstrip("/"), port=port)
    try:
        yield server
    finally:
        server.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    transport: Transport
    upstream: str
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 600

    def _answer(self) -> None:
        body = self._body()
        if body is None:
            self._whole(413, _error("the request is not HTTP/1.1 as it is taken here", "invalid"))
            self.close_connection = True
            return
        headers = tuple(
            [(name, value) for name, value in self.headers.items() if name.lower() not in _HOPS]
        )
        path = self.path if self.path.startswith("/") else f"/{self.path}"
        request = HttpRequest(self.command, self.upstream + path, headers, body)
        with self.transport.stream(request, Timeouts()) as opened, suppress(ConnectionError):
            self._give(opened)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _give(self, opened: LLMResult[StreamingResponse]) -> None:
        if isinstance(opened, Failure):
            error: LLMError = opened.failure()
            missing = error.code == NOT_RECORDED
            # 404, as the official packages would ask again after any 5xx
            told = _error(error.message, error.code or error.kind)
            self._whole(404 if missing else 502, told)
            return
        answer = opened.unwrap()
        self._head(answer.head.status, answer.head.headers, ("Transfer-Encoding", "chunked"))
        for piece in answer:
            if isinstance(piece, Failure):
                self.close_connection = True  # without the last chunk: the body broke off
                return
            data = piece.unwrap()
            if data:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def _whole(self, status: int, body: bytes) -> None:
        kind = (("content-type", "application/json"),)
        self._head(status, kind, ("Content-Length", str(len(body))))
        self.wfile.write(body)

    def _head(self, status: int, headers: Headers, length: tuple[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name not in _HOPS:
                self.send_header(name, value)
        self.send_header(*length)
        self.end_headers()

    def _body(self) -> bytes | None:
        """The request's body; None when it is too long or cannot be read."""
        try:
            if self.headers.get("transfer-encoding", "").lower() == "chunked":
                return self._chunks()
            length = int(self.headers.get("content-length", "0"))
        except ValueError:
            return None
        return self.rfile.read(length) if 0 <= length <= BODY_LIMIT else None

    def _chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            size = int(self.rfile.readline(100).partition(b";")[0], 16)
            if size < 0 or len(body) + size > BODY_LIMIT:
                return None
            body += self.rfile.read(size)
            self.rfile.readline(100)
            if size == 0:
                return bytes(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: a request line may hold a key."""


def _error(message: str, code: str) -> bytes:
    """As OpenAI and Anthropic both tell errors."""
    error = {"message": message, "type": code, "code": code, "param": None}
    return msgspec.json.encode({"type": "error", "error": error})
