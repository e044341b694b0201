"""Streams of Qianfan's first API -> events, however they are cut."""

import json
from functools import partial
from typing import Any

import pytest

from llm_pure import ResponseHead
from llm_pure.adapters.dialects.qianfan_v1 import DIALECT
from llm_pure.adapters.dialects.qianfan_v1.stream import State, step
from llm_pure.core.dialect import open_stream
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
)
from tests.support import streamed
from tests.support.framed import sse
from tests.support.pieces import one_byte_at_a_time
from tests.support.qianfan_v1_streams import (
    CALL,
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
    events, error = broken_off(STREAMED, sse(*FRAMES_SENT[:3]), sse(told))
    assert (error.kind, error.code, error.message) == (kind, str(code), "it says why")
    assert error.request_id == "as-9"
    assert (events, said_before(error)) == (EVENTS[:7], "One moment — 日本")


def test_an_error_with_status_200_in_place_of_a_stream_is_that_error() -> None:
    head = ResponseHead(200, (("content-type", "application/json"),))
    body = b'{"error_code":111,"error_msg":"Access token expired"}'
    _, error = read(*one_byte_at_a_time(body), head=head)
    assert error is not None
    assert (error.kind, error.code) == ("authentication", "111")
    bare = read_pieces(open_stream(DIALECT, SERVICE, HEAD), [body])[1]
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
    "done": State(started=True, ended=True),
}
STEP = partial(step, SERVICE, HEAD)
FAULTY = ("an error", "a wrong shape", "not an object", "not JSON", "not text")


@pytest.mark.parametrize("frame_", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_frame_has_an_answer_in_every_state(state: str, frame_: str) -> None:
    _, events = step_once(
        STEP, STATES[state], FRAMES[frame_], frame_ in FAULTY, frame_ == "the end"
    )
    assert events == [] or frame_ not in FAULTY
