"""A service on loopback for one test, by the standard library's server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024
    """Clients may connect by hundreds at once. Linux drops what the queue (5 by default) has no room for, and a client
    whose half of the connection is open then waits for its answer for up to a minute."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what went wrong, except that a client went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def http_service(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Iterator[str]:
    """The server, up; its URL without a path. Port 0 takes a free one."""
    with _Server(("127.0.0.1", port), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(5)
