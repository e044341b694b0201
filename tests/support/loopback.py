"""A server on loopback that does what it is told with each connection: answer, drip, cut off, stay silent.

It knows which of its connections the other side still holds open, which is how tests find a leak.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Self

from llm_pure.types.http import HttpRequest


class Connection:
    """One accepted connection, from the server's side."""

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        self._sock = sock
        self._stopping = stopping
        self._unread = b""

    def read_request(self) -> bytes:
        """One request, head and body; b"" when the other side has gone."""
        while b"\r\n\r\n" not in self._unread:
            if not self._more():
                return b""
        head, _, rest = self._unread.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(rest) < length:
            self._unread = b""
            if not self._more():
                return b""
            rest += self._unread
        self._unread = rest[length:]
        return head + b"\r\n\r\n" + rest[:length]

    def _more(self) -> bool:
        data = self._sock.recv(65536)
        self._unread += data
        return bool(data)

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def drip(self, data: bytes, every_s: float) -> None:
        """One byte at a time."""
        for byte in data:
            self.send(bytes([byte]))
            if self._stopping.wait(every_s):
                return

    def pause(self, seconds: float = 60) -> None:
        """Nothing, until the other side goes or the server stops."""
        end = monotonic() + seconds
        self._sock.settimeout(0.01)
        while not self._stopping.is_set() and monotonic() < end:
            with suppress(TimeoutError):
                if not self._more():
                    return

    def sleep(self, seconds: float) -> None:
        """Nothing, and nothing is read, so that the other side can't write for ever; until then or the server stops."""
        self._stopping.wait(seconds)

    def join(self, port: int) -> None:
        """What either side says goes to the other one from now on, as through a tunnel."""
        with socket.create_connection(("127.0.0.1", port)) as there:
            back = threading.Thread(target=_pass_on, args=(there, self._sock), daemon=True)
            back.start()
            _pass_on(self._sock, there)
            back.join(5)

    def reset(self) -> None:
        """Close with a RST."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()


Behaviour = Callable[[Connection], None]


class Loopback:
    """`with Loopback(behaviour) as server:`; each connection is given to the behaviour in a thread, then closed.

    tls: the server's, then its `url` is one of https.
    """

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._behaviour = behaviour
        self._tls = tls
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._socks: list[socket.socket] = []
        self.accepted = 0
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        self._open = 0
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._socks:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        assert not [thread for thread in self._threads if thread.is_alive()]

    def wait_until_left(self, seconds: float = 20) -> bool:
        """Has the other side closed every connection by then?"""
        with self._changed:
            return self._changed.wait_for(lambda: self._open == 0, seconds)

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._socks.append(sock)
            with self._changed:
                self.accepted += 1
                self._open += 1
            self._start(lambda sock=sock: self._serve(sock))  # type: ignore[misc]

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError):
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            self._behaviour(_Noting(sock, self._stopping, self.requests))
        with suppress(OSError):  # what the other side has not closed by itself stays open here too
            sock.shutdown(socket.SHUT_WR)
            sock.settimeout(None)
            while not self._stopping.is_set() and sock.recv(65536):
                pass
        sock.close()
        with self._changed:
            self._open -= 1
            self._changed.notify_all()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class _Noting(Connection):
    def __init__(
        self, sock: socket.socket, stopping: threading.Event, requests: list[bytes]
    ) -> None:
        super().__init__(sock, stopping)
        self._requests = requests

    def read_request(self) -> bytes:
        request = super().read_request()
        if request:
            self._requests.append(request)
        return request


def response(
    body: bytes = b"", *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """An answer with its length."""
    lines = [f"HTTP/1.1 {status} Some Words", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*pieces: bytes, end: bool = True) -> bytes:
    """An answer in chunks; not end: the last chunk of length 0 is missing."""
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    body = b"".join([b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces])
    return head + body + (b"0\r\n\r\n" if end else b"")


def answering(*answers: bytes) -> Behaviour:
    """Each request of a connection gets the next answer; then the connection is closed."""

    def behave(connection: Connection) -> None:
        for answer in answers:
            if not connection.read_request():
                return
            connection.send(answer)

    return behave


def always(answer: bytes) -> Behaviour:
    """Every request gets this answer, and the connection stays open."""

    def behave(connection: Connection) -> None:
        while connection.read_request():
            connection.send(answer)

    return behave


def asking(url: str, body: bytes = b"{}") -> HttpRequest:
    """A POST of this body."""
    return HttpRequest("POST", url, (), body)
