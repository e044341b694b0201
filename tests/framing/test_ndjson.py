from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.framing import FrameDecoder, FramingFault
from llm_pure.framing.ndjson import NdjsonDecoder
from tests.support.pieces import one_byte_at_a_time, pieces

BODIES = st.lists(
    st.sampled_from([b'{"a":1}', b'"\\n"', b"{}", b"\n", b"\r\n", b"\r", b" ", b"\t", b"x"])
).map(b"".join)


def decode(parts: list[bytes], limit: int = 1000) -> tuple[list[bytes], FramingFault | None]:
    decoder: FrameDecoder[bytes] = NdjsonDecoder(limit)
    frames = [frame for part in parts for frame in decoder.feed(part)]
    return frames + decoder.close(), decoder.fault


@pytest.mark.parametrize(
    ("body", "frames"),
    [
        pytest.param(b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}'], id="LF"),
        pytest.param(b'{"a":1}\r\n{"b":2}\r\n', [b'{"a":1}', b'{"b":2}'], id="CRLF"),
        pytest.param(b'{"a":1}\n{"b":2}', [b'{"a":1}', b'{"b":2}'], id="no end on the last line"),
        pytest.param(b'{"a":1}\r', [b'{"a":1}'], id="half of CRLF at the end"),
        pytest.param(b"\n\r\n \t\n{}\n\n", [b"{}"], id="blank lines"),
        pytest.param(b'{"a":\r1}\n', [b'{"a":\r1}'], id="a lone CR is white space"),
        pytest.param(b'"\xe2\x80\xa8\xc2\x85"\n', [b'"\xe2\x80\xa8\xc2\x85"'], id="no other ends"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_each_line_that_is_not_blank_is_a_frame(body: bytes, frames: list[bytes]) -> None:
    assert decode([body]) == (frames, None)
    assert decode(one_byte_at_a_time(body)) == (frames, None)


def test_a_line_is_given_when_its_end_comes_and_not_later() -> None:
    decoder = NdjsonDecoder()
    assert decoder.feed(b'{"a"') == []
    assert decoder.feed(b':1}\r\n{"b"') == [b'{"a":1}']
    assert decoder.close() == [b'{"b"']
    assert decoder.close() == []


@given(st.data(), BODIES, st.integers(1, 10))
def test_any_split_gives_the_same_frames_and_the_same_fault(
    data: st.DataObject, body: bytes, limit: int
) -> None:
    whole = decode([body], limit)
    assert decode(data.draw(pieces(body)), limit) == whole
    assert decode(one_byte_at_a_time(body), limit) == whole


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_over_the_limit_is_a_fault_after_the_lines_before_it(end: bytes) -> None:
    fault = FramingFault("a line is longer than 7 bytes", b'{"a":12')
    assert decode([b'{"a":1}\r\n{"a":12}' + end + b"{}\n"], 7) == ([b'{"a":1}'], fault)


def test_nothing_comes_after_a_fault() -> None:
    decoder = NdjsonDecoder(limit=3)
    assert decoder.feed(b"1234") == []
    assert decoder.fault == FramingFault("a line is longer than 3 bytes", b"123")
    assert decoder.feed(b"\n1\n") == []
    assert decoder.stray == b""
    assert decoder.close() == []


def test_every_byte_of_a_long_line_is_looked_at_once() -> None:
    body = b'"' + b"x" * 400_000 + b'"\n'
    started = process_time()
    assert decode(one_byte_at_a_time(body), 10**6) == ([body[:-1]], None)
    assert process_time() - started < 5
