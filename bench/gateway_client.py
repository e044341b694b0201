"""A cheap client: `python -m bench.gateway_client PORT MODE CONNECTIONS SECONDS [KEY]`; one JSON line about its calls.

MODE is "unary" or "stream". The client speaks HTTP on bare sockets, so that it takes little of the machine that it shares with
the server. Every answer is checked: status, end, and that a stream has all its words.
"""

import asyncio
import json
import sys
from time import perf_counter

from bench.load_server import EVENTS

LAST_WORD = b"word %d " % (EVENTS - 3)
DONE = b"[DONE]"


def request_of(mode: str, key: str) -> bytes:
    """The bytes of a request."""
    body: dict[str, object] = {
        "model": "bench",
        "messages": [{"role": "user", "content": "Why is the sky blue? " * 20}],
    }
    if mode == "stream":
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    data = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


class Client(asyncio.Protocol):
    """One connection: one request after another."""

    def __init__(self, port: int, request: bytes, stream: bool) -> None:
        self._port = port
        self._request = request
        self._stream = stream
        self._data = bytearray()
        self._answered: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionError("the server has closed the connection"))

    async def call(self) -> bytes:
        """Send the request; return the answer as it came."""
        self._data.clear()
        loop = asyncio.get_running_loop()
        if self._transport.is_closing():  # a slow server has closed a connection that was idle
            await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        self._answered = loop.create_future()
        self._transport.write(self._request)  # type: ignore[attr-defined]
        return await self._answered

    def data_received(self, data: bytes) -> None:
        self._data += data
        if self._answered is not None and not self._answered.done() and self._complete():
            self._answered.set_result(bytes(self._data))

    def _complete(self) -> bool:
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self._data[:end].lower()
        start = head.find(b"content-length:")
        if start < 0:
            return self._data.endswith(b"0\r\n\r\n")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0])
        return len(self._data) >= end + 4 + length


def check(answer: bytes, stream: bool) -> None:
    """Fails unless it is a complete success."""
    assert answer.startswith(b"HTTP/1.1 200"), answer[:500]
    parts = (LAST_WORD, DONE) if stream else (b"word word", b'"usage"')
    assert all(part in answer for part in parts), answer[-500:]


async def main(port: int, mode: str, connections: int, seconds: float, key: str) -> None:
    loop = asyncio.get_running_loop()
    request, stream = request_of(mode, key), mode == "stream"
    clients: list[Client] = []
    for _ in range(connections):
        _, client = await loop.create_connection(
            lambda: Client(port, request, stream), "127.0.0.1", port
        )
        clients.append(client)
        check(await client.call(), stream)
    times: list[float] = []
    began = perf_counter()
    ends = began + seconds

    async def work(client: Client) -> None:
        while (at := perf_counter()) < ends:
            answer = await client.call()
            times.append(perf_counter() - at)
            assert answer.startswith(b"HTTP/1.1 200")
        check(await client.call(), stream)

    await asyncio.gather(*[work(client) for client in clients])
    times.sort()
    line = {
        "calls": len(times) + 2 * connections,
        "timed": len(times),
        "seconds": perf_counter() - began,
        "p50_ms": 1000 * times[len(times) // 2],
        "p99_ms": 1000 * times[int(len(times) * 0.99)],
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    _, PORT, MODE, CONNECTIONS, SECONDS, *KEY = sys.argv
    asyncio.run(main(int(PORT), MODE, int(CONNECTIONS), float(SECONDS), *(KEY or ["none"])))
