import json
from time import process_time
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.framing import FrameDecoder, FramingFault
from llm_pure.framing.json_array import JsonArrayDecoder
from tests.support.pieces import one_byte_at_a_time, pieces

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.sampled_from(['"', "\\", '\\"', "]}", "[{,", "\\\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
ITEMS = st.builds(
    lambda value, indent, ascii_only: json.dumps(value, indent=indent, ensure_ascii=ascii_only),
    JSON, st.sampled_from([None, 1]), st.booleans(),
).map(str.encode)  # fmt: skip
SPACE = st.sampled_from([b"", b" ", b"\r\n", b"\n\t "])
TOKENS = [
    b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b'"a"', b'{"a":[1]}', b"12", b"-", b"true",
    b"nul", b" ", b"\r\n", b"<html>", b"\xff",
]  # fmt: skip


class Decoded(NamedTuple):
    frames: list[bytes]
    ended: bool
    stray: bytes = b""
    fault: FramingFault | None = None


def decode(parts: list[bytes], limit: int = 10**6) -> Decoded:
    decoder = JsonArrayDecoder(limit)
    frames = [frame for part in parts for frame in decoder.feed(part)]
    return Decoded(frames + decoder.close(), decoder.ended, decoder.stray, decoder.fault)


@st.composite
def arrays(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    items = draw(st.lists(ITEMS, max_size=4))
    padded = [draw(SPACE) + item + draw(SPACE) for item in items]
    return draw(SPACE) + b"[" + b",".join(padded or [draw(SPACE)]) + b"]" + draw(SPACE), items


@given(st.data(), arrays())
def test_any_split_of_an_array_gives_the_bytes_of_its_items(
    data: st.DataObject, array: tuple[bytes, list[bytes]]
) -> None:
    body, items = array
    assert decode([body]) == Decoded(items, ended=True)
    assert decode(data.draw(pieces(body))) == Decoded(items, ended=True)
    assert decode(one_byte_at_a_time(body)) == Decoded(items, ended=True)


@given(st.data(), arrays())
def test_an_array_cut_anywhere_gives_the_items_before_the_cut_and_is_not_ended(
    data: st.DataObject, array: tuple[bytes, list[bytes]]
) -> None:
    body, items = array
    cut = body[: data.draw(st.integers(0, body.rindex(b"]")))]
    got = decode([cut])
    assert got == Decoded(items[: len(got.frames)], ended=False)
    assert len(b"".join(got.frames)) <= len(cut)


@given(
    st.data(),
    st.lists(st.sampled_from(TOKENS)).map(b"".join),
    st.sampled_from([b"", b"["]),
    st.integers(1, 12),
)
def test_any_split_of_any_bytes_gives_the_same_frames_stray_and_fault(
    data: st.DataObject, tail: bytes, start: bytes, limit: int
) -> None:
    body = start + tail
    whole = decode([body], limit)
    assert decode(data.draw(pieces(body)), limit) == whole
    assert decode(one_byte_at_a_time(body), limit) == whole


def test_geminis_pieces_are_given_as_they_come() -> None:
    decoder: FrameDecoder[bytes] = JsonArrayDecoder()
    assert decoder.feed(b'[{\n  "a": "}]"\n}\n') == [b'{\n  "a": "}]"\n}']
    assert decoder.feed(b',\r\n{"b": 1}') == [b'{"b": 1}']
    assert decoder.feed(b"\n]\n") == []
    assert decoder.close() == []


@pytest.mark.parametrize(
    ("body", "items"),
    [
        pytest.param(b"[]", [], id="empty"),
        pytest.param(b"[1, -2.5e+3 ,true]", [b"1", b"-2.5e+3", b"true"], id="words"),
        pytest.param(b'["a,]", "\\\\", "\\""]', [b'"a,]"', b'"\\\\"', b'"\\""'], id="strings"),
        pytest.param(b'[[1,[2]],[],{"a":{}}]', [b"[1,[2]]", b"[]", b'{"a":{}}'], id="nested"),
    ],
)
def test_items_may_be_any_json_value(body: bytes, items: list[bytes]) -> None:
    assert decode([body]) == Decoded(items, ended=True)


def test_a_bare_object_is_the_one_frame() -> None:
    body = b'\n{"error": {"code": 429, "details": [{}]}}\n'
    assert decode([body]) == Decoded([body.strip()], ended=True)
    assert decode([body[:-3]]) == Decoded([], ended=False)


@pytest.mark.parametrize(
    ("body", "items", "message", "evidence"),
    [
        pytest.param(b"[1 2]", [b"1"], "a comma or the closing bracket is expected", b"2", id="no comma"),
        pytest.param(b"[{}{}]", [b"{}"], "a comma or the closing bracket is expected", b"{", id="no comma between objects"),
        pytest.param(b"[1,]", [b"1"], "a value is expected", b"]", id="a comma too many at the end"),
        pytest.param(b"[1,,2]", [b"1"], "a value is expected", b",", id="two commas"),
        pytest.param(b"[,1]", [], "a value or the closing bracket is expected", b",", id="a comma first"),
        pytest.param(b"[<p>]", [], "a value or the closing bracket is expected", b"<", id="HTML"),
        pytest.param(b'[{"a":[1}]', [], "a bracket does not match", b'{"a":[1}', id="crossed brackets"),
        pytest.param(b"[1}", [b"1"], "a comma or the closing bracket is expected", b"}", id="closed as an object"),
        pytest.param(b"[nul]", [], "invalid JSON value", b"nul", id="half a literal"),
        pytest.param(b"[012]", [], "invalid JSON value", b"012", id="a leading zero"),
        pytest.param(b"[1.e5,", [], "invalid JSON value", b"1.e5", id="half a number"),
    ],
)  # fmt: skip
def test_garbage_is_a_fault_after_the_items_before_it(
    body: bytes, items: list[bytes], message: str, evidence: bytes
) -> None:
    fault = FramingFault(message, evidence)
    assert decode([body]) == Decoded(items, ended=False, fault=fault)
    assert decode(one_byte_at_a_time(body)) == Decoded(items, ended=False, fault=fault)


def test_nothing_comes_after_a_fault() -> None:
    decoder = JsonArrayDecoder()
    assert decoder.feed(b"[1}") == [b"1"]
    assert decoder.feed(b",2]") == []
    assert not decoder.ended
    assert decoder.close() == []


@pytest.mark.parametrize("body", [b"<html>\n <p>busy</p>", b"upstream error", b'"text"', b"1"])
def test_a_body_that_is_no_array_is_kept_as_stray(body: bytes) -> None:
    assert decode([b"\n" + body]) == Decoded([], ended=False, stray=body)
    assert decode(one_byte_at_a_time(body)) == Decoded([], ended=False, stray=body)


@pytest.mark.parametrize("whole", [b"[1]", b'{"a":1}'])
def test_what_follows_the_end_is_kept_as_stray(whole: bytes) -> None:
    stray = b'{"error": {}}\n {}'
    assert decode([whole + b"\n" + stray]) == Decoded([whole.strip(b"[]")], True, stray)


def test_no_more_than_64_kib_of_stray_bytes_are_kept() -> None:
    body = b"<" + b"x" * 70_000
    assert decode([body]) == Decoded([], ended=False, stray=body[:65536])
    assert decode([body[:60_000], body[60_000:]]) == Decoded([], ended=False, stray=body[:65536])


@pytest.mark.parametrize("long", [b'"12345678"', b"[1,2,3,45]", b"1234567890", b'{"a":"1"}]]'])
def test_an_item_over_the_limit_is_a_fault_after_the_items_before_it(long: bytes) -> None:
    body = b'[{"a":1},' + long + b",3]"
    fault = FramingFault("an item is longer than 8 bytes", long[:8])
    assert decode([body], limit=8) == Decoded([b'{"a":1}'], ended=False, fault=fault)
    assert decode(one_byte_at_a_time(body), 8) == Decoded([b'{"a":1}'], ended=False, fault=fault)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(b'"' + b"x" * 300_000 + b'"', id="a long string"),
        pytest.param(b'"' + b'\\"' * 150_000 + b'"', id="escapes"),
        pytest.param(b'["", ' + b'"",' * 100_000 + b"0]", id="many strings"),
        pytest.param(b"[" * 150_000 + b"]" * 150_000, id="deep"),
        pytest.param(b"1" * 300_000, id="a long number"),
    ],
)
def test_every_byte_of_a_long_item_is_looked_at_a_few_times_at_most(item: bytes) -> None:
    body = b"[" + item + b"]"
    started = process_time()
    assert decode(one_byte_at_a_time(body)) == Decoded([item], ended=True)
    assert decode([body[: len(item)], body[len(item) :]]) == Decoded([item], ended=True)
    assert process_time() - started < 5
