"""Spark's frames -> events, however the lines that hold them are cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import LLMError, ResponseHead, StreamEvent
from llm_pure.adapters.dialects.spark_frames import is_last, open_stream
from llm_pure.adapters.dialects.spark_frames.stream import State, step
from llm_pure.completion import Usage
from llm_pure.errors import StreamInterrupted
from llm_pure.events import (
    EchoReceived,
    ExtraReceived,
    Finished,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.replay.laws import read_pieces
from tests.support.pieces import one_byte_at_a_time, pieces

HEAD = ResponseHead(200, (("content-type", "application/x-ndjson"),))
COUNTS = {"question_tokens": 4, "prompt_tokens": 26, "completion_tokens": 9, "total_tokens": 35}


def frame(status: int, *, usage: bool = False, **piece: Any) -> dict[str, Any]:
    text = {"content": "", "role": "assistant", "index": 0, **piece}
    payload: dict[str, Any] = {"choices": {"status": status, "seq": 7, "text": [text]}}
    if usage:
        payload["usage"] = {"text": COUNTS}
    header = {"code": 0, "message": "Success", "sid": "cht-1", "status": status}
    return {"header": header, "payload": payload}


def lines(*frames: Any) -> bytes:
    encoded = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in frames]
    return "".join([f"{one}\n" for one in encoded]).encode()


CALL = {"name": "weather", "arguments": '{"city":"Tromsø"}'}
FRAMES_SENT = [
    frame(0, reasoning_content="I should "),
    frame(1, reasoning_content="look."),
    frame(1, content="One "),
    frame(1, content="moment — 日本"),
    frame(1, function_call={**CALL, "score": 1}),
    frame(2, usage=True),
]
BODY = lines(*FRAMES_SENT)

EVENTS = (
    Started(id="cht-1", provider="spark"),
    ReasoningDelta("I should ", 0),
    EchoReceived("{}", 0, kind="reasoning"),
    ReasoningDelta("look.", 0),
    TextDelta("One ", 1),
    TextDelta("moment — 日本", 1),
    ToolCallDelta('{"city":"Tromsø"}', 2, name="weather"),
    EchoReceived('{"score":1}', 2),
    UsageReported(Usage(26, 9, raw=COUNTS)),
    Finished("unknown"),
)


def read(*data: bytes) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(open_stream("spark", HEAD), data)


def test_each_frame_makes_its_events() -> None:
    assert read(BODY) == (EVENTS, None)


@given(pieces(BODY))
def test_any_split_gives_the_same_events(split: list[bytes]) -> None:
    assert read(*split) == (EVENTS, None)


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    assert read(*one_byte_at_a_time(BODY)) == (EVENTS, None)


@given(st.integers(0, len(BODY) - 2))
def test_a_cut_stream_is_a_failure_never_a_short_success(cut: int) -> None:
    events, error = read(BODY[:cut])
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert "One moment — 日本".startswith(error.partial.text)
    assert events == EVENTS[: len(events)]


def test_what_comes_after_the_end_changes_nothing() -> None:
    assert read(BODY, lines(frame(1, content="more"))) == (EVENTS, None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (10005, "invalid_request"),
        (10007, "rate_limited"),
        (10008, "overloaded"),
        (10012, "server_error"),
        (10013, "content_filtered"),
        (10014, "content_filtered"),
        (10907, "context_length"),
        (11200, "permission"),
        (11201, "quota"),
        (11202, "rate_limited"),
        (99999, "server_error"),
    ],
)
def test_an_error_in_mid_stream_comes_after_the_words_before_it(code: int, kind: str) -> None:
    header = {"code": code, "message": "it says why", "sid": "cht-9", "status": 2}
    events, error = read(lines(*FRAMES_SENT[:4], {"header": header}))
    assert error is not None
    assert (error.kind, error.code, error.message) == (kind, str(code), "it says why")
    assert error.request_id == "cht-9"
    assert error.partial is not None
    assert error.partial.text == "One moment — 日本"
    assert events == EVENTS[:6]


def test_unknown_fields_are_kept_and_unknown_frames_change_nothing() -> None:
    odd = frame(1, content="!")
    odd["payload"]["plugins"] = {"text": [{"name": "search"}]}
    odd["header"]["region"] = "eu"
    odd["payload"]["choices"]["text"][0]["mood"] = "good"
    events, error = read(lines(*FRAMES_SENT[:4], {"ping": 1}, odd, FRAMES_SENT[-1]))
    assert error is None
    assert events[6:10] == (
        ExtraReceived("region", "eu"),
        ExtraReceived("plugins", {"text": [{"name": "search"}]}),
        ExtraReceived("mood", "good"),
        TextDelta("!", 1),
    )


def test_a_handshake_that_was_refused_is_that_error() -> None:
    head = ResponseHead(401, (("content-type", "application/json"),))
    body = b'{"message":"HMAC signature cannot be verified"}'
    _, error = read_pieces(open_stream("spark", head), one_byte_at_a_time(body))
    assert error is not None
    assert (error.kind, error.message) == ("authentication", "HMAC signature cannot be verified")


FRAMES: dict[str, bytes] = {
    "words": json.dumps(frame(1, content="a")).encode(),
    "thoughts": json.dumps(frame(1, reasoning_content="a")).encode(),
    "a call": json.dumps(FRAMES_SENT[4]).encode(),
    "the end": json.dumps(frame(2)).encode(),
    "an end told in one place": b'{"header":{"code":0},"payload":{"choices":{"status":2}}}',
    "an error": b'{"header":{"code":10013,"message":"no"}}',
    "an error of a gateway": b'{"error":{"message":"boom"}}',
    "a bare header": b'{"header":{}}',
    "an unknown frame": b'{"ping":1}',
    "an empty object": b"{}",
    "a wrong shape": b'{"header":{"code":0},"payload":{"choices":{"text":[{"content":7}]}}}',
    "no header": b'{"header":null}',
    "not an object": b"[1]",
    "not JSON": b"{",
    "not text": b'{"header":{"sid":"\xff"}}',
}
STATES = {
    "waiting": State(),
    "started": State(started=True),
    "thinking": State(started=True, thinking=True),
    "done": State(started=True, complete=True),
}
LAST = ("the end", "an end told in one place")
FAULTY = (
    "an error", "an error of a gateway", "a wrong shape", "no header", "not an object", "not JSON", "not text",
)  # fmt: skip


@pytest.mark.parametrize("frame_", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_frame_has_an_answer_in_every_state(state: str, frame_: str) -> None:
    after, events = step("spark", HEAD, STATES[state], FRAMES[frame_])
    if state == "done":
        assert (after, events) == (STATES[state], ())
        return
    assert (after.fault is not None) == (frame_ in FAULTY)
    assert after.complete == (frame_ in LAST)
    if frame_ in FAULTY:
        assert list(events) == []


@pytest.mark.parametrize("frame_", FRAMES)
def test_the_last_frame_is_known_as_such(frame_: str) -> None:
    assert is_last(FRAMES[frame_]) == (frame_ in (*LAST, "an error"))


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_no_bytes_make_it_raise(data: list[bytes]) -> None:
    read(*data)
    read(BODY[:400], *data)
    is_last(b"".join(data))


@given(st.data())
def test_no_change_of_a_good_stream_makes_it_raise(data: st.DataObject) -> None:
    body = bytearray(BODY)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read(bytes(body))
