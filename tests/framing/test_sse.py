import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.framing import FrameDecoder, FramingFault
from llm_pure.framing.sse import HEARTBEAT_TYPES, ErrorData, SseDataDecoder, SseDecoder, SseEvent
from tests.support.pieces import one_byte_at_a_time, pieces

BOM = b"\xef\xbb\xbf"
LINES = [
    b"data: {}", b"data:x", b"data: ", b"data", b"data:  two", b"data: a: b", b": comment", b":",
    b"event: delta", b"event", b"event: \xff", b"id: 7", b"id", b"id: a\0b", b"retry: 10",
    b"<html>", b"{", b" data: x", b"dat\xc3\xa4: x", b"",
]  # fmt: skip
BODIES = st.tuples(
    st.sampled_from([b"", BOM, BOM + BOM, BOM[:2]]),
    st.lists(st.sampled_from(LINES + [b"\n", b"\r", b"\r\n"] * 6)).map(b"".join),
).map(b"".join)

NEARLY_PLAIN = st.lists(
    st.sampled_from(
        [b"data: 1\n\n", b"event: delta\ndata: 2\n\n", b"event: end\ndata: \n\n"] * 4
        + [
            b"event: a\n",
            b"data: 3\n",
            b"\n",
            b"id: 7\n",
            b":HTTP_STATUS/200\n",
            b"data:4\n\n",
            b": ping\n\n",
            b"event: ping\n\n",
            b"{",
            b"\r",
        ]
    )
).map(b"".join)

Decoded = tuple[list[SseEvent], bytes, FramingFault | None]


def decode(parts: list[bytes], limit: int = 10**6) -> Decoded:
    decoder = SseDecoder(limit)
    events = [event for part in parts for event in decoder.feed(part)]
    return events + decoder.close(), decoder.stray, decoder.fault


def decode_data(parts: list[bytes], limit: int) -> tuple[list[bytes], bytes, FramingFault | None]:
    decoder = SseDataDecoder(limit)
    found = [data for part in parts for data in decoder.feed(part)]
    return found + decoder.close(), decoder.stray, decoder.fault


def as_the_standard_says(body: bytes) -> tuple[list[SseEvent], bytes]:
    """The standard's own steps, line by line over the whole body; at the end what stands is dispatched."""
    events: list[SseEvent] = []
    strays: list[bytes] = []
    data: list[bytes] = []
    event_type, last_id = "", ""
    for line in [*re.split(rb"\r\n|\n|\r", body.removeprefix(BOM)), b""]:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                events.append(SseEvent(b"\n".join(data), event_type or "message", last_id))
            data, event_type = [], ""
        elif name == b"data":
            data.append(value)
        elif name == b"event":
            event_type = value.decode(errors="replace")
        elif name == b"id":
            last_id = last_id if b"\0" in value else value.decode(errors="replace")
        elif name not in (b"", b"retry"):
            strays.append(line + b"\n")
    return events, b"".join(strays)


@pytest.mark.parametrize(
    ("body", "events"),
    [
        pytest.param(b"data: 1\n\ndata: 2\n\n", [SseEvent(b"1"), SseEvent(b"2")], id="LF"),
        pytest.param(b"data: 1\r\rdata: 2\r\r", [SseEvent(b"1"), SseEvent(b"2")], id="CR"),
        pytest.param(
            b"data: 1\r\n\r\ndata: 2\r\n\r\n", [SseEvent(b"1"), SseEvent(b"2")], id="CRLF"
        ),
        pytest.param(b"data: 1\n\r\ndata: 2\r\n\r", [SseEvent(b"1"), SseEvent(b"2")], id="mixed"),
        pytest.param(BOM + b"data: 1\n\n", [SseEvent(b"1")], id="byte order mark"),
        pytest.param(b"data:1\n\ndata:  2\n\n", [SseEvent(b"1"), SseEvent(b" 2")], id="one space"),
        pytest.param(b"data: 1\ndata\ndata: 3\n\n", [SseEvent(b"1\n\n3")], id="lines join with LF"),
        pytest.param(b"data\n\n", [SseEvent(b"")], id="empty data is data"),
        pytest.param(b": ping\n\n:\ndata: 1\n\n", [SseEvent(b"1")], id="comments"),
        pytest.param(b"event: ping\n\ndata: 1\n\n", [SseEvent(b"1")], id="a type without data"),
        pytest.param(
            b"event: delta\ndata: 1\n\ndata: 2\n\n",
            [SseEvent(b"1", "delta"), SseEvent(b"2")],
            id="a type is for one event",
        ),
        pytest.param(
            b"id: 7\n\ndata: 1\n\nid\ndata: 2\n\n",
            [SseEvent(b"1", id="7"), SseEvent(b"2")],
            id="an id stays until the next, even from an event without data",
        ),
        pytest.param(
            b"id: 7\ndata: 1\n\nid: a\0b\ndata: 2\n\n",
            [SseEvent(b"1", id="7"), SseEvent(b"2", id="7")],
            id="an id with NUL is none",
        ),
        pytest.param(b"\n\n\n\n\ndata: 1\n\n\n\n\n", [SseEvent(b"1")], id="many blank lines"),
        pytest.param(
            b"data: \xe2\x80\xa8\n\n", [SseEvent(b"\xe2\x80\xa8")], id="no other line ends"
        ),
        pytest.param(b"data: 1\n\ndata: 2", [SseEvent(b"1"), SseEvent(b"2")], id="a cut event"),
        pytest.param(b"data: 1\n\nda", [SseEvent(b"1")], id="a cut name"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_events_are_what_the_standard_says(body: bytes, events: list[SseEvent]) -> None:
    assert decode([body])[0] == events
    assert decode(one_byte_at_a_time(body))[0] == events
    assert as_the_standard_says(body)[0] == events


@given(st.data(), BODIES)
def test_any_split_gives_the_events_of_the_standards_own_steps(
    data: st.DataObject, body: bytes
) -> None:
    events, stray = as_the_standard_says(body)
    assert decode([body]) == (events, stray, None)
    assert decode(data.draw(pieces(body))) == (events, stray, None)
    assert decode(one_byte_at_a_time(body)) == (events, stray, None)


@given(st.data(), BODIES, st.integers(3, 20))
def test_any_split_gives_the_same_fault_at_the_limit(
    data: st.DataObject, body: bytes, limit: int
) -> None:
    whole = decode([body], limit)
    assert decode(data.draw(pieces(body)), limit) == whole
    assert decode(one_byte_at_a_time(body), limit) == whole


@given(st.data(), NEARLY_PLAIN | BODIES, st.integers(3, 20) | st.just(10**6))
def test_data_alone_is_the_data_of_the_same_events(
    data: st.DataObject, body: bytes, limit: int
) -> None:
    events, stray, fault = decode([body], limit)
    beats = HEARTBEAT_TYPES  # their data is dropped
    wanted = ([event.data for event in events if event.type not in beats], stray, fault)
    assert decode_data([body], limit) == wanted
    assert decode_data(data.draw(pieces(body)), limit) == wanted
    assert decode_data(one_byte_at_a_time(body), limit) == wanted


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(body: bytes) -> None:
    assert decode([body]) == decode(one_byte_at_a_time(body))


def test_an_event_is_given_when_its_blank_line_comes_and_not_later() -> None:
    decoder: FrameDecoder[SseEvent] = SseDecoder()
    assert decoder.feed(b"data: 1\r") == []
    assert decoder.feed(b"\n\r") == [SseEvent(b"1")]
    assert decoder.feed(b"\ndata: 2\n") == []
    assert decoder.close() == [SseEvent(b"2")]
    assert decoder.close() == []


def test_an_error_that_came_as_bare_json_is_kept_as_stray() -> None:
    body = b'{\n  "error": {"message": "overloaded"}\n}'
    assert decode([body]) == ([], b'{\n  "error": {"message": "overloaded"}\n}\n', None)


def test_a_line_named_error_is_the_data_of_an_event_of_this_name() -> None:
    body = b'data: 1\n\nerror: {"code":400}\n\n'
    assert decode([body]) == ([SseEvent(b"1"), SseEvent(b'{"code":400}', "error")], b"", None)
    assert [type(data) for data in decode_data([body], 10**6)[0]] == [bytes, ErrorData]


@pytest.mark.parametrize("cut", [b"d", b"dat", b"even", b"i", b"retr", b"erro"])
def test_a_field_name_that_the_end_cut_off_is_no_stray(cut: bytes) -> None:
    assert decode([b"data: 1\n\n" + cut]) == ([SseEvent(b"1")], b"", None)
    assert decode([b"data: 1\n" + cut]) == ([SseEvent(b"1")], b"", None)


def test_no_more_than_64_kib_of_stray_bytes_are_kept() -> None:
    line = b"x" * 50_000
    assert decode([b"\n".join([line, line, line])]) == ([], (line + b"\n" + line)[:65536], None)


@pytest.mark.parametrize("cut", [0, 8, 9, 10, 15, 16, 17, 18, 19])
def test_an_event_over_the_limit_is_a_fault_after_the_events_before_it(cut: int) -> None:
    body = b"data: 1\n\ndata: 12\n\ndata: 3\n\n"
    fault = FramingFault("an event is longer than 7 bytes", b"data: 1")
    assert decode([body[:cut], body[cut:]], limit=7) == ([SseEvent(b"1")], b"", fault)
    assert decode([body], limit=8) == ([SseEvent(b"1"), SseEvent(b"12"), SseEvent(b"3")], b"", None)


def test_nothing_comes_after_a_fault() -> None:
    decoder = SseDecoder(limit=7)
    assert decoder.feed(b"data: 12") == []
    assert decoder.fault == FramingFault("an event is longer than 7 bytes", b"data: 1")
    assert decoder.feed(b"\n\ndata: 1\n\n") == []
    assert decoder.close() == []


def test_every_byte_of_a_long_event_is_looked_at_once() -> None:
    body = b"data: " + b"x\r" * 250_000 + b"\r"
    started = process_time()
    assert decode(one_byte_at_a_time(body))[2] is None
    assert process_time() - started < 5
