"""Spark's frames -> events, however the lines that hold them are cut."""

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import ResponseHead
from llm_pure.adapters.dialects.spark_frames import is_last
from llm_pure.adapters.dialects.spark_frames.stream import State, step
from llm_pure.types.events import (
    ExtraReceived,
    TextDelta,
)
from tests.support import streamed
from tests.support.framed import lines
from tests.support.spark_frames_streams import (
    EVENTS,
    FRAMES_SENT,
    HEAD,
    SERVICE,
    STREAMED,
    frame,
)
from tests.support.streamed import broken_off, said_before, step_once

read = partial(streamed.read, STREAMED)


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
    events, error = broken_off(STREAMED, lines(*FRAMES_SENT[:4]), lines({"header": header}))
    assert (error.kind, error.code, error.message) == (kind, str(code), "it says why")
    assert error.request_id == "cht-9"
    assert (events, said_before(error)) == (EVENTS[:6], "One moment — 日本")


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
    _, error = broken_off(STREAMED, b"", body, head)
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
    "done": State(started=True, ended=True),
}
LAST = ("the end", "an end told in one place")
STEP = partial(step, SERVICE, HEAD)
FAULTY = (
    "an error", "an error of a gateway", "a wrong shape", "no header", "not an object", "not JSON", "not text",
)  # fmt: skip


@pytest.mark.parametrize("frame_", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_frame_has_an_answer_in_every_state(state: str, frame_: str) -> None:
    _, events = step_once(STEP, STATES[state], FRAMES[frame_], frame_ in FAULTY, frame_ in LAST)
    assert events == [] or frame_ not in FAULTY


@pytest.mark.parametrize("frame_", FRAMES)
def test_the_last_frame_is_known_as_such(frame_: str) -> None:
    assert is_last(FRAMES[frame_]) == (frame_ in (*LAST, "an error"))


@given(st.binary(max_size=200))
def test_any_bytes_are_the_last_frame_or_they_are_not(data: bytes) -> None:
    assert is_last(data) in (True, False)
