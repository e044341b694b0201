"""What a service may write, byte for byte: every transport makes the same of it, and splits change nothing."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.transports.base import Timeouts
from llm_pure.transports.http1_framing import ResponseFraming, is_early_error
from llm_pure.types.errors import ConnectionFailed, ProtocolError
from llm_pure.types.result import Failure
from tests.support.carriers import every_kind, take
from tests.support.loopback import Loopback, answering, asking

QUICK = Timeouts(connect_s=20, read_s=20, total_s=30)
LENGTH = b"content-length: 2"
CHUNKED = b"transfer-encoding: chunked"
CHUNKS = b"2\r\nhi\r\n0\r\n\r\n"


def raw(fields: bytes, body: bytes = b"hi", start: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return start + b"\r\n" + fields + b"\r\n\r\n" + body


def numbered(count: int) -> bytes:
    return b"".join([b"a%d: \r\n" % number for number in range(count)])


OK = (200, b"hi")
GOOD: dict[str, tuple[bytes, tuple[int, bytes]]] = {
    "length": (raw(LENGTH), OK),
    "length with blanks": (raw(b"content-length: \t 2  "), OK),
    "length with zeros": (raw(b"content-length: 0002"), OK),
    "no length": (raw(b"a: b"), OK),
    "folded field": (raw(b"a: b\r\n c\r\n" + LENGTH), OK),
    "chunked": (raw(CHUNKED, CHUNKS), OK),
    "Chunked": (raw(b"Transfer-Encoding: Chunked", CHUNKS), OK),
    "chunk extensions": (raw(CHUNKED, b"2;a=b\r\nhi\r\n0;c\r\n\r\n"), OK),
    "chunk size in capitals": (raw(CHUNKED, b"0A\r\n0123456789\r\n0\r\n\r\n"), (200, b"0123456789")),
    "chunk size and a blank": (raw(CHUNKED, b"2 \r\nhi\r\n0\r\n\r\n"), OK),
    "last chunk 000": (raw(CHUNKED, b"2\r\nhi\r\n000\r\n\r\n"), OK),
    "trailers": (raw(CHUNKED, b"2\r\nhi\r\n0\r\na: b\r\nc: d\r\n\r\n"), OK),
    "HTTP/1.0": (raw(b"a: b", start=b"HTTP/1.0 200 OK"), OK),
    "HTTP/1.0 with a length": (raw(LENGTH, start=b"HTTP/1.0 200 OK"), OK),
    "HTTP/1.0 chunked": (raw(CHUNKED, CHUNKS, start=b"HTTP/1.0 200 OK"), OK),
    "HTTP/2.0": (raw(LENGTH, start=b"HTTP/2.0 200 OK"), OK),
    "no reason": (raw(LENGTH, start=b"HTTP/1.1 200"), OK),
    "status 999": (raw(LENGTH, start=b"HTTP/1.1 999 OK"), (999, b"hi")),
    "LF in place of CRLF": (raw(LENGTH).replace(b"\r", b""), OK),
    "latin-1 in a field": (raw(b"a: \xe9\r\n" + LENGTH), OK),
    "long field": (raw(b"a: " + b"x" * 60_000 + b"\r\n" + LENGTH), OK),
    "126 fields": (raw(numbered(125) + LENGTH), OK),
    "204 with a body": (raw(LENGTH, start=b"HTTP/1.1 204 No"), (204, b"")),
    "204 with chunks": (raw(CHUNKED, CHUNKS, start=b"HTTP/1.1 204 No"), (204, b"")),
    "304 with a body": (raw(LENGTH, start=b"HTTP/1.1 304 No"), (304, b"")),
    "205 with a body": (raw(LENGTH, start=b"HTTP/1.1 205 No"), (205, b"hi")),
    "100 before": (b"HTTP/1.1 100 Continue\r\n\r\n" + raw(LENGTH), OK),
    "100 with a length before": (raw(b"content-length: 5", b"", b"HTTP/1.1 100 C") + raw(LENGTH), OK),
    "fifty 102 before": (b"HTTP/1.1 102 Wait\r\n\r\n" * 50 + raw(LENGTH), OK),
    "bytes after the length": (raw(LENGTH, b"hi and more"), OK),
    "bytes after the last chunk": (raw(CHUNKED, CHUNKS + b"and more"), OK),
    "bytes after 204": (raw(b"a: b", b"and more", b"HTTP/1.1 204 No"), (204, b"")),
    "two responses": (raw(LENGTH) * 2, OK),
    "closed, with more bytes": (raw(b"connection: close\r\n" + LENGTH, b"hi and more"), OK),
}  # fmt: skip

BAD: dict[str, bytes] = {
    "length twice": raw(LENGTH + b"\r\n" + LENGTH),
    "two lengths": raw(LENGTH + b"\r\ncontent-length: 3"),
    "list of lengths": raw(b"content-length: 2, 2"),
    "length and chunked": raw(LENGTH + b"\r\n" + CHUNKED, CHUNKS),
    "chunked twice": raw(CHUNKED + b"\r\n" + CHUNKED, CHUNKS),
    "gzip, chunked": raw(b"transfer-encoding: gzip, chunked", CHUNKS),
    "chunked, gzip": raw(b"transfer-encoding: chunked, gzip", CHUNKS),
    "identity": raw(b"transfer-encoding: identity"),
    "identity and length": raw(b"transfer-encoding: identity\r\n" + LENGTH),
    "empty coding": raw(b"transfer-encoding:", CHUNKS),
    "folded coding": raw(b"transfer-encoding:\r\n chunked", CHUNKS),
    "length +2": raw(b"content-length: +2"),
    "length -2": raw(b"content-length: -2"),
    "length 0x2": raw(b"content-length: 0x2"),
    "length 2 2": raw(b"content-length: 2 2"),
    "empty length": raw(b"content-length:"),
    "endless length": raw(b"content-length: " + b"9" * 30),
    "HTTP/1.2": raw(LENGTH, start=b"HTTP/1.2 200 OK"),
    "status 099": raw(LENGTH, start=b"HTTP/1.1 099 OK"),
    "status 1000": raw(LENGTH, start=b"HTTP/1.1 1000 OK"),
    "status abc": raw(LENGTH, start=b"HTTP/1.1 abc OK"),
    "http/1.1": raw(LENGTH, start=b"http/1.1 200 OK"),
    "empty line before": b"\r\n" + raw(LENGTH),
    "blank before a colon": raw(b"content-length : 2"),
    "blank in a name": raw(b"a b: c\r\n" + LENGTH),
    "empty name": raw(b": c\r\n" + LENGTH),
    "no colon": raw(b"abc\r\n" + LENGTH),
    "NUL": raw(b"a: \0\r\n" + LENGTH),
    "field of 70 kB": raw(b"a: " + b"x" * 70_000 + b"\r\n" + LENGTH),
    "200 fields": raw(numbered(199) + LENGTH),
    "blank before a chunk size": raw(CHUNKED, b" 2\r\nhi\r\n0\r\n\r\n"),
    "chunk size +2": raw(CHUNKED, b"+2\r\nhi\r\n0\r\n\r\n"),
    "chunk size 0x2": raw(CHUNKED, b"0x2\r\nhi\r\n0\r\n\r\n"),
    "chunk size 1_0": raw(CHUNKED, b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n"),
    "endless chunk size": raw(CHUNKED, b"f" * 20 + b"\r\nhi\r\n0\r\n\r\n"),
    "LF after a chunk size": raw(CHUNKED, b"2\nhi\n0\n\n"),
    "chunk without its end": raw(CHUNKED, b"2\r\nhiXX0\r\n\r\n"),
    "101": raw(b"upgrade: x\r\nconnection: upgrade", start=b"HTTP/1.1 101 Switching"),
    "no HTTP": b"hi",
    "a line break": b"\n",
}
"""Refused with a ProtocolError, as the length of the body or the head is not certain."""


@every_kind
@pytest.mark.parametrize("name", GOOD)
def test_a_response_is_the_same_over_every_transport(name: str, kind: str) -> None:
    data, expected = GOOD[name]
    with Loopback(answering(data)) as server:
        got = take(kind, "streamed", asking(server.url), QUICK).unwrap()
        assert (got.status, got.body) == expected
        assert server.wait_until_left()


@every_kind
@pytest.mark.parametrize("name", BAD)
def test_a_response_is_refused_over_every_transport(name: str, kind: str) -> None:
    with Loopback(answering(BAD[name])) as server:
        got = take(kind, "streamed", asking(server.url), QUICK)
        assert isinstance(got, Failure)
        error = got.failure()
        assert type(error) is ProtocolError
        assert not error.retryable
        assert server.wait_until_left()


@every_kind
def test_no_bytes_at_all_are_a_connection_that_failed(kind: str) -> None:
    with Loopback(answering(b"")) as server:
        error = take(kind, "whole", asking(server.url), QUICK).failure()
        assert type(error) is ConnectionFailed


# the counting itself


def read(pieces: list[bytes], method: bytes = b"POST") -> tuple[Any, ...]:
    framing = ResponseFraming()
    framing.sent(method + b" /x HTTP/1.1\r\nhost: a\r\n\r\n")
    own = b"".join([framing.receive(piece) for piece in pieces])
    return own, framing.has_unasked, framing.is_reusable, framing.problem


ALL = {name: data for name, (data, _) in GOOD.items()} | BAD


@pytest.mark.parametrize("name", ALL)
def test_single_bytes_count_as_the_whole(name: str) -> None:
    data = ALL[name]
    assert read([data[index : index + 1] for index in range(len(data))])[1:] == read([data])[1:]


@given(st.sampled_from(sorted(GOOD)), st.lists(st.integers(0, 400), max_size=6))
def test_splits_change_nothing(name: str, cuts: list[int]) -> None:
    data = GOOD[name][0]
    borders = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(borders)]
    assert read(pieces) == read([data])


@pytest.mark.parametrize(
    ("name", "reusable"),
    [("length", True), ("chunked", True), ("trailers", True), ("204 with a body", False), ("no length", False),
     ("two responses", False), ("bytes after the last chunk", False), ("fifty 102 before", True)],
)  # fmt: skip
def test_a_connection_is_reusable_after_exactly_one_response(name: str, reusable: bool) -> None:
    own, unasked, is_reusable, problem = read([GOOD[name][0]])
    assert (is_reusable, problem) == (reusable, "")
    assert unasked is (
        name not in ("length", "chunked", "trailers", "no length", "fifty 102 before")
    )
    assert GOOD[name][0].startswith(own)


def test_a_response_to_head_has_no_body() -> None:
    head = raw(b"content-length: 5", b"")
    assert read([head], b"HEAD") == (head, False, True, "")
    assert read([head + b"hello"], b"HEAD") == (head, True, False, "")


@pytest.mark.parametrize(
    ("data", "error"),
    [(raw(LENGTH, start=b"HTTP/1.1 413 No"), True), (raw(LENGTH, start=b"HTTP/1.1 503"), True), (raw(LENGTH), False),
     (b"HTTP/1.1 100 Continue\r\n\r\n", False), (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 \r\n", True),
     (b"HTTP/1.1 41", False), (b"", False), (b"HTTP/1.1 307 There\r\n", False)],
)  # fmt: skip
def test_only_an_error_stops_a_request(data: bytes, error: bool) -> None:
    assert is_early_error(data) is error
