"""Streams of Qianfan's first API -> events, however they are cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import HttpResponse, LLMError, ResponseHead, StreamEvent, collect
from llm_pure.adapters.dialects.qianfan_v1 import open_stream, parse_chat
from llm_pure.adapters.dialects.qianfan_v1.stream import State, step
from llm_pure.completion import Usage
from llm_pure.errors import ProtocolFault, StreamInterrupted
from llm_pure.events import (
    EchoReceived,
    ExtraReceived,
    Finished,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.replay.laws import read_pieces
from tests.support.pieces import one_byte_at_a_time, pieces

HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))


def used(made: int) -> dict[str, int]:
    return {"prompt_tokens": 26, "completion_tokens": made, "total_tokens": 26 + made}


def frame(number: int, result: str, made: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "id": "as-1",
        "object": "chat.completion",
        "created": 1700000000,
        "sentence_id": number,
        "is_end": False,
        "is_truncated": False,
        "result": result,
        "need_clear_history": False,
        "usage": used(made),
        **more,
    }


def sse(*frames: Any) -> bytes:
    return "".join(
        [
            f"data: {json.dumps(one, ensure_ascii=False, separators=(',', ':'))}\n\n"
            for one in frames
        ]
    ).encode()


CALL = {"name": "weather", "arguments": '{"city":"Tromsø"}', "thoughts": "I should look."}
FRAMES_SENT = [
    frame(0, "One "),
    frame(1, "moment "),
    frame(2, "— 日本"),
    frame(3, "", 9, is_end=True, finish_reason="function_call", function_call=CALL),
]
WHOLE = {
    "id": "as-1",
    "object": "chat.completion",
    "created": 1700000000,
    "result": "One moment — 日本",
    "is_truncated": False,
    "need_clear_history": False,
    "finish_reason": "function_call",
    "function_call": CALL,
    "usage": used(9),
}
BODY = sse(*FRAMES_SENT)

EVENTS = (
    Started(id="as-1", provider="qianfan"),
    ExtraReceived("created", 1700000000),
    ExtraReceived("need_clear_history", False),
    TextDelta("One ", 0),
    UsageReported(Usage(26, 0, raw=used(0))),
    TextDelta("moment ", 0),
    TextDelta("— 日本", 0),
    ToolCallDelta('{"city":"Tromsø"}', 1, name="weather"),
    EchoReceived('{"thoughts":"I should look."}', 1),
    UsageReported(Usage(26, 9, raw=used(9))),
    Finished("tool_calls", "function_call"),
)


def read(*data: bytes) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(open_stream("qianfan", HEAD), data)


def test_each_frame_makes_its_events() -> None:
    assert read(BODY) == (EVENTS, None)


@given(pieces(BODY))
def test_any_split_gives_the_same_events(split: list[bytes]) -> None:
    assert read(*split) == (EVENTS, None)


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    assert read(*one_byte_at_a_time(BODY)) == (EVENTS, None)


def test_the_stream_collects_to_the_whole_answer() -> None:
    whole = json.dumps(WHOLE, ensure_ascii=False).encode()
    assert collect(EVENTS) == parse_chat("qianfan", HttpResponse(200, (), whole))


@given(st.integers(0, len(BODY) - 3))
def test_a_cut_stream_is_a_failure_never_a_short_success(cut: int) -> None:
    events, error = read(BODY[:cut])
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert "One moment — 日本".startswith(error.partial.text)
    assert events == EVENTS[: len(events)]


def test_what_comes_after_the_end_changes_nothing() -> None:
    assert read(BODY, sse(frame(4, "more")), b"data: [DONE]\n\n") == (EVENTS, None)


@pytest.mark.parametrize(
    ("last", "finish"),
    [
        ({"finish_reason": "normal"}, Finished("stop", "normal")),
        ({"finish_reason": "length"}, Finished("length", "length")),
        ({"finish_reason": "content_filter"}, Finished("content_filter", "content_filter")),
        ({"finish_reason": "new"}, Finished("unknown", "new")),
        ({"is_truncated": True}, Finished("length")),
        ({}, Finished("stop")),
    ],
)
def test_finish_reasons(last: dict[str, Any], finish: Finished) -> None:
    events, error = read(sse(frame(0, "a"), frame(1, "", is_end=True, **last)))
    assert error is None
    assert events[-1] == finish


def test_a_history_that_has_to_be_cleared_is_told() -> None:
    events, _ = read(sse(frame(0, "a"), frame(1, "b", need_clear_history=True), FRAMES_SENT[-1]))
    assert ExtraReceived("need_clear_history", True) in events


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (18, "rate_limited"),
        (17, "quota"),
        (110, "authentication"),
        (336003, "invalid_request"),
        (336100, "overloaded"),
        (336103, "context_length"),
        (987654, "server_error"),
    ],
)
def test_an_error_in_mid_stream_comes_after_the_words_before_it(code: int, kind: str) -> None:
    told = {"error_code": code, "error_msg": "it says why", "id": "as-9"}
    events, error = read(sse(*FRAMES_SENT[:3], told))
    assert error is not None
    assert (error.kind, error.code, error.message) == (kind, str(code), "it says why")
    assert error.request_id == "as-9"
    assert error.partial is not None
    assert error.partial.text == "One moment — 日本"
    assert events == EVENTS[:7]


def test_an_error_with_status_200_in_place_of_a_stream_is_that_error() -> None:
    head = ResponseHead(200, (("content-type", "application/json"),))
    body = b'{"error_code":111,"error_msg":"Access token expired"}'
    _, error = read_pieces(open_stream("qianfan", head), one_byte_at_a_time(body))
    assert error is not None
    assert (error.kind, error.code) == ("authentication", "111")
    bare = read_pieces(open_stream("qianfan", HEAD), [body])[1]
    assert bare is not None
    assert (bare.kind, bare.code) == ("authentication", "111")


FRAMES: dict[str, bytes] = {
    "words": json.dumps(frame(1, "a")).encode(),
    "no words": json.dumps(frame(1, "")).encode(),
    "a call": json.dumps(frame(1, "", function_call=CALL)).encode(),
    "the end": json.dumps(frame(1, "", is_end=True)).encode(),
    "an error": b'{"error_code":1,"error_msg":"boom"}',
    "an unknown frame": b'{"ping":1}',
    "an empty object": b"{}",
    "OpenAI's end": b"[DONE]",
    "a wrong shape": b'{"result":7}',
    "not an object": b"[1]",
    "not JSON": b"{",
    "not text": b'{"id":"\xff"}',
}
STATES = {
    "waiting": State(),
    "started": State(started=True),
    "done": State(started=True, complete=True),
}
FAULTY = ("an error", "a wrong shape", "not an object", "not JSON", "not text")


@pytest.mark.parametrize("frame_", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_frame_has_an_answer_in_every_state(state: str, frame_: str) -> None:
    after, events = step("qianfan", HEAD, STATES[state], FRAMES[frame_])
    if state == "done":
        assert (after, events) == (STATES[state], ())
        return
    assert (after.fault is not None) == (frame_ in FAULTY)
    assert after.complete == (frame_ == "the end")
    if frame_ in FAULTY:
        assert list(events) == []


def test_a_page_in_place_of_a_stream_is_a_fault() -> None:
    head = ResponseHead(200, (("content-type", "text/html"),))
    _, error = read_pieces(open_stream("qianfan", head), [b"<html>captive</html>"])
    assert isinstance(error, ProtocolFault)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_no_bytes_make_it_raise(data: list[bytes]) -> None:
    read(*data)
    read(BODY[:300], *data)


@given(st.data())
def test_no_change_of_a_good_stream_makes_it_raise(data: st.DataObject) -> None:
    body = bytearray(BODY)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read(bytes(body))
