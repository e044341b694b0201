"""Streams of DashScope's own API -> events, however they are cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    ChatRequest,
    HttpResponse,
    LLMConfig,
    LLMError,
    ResponseHead,
    StreamEvent,
    collect,
    tool_result,
    user,
)
from llm_pure.adapters.dialects.dashscope_generation import build_chat, open_stream, parse_chat
from llm_pure.adapters.dialects.dashscope_generation.stream import State, step
from llm_pure.completion import Usage
from llm_pure.errors import ProtocolFault, StreamInterrupted
from llm_pure.events import (
    EchoReceived,
    ExtraReceived,
    Finished,
    PartReceived,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.messages import Image, Opaque
from llm_pure.replay.laws import read_pieces
from tests.support.pieces import one_byte_at_a_time, pieces

HEAD = ResponseHead(200, (("content-type", "text/event-stream;charset=UTF-8"),))


def used(made: int) -> dict[str, Any]:
    return {
        "input_tokens": 26,
        "output_tokens": made,
        "total_tokens": 26 + made,
        "prompt_tokens_details": {"cached_tokens": 8},
        "output_tokens_details": {"reasoning_tokens": 4},
    }


def frame(
    finish: str | None = "null", made: int = 1, index: int | None = None, **message: Any
) -> dict[str, Any]:
    choice: dict[str, Any] = {"message": {"role": "assistant", **message}, "finish_reason": finish}
    if index is not None:
        choice["index"] = index
    return {"output": {"choices": [choice]}, "usage": used(made), "request_id": "r-1"}


def called(index: int, call_id: str, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"index": index, "id": call_id, "type": "function", "function": function}


def sse(*frames: Any, status: int = 200) -> bytes:
    """As the service writes them: no space after the colons, the status in a comment."""
    made = [
        f"id:{number}\nevent:{'result' if status == 200 else 'error'}\n:HTTP_STATUS/{status}\n"
        f"data:{json.dumps(one, ensure_ascii=False, separators=(',', ':'))}\n\n"
        for number, one in enumerate(frames, 1)
    ]
    return "".join(made).encode()


FRAMES_SENT = [
    frame(content="", reasoning_content="I should "),
    frame(content="", reasoning_content="look."),
    frame(content="One "),
    frame(made=7, content="moment — 日本"),
    frame(content="", tool_calls=[called(0, "c1", "weather", "")]),
    frame(content="", tool_calls=[called(0, "", "", '{"city":')]),
    frame(content="", tool_calls=[called(0, "", "", '"Tromsø"}')]),
    frame(content="", tool_calls=[called(1, "c2", "clock", "{}")]),
    frame("tool_calls", 9, content=""),
]
WHOLE = frame(
    "tool_calls",
    9,
    content="One moment — 日本",
    reasoning_content="I should look.",
    tool_calls=[called(0, "c1", "weather", '{"city":"Tromsø"}'), called(1, "c2", "clock", "{}")],
)
BODY = sse(*FRAMES_SENT)


def usage(made: int) -> UsageReported:
    return UsageReported(Usage(26, made, 8, None, min(4, made), raw=used(made)))


EVENTS = (
    Started(id="r-1", provider="dashscope"),
    ExtraReceived("request_id", "r-1"),
    ReasoningDelta("I should ", 0),
    EchoReceived("{}", 0, kind="reasoning"),
    usage(1),
    ReasoningDelta("look.", 0),
    TextDelta("One ", 1),
    TextDelta("moment — 日本", 1),
    ToolCallDelta("", 1000, id="c1", name="weather"),
    usage(1),
    ToolCallDelta('{"city":', 1000),
    usage(1),
    ToolCallDelta('"Tromsø"}', 1000),
    usage(1),
    ToolCallDelta("{}", 1001, id="c2", name="clock"),
    usage(1),
    usage(9),
    Finished("tool_calls", "tool_calls"),
)


def read(*data: bytes) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(open_stream("dashscope", HEAD), data)


def test_each_frame_makes_its_events() -> None:
    assert read(BODY) == (EVENTS, None)


@given(pieces(BODY))
def test_any_split_gives_the_same_events(split: list[bytes]) -> None:
    assert read(*split) == (EVENTS, None)


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    assert read(*one_byte_at_a_time(BODY)) == (EVENTS, None)


def test_the_stream_collects_to_the_whole_answer() -> None:
    whole = json.dumps(WHOLE, ensure_ascii=False).encode()
    assert collect(EVENTS) == parse_chat("dashscope", HttpResponse(200, (), whole))


@given(st.integers(0, len(BODY) - 3))
def test_a_cut_stream_is_a_failure_never_a_short_success(cut: int) -> None:
    events, error = read(BODY[:cut])
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert "One moment — 日本".startswith(error.partial.text)
    assert events == EVENTS[: len(events)]


def test_pieces_of_multimodal_content_are_words_too() -> None:
    told = [
        frame(content=[]),
        frame(content=[{"text": "One "}]),
        frame(content=[{"text": "cat"}]),
        frame("stop", 3, content=[]),
    ]
    events, error = read(sse(*told))
    assert error is None
    assert [one for one in events if isinstance(one, TextDelta)] == [
        TextDelta("One ", 1),
        TextDelta("cat", 1),
    ]
    answer = collect(events).unwrap()
    assert (answer.text, answer.finish_reason, answer.usage.output_tokens) == ("One cat", "stop", 3)


def test_media_are_parts_and_unknown_pieces_are_kept_whole() -> None:
    content = [{"image": "https://x.test/a.png"}, {"sound": "s", "hz": 8}, {"text": "a"}]
    events, _ = read(sse(frame("stop", 1, content=content)))
    assert [one for one in events if isinstance(one, PartReceived)] == [
        PartReceived(Image(url="https://x.test/a.png"), 2),
        PartReceived(Opaque("dashscope", "sound", '{"sound":"s","hz":8}'), 3),
    ]
    assert collect(events).unwrap().text == "a"


def test_words_without_choices_are_words() -> None:
    told = [
        {"output": {"text": "a", "finish_reason": "null"}, "request_id": "r"},
        {"output": {"text": "b", "finish_reason": "length"}, "request_id": "r"},
    ]
    events, error = read(sse(*told))
    assert error is None
    answer = collect(events).unwrap()
    assert (answer.text, answer.finish_reason) == ("ab", "length")


def test_several_answers_stand_apart_and_their_output_is_added() -> None:
    told = [
        frame(index=0, content="a"),
        frame(index=1, content="x"),
        frame(index=0, content="b"),
        frame("stop", 5, index=0, content=""),
        frame("length", 6, index=1, content="y"),
    ]
    body = sse(*told)
    events, error = read(body)
    assert error is None
    answer = collect(events).unwrap()
    assert (answer.text, answer.alternatives[0].message.text) == ("ab", "xy")
    assert (answer.finish_reason, answer.alternatives[0].finish_reason) == ("stop", "length")
    assert answer.usage.output_tokens == 11
    cut = sse(*told[:4])
    assert isinstance(read(cut)[1], StreamInterrupted)


def test_a_name_may_come_in_pieces_or_again() -> None:
    told = [
        frame(content="", tool_calls=[called(0, "c1", "get_", "")]),
        frame(content="", tool_calls=[called(0, "", "weather", "{")]),
        frame(content="", tool_calls=[called(0, "c1", "get_weather", "}")]),
        frame("tool_calls", content=""),
    ]
    (call,) = collect(read(sse(*told))[0]).unwrap().tool_calls
    assert (call.id, call.name, call.arguments) == ("c1", "get_weather", "{}")


@pytest.mark.parametrize(
    ("word", "finish"), [("stop", "stop"), ("length", "length"), ("new_one", "unknown")]
)
def test_finish_reasons(word: str, finish: str) -> None:
    events, error = read(sse(frame(content="a"), frame(word, content="")))
    assert error is None
    assert events[-1] == Finished(finish, word)  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["null", "", None])
def test_an_answer_that_does_not_say_that_it_is_finished_is_interrupted(word: str | None) -> None:
    assert isinstance(read(sse(frame(word, content="a")))[1], StreamInterrupted)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("InvalidParameter", "bad", "invalid_request"),
        ("InvalidParameter", "Range of input length should be [1, 30720]", "context_length"),
        (
            "DataInspectionFailed",
            "Output data may contain inappropriate content.",
            "content_filtered",
        ),
        ("Throttling.RateQuota", "slow down", "rate_limited"),
        ("Arrearage", "pay", "quota"),
        ("InternalError.Algo", "boom", "server_error"),
        ("SomethingNew", "boom", "server_error"),
    ],
)
def test_an_error_frame_comes_after_the_words_before_it(code: str, message: str, kind: str) -> None:
    told = {"code": code, "message": message, "request_id": "r-9"}
    events, error = read(sse(*FRAMES_SENT[:4]), sse(told, status=400))
    assert error is not None
    assert (error.kind, error.code, error.message, error.request_id) == (kind, code, message, "r-9")
    assert error.partial is not None
    assert error.partial.text == "One moment — 日本"
    assert events == EVENTS[:8]


def test_an_error_before_the_stream_is_the_error_of_its_status() -> None:
    head = ResponseHead(401, (("content-type", "application/json"),))
    body = b'{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"r"}'
    _, error = read_pieces(open_stream("dashscope", head), one_byte_at_a_time(body))
    assert error is not None
    assert (error.kind, error.status) == ("authentication", 401)


def test_unknown_fields_are_kept_and_unknown_frames_change_nothing() -> None:
    odd = frame(content="c")
    odd["output"]["search_info"] = {"search_results": [1]}
    odd["output"]["choices"][0]["message"]["mood"] = "good"
    events, error = read(sse(FRAMES_SENT[2], {"ping": 1}, odd, frame("stop", content="")))
    assert error is None
    answer = collect(events).unwrap()
    assert answer.text == "One c"
    assert answer.extra == {
        "request_id": "r-1",
        "search_info": {"search_results": [1]},
        "mood": "good",
    }


def test_logprobs_of_all_frames_make_one_list() -> None:
    told = [frame(content=word) for word in "ab"]
    for word, one in zip("ab", told, strict=True):
        one["output"]["choices"][0]["logprobs"] = {"content": [{"token": word}]}
    events, _ = read(sse(*told, frame("stop", content="")))
    assert collect(events).unwrap().extra["logprobs"] == [{"token": "a"}, {"token": "b"}]


FRAMES: dict[str, bytes] = {
    "words": json.dumps(frame(content="a")).encode(),
    "thoughts": json.dumps(frame(content="", reasoning_content="a")).encode(),
    "a call": json.dumps(FRAMES_SENT[4]).encode(),
    "more of a call": json.dumps(FRAMES_SENT[5]).encode(),
    "the end": json.dumps(frame("stop", content="")).encode(),
    "text alone": b'{"output":{"text":"a","finish_reason":"null"}}',
    "an error": b'{"code":"InternalError","message":"boom"}',
    "a gateway's error": b'{"error":{"message":"boom"}}',
    "an unknown frame": b'{"ping":1}',
    "an empty object": b"{}",
    "an empty output": b'{"output":{}}',
    "no output": b'{"output":null}',
    "a wrong shape": b'{"output":{"choices":[{"message":{"content":7}}]}}',
    "not an object": b"[1]",
    "not JSON": b"{",
    "not text": b'{"request_id":"\xff"}',
    "nothing": b"",
}
STATES = {
    "waiting": State(),
    "started": State(started=True, going=frozenset({0})),
    "thinking": State(started=True, going=frozenset({0}), thinking=frozenset({0})),
    "done": State(started=True, complete=True),
}
FAULTY = ("an error", "a gateway's error", "a wrong shape", "not an object", "not JSON", "not text")


@pytest.mark.parametrize("frame_", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_frame_has_an_answer_in_every_state(state: str, frame_: str) -> None:
    after, events = step("dashscope", HEAD, STATES[state], FRAMES[frame_])
    assert (after.fault is not None) == (frame_ in FAULTY)
    assert after.complete == (frame_ == "the end" or state == "done")
    if frame_ in FAULTY:
        assert list(events) == []


def test_a_page_in_place_of_a_stream_is_a_fault() -> None:
    head = ResponseHead(200, (("content-type", "text/html"),))
    _, error = read_pieces(open_stream("dashscope", head), [b"<html>captive</html>"])
    assert isinstance(error, ProtocolFault)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_no_bytes_make_it_raise(data: list[bytes]) -> None:
    read(*data)
    read(BODY[:400], *data)


@given(st.data())
def test_no_change_of_a_good_stream_makes_it_raise(data: st.DataObject) -> None:
    body = bytearray(BODY)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read(bytes(body))


def test_thoughts_and_calls_go_back_as_they_came() -> None:
    turns = [user("Weather?"), collect(EVENTS).unwrap().message, tool_result("c1", "21 °C")]
    config = LLMConfig(api_type="dashscope", model="qwen-plus")
    built = build_chat("dashscope", config, ChatRequest(messages=turns)).unwrap()
    assert json.loads(built.request.body)["input"]["messages"][1:] == [
        {
            "role": "assistant",
            "content": "One moment — 日本",
            "reasoning_content": "I should look.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city":"Tromsø"}'},
                },
                {
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "clock", "arguments": "{}"},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "21 °C"},
    ]
    assert built.adaptations == ()
