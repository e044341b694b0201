"""Bytes that nobody asked for never become the answer of the next call, and their connection is closed."""

import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import sleep

import anyio
import pytest
import trustme

from llm_pure.transports.base import TransportSettings
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import LLMResult
from tests.support.carriers import (
    QUICK,
    every_kind,
    is_sync,
    open_async,
    open_sync,
    run,
)
from tests.support.loopback import Connection, Loopback, asking, chunked, response

STOLEN = response(b"the answer to somebody else")


class Numbered:
    """Answers each request with its number, and adds what `unasked` gives."""

    def __init__(self, unasked: Callable[[Connection, bytes], None]) -> None:
        self._unasked = unasked
        self._lock = threading.Lock()
        self.count = 0
        self.sent = threading.Semaphore(0)
        """Released when everything after a request was sent."""

    def __call__(self, connection: Connection) -> None:
        # what is sent comes at once, not when the other side has confirmed what was sent before
        connection._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while connection.read_request():
            with self._lock:
                self.count += 1
                number = b"%d" % self.count
            try:
                self._unasked(connection, number)
            finally:
                self.sent.release()

    def wait(self) -> None:
        """Until everything was sent, and a little more, so that it has come too."""
        assert self.sent.acquire(timeout=60)
        # what is more than the window of the connection comes when the system asks for it again
        sleep(0.5 if self._unasked is of_64_kib else 0.05)


def two(connection: Connection, number: bytes) -> None:
    connection.send(response(number) + STOLEN)


def twice_the_same(connection: Connection, number: bytes) -> None:
    connection.send(response(number) * 2)


def two_in_chunks(connection: Connection, number: bytes) -> None:
    connection.send(chunked(number) + STOLEN)


def half(connection: Connection, number: bytes) -> None:
    connection.send(response(number) + STOLEN[:20])


def soon(connection: Connection, number: bytes) -> None:
    connection.send(response(number))
    sleep(0.01)
    connection.send(STOLEN)


def late(connection: Connection, number: bytes) -> None:
    connection.send(response(number))
    sleep(0.04)
    connection.send(STOLEN)


def after_no_content(connection: Connection, number: bytes) -> None:
    connection.send(b"HTTP/1.1 204 No\r\nx: " + number + b"\r\ncontent-length: 80\r\n\r\n" + STOLEN)


def after_not_modified(connection: Connection, number: bytes) -> None:
    connection.send(b"HTTP/1.1 304 No\r\nx: " + number + b"\r\n\r\n" + STOLEN)


def of_64_kib(connection: Connection, number: bytes) -> None:
    """The response ends where a read of 64 KiB does."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %05d\r\nx: " + number + b"\r\n\r\n"
    size = 65536 - len(head % 0)
    connection.send(head % size + number.ljust(size, b" ") + STOLEN)


def a_blank_line(connection: Connection, number: bytes) -> None:
    connection.send(response(number) + b"\r\n")


UNASKED = {
    call.__name__: call
    for call in (
        two, twice_the_same, two_in_chunks, half, soon, late, after_no_content, after_not_modified, of_64_kib, a_blank_line,
    )
}  # fmt: skip


def send_in_turn(
    kind: str, url: str, settings: TransportSettings, service: Numbered
) -> list[LLMResult[HttpResponse]]:
    got: list[LLMResult[HttpResponse]] = []
    if is_sync(kind):
        with open_sync(kind, settings) as transport:
            for _ in range(4):
                got.append(transport.send(asking(url), QUICK))
                service.wait()
        return got

    async def main() -> None:
        async with open_async(kind, settings) as transport:
            for _ in range(4):
                got.append(await transport.asend(asking(url), QUICK))
                await anyio.to_thread.run_sync(service.wait)

    run(kind, main)
    return got


AUTHORITY = trustme.CA()


def tls_server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def numbers_and_connections(name: str, encrypted: bool, kind: str) -> tuple[list[bytes], int, bool]:
    """Return the answers of four calls, the connections that were opened, and whether all of them were closed."""
    settings = TransportSettings(max_connections=1, tls=trusting())
    service = Numbered(UNASKED[name])
    with Loopback(service, tls_server() if encrypted else None) as server:
        got = [answer.unwrap() for answer in send_in_turn(kind, server.url, settings, service)]
        seen = [answer.body.strip() or dict(answer.headers)["x"].encode() for answer in got]
        return seen, server.accepted, server.wait_until_left()


@every_kind
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_unasked_bytes_reach_no_other_call(encrypted: bool, kind: str) -> None:
    with ThreadPoolExecutor(len(UNASKED)) as pool:  # most of the time is waiting
        rows = pool.map(partial(numbers_and_connections, encrypted=encrypted, kind=kind), UNASKED)
        seen = dict(zip(UNASKED, rows, strict=True))
    assert seen == {name: ([b"1", b"2", b"3", b"4"], 4, True) for name in UNASKED}
