"""A server on loopback that gives every connection the same bytes and closes it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_answer(answer: bytes, seen: list[bytes] | None = None) -> Iterator[str]:
    """The base URL of the server, for as long as the block lasts. seen: takes the requests, with their heads."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, answer, seen), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def http(status: int, content_type: str, body: bytes, *, length: int | None = None) -> bytes:
    """A whole HTTP answer; `length` lies about how long the body is."""
    head = (
        f"HTTP/1.1 {status} Said\r\ncontent-type: {content_type}\r\n"
        f"content-length: {len(body) if length is None else length}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


def _serve(listener: socket.socket, answer: bytes, seen: list[bytes] | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(5)
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(65536)
            head, _, body = request.partition(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length:")
                ),
                0,
            )
            while len(body) < length:
                body += connection.recv(65536)
            if seen is not None:
                seen.append(head + b"\r\n\r\n" + body)
            connection.sendall(answer)
