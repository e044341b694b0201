"""Hostile requests over sockets to the replay server: `python -m tests.support.server_fuzz [--seed N] [--cases N]`.

For each case: the server answers with complete HTTP responses or closes the connection, in time; no exception leaves its
threads; a client with a good request is served meanwhile; at the end no thread and no memory is left.
"""

import argparse
import re
import socket
import struct
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from random import Random
from time import monotonic, sleep
from typing import Any

import msgspec

from llm_pure import HttpRequest, HttpResponse
from llm_pure.replay import Cassette, Interaction, MatchRules, ReplayTransport, serve, server
from llm_pure.replay.server import ReplayServer

CASE_S = 8.0
"""Maximum time until the server has answered or closed the connection."""

METHODS = (
    b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"PATCH", b"BREW", b"CONNECT", b"TRACE", b"", b"get", b"G ET", b"G\0T",
    b"PRI", b"\xff\xfe", b"M" * 70_000, b"__init__", b"\r\nGET",
)  # fmt: skip
TARGETS = (
    b"/0", b"/1", b"/2", b"/3", b"/missing", b"*", b"", b"//evil.test/0", b"http://127.0.0.1/0", b"http://evil.test/0", b"127.0.0.1:80",
    b"/../0", b"/%00", b"/%", b"/0?" + b"a=b&" * 5_000, b"/" + b"a" * 70_000, b"/\xff\xc3\x28", b"/0#f", b"/[", b"http://[::1/0",
    b"/0 /1", b"/\t", b"\\0", b"/0\x7f", b"/\xed\xa0\x80",
)  # fmt: skip
VERSIONS = (
    b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"http/1.1", b"HTTP/1.", b"HTTP/", b"",
    b"HTTP/1.1 x", b"HTTP/99999999999999999999.1", b"HTTP/-1.1", b"HTTP/1.1.1", b"HTTP/\xb2.1", b"SPDY/3",
)  # fmt: skip
HEADERS = (
    b"host: evil.test", b"host: 127.0.0.1", b"host:", b"Host : 127.0.0.1", b"host: 127.0.0.1:99999999", b"host: [::1", b"host: a@127.0.0.1",
    b"expect: 100-continue", b"expect: 100-CONTINUE", b"expect: 200-ok", b"expect:", b"upgrade: websocket", b"upgrade: h2c",
    b"connection: upgrade", b"connection: close", b"connection: keep-alive", b"connection: \xff", b"transfer-encoding: gzip, chunked",
    b"transfer-encoding: chunked, chunked", b"transfer-encoding: identity", b"transfer-encoding:\x0bchunked", b"transfer-encoding: chunked",
    b"content-length: -1", b"content-length: +3", b"content-length: 3, 3", b"content-length: 0x3", b"content-length: 3",
    b"content-length: 999999999999999999999", b"content-length: 99999999999", b"content-length: 1000000", b"content-length: \xb2",
    b"content-length:", b"content-length: 3 3", b"content-length: 00000000000000000003", b" folded: a", b"\tfolded", b"no colon",
    b": empty", b"a\0b: c", b"a: b\0c", b"a: \xff\xfe", b"\xff: a", b"a: b\rc: d", b"a: b\nc: d", b"x: " + b"y" * 70_000,
    b"\r\n".join([b"h%d: v" % number for number in range(150)]), b"origin: null", b"origin: http://evil.test", b"origin: http://[",
    b"cookie: a=" + b"b" * 5_000, b"content-type: application/json", b"content-type: multipart/form-data; boundary=\"", b"te: trailers",
    b"content-encoding: gzip", b"content-type: application/x-www-form-urlencoded", b"range: bytes=0-0,5-", b"authorization: Bearer \xff",
)  # fmt: skip
BODIES = (
    b"", b"abc", b'{"a": 1}', b'{"a": ' * 2_000, b"\xff\xfe\0", b"--\"\r\n\r\n\r\n--\"--", b"a=%ff&=&&b", b"x" * 100_000, b"[1e999, 1e-999, 12345678901234567890123]",
    b"3\r\nabc\r\n0\r\n\r\n", b"3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\n", b"0\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"-1\r\n", b"fffffffffffffff\r\nabc", b"3\r\nabcd\r\n",
    b"3\r\nab", b"g\r\n", b"\r\n", b"0x3\r\nabc\r\n0\r\n\r\n", b" 3\r\nabc\r\n0\r\n\r\n", b"3\nabc\n0\n\n", b"1\r\na\r\n" * 500 + b"0\r\n\r\n", b"0\r\n\r", b"3;" + b"e" * 70_000 + b"\r\n",
    b"GET /0 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
)  # fmt: skip
GOOD = b"GET /0 HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"


def request(random: Random) -> bytes:
    """One request with faults here and there."""
    method = random.choice(METHODS) if random.random() < 0.4 else random.choice(METHODS[:4])
    target = random.choice(TARGETS) if random.random() < 0.4 else random.choice(TARGETS[:5])
    version = random.choice(VERSIONS) if random.random() < 0.3 else b"HTTP/1.1"
    headers = [] if random.random() < 0.1 else [b"host: 127.0.0.1"]
    headers += random.choices(HEADERS, k=random.choice((0, 0, 1, 1, 2, 3, 8)))
    body = random.choice(BODIES) if random.random() < 0.6 else b""
    if body and random.random() < 0.5:
        exact = len(body) + random.choice((0, 0, 0, -1, 1, 1_000))
        headers.append(b"content-length: %d" % exact if exact >= 0 else b"content-length: 0")
    end = random.choice((b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\n\r"))
    return end.join([b" ".join([method, target, version]), *headers, b"", b""]) + body


def damaged(data: bytes, random: Random) -> bytes:
    """The data with a few bytes changed, removed, repeated, or cut off."""
    changed = bytearray(data)
    for _ in range(random.choice((0, 0, 0, 1, 2, 5))):
        at = random.randrange(len(changed) + 1)
        piece = bytes(random.choices(b"\0\r\n :%/0129aA\xff\t,;", k=random.choice((1, 1, 3))))
        match random.randrange(4):
            case 0:
                changed[at:at] = piece
            case 1:
                del changed[at : at + random.choice((1, 2, 30))]
            case 2:
                changed[at : at + len(piece)] = piece
            case _:
                changed[at:at] = changed[max(0, at - random.choice((2, 40))) : at]
    return bytes(
        changed[: random.randrange(len(changed) + 1)] if random.random() < 0.1 else changed
    )


def case(seed: int, number: int) -> tuple[bytes, Random]:
    """What is sent in one case, the same for a seed and a number; and the choices of how it is sent."""
    random = Random(f"{seed}:{number}")
    requests = [request(random) for _ in range(random.choice((1, 1, 1, 2, 4)))]
    return damaged(b"".join(requests), random), random


def exchange(port: int, data: bytes, random: Random) -> bytes | None:
    """Send the data, and return all that comes back until the server closes; None if the client leaves early."""
    with socket.create_connection(("127.0.0.1", port), timeout=CASE_S) as sock:
        pieces = random.choice((1, 1, 1, 2, 7))
        size = max(1, -(-len(data) // pieces))
        with suppress(ConnectionError):  # the server may refuse a part of it
            for begin in range(0, len(data), size):
                sock.sendall(data[begin : begin + size])
                if pieces > 1:
                    sleep(random.choice((0, 0.001)))
            if random.random() < 0.15:
                if random.random() < 0.5:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return None
            with suppress(OSError):  # it has closed the connection
                sock.shutdown(socket.SHUT_WR)
        received = b""
        with suppress(ConnectionError):
            while piece := sock.recv(1 << 20):
                received += piece
        return received


_HEAD = re.compile(
    rb"HTTP/1\.1 ([1-9][0-9]{2}) [^\r\n\0]*\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[^\r\n\0]*\r\n)*)\r\n"
)
_CHUNK = re.compile(rb"([0-9a-f]+)\r\n")


def malformed(received: bytes, *, has_head: bool) -> str:
    """Why these bytes are no row of complete responses, "" if they are. has_head: some request may be a HEAD."""
    position = 0
    while position < len(received):
        head = _HEAD.match(received, position)
        if head is None:
            return f"no head at {position}: {received[position:][:60]!r}"
        position = head.end()
        headers = [line.partition(b":") for line in head[2].lower().splitlines()]
        fields = {name: value.strip() for name, _, value in headers}
        if head[1][0] == ord("1") or head[1] in (b"204", b"304"):
            continue
        next_is_head = position == len(received) or received.startswith(b"HTTP/1.1 ", position)
        if has_head and next_is_head:
            continue
        if fields.get(b"transfer-encoding") == b"chunked":
            while True:
                chunk = _CHUNK.match(received, position)
                if chunk is None:
                    return f"no chunk at {position}: {received[position:][:60]!r}"
                size = int(chunk[1], 16)
                position = chunk.end() + size + 2
                if received[position - 2 : position] != b"\r\n":
                    return f"a chunk without an end at {position}"
                if size == 0:
                    break
        elif b"content-length" in fields:
            position += int(fields[b"content-length"])
            if position > len(received):
                return "a body that is cut off"
        elif fields.get(b"connection") == b"close":
            position = len(received)
        else:
            return f"a response without a length: {head[0][:200]!r}"
    return ""


class Report(msgspec.Struct, kw_only=True):
    """problems: what was wrong, by number of the case. peak_bytes: the most memory that was in use at a time."""

    cases: int = 0
    answered: int = 0
    slowest_s: float = 0
    peak_bytes: int = 0
    problems: dict[int, str] = {}


@contextmanager
def _served(faults: list[str]) -> Iterator[ReplayServer]:
    responses = (
        HttpResponse(200, (("content-type", "text/plain"),), b"here"),
        HttpResponse(204, (), b"none"),
        HttpResponse(429, (("retry-after", "1"), ("x\r\ny", "a\r\nb: c")), b"{}"),
        HttpResponse(200, (), b"x" * 300_000),
    )
    kept = [
        Interaction(request=HttpRequest("GET", f"http://a.test/{index}"), response=response)
        for index, response in enumerate(responses)
    ]
    transport = ReplayTransport(
        Cassette(interactions=tuple(kept)), matching=MatchRules(origin=False), again=True
    )

    def note(self: Any, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            faults.append(repr(error))

    original: Callable[..., None] = server._Server.handle_error
    hook = threading.excepthook
    setattr(server._Server, "handle_error", note)  # noqa: B010
    threading.excepthook = lambda args: faults.append(repr(args.exc_value))
    try:
        with serve(transport) as running:
            yield running
    finally:
        setattr(server._Server, "handle_error", original)  # noqa: B010
        threading.excepthook = hook


def run(seed: int, cases: int, *, first: int = 0, good_every: int = 20) -> Report:
    """Try these cases, and a good request after some of them, while another client sends slowly."""
    report = Report()
    faults: list[str] = []
    threads = threading.active_count()
    tracemalloc.start()
    with _served(faults) as running, ExitStack() as stack:
        for start in (
            b"GET /0 HT",
            b"POST /0 HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\nx",
        ):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", running.port)))
            slow.sendall(start)
        for number in range(first, first + cases):
            data, random = case(seed, number)
            began = monotonic()
            try:
                received = exchange(running.port, data, random)
            except TimeoutError:
                report.problems[number] = "no end"
                continue
            report.slowest_s = max(report.slowest_s, monotonic() - began)
            report.cases += 1
            if received:
                report.answered += 1
                problem = malformed(received, has_head=b"HEAD" in data)
                if problem:
                    report.problems[number] = problem
            if number % good_every == 0:
                good = exchange(running.port, GOOD, Random(1))
                if good is not None and not good.endswith(b"4\r\nhere\r\n0\r\n\r\n"):
                    report.problems[number] = f"a good request: {good[:100]!r}"
            if faults:
                report.problems[number] = f"raised: {faults.pop()}"
                faults.clear()
        stack.close()
        report.peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        end = monotonic() + 5
        while threading.active_count() > threads + 1 and monotonic() < end:
            sleep(0.01)
        left = threading.active_count() - threads - 1
        if left:
            report.problems[-1] = f"{left} threads are left"
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    report = run(options.seed, options.cases, first=options.first)
    print(
        f"replay server: {report.cases} hostile connections, {report.answered} answered, "
        f"slowest {report.slowest_s:.2f} s, at most {report.peak_bytes / 1e6:.1f} MB, {len(report.problems)} problems"
    )
    for number, problem in list(report.problems.items())[:20]:
        print(f"  --seed {options.seed} --first {number} --cases 1: {problem}")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
