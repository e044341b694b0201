"""Streams of chat completions -> events, however they are cut. What clones do differently: test_openai_chat_tolerance.py."""

import json
from collections.abc import Sequence
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    Completion,
    Message,
    ResponseHead,
    StreamEvent,
    Usage,
    collect,
)
from llm_pure.adapters import registry
from llm_pure.adapters.dialects.openai_chat import Quirks, make_service
from llm_pure.adapters.dialects.openai_chat.state import State
from llm_pure.adapters.dialects.openai_chat.stream import read_chunk
from llm_pure.core.stream import take_step
from llm_pure.types.completion import Choice
from llm_pure.types.errors import (
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
)
from llm_pure.types.events import (
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
)
from llm_pure.types.messages import Audio, Text
from tests.support.openai_chat_bodies import (
    DONE,
    FIRST,
    LAST,
    USAGE,
    JsonObject,
    chunk,
    data,
    piece,
    stream,
)

OPENAI = registry.get("openai").unwrap()
from functools import partial

from tests.support import streamed
from tests.support.openai_chat_streams import BODY, HEAD, STREAMED
from tests.support.streamed import broken_off, said_before

run = partial(streamed.read, STREAMED)

BEGUN = stream(FIRST, chunk({"content": "Hi"}), done=False)


def test_what_support_asks_for_is_kept() -> None:
    events, _ = run(BODY, head=ResponseHead(200, (*HEAD.headers, ("x-request-id", "req_1"))))
    assert collect(events).unwrap().extra["request_id"] == "req_1"


def test_openai_always_says_done_so_a_stream_without_it_was_cut() -> None:
    _, error = run(BODY.removesuffix(DONE))
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert error.partial.finish_reason == "tool_calls"


def test_several_answers_interleave() -> None:
    events, _ = run(
        stream(
            chunk({"role": "assistant", "content": "a"}),
            chunk({"content": "x"}, index=1),
            chunk({"content": "b"}),
            chunk({"content": "y"}, index=1),
            chunk({}, "stop"),
            chunk({}, "length", index=1),
            chunk(choices=[], usage=USAGE),
        )
    )
    got = collect(events).unwrap()
    assert (got.text, got.finish_reason) == ("ab", "stop")
    assert got.alternatives == (
        Choice(
            message=Message("assistant", (Text("xy"),)),
            finish_reason="length",
            raw_finish_reason="length",
        ),
    )


def test_log_probabilities_are_put_together() -> None:
    def with_logprobs(text: str) -> JsonObject:
        logprobs = {"content": [{"token": text}], "refusal": None}
        choice = {"index": 0, "delta": {"content": text}, "logprobs": logprobs}
        return chunk(choices=[choice])

    events, _ = run(stream(FIRST, with_logprobs("a"), with_logprobs("b"), *LAST))
    assert collect(events).unwrap().extra["logprobs"] == [{"token": "a"}, {"token": "b"}]


def test_a_refusal() -> None:
    events, _ = run(stream(FIRST, chunk({"refusal": "No"}), chunk({"refusal": "."}), *LAST))
    assert [one for one in events if isinstance(one, RefusalDelta)] == [
        RefusalDelta("No", 2),
        RefusalDelta(".", 2),
    ]
    assert collect(events).unwrap().finish_reason == "refusal"


def test_sound_comes_whole_at_the_end() -> None:
    events, _ = run(
        stream(
            FIRST,
            chunk({"audio": {"id": "audio_1", "transcript": "h"}}),
            chunk({"audio": {"data": "UklGRgAA", "transcript": "i"}}),
            chunk({"audio": {"data": "AABXQVZF"}}),
            *LAST,
        )
    )
    whole = Audio(
        data=b"RIFF\0\0\0\0WAVE", file_id="audio_1", media_type="audio/wav", transcript="hi"
    )
    assert PartReceived(whole, 3) in events


def test_pieces_of_reasoning_details_are_put_together() -> None:
    def detail(**fields: Any) -> JsonObject:
        return chunk({"reasoning_details": [{"type": "reasoning.text", "index": 0, **fields}]})

    chunks = (FIRST, detail(text="I "), detail(text="see."), detail(signature="sig"), *LAST)
    events, _ = run(stream(*chunks))
    assert [one for one in events if isinstance(one, ReasoningDelta)] == [
        ReasoningDelta("I ", 0),
        ReasoningDelta("see.", 0),
    ]
    mark, joined = [one for one in events if isinstance(one, ProviderMetadataReceived)]
    assert mark.json == "{}"
    assert json.loads(joined.json) == {
        "reasoning_details": [
            {"type": "reasoning.text", "index": 0, "text": "I see.", "signature": "sig"}
        ]
    }


@pytest.mark.parametrize(
    "odd",
    [{"index": [0]}, {"index": {}, "type": []}, {"index": 0, "type": {}}, {"index": 0, "text": 5}],
    ids=["a list", "objects", "a type that is none", "a number for text"],
)
def test_reasoning_details_that_are_odd_are_kept_as_they_are(odd: JsonObject) -> None:
    first = {"index": 0, "text": "I see."}
    chunks = (FIRST, *[chunk({"reasoning_details": [one]}) for one in (first, odd)], *LAST)
    events, _ = run(stream(*chunks))
    mark, joined = [one for one in events if isinstance(one, ProviderMetadataReceived)]
    assert mark.json == "{}"
    assert json.loads(joined.json) == {"reasoning_details": [first, odd]}


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (data({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}), RateLimited),
        (data({"error": {"message": "m", "type": "insufficient_quota"}}), QuotaExceeded),
        (b"event: error\n" + data({"error": {"message": "m", "code": 500}}), ServerError),
        (data({"error": "broken"}), ServerError),
    ],
    ids=["rate", "quota", "an event called error", "a string"],
)
def test_an_error_in_mid_stream_comes_after_what_was_said(end: bytes, kind: type) -> None:
    events, error = broken_off(STREAMED, BEGUN, end + DONE)
    assert events[-1] == TextDelta("Hi", 1)
    assert (type(error), said_before(error)) == (kind, "Hi")


@pytest.mark.parametrize(
    "bad",
    [
        b"data: nonsense\n\n",
        b"data: \xff\n\n",
        b"data: " + b"[" * 5000 + b"\n\n",
        data(chunk({"content": True})),
        data(chunk(choices=[7])),
        data(chunk(choices={})),
        b'data: {"choices": [{"delta": {"content": "x"}, "y": 1e400}]}\n\n',
    ],
    ids=[
        "nonsense", "no UTF-8", "deep", "content that is none", "a choice that is none", "choices that are none",
        "a number out of range",
    ],
)  # fmt: skip
def test_a_chunk_in_a_wrong_shape_is_a_fault_after_what_came_before(bad: bytes) -> None:
    events, error = broken_off(STREAMED, BEGUN, bad + DONE)
    assert events[-1] == TextDelta("Hi", 1)
    assert (type(error), said_before(error)) == (ProtocolError, "Hi")


def test_a_chunk_that_is_cut_off_is_an_interruption_not_a_fault() -> None:
    _, error = run(stream(FIRST, done=False) + b'data: {"choices": [{"de')
    assert isinstance(error, StreamInterrupted)


@pytest.mark.parametrize(
    ("head", "body", "kind"),
    [
        (
            ResponseHead(429, (("content-type", "application/json"),)),
            b'{"error":{"message":"m","code":"rate_limit_exceeded"}}',
            RateLimited,
        ),
        (HEAD, b'{"error":{"message":"m","code":"server_error"}}', ServerError),
        (HEAD, b"<html>", ProtocolError),
        (HEAD, b"", StreamInterrupted),
    ],
    ids=["429", "JSON that calls itself a stream", "HTML", "nothing"],
)
def test_a_body_that_is_no_stream(head: ResponseHead, body: bytes, kind: type) -> None:
    events, error = broken_off(STREAMED, b"", body, head)
    assert (events, type(error)) == ((), kind)


SERVICE = make_service("p", Quirks())

PHASES = {
    "before the answer": State(),
    "in the answer": State(started=True, plain=True),
    "after the reason": State(started=True, plain=True, complete=True),
    "after [DONE]": State(started=True, plain=True, ended=True, complete=True),
}
FRAMES: dict[str, bytes] = {
    "first": json.dumps(FIRST).encode(),
    "text": json.dumps(chunk({"content": "x"})).encode(),
    "call": json.dumps(chunk(piece("{}", id="c", name="f"))).encode(),
    "end": json.dumps(chunk({}, "stop")).encode(),
    "usage": json.dumps(chunk(choices=[], usage=USAGE)).encode(),
    "[DONE]": b"[DONE]",
    "empty": b"",
    "error": b'{"error":{"message":"m"}}',
    "nonsense": b"?",
}


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("state", PHASES.values(), ids=PHASES.keys())
def test_every_frame_has_an_answer_in_every_phase(state: State, kind: str) -> None:
    after, events = take_step(partial(read_chunk, SERVICE, HEAD), state, FRAMES[kind])
    if state.ended:
        assert (after, list(events)) == (state, [])
    for event in events:
        assert isinstance(event, get_args(StreamEvent))
    assert (after.fault is not None) == (kind in ("error", "nonsense") and not state.ended)
    assert after.complete == (state.complete or (kind == "end" and not state.ended))
    assert after.ended == (state.ended or kind == "[DONE]")


@given(st.lists(st.sampled_from([*FRAMES.values(), b"{", b"null", b"[1]"]), max_size=8))
def test_frames_in_any_order_never_raise(frames: Sequence[bytes]) -> None:
    run(b"".join([b"data: " + one + b"\n\n" for one in frames]))


def test_an_empty_answer_is_an_answer() -> None:
    events, error = run(stream(FIRST, *LAST))
    assert error is None
    assert collect(events).unwrap() == Completion(
        id="chatcmpl-1",
        model="gpt-x-2026-01-01",
        provider="openai",
        finish_reason="stop",
        raw_finish_reason="stop",
        usage=Usage(20, 9, 8, None, 5, raw=USAGE),
        extra={"created": 1790000000},
    )
