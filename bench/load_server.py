"""A service on loopback that thinks for 20 ms and answers as OpenAI's chat completions do, whole or in 200 events.

`python -m bench.load_server [THINK_S [WRITES]]` prints its port and serves until its standard input is closed. It is made to cost
little. WRITES: in how many writes a stream comes.
"""

import asyncio
import sys
from typing import Any

THINK_S = 0.02
EVENTS = 200

_USAGE = b'{"prompt_tokens":9,"completion_tokens":50,"total_tokens":59}'
WHOLE = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"bench","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"' + b"word " * 50 + b'"},"finish_reason":"stop"}],'
    b'"usage":%s}' % _USAGE
)
_CHUNK = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"bench","choices":'
    b'[{"index":0,"delta":{%s},"finish_reason":%s}]}\n\n'
)
STREAM = [
    _CHUNK % (b'"role":"assistant","content":""', b"null"),
    # no word twice in a row: litellm takes that for a model that has lost its way
    *[_CHUNK % (b'"content":"word %d "' % number, b"null") for number in range(EVENTS - 2)],
    (_CHUNK % (b"", b'"stop"')).replace(b"]}", b'],"usage":%s}' % _USAGE),
    b"data: [DONE]\n\n",
]
_PIECES = 10
"""In how many writes a stream comes, so that it is not one read."""


def _head(more: str, kind: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{more}\r\n\r\n".encode()


ANSWER = _head(f"content-length: {len(WHOLE)}", "application/json") + WHOLE


def _pieces(writes: int = _PIECES) -> list[bytes]:
    size = -(-len(STREAM) // writes)
    bodies = [b"".join(STREAM[start : start + size]) for start in range(0, len(STREAM), size)]
    chunks = [b"%x\r\n%s\r\n" % (len(body), body) for body in bodies]
    chunks[-1] += b"0\r\n\r\n"
    return [_head("transfer-encoding: chunked", "text/event-stream") + chunks[0], *chunks[1:]]


class Service(asyncio.Protocol):
    """One connection: requests with a content-length, one after another."""

    pieces = _pieces()
    think_s = THINK_S

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, rest = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        if len(rest) < length:
            return
        self._data = rest[length:]
        asked = rest[:length].replace(b" ", b"")
        if b'"stream":true' in asked:
            self._after(self._send, 0)
        else:
            self._after(self._transport.write, ANSWER)

    def _after(self, function: Any, argument: Any) -> None:
        if self.think_s:
            self._loop.call_later(self.think_s, function, argument)
        else:
            function(argument)

    def _send(self, number: int) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(self.pieces[number])
        if number + 1 < len(self.pieces):
            self._loop.call_soon(self._send, number + 1)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Service, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started it is gone
    server.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Service.think_s = float(sys.argv[1])
    if len(sys.argv) > 2:
        Service.pieces = _pieces(int(sys.argv[2]))
    asyncio.run(serve())
