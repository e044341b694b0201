"""Streams of the Llama API -> events, however they are cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import HttpResponse, LLMError, ResponseHead, StreamEvent, collect
from llm_pure.adapters.dialects.llama_native import open_stream, parse_chat
from llm_pure.adapters.dialects.llama_native.stream import State, step
from llm_pure.completion import Usage
from llm_pure.errors import ProtocolFault, StreamInterrupted
from llm_pure.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.messages import Opaque
from llm_pure.replay.laws import read_pieces
from tests.support.pieces import one_byte_at_a_time, pieces

HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))


def chunk(kind: str, **more: Any) -> dict[str, Any]:
    return {"id": "l-1", "event": {"event_type": kind, **more}}


def words(text: str, kind: str = "progress", **more: Any) -> dict[str, Any]:
    return chunk(kind, delta={"type": "text", "text": text}, **more)


def call(call_id: str | None = None, **function: Any) -> dict[str, Any]:
    delta = {"type": "tool_call", "function": function}
    return chunk("progress", delta={**delta, "id": call_id} if call_id else delta)


def sse(*chunks: Any) -> bytes:
    return "".join(
        [
            f"data: {json.dumps(one, ensure_ascii=False, separators=(',', ':'))}\n\n"
            for one in chunks
        ]
    ).encode()


METRICS = [
    {"metric": "num_completion_tokens", "value": 9, "unit": "tokens"},
    {"metric": "num_prompt_tokens", "value": 26.0, "unit": "tokens"},
    {"metric": "num_total_tokens", "value": 35, "unit": "tokens"},
]
CHUNKS = [
    words("", "start"),
    words("One "),
    words("moment — 日本"),
    call("c1", name="weather", arguments=""),
    call(arguments='{"city":'),
    call(arguments='"Tromsø"}'),
    call("c2", name="clock", arguments="{}"),
    words("", "complete", stop_reason="tool_calls"),
    words("", "metrics", metrics=METRICS),
]
WHOLE = {
    "id": "l-1",
    "completion_message": {
        "role": "assistant",
        "stop_reason": "tool_calls",
        "content": {"type": "text", "text": "One moment — 日本"},
        "tool_calls": [
            {"id": "c1", "function": {"name": "weather", "arguments": '{"city":"Tromsø"}'}},
            {"id": "c2", "function": {"name": "clock", "arguments": "{}"}},
        ],
    },
    "metrics": METRICS,
}
BODY = sse(*CHUNKS)
COMPLETE_AT = len(sse(*CHUNKS[:8]))
"""From here on the body may end: whether metrics follow is not known."""

EVENTS = (
    Started(id="l-1", provider="llama_api"),
    TextDelta("One ", 0),
    TextDelta("moment — 日本", 0),
    ToolCallDelta("", 1000, id="c1", name="weather"),
    ToolCallDelta('{"city":', 1000),
    ToolCallDelta('"Tromsø"}', 1000),
    ToolCallDelta("{}", 1001, id="c2", name="clock"),
    Finished("tool_calls", "tool_calls"),
    UsageReported(Usage(26, 9, raw={"metrics": METRICS})),
)


def read(*data: bytes) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(open_stream("llama_api", HEAD), data)


def test_each_chunk_makes_its_events() -> None:
    assert read(BODY) == (EVENTS, None)


@given(pieces(BODY))
def test_any_split_gives_the_same_events(split: list[bytes]) -> None:
    assert read(*split) == (EVENTS, None)


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    assert read(*one_byte_at_a_time(BODY)) == (EVENTS, None)


def test_the_stream_collects_to_the_whole_answer() -> None:
    whole = json.dumps(WHOLE, ensure_ascii=False).encode()
    assert collect(EVENTS) == parse_chat("llama_api", HttpResponse(200, (), whole))


@given(st.integers(0, COMPLETE_AT - 3))
def test_a_cut_stream_is_a_failure_never_a_short_success(cut: int) -> None:
    events, error = read(BODY[:cut])
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert "One moment — 日本".startswith(error.partial.text)
    assert events == EVENTS[: len(events)]


@given(st.integers(COMPLETE_AT, len(BODY)))
def test_a_stream_that_is_cut_in_its_metrics_is_whole_or_a_failure(cut: int) -> None:
    events, error = read(BODY[:cut])
    assert error is None or isinstance(error, StreamInterrupted)
    assert EVENTS[:8] == events[:8]


@pytest.mark.parametrize(
    ("word", "finish"),
    [("stop", "stop"), ("length", "length"), ("tool_calls", "tool_calls"), ("new", "unknown")],
)
def test_finish_reasons(word: str, finish: str) -> None:
    events, error = read(sse(words("a"), words("", "complete", stop_reason=word)))
    assert error is None
    assert events[-1] == Finished(finish, word)  # type: ignore[arg-type]


def test_the_end_needs_no_reason() -> None:
    events, error = read(sse(words("a"), words("", "complete")))
    assert (events[-1], error) == (Finished("unknown"), None)


def test_a_call_whose_first_piece_has_no_id_is_a_call() -> None:
    events, _ = read(sse(call(name="f", arguments="{"), call(arguments="}"), CHUNKS[7]))
    (made,) = collect(events).unwrap().tool_calls
    assert (made.id, made.name, made.arguments) == ("call_l-1_0", "f", "{}")


def test_pieces_that_repeat_their_id_are_of_one_call() -> None:
    events, _ = read(sse(call("c1", name="f", arguments="{"), call("c1", arguments="}"), CHUNKS[7]))
    assert [one.arguments for one in collect(events).unwrap().tool_calls] == ["{}"]


def test_a_delta_of_an_unknown_type_is_kept_whole() -> None:
    events, error = read(
        sse(words("a"), chunk("progress", delta={"type": "image", "url": "u"}), CHUNKS[7])
    )
    assert error is None
    assert events[2] == PartReceived(Opaque("llama_api", "image", '{"type":"image","url":"u"}'), 1)


def test_unknown_fields_are_kept_and_unknown_events_change_nothing() -> None:
    odd = [{**words("b"), "region": "eu"}, chunk("heartbeat", load=0.5), {"ping": 1}]
    events, error = read(sse(words("a"), *odd, CHUNKS[7]))
    assert error is None
    assert events[1:] == (
        TextDelta("a"),
        ExtraReceived("region", "eu"),
        TextDelta("b"),
        ExtraReceived("load", 0.5),
        Finished("tool_calls", "tool_calls"),
    )


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({"error": {"message": "boom", "type": "server_error"}}, "server_error", "boom"),
        ({"error": "slow down", "code": "rate_limit_exceeded"}, "rate_limited", "slow down"),
    ],
)
def test_an_error_in_mid_stream_comes_after_the_words_before_it(
    body: Any, kind: str, message: str
) -> None:
    events, error = read(sse(*CHUNKS[:3], body))
    assert error is not None
    assert (error.kind, error.message) == (kind, message)
    assert error.partial is not None
    assert error.partial.text == "One moment — 日本"
    assert events == EVENTS[:3]


def test_an_error_before_the_stream_is_the_error_of_its_status() -> None:
    head = ResponseHead(401, (("content-type", "application/json"),))
    body = b'{"title":"Unauthorized","detail":"no such key","status":401}'
    _, error = read_pieces(open_stream("llama_api", head), one_byte_at_a_time(body))
    assert error is not None
    assert (error.kind, error.message) == ("authentication", "no such key")


FRAMES: dict[str, bytes] = {
    "start": json.dumps(CHUNKS[0]).encode(),
    "words": json.dumps(CHUNKS[1]).encode(),
    "a call": json.dumps(CHUNKS[3]).encode(),
    "more of a call": json.dumps(CHUNKS[4]).encode(),
    "the end": json.dumps(CHUNKS[7]).encode(),
    "metrics": json.dumps(CHUNKS[8]).encode(),
    "an error": b'{"error":{"message":"boom"}}',
    "an unknown event": b'{"event":{"event_type":"new"}}',
    "an empty object": b"{}",
    "OpenAI's end": b"[DONE]",
    "a wrong shape": b'{"event":{"event_type":"progress","delta":{"type":"text","text":7}}}',
    "no event": b'{"event":null}',
    "not an object": b"[1]",
    "not JSON": b"{",
    "not text": b'{"id":"\xff"}',
}
STATES = {
    "waiting": State(),
    "started": State(started=True),
    "in a call": State(started=True, calls=1, call_id="c1"),
    "ended": State(started=True, complete=True),
}
FAULTY = ("an error", "a wrong shape", "no event", "not an object", "not JSON", "not text")


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_chunk_has_an_answer_in_every_state(state: str, frame: str) -> None:
    after, events = step("llama_api", HEAD, STATES[state], FRAMES[frame])
    assert (after.fault is not None) == (frame in FAULTY)
    assert after.complete == (frame == "the end" or state == "ended")
    if frame in FAULTY:
        assert list(events) == []


def test_a_page_in_place_of_a_stream_is_a_fault() -> None:
    head = ResponseHead(200, (("content-type", "text/html"),))
    _, error = read_pieces(open_stream("llama_api", head), [b"<html>captive</html>"])
    assert isinstance(error, ProtocolFault)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_no_bytes_make_it_raise(data: list[bytes]) -> None:
    read(*data)
    read(BODY[:200], *data)


@given(st.data())
def test_no_change_of_a_good_stream_makes_it_raise(data: st.DataObject) -> None:
    body = bytearray(BODY)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read(bytes(body))
