"""Streams of chat completions -> events, however they are cut. What clones do differently: test_openai_chat_tolerance.py."""

import json
from collections.abc import Sequence
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_pure import (
    Completion,
    HttpResponse,
    LLMError,
    Message,
    ResponseHead,
    StreamEvent,
    Usage,
    collect,
)
from llm_pure.adapters import registry
from llm_pure.adapters.dialects.openai_chat import Quirks
from llm_pure.adapters.dialects.openai_chat.state import CALLS, State
from llm_pure.adapters.dialects.openai_chat.stream import step
from llm_pure.completion import Choice
from llm_pure.errors import (
    ProtocolFault,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
)
from llm_pure.events import (
    EchoReceived,
    ExtraReceived,
    Finished,
    PartReceived,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.messages import Audio, Text
from llm_pure.replay.laws import read_pieces
from llm_pure.result import Success
from tests.support.openai_chat_bodies import (
    DONE,
    FIRST,
    LAST,
    USAGE,
    JsonObject,
    answer,
    call,
    chunk,
    data,
    piece,
    stream,
)
from tests.support.pieces import one_byte_at_a_time, pieces

OPENAI = registry.get("openai").unwrap()
HEAD = ResponseHead(200, (("content-type", "text/event-stream; charset=utf-8"),))
CHUNKS = (
    FIRST,
    chunk({"reasoning_content": "I should "}),
    chunk({"reasoning_content": "look."}),
    chunk({"content": "One moment"}),
    chunk({"content": " — 日本."}, mood="good"),
    chunk(piece("", 0, id="c1", type="function", name="weather")),
    chunk(piece('{"city":', 0)),
    chunk(piece("", 1, id="c2", type="function", name="clock")),
    chunk(piece('"Tromsø 🎈"}', 0)),
    chunk(piece("{}", 1)),
    chunk({}, "tool_calls"),
    chunk(choices=[], usage=USAGE),
)
BODY = stream(*CHUNKS)
WHOLE = answer(
    {
        "reasoning_content": "I should look.",
        "content": "One moment — 日本.",
        "tool_calls": [call("weather", '{"city":"Tromsø 🎈"}', "c1"), call("clock", "{}", "c2")],
    },
    "tool_calls",
    mood="good",
)


def run(*body: bytes, head: ResponseHead = HEAD) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(OPENAI.open_stream(head), body)


def test_the_events_of_a_stream() -> None:
    events, error = run(BODY)
    assert error is None
    assert events == (
        Started(id="chatcmpl-1", model="gpt-x-2026-01-01", provider="openai"),
        ExtraReceived("created", 1790000000),
        ReasoningDelta("I should ", 0),
        EchoReceived("{}", 0, 0, "reasoning"),
        ReasoningDelta("look.", 0),
        TextDelta("One moment", 1),
        ExtraReceived("mood", "good"),
        TextDelta(" — 日本.", 1),
        ToolCallDelta("", CALLS, 0, "c1", "weather"),
        ToolCallDelta('{"city":', CALLS),
        ToolCallDelta("", CALLS + 1, 0, "c2", "clock"),
        ToolCallDelta('"Tromsø 🎈"}', CALLS),
        ToolCallDelta("{}", CALLS + 1),
        Finished("tool_calls", "tool_calls"),
        UsageReported(Usage(20, 9, 8, None, 5, raw=USAGE)),
    )


def test_a_stream_collects_to_the_whole_answer() -> None:
    events, _ = run(BODY)
    assert collect(events) == OPENAI.parse_chat(HttpResponse(200, (), json.dumps(WHOLE).encode()))


def test_what_support_asks_for_is_kept() -> None:
    events, _ = run(BODY, head=ResponseHead(200, (*HEAD.headers, ("x-request-id", "req_1"))))
    assert collect(events).unwrap().extra["request_id"] == "req_1"


@given(st.data())
def test_any_split_gives_the_same_events(data: st.DataObject) -> None:
    assert run(*data.draw(pieces(BODY))) == run(BODY)


def test_byte_by_byte_gives_the_same_events() -> None:
    assert run(*one_byte_at_a_time(BODY)) == run(BODY)


@settings(deadline=None)
@given(st.integers(0, len(BODY)))
def test_a_cut_stream_is_interrupted_or_whole_and_its_text_a_prefix(end: int) -> None:
    events, error = run(BODY[:end])
    whole = collect(run(BODY)[0]).unwrap()
    if error is None:
        assert collect(events) == Success(whole)
        return
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert whole.text.startswith(error.partial.text)
    assert whole.reasoning.startswith(error.partial.reasoning)


def test_openai_always_says_done_so_a_stream_without_it_was_cut() -> None:
    _, error = run(BODY.removesuffix(DONE))
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert error.partial.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "tail",
    [DONE, data(chunk({"content": "more"})), data({"error": {"message": "late"}}), b"data: ?\n\n"],
    ids=["[DONE] again", "a chunk", "an error", "nonsense"],
)
def test_what_comes_after_done_changes_nothing(tail: bytes) -> None:
    assert run(BODY + tail) == run(BODY)


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
    (told,) = [one for one in events if isinstance(one, EchoReceived)]
    assert json.loads(told.json) == {
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
    (told,) = [one for one in events if isinstance(one, EchoReceived)]
    assert json.loads(told.json) == {"reasoning_details": [first, odd]}


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
    decoder = OPENAI.open_stream(HEAD)
    begun = stream(FIRST, chunk({"content": "Hi"}), done=False)
    events = decoder.feed(begun + end + DONE).unwrap()
    assert events[-1] == TextDelta("Hi", 1)
    error = decoder.feed(b"").failure()
    assert type(error) is kind
    assert error.partial is not None
    assert error.partial.text == "Hi"
    assert decoder.close().failure() == error


@pytest.mark.parametrize(
    "bad",
    [
        b"data: nonsense\n\n",
        b"data: \xff\n\n",
        b"data: " + b"[" * 5000 + b"\n\n",
        data(chunk({"content": 7})),
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
    begun = stream(FIRST, chunk({"content": "Hi"}), done=False)
    events, error = run(begun + bad, DONE)
    assert events[-1] == TextDelta("Hi", 1)
    assert isinstance(error, ProtocolFault)
    assert error.partial is not None
    assert error.partial.text == "Hi"


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
        (HEAD, b"<html>", ProtocolFault),
        (HEAD, b"", StreamInterrupted),
    ],
    ids=["429", "JSON that calls itself a stream", "HTML", "nothing"],
)
def test_a_body_that_is_no_stream(head: ResponseHead, body: bytes, kind: type) -> None:
    events, error = run(body, head=head)
    assert events == ()
    assert type(error) is kind


def test_a_whole_answer_in_place_of_a_stream_is_taken() -> None:
    head = ResponseHead(200, (("content-type", "application/json"),))
    body = json.dumps(WHOLE).encode()
    events, error = run(body, head=head)
    assert error is None
    assert collect(events) == OPENAI.parse_chat(HttpResponse(200, (), body))


PHASES = {
    "before the answer": State(),
    "in the answer": State(started=True),
    "after the reason": State(started=True, finished=True),
    "after [DONE]": State(started=True, finished=True, done=True, complete=True),
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
    after, events = step("p", Quirks(), HEAD, state, FRAMES[kind])
    if state.done:
        assert (after, list(events)) == (state, [])
    for event in events:
        assert isinstance(event, get_args(StreamEvent))
    assert (after.fault is not None) == (kind in ("error", "nonsense") and not state.done)
    assert after.complete == (state.complete or kind in ("end", "[DONE]"))


@given(st.lists(st.sampled_from([*FRAMES.values(), b"{", b"null", b"[1]"]), max_size=8))
def test_frames_in_any_order_never_raise(frames: Sequence[bytes]) -> None:
    run(b"".join([b"data: " + one + b"\n\n" for one in frames]))


@given(st.data())
def test_mutated_bytes_never_raise(data: st.DataObject) -> None:
    body = bytearray(BODY)
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    run(bytes(body))


@given(st.binary(max_size=300))
def test_random_bytes_never_raise(body: bytes) -> None:
    run(body)
    run(body, head=ResponseHead(500, ()))


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
