"""Streams of /api/chat and /api/generate -> events, however they are cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    ChatRequest,
    Completion,
    Echo,
    HttpResponse,
    LLMConfig,
    LLMError,
    ResponseHead,
    StreamEvent,
    assistant,
    collect,
    user,
)
from llm_pure.adapters.dialects.ollama_native import build_chat, open_stream, parse_chat
from llm_pure.adapters.dialects.ollama_native.stream import State, step
from llm_pure.completion import Usage
from llm_pure.errors import NotFound, Overloaded, ProtocolFault, ServerError, StreamInterrupted
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
from llm_pure.messages import Reasoning
from llm_pure.replay.laws import read_pieces
from llm_pure.result import Success
from tests.support.pieces import one_byte_at_a_time, pieces

HEAD = ResponseHead(200, (("content-type", "application/x-ndjson"),))


def chat(done: bool = False, **message: Any) -> dict[str, Any]:
    return {
        "model": "qwen3:4b",
        "created_at": "T1" if not done else "T9",
        "message": {"role": "assistant", "content": "", **message},
        "done": done,
    }


CALLS: list[dict[str, Any]] = [
    {"id": "c1", "function": {"index": 0, "name": "weather", "arguments": {"city": "Tromsø 🎈"}}},
    {"function": {"index": 1, "name": "clock", "arguments": {}}},
]
END = {"done_reason": "stop", "total_duration": 77, "prompt_eval_count": 26, "eval_count": 9}
LINES: list[dict[str, Any]] = [
    chat(thinking="I should "),
    chat(thinking="look."),
    chat(content="One "),
    chat(content="moment — 日本"),
    chat(tool_calls=[CALLS[0]]),
    chat(tool_calls=[CALLS[1]]),
    {**chat(done=True, content="."), **END},
]
WHOLE = {
    **chat(done=True, thinking="I should look.", content="One moment — 日本.", tool_calls=CALLS),
    **END,
}


def lines(*given: Any) -> bytes:
    encoded = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in given]
    return "".join([f"{one}\n" for one in encoded]).encode()


BODY = lines(*LINES)


def read(*data: bytes) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(open_stream("ollama", HEAD), data)


EVENTS = (
    Started(model="qwen3:4b", provider="ollama"),
    ExtraReceived("created_at", "T1"),
    ReasoningDelta("I should ", 0),
    EchoReceived("{}", 0, kind="reasoning"),
    ReasoningDelta("look.", 0),
    TextDelta("One ", 1),
    TextDelta("moment — 日本", 1),
    ToolCallDelta('{"city":"Tromsø 🎈"}', 1000, id="c1", name="weather"),
    EchoReceived('{"function":{"index":0}}', 1000),
    ToolCallDelta("{}", 1001, name="clock"),
    EchoReceived('{"function":{"index":1}}', 1001),
    ExtraReceived("created_at", "T9"),
    ExtraReceived("total_duration", 77),
    TextDelta(".", 1),
    UsageReported(Usage(26, 9, raw={"prompt_eval_count": 26, "eval_count": 9})),
    Finished("stop", "stop"),
)


def test_each_line_makes_its_events() -> None:
    assert read(BODY) == (EVENTS, None)


@given(pieces(BODY))
def test_any_split_gives_the_same_events(split: list[bytes]) -> None:
    assert read(*split) == (EVENTS, None)


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    assert read(*one_byte_at_a_time(BODY)) == (EVENTS, None)


def test_the_stream_collects_to_the_whole_answer() -> None:
    whole = json.dumps(WHOLE, ensure_ascii=False, separators=(",", ":")).encode()
    assert collect(EVENTS) == parse_chat("ollama", HttpResponse(200, (), whole))


def test_generate_streams_collect_to_its_whole_answer_too() -> None:
    start = {"model": "m", "created_at": "T"}
    more = [{**start, "thinking": "a"}, {**start, "response": "b"}, {**start, "response": "c"}]
    end = {**start, "done": True, "done_reason": "length", "context": [1, 2], "eval_count": 3}
    events, error = read(lines(*[{"done": False, "response": "", **one} for one in more], end))
    assert error is None
    whole = lines({**end, "response": "bc", "thinking": "a"})
    assert collect(events) == parse_chat("ollama", HttpResponse(200, (), whole))
    assert collect(events).unwrap().text == "bc"


@given(st.integers(0, len(BODY) - 2))
def test_a_cut_stream_is_a_failure_never_a_short_success(cut: int) -> None:
    events, error = read(BODY[:cut])
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert "One moment — 日本.".startswith(error.partial.text)
    assert events == EVENTS[: len(events)]


def test_the_last_line_needs_no_line_end() -> None:
    assert read(BODY[:-1]) == (EVENTS, None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("model 'x' not found", NotFound),
        ("server busy, please try again.", Overloaded),
        ("an error was encountered while running the model", ServerError),
    ],
)
def test_an_error_in_mid_stream_comes_after_the_words_before_it(text: str, kind: type) -> None:
    events, error = read(lines(*LINES[:4], {"error": text}))
    assert type(error) is kind
    assert error is not None
    assert error.message == text
    assert error.partial is not None
    assert error.partial.text == "One moment — 日本"
    assert events == EVENTS[:7]


def test_what_is_said_beside_an_error_is_kept() -> None:
    _, error = read(lines(LINES[2], {**chat(done=True, content="!"), "error": "out of memory"}))
    assert isinstance(error, ServerError)
    assert error.partial is not None
    assert error.partial.text == "One !"


def test_an_error_before_the_stream_is_the_error_of_its_status() -> None:
    head = ResponseHead(404, (("content-type", "application/json"),))
    body = b'{"error":"model \'x\' not found"}'
    _, error = read_pieces(open_stream("ollama", head), one_byte_at_a_time(body))
    assert error == NotFound(message="model 'x' not found", provider="ollama", status=404)


def test_an_answer_that_came_whole_is_its_events_all_the_same() -> None:
    head = ResponseHead(200, (("content-type", "application/json; charset=utf-8"),))
    body = json.dumps(WHOLE).encode()
    events, error = read_pieces(open_stream("ollama", head), [body])
    assert error is None
    assert collect(events) == parse_chat("ollama", HttpResponse(200, head.headers, body))


def test_a_page_in_place_of_a_stream_is_a_fault() -> None:
    head = ResponseHead(200, (("content-type", "text/html"),))
    _, error = read_pieces(open_stream("ollama", head), [b"<html>captive</html>"])
    assert isinstance(error, ProtocolFault)


FRAMES: dict[str, bytes] = {
    "words": lines(chat(content="a")),
    "thoughts": lines(chat(thinking="a")),
    "response": lines({"response": "a", "done": False}),
    "a call": lines(chat(tool_calls=[CALLS[0]])),
    "the end": lines(chat(done=True)),
    "an error": lines({"error": "boom"}),
    "an unknown line": lines({"status": "pulling manifest"}),
    "an empty object": b"{}",
    "a wrong shape": lines({"message": {"content": 7}}),
    "not an object": b"[1]",
    "not JSON": b"{",
    "not text": b'{"response":"\xff"}',
}
STATES = {
    "waiting": State(),
    "started": State(started=True),
    "thinking": State(started=True, thinking=True),
    "done": State(started=True, complete=True),
}
FAULTY = ("an error", "a wrong shape", "not an object", "not JSON", "not text")


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_line_has_an_answer_in_every_state(state: str, frame: str) -> None:
    after, events = step("ollama", HEAD, STATES[state], FRAMES[frame])
    if state == "done":
        assert (after, events) == (STATES[state], ())
        return
    assert (after.fault is not None) == (frame in FAULTY)
    assert after.complete == (frame == "the end")
    assert after.started == (state != "waiting" or frame not in FAULTY)
    assert [one for one in events if not isinstance(one, Started)] == [] or frame not in FAULTY


@pytest.mark.parametrize("line", [b'{"status":"x"}', b"{}", b'{"message":{"mood":"good"}}', b""])
def test_unknown_lines_and_fields_change_no_word(line: bytes) -> None:
    first, rest = BODY.split(b"\n", 1)
    events, error = read(first + b"\n" + line + b"\n" + rest)
    assert error is None
    told = tuple([one for one in events if one not in EVENTS])
    assert all(isinstance(one, ExtraReceived) for one in told)
    assert [one for one in events if one not in told] == list(EVENTS)


def test_logprobs_of_all_lines_make_one_list() -> None:
    given = [{**chat(content=word), "logprobs": [{"token": word}]} for word in "ab"]
    events, _ = read(lines(*given, chat(done=True)))
    assert collect(events).unwrap().extra["logprobs"] == [{"token": "a"}, {"token": "b"}]


def test_thoughts_and_calls_go_back_as_they_came() -> None:
    answer: Completion = collect(EVENTS).unwrap()
    assert answer.message.parts[0] == Reasoning("I should look.", None, Echo("ollama"))
    turns = [user("Weather?"), answer.message]
    config = LLMConfig(api_type="ollama", model="m")
    built = build_chat("ollama", config, ChatRequest(messages=turns)).unwrap()
    sent = json.loads(built.request.body)["messages"][1]
    assert sent == {
        "role": "assistant",
        "content": "One moment — 日本.",
        "thinking": "I should look.",
        "tool_calls": [CALLS[0], {"id": "call_1", **CALLS[1]}],
    }
    assert '{"city":"Tromsø 🎈"}'.encode() in built.request.body
    assert built.adaptations == ()


def test_the_events_of_a_short_answer_are_what_a_reader_expects() -> None:
    body = lines(chat(content="hi"), {**chat(done=True), "done_reason": "stop"})
    events, _ = read(body)
    assert collect(events) == Success(
        Completion(
            model="qwen3:4b",
            provider="ollama",
            message=assistant("hi"),
            finish_reason="stop",
            raw_finish_reason="stop",
            extra={"created_at": "T9"},
        )
    )


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
