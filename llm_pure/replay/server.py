"""A server on loopback that answers with a transport: recorded requests get their recorded responses, streams included.

For programs with HTTP libraries of their own, such as the official packages:

    with serve(open_replay("cassette.yaml", matching=MatchRules(origin=False)).unwrap()) as server:
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="any")

With `upstream` requests are forwarded, so a recorder as the transport records such programs.
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
from llm_pure.types.result import Failure, Success

HOST = "127.0.0.1"

UNROUTABLE = "http://recorded.invalid"
"""The origin of requests without an upstream; matching must ignore it."""

_HOP_HEADERS = frozenset(
    {
        "accept-encoding", "connection", "content-encoding", "content-length", "host", "keep-alive", "proxy-connection",
        "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip


class ReplayServer:
    """A running server. url: its URL without a slash at the end."""

    def __init__(self, transport: Transport, *, upstream: str = UNROUTABLE, port: int = 0) -> None:
        handler = type("_Bound", (_Handler,), {"transport": transport, "upstream": upstream})
        self._server = _Server((HOST, port), handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.port: int = self._server.server_address[1]
        self.url = f"http://{HOST}:{self.port}"

    def wait(self) -> None:
        """Block until the server is closed."""
        self._thread.join()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serve(
    transport: Transport, *, upstream: str = UNROUTABLE, port: int = 0
) -> Iterator[ReplayServer]:
    """Run a server inside the block. port: 0 is any free port. upstream: the origin that requests are forwarded to."""
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

    def _respond(self) -> None:
        body = self._body()
        if body is None:
            self._send(413, _error("the request body is too long or not HTTP/1.1", "invalid"))
            self.close_connection = True
            return
        headers = tuple(
            [item for item in self.headers.items() if item[0].lower() not in _HOP_HEADERS]
        )
        path = self.path if self.path.startswith("/") else f"/{self.path}"
        request = HttpRequest(self.command, self.upstream + path, headers, body)
        with self.transport.stream(request, Timeouts()) as response, suppress(ConnectionError):
            match response:
                case Success(opened):
                    self._stream(opened)
                case other:
                    self._send_error(other.failure())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond

    def _send_error(self, error: LLMError) -> None:
        # 404 for a miss, as the official packages retry after a 5xx.
        status = 404 if error.code == NOT_RECORDED else 502
        self._send(status, _error(error.message, error.code or error.kind))

    def _stream(self, response: StreamingResponse) -> None:
        self._head(response.head.status, response.head.headers, ("Transfer-Encoding", "chunked"))
        for chunk in response:
            if isinstance(chunk, Failure):
                self.close_connection = True  # without the last chunk: the body broke off
                return
            data = chunk.unwrap()
            if data:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def _send(self, status: int, body: bytes) -> None:
        kind = (("content-type", "application/json"),)
        self._head(status, kind, ("Content-Length", str(len(body))))
        self.wfile.write(body)

    def _head(self, status: int, headers: Headers, length: tuple[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name not in _HOP_HEADERS:
                self.send_header(name, value)
        self.send_header(*length)
        self.end_headers()

    def _body(self) -> bytes | None:
        """Return the request body; None if it is too long or cannot be read."""
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
        """Log nothing: a request line may contain a key."""


def _error(message: str, code: str) -> bytes:
    """Return an error body that the clients of OpenAI and Anthropic both read."""
    error = {"message": message, "type": code, "code": code, "param": None}
    return msgspec.json.encode({"type": "error", "error": error})
