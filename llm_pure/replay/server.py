"""A server on loopback that answers with a transport: recorded requests get their recorded responses, streams included.

For programs with HTTP libraries of their own, such as the official packages:

    with serve(open_replay("cassette.yaml", matching=MatchRules(origin=False)).unwrap()) as server:
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="any")

With `upstream` requests are forwarded, so a recorder as the transport records such programs.

Only requests to a loopback name are answered, and only those that no page of another site has sent: else a web page could
read recorded responses through a name of its own that leads to 127.0.0.1.
"""

import re
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import msgspec

from llm_pure.replay.recording_index import NOT_RECORDED
from llm_pure.server.request_body import plain_request
from llm_pure.transports.base import BODY_LIMIT, StreamingResponse, Timeouts, Transport
from llm_pure.types.errors import LLMError
from llm_pure.types.http import Headers, HttpRequest
from llm_pure.types.result import Failure, Success

HOST = "127.0.0.1"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

UNROUTABLE = "http://recorded.invalid"
"""The origin of requests without an upstream; matching must ignore it."""

MAX_CONNECTIONS = 256
"""When there are more, the one is closed that has waited longest for a request or the rest of one."""

IDLE_S = 60.0
"""A connection without a request is closed after this time."""

REQUEST_S = 60.0
"""A request must be received within this time, and another second for each MIN_RATE bytes of its body."""

MIN_RATE = 100_000

LINGER_S = 1.0
"""A client that goes on sending after its last answer is read for this time before the connection is closed."""

_HOP_HEADERS = frozenset(
    {
        "accept-encoding", "connection", "content-length", "host", "keep-alive", "proxy-connection",
        "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_LINE_LIMIT = 65536
_WITHOUT_BODY = (204, 304)
_METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


class ReplayServer:
    """A running server. url: its URL without a slash at the end."""

    def __init__(
        self,
        transport: Transport,
        *,
        upstream: str = UNROUTABLE,
        port: int = 0,
        hosts: Collection[str] = (),
    ) -> None:
        """hosts: names by which it may be called, beside those of loopback."""
        allowed = LOOPBACK_HOSTS | {host.lower() for host in hosts}
        handler = type(
            "_Bound", (_Handler,), {"transport": transport, "upstream": upstream, "hosts": allowed}
        )
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
    transport: Transport,
    *,
    upstream: str = UNROUTABLE,
    port: int = 0,
    hosts: Collection[str] = (),
) -> Iterator[ReplayServer]:
    """Run a server inside the block.

    port: 0 is any free port. upstream: the origin that requests are forwarded to. hosts: names by which the server may be
    called, beside those of loopback (`Host` and `Origin` of a request).
    """
    server = ReplayServer(transport, upstream=upstream.rstrip("/"), port=port, hosts=hosts)
    try:
        yield server
    finally:
        server.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    """Clients may connect by hundreds at once, and a connection that the queue has no room for hangs for seconds."""

    def __init__(self, address: tuple[str, int], handler: type["_Handler"]) -> None:
        super().__init__(address, handler)
        self._waiting: dict[socket.socket, float] = {}
        """Connections that wait for a request, or the rest of one -> when they are closed for it."""
        self._open: set[socket.socket] = set()
        self._guard = Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
            self._waiting[request] = monotonic() + IDLE_S
            if len(self._open) > MAX_CONNECTIONS:
                _disconnect(next(iter(self._waiting)))  # the first has waited longest
                self._waiting.pop(next(iter(self._waiting)))
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
            self._waiting.pop(request, None)
        _drain(request)
        super().shutdown_request(request)

    def wait_for(self, connection: socket.socket, seconds: float) -> None:
        """Close this connection if it has not sent a request by then."""
        with self._guard:
            self._waiting.pop(connection, None)  # to the end of the row
            self._waiting[connection] = monotonic() + seconds

    def received(self, connection: socket.socket) -> None:
        """Note that the request of a connection is complete."""
        with self._guard:
            self._waiting.pop(connection, None)

    def service_actions(self) -> None:
        """Called a few times a second: close what has waited for too long."""
        now_s = monotonic()
        with self._guard:
            late = [connection for connection, end_s in self._waiting.items() if end_s < now_s]
            for connection in late:
                del self._waiting[connection]
                _disconnect(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing: a client went away, and a request may contain a key."""


def _drain(connection: socket.socket) -> None:
    """End the answer, and take for a moment what the client still sends.

    A connection that is closed with unread bytes is reset, and a reset takes from the client what it has not read yet.
    """
    end_s = monotonic() + LINGER_S
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        while (left_s := end_s - monotonic()) > 0:
            connection.settimeout(left_s)
            if not connection.recv(65536):
                return


def _disconnect(connection: socket.socket) -> None:
    """Wake the thread that reads from this connection; it closes it."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    transport: Transport
    upstream: str
    hosts: frozenset[str]
    connection: socket.socket
    _timer: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_S

    def setup(self) -> None:
        super().setup()
        assert isinstance(self.server, _Server)
        self._timer = self.server

    def handle_one_request(self) -> None:
        self._timer.wait_for(self.connection, IDLE_S)
        with suppress(ConnectionError):
            super().handle_one_request()
            return
        self.close_connection = True

    def _respond(self) -> None:
        try:
            self._check_sender()
            self._timer.wait_for(self.connection, REQUEST_S)
            body = self._body()
        except _Refused as refused:
            self.close_connection = True  # the rest of the request is not read
            self._send(refused.status, _error(str(refused), refused.code))
            return
        finally:
            self._timer.received(self.connection)
        if body is None:  # the client has gone
            self.close_connection = True
            return
        if self.command == "OPTIONS":
            self._head(204, (("allow", _METHODS),), None)
            return
        headers = tuple(
            [item for item in self.headers.items() if item[0].lower() not in _HOP_HEADERS]
        )
        path = self.path if self.path.startswith("/") else f"/{self.path}"
        sent = HttpRequest(self.command, self.upstream + path, headers, body)
        request = plain_request(sent, max_bytes=BODY_LIMIT)
        if isinstance(request, Failure):
            error = request.failure()
            self._send(error.status or 400, _error(error.message, "invalid"))
            return
        with self.transport.stream(request.unwrap(), Timeouts()) as response:
            match response:
                case Success(opened):
                    self._stream(opened)
                case other:
                    self._send_error(other.failure())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _respond

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Called by the base class for a request that it cannot read."""
        self.close_connection = True
        self.request_version = self.protocol_version  # or no head is sent
        if not hasattr(self, "command"):
            self.command = ""
        with suppress(OSError):
            self._send(code, _error(message or explain or "the request is not HTTP/1.1", "invalid"))

    def _check_sender(self) -> None:
        """Raise _Refused for an old HTTP, for another host's name, and for a page of another site."""
        if not self.request_version.startswith("HTTP/1."):
            self.request_version = self.protocol_version  # or no head is sent
            raise _Refused(505, "the request is not HTTP/1.1")
        hosts = self.headers.get_all("host", [])
        if len(hosts) != 1 or _host_of(f"//{hosts[0]}") not in self.hosts:
            raise _Refused(403, "only requests to a loopback name are answered", "host")
        origins = self.headers.get_all("origin", [])
        if any(_host_of(origin) not in self.hosts for origin in origins):
            raise _Refused(403, "only requests of loopback pages are answered", "origin")
        if self.headers.get("upgrade", "").lower() == "websocket":  # Codex then uses HTTP at once
            raise _Refused(426, "WebSockets are not answered: use HTTP", "upgrade")

    def _send_error(self, error: LLMError) -> None:
        # 404 for a miss, as the official packages retry after a 5xx.
        status = 404 if error.code == NOT_RECORDED else 502
        self._send(status, _error(error.message, error.code or error.kind))

    def _stream(self, response: StreamingResponse) -> None:
        status, headers = response.head.status, response.head.headers
        if not 100 <= status <= 999:
            self._send(502, _error(f"the recorded status {status} cannot be sent", "status"))
            return
        if status < 200 or status in _WITHOUT_BODY or self.command == "HEAD":
            # nothing follows a status below 200 here, for which a client would wait
            self.close_connection = self.close_connection or status < 200
            self._head(status, headers, None)
            return
        chunked = self.request_version != "HTTP/1.0"
        self.close_connection = self.close_connection or not chunked
        self._head(status, headers, ("Transfer-Encoding", "chunked") if chunked else None)
        for chunk in response:
            if isinstance(chunk, Failure):
                self.close_connection = True  # without the last chunk: the body broke off
                return
            data = chunk.unwrap()
            if data:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _send(self, status: int, body: bytes) -> None:
        kind = (("content-type", "application/json"),)
        self._head(status, kind, ("Content-Length", str(len(body))))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, headers: Headers, length: tuple[str, str] | None) -> None:
        """Send the head. Recorded headers that HTTP cannot carry are left out."""
        self.send_response_only(status)
        for name, value in headers:
            sendable = _NAME.fullmatch(name) and not _CONTROL.search(value)
            if sendable and name.lower() not in (*_HOP_HEADERS, "content-encoding"):  # plain bodies
                # the base class encodes as latin-1
                self.send_header(name, value.encode("utf-8", "replace").decode("latin-1"))
        if length is not None:
            self.send_header(*length)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _body(self) -> bytes | None:
        """Return the request body, None if the client goes before its end. Raises _Refused."""
        lengths = self.headers.get_all("content-length", [])
        codings = self.headers.get_all("transfer-encoding", [])
        if codings:
            if lengths or [coding.strip().lower() for coding in codings] != ["chunked"]:
                raise _Refused(400, "the length of the request is not certain")
            return self._chunks()
        if not lengths:
            return b""
        if len(lengths) > 1 or not re.fullmatch("[0-9]{1,18}", lengths[0].strip()):
            raise _Refused(400, "the length of the request is not certain")
        length = int(lengths[0])
        if length > BODY_LIMIT:
            raise _Refused(413, "the request body is too long")
        self._timer.wait_for(self.connection, REQUEST_S + length / MIN_RATE)
        body = self.rfile.read(length)
        return body if len(body) == length else None

    def _chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            line = self.rfile.readline(_LINE_LIMIT)
            size_line = _CHUNK_SIZE.fullmatch(line)
            if size_line is None:
                if not line:
                    return None
                raise _Refused(400, "the request has a chunk without a size")
            size = int(size_line[1], 16)
            if len(body) + size > BODY_LIMIT:
                raise _Refused(413, "the request body is too long")
            if size == 0:
                return bytes(body) if self._skip_trailers() else None
            self._timer.wait_for(self.connection, REQUEST_S + len(body) / MIN_RATE)
            chunk = self.rfile.read(size)
            body += chunk
            if len(chunk) < size:
                return None
            if self.rfile.readline(3) not in (b"\r\n", b"\n"):
                raise _Refused(400, "the request has a chunk without an end")

    def _skip_trailers(self) -> bool:
        """Read the fields after the last chunk. Return false if the client goes before their end."""
        for _ in range(100):
            line = self.rfile.readline(_LINE_LIMIT)
            if line in (b"\r\n", b"\n"):
                return True
            if not line:
                return False
        raise _Refused(431, "the request has too many trailers")

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a request line may contain a key."""


def _host_of(url: str) -> str:
    """Return the host of a URL in lower case, "" if it has none."""
    try:
        return (urlsplit(url).hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _error(message: str, code: str) -> bytes:
    """Return an error body that the clients of OpenAI and Anthropic both read."""
    error = {"message": message, "type": code, "code": code, "param": None}
    return msgspec.json.encode({"type": "error", "error": error})
