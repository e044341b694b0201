"""The loopback server itself: HTTP around the services, each below a prefix of its name."""

import os
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler

from tests.support.http_service import http_service
from tests.support.services.exchange import Reply, Service, asked, json_reply

LOOPBACK_PORT = int(os.environ.get("LLM_PURE_LOOPBACK_PORT", "4011"))
"""Cassettes are recorded at 4011; a test that records beside that takes another."""

NAME = "llm-pure's own loopback server, written from the wire notes; not the provider's service"


def serve(port: int = 0) -> AbstractContextManager[str]:
    """The server, up; its URL. Port 0 takes a free one."""
    return http_service(_Handler, port)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = asked(self.path, headers, self.rfile.read(length), self.command)
        service = _service(self.path.lstrip("/").partition("/")[0])
        if service is None:
            self._send(json_reply({"error": {"message": "no such service"}}, status=404))
        else:
            self._send(service(request))

    do_GET = do_DELETE = do_PUT = do_POST

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)  # without a date: recordings stay the same
        self.send_header("content-type", reply.content_type)
        for name, value in reply.headers:
            self.send_header(name, value)
        if len(reply.pieces) == 1:
            self.send_header("content-length", str(len(reply.pieces[0])))
            self.end_headers()
            self.wfile.write(reply.pieces[0])
            return
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in reply.pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is the test's."""


def _service(name: str) -> Service | None:
    from tests.support.batch_scenarios import BATCH_SERVICES
    from tests.support.services.table import SERVICES

    return SERVICES.get(name) or BATCH_SERVICES.get(name)
