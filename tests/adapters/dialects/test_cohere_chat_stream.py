"""Streams of /v2/chat -> events, however they are cut."""

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
from llm_pure.adapters.dialects.cohere_chat import build_chat, open_stream, parse_chat
from llm_pure.adapters.dialects.cohere_chat.stream import CALLS, PLAN, PLAN_ECHO, State, step
from llm_pure.completion import Usage
from llm_pure.errors import ProtocolFault, ServerError, StreamInterrupted, TimedOut
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
from llm_pure.messages import Opaque
from llm_pure.replay.laws import read_pieces
from tests.support.pieces import one_byte_at_a_time, pieces

HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more}


def says(kind: str, index: int | None = None, /, **message: Any) -> dict[str, Any]:
    place = {} if index is None else {"index": index}
    return event(kind, **place, delta={"message": message})


def sse(*events: Any) -> bytes:
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in events]
    kinds = [one.get("type", "x") if isinstance(one, dict) else "x" for one in events]
    return "".join(
        [f"event: {kind}\ndata: {line}\n\n" for kind, line in zip(kinds, lines, strict=True)]
    ).encode()


USAGE = {
    "billed_units": {"input_tokens": 5, "output_tokens": 7},
    "tokens": {"input_tokens": 40.0, "output_tokens": 9.0},
    "cached_tokens": 16,
}
CITATION = {"start": 0, "end": 3, "text": "One", "sources": [{"type": "document", "id": "d1"}]}
SECOND = {"start": 4, "end": 6, "text": "mo", "sources": []}
EVENTS_SENT: list[dict[str, Any]] = [
    event(
        "message-start",
        id="msg-1",
        delta={
            "message": {
                "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []
            }
        },
    ),
    says("content-start", 0, content={"type": "thinking", "thinking": ""}),
    says("content-delta", 0, content={"thinking": "I should "}),
    says("content-delta", 0, content={"thinking": "look."}),
    event("content-end", index=0),
    says("content-start", 1, content={"type": "text", "text": ""}),
    says("content-delta", 1, content={"text": "One "}),
    says("content-delta", 1, content={"text": "moment — 日本"}),
    says("citation-start", 0, citations=CITATION),
    event("citation-end", index=0),
    says("citation-start", 1, citations=SECOND),
    event("citation-end", index=1),
    event("content-end", index=1),
    says("tool-plan-delta", tool_plan="First "),
    says("tool-plan-delta", tool_plan="weather."),
    says(
        "tool-call-start", 0,
        tool_calls={"id": "c1", "type": "function", "function": {"name": "weather", "arguments": ""}},
    ),
    says("tool-call-delta", 0, tool_calls={"function": {"arguments": '{"city":'}}),
    says("tool-call-delta", 0, tool_calls={"function": {"arguments": '"Tromsø"}'}}),
    event("tool-call-end", index=0),
    says(
        "tool-call-start", 1,
        tool_calls={"id": "c2", "type": "function", "function": {"name": "clock", "arguments": "{}"}},
    ),
    event("tool-call-end", index=1),
    event("message-end", id="msg-1", delta={"finish_reason": "TOOL_CALL", "usage": USAGE}),
]  # fmt: skip
WHOLE = {
    "id": "msg-1",
    "finish_reason": "TOOL_CALL",
    "message": {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "I should look."},
            {"type": "text", "text": "One moment — 日本"},
        ],
        "tool_plan": "First weather.",
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city":"Tromsø"}'},
            },
            {"id": "c2", "type": "function", "function": {"name": "clock", "arguments": "{}"}},
        ],
        "citations": [CITATION, SECOND],
    },
    "usage": USAGE,
}
BODY = sse(*EVENTS_SENT)

EVENTS = (
    Started(id="msg-1", provider="cohere"),
    ReasoningDelta("I should ", 0),
    EchoReceived("{}", 0, kind="reasoning"),
    ReasoningDelta("look.", 0),
    TextDelta("One ", 1),
    TextDelta("moment — 日本", 1),
    ExtraReceived("citations", CITATION, append=True),
    ExtraReceived("citations", SECOND, append=True),
    ReasoningDelta("First ", PLAN),
    EchoReceived(PLAN_ECHO, PLAN, kind="reasoning"),
    ReasoningDelta("weather.", PLAN),
    ToolCallDelta("", CALLS, id="c1", name="weather"),
    ToolCallDelta('{"city":', CALLS),
    ToolCallDelta('"Tromsø"}', CALLS),
    ToolCallDelta("{}", CALLS + 1, id="c2", name="clock"),
    UsageReported(Usage(40, 9, 16, raw=USAGE)),
    Finished("tool_calls", "TOOL_CALL"),
)


def read(*data: bytes) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(open_stream("cohere", HEAD), data)


def test_each_event_makes_its_events() -> None:
    assert read(BODY) == (EVENTS, None)


@given(pieces(BODY))
def test_any_split_gives_the_same_events(split: list[bytes]) -> None:
    assert read(*split) == (EVENTS, None)


def test_one_byte_at_a_time_gives_the_same_events() -> None:
    assert read(*one_byte_at_a_time(BODY)) == (EVENTS, None)


def test_the_stream_collects_to_the_whole_answer() -> None:
    whole = json.dumps(WHOLE, ensure_ascii=False).encode()
    assert collect(EVENTS) == parse_chat("cohere", HttpResponse(200, (), whole))


@given(st.integers(0, len(BODY) - 3))
def test_a_cut_stream_is_a_failure_never_a_short_success(cut: int) -> None:
    events, error = read(BODY[:cut])
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert "One moment — 日本".startswith(error.partial.text)
    assert events == EVENTS[: len(events)]


def test_the_last_event_needs_no_blank_line() -> None:
    assert read(BODY.rstrip(b"\n")) == (EVENTS, None)


def test_what_comes_after_the_end_changes_nothing() -> None:
    assert read(BODY, b"data: [DONE]\n\n") == (EVENTS, None)


@pytest.mark.parametrize(
    ("reason", "kind"), [("ERROR", ServerError), ("TIMEOUT", TimedOut), ("NEW_ONE", ServerError)]
)
def test_an_end_that_tells_an_error_is_that_error_with_the_words_before_it(
    reason: str, kind: type
) -> None:
    end = event("message-end", delta={"finish_reason": reason, "error": "it broke", "usage": USAGE})
    events, error = read(sse(*EVENTS_SENT[:8], end))
    assert type(error) is kind
    assert error is not None
    assert (error.message, error.code) == ("it broke", reason)
    assert error.partial is not None
    assert error.partial.text == "One moment — 日本"
    assert error.partial.usage == Usage(40, 9, 16, raw=USAGE)
    assert events[-1] == UsageReported(Usage(40, 9, 16, raw=USAGE))


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
def test_an_end_by_error_without_a_message_is_the_finish_reason_error(reason: str) -> None:
    events, error = read(
        sse(*EVENTS_SENT[:8], event("message-end", delta={"finish_reason": reason}))
    )
    assert error is None
    assert events[-1] == Finished("error", reason)


def test_an_end_without_a_reason_is_unknown() -> None:
    events, error = read(sse(EVENTS_SENT[0], event("message-end")))
    assert (events[-1], error) == (Finished("unknown"), None)


def test_an_error_body_in_place_of_an_event_is_that_error() -> None:
    events, error = read(sse(*EVENTS_SENT[:7]), b'data: {"message":"internal error"}\n\n')
    assert error is not None
    assert (error.kind, error.message) == ("server_error", "internal error")
    assert events == EVENTS[:5]


def test_an_error_before_the_stream_is_the_error_of_its_status() -> None:
    head = ResponseHead(429, (("content-type", "application/json"),))
    _, error = read_pieces(open_stream("cohere", head), [b'{"message":"too ', b'many"}'])
    assert error is not None
    assert (error.kind, error.message) == ("rate_limited", "too many")


def test_an_answer_that_came_whole_is_its_events_all_the_same() -> None:
    head = ResponseHead(200, (("content-type", "application/json"),))
    body = json.dumps(WHOLE).encode()
    events, error = read_pieces(open_stream("cohere", head), [body])
    assert error is None
    assert collect(events) == parse_chat("cohere", HttpResponse(200, head.headers, body))


@pytest.mark.parametrize(
    "frame",
    [
        b'data: {"type":"debug","prompt":"<s>"}\n\n',
        b'data: {"type":"a-new-one","delta":7}\n\n',
        b": keep-alive\n\n",
        b"data:\n\n",
    ],
)
def test_unknown_events_change_nothing(frame: bytes) -> None:
    first, rest = BODY.split(b"\n\n", 1)
    assert read(first + b"\n\n" + frame + rest) == (EVENTS, None)


def test_unknown_fields_are_kept_beside_the_answer() -> None:
    odd = {**says("content-delta", 1, content={"text": "!"}), "region": "eu"}
    events, error = read(sse(*EVENTS_SENT[:8], odd, EVENTS_SENT[-1]))
    assert error is None
    answer = collect(events).unwrap()
    assert answer.text == "One moment — 日本!"
    assert answer.extra == {"region": "eu"}


def test_logprobs_of_all_events_make_one_list() -> None:
    told = [
        {**says("content-delta", 0, content={"text": word}), "logprobs": {"text": word}}
        for word in "ab"
    ]
    events, _ = read(sse(EVENTS_SENT[0], *told, EVENTS_SENT[-1]))
    assert collect(events).unwrap().extra["logprobs"] == [{"text": "a"}, {"text": "b"}]


def test_a_block_of_an_unknown_type_is_kept_whole() -> None:
    events, _ = read(
        sse(EVENTS_SENT[0], says("content-start", 0, content={"type": "image", "url": "u"}))
    )
    assert events[1:] == (PartReceived(Opaque("cohere", "image", '{"type":"image","url":"u"}'), 0),)


FRAMES: dict[str, bytes] = {
    "start": json.dumps(EVENTS_SENT[0]).encode(),
    "words": b'{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a"}}}}',
    "thoughts": b'{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"a"}}}}',
    "a block's start": b'{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text"}}}}',
    "a block's end": b'{"type":"content-end","index":0}',
    "a plan": b'{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"a"}}}',
    "a call's start": b'{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"x"}}}}',
    "more of a call": b'{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{}}}}',
    "a call's end": b'{"type":"tool-call-end","index":0}',
    "a citation": b'{"type":"citation-start","delta":{"message":{"citations":{"text":"a"}}}}',
    "a citation's end": b'{"type":"citation-end","index":0}',
    "the end": b'{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}',
    "an end with an error": b'{"type":"message-end","delta":{"finish_reason":"ERROR","error":"x"}}',
    "an error": b'{"message":"boom"}',
    "an unknown event": b'{"type":"debug"}',
    "an empty object": b"{}",
    "a wrong shape": b'{"type":"content-delta","delta":{"message":{"content":{"text":7}}}}',
    "a wrong index": b'{"type":"content-delta","index":"0","delta":{"message":{"content":{"text":"a"}}}}',
    "not an object": b"[1]",
    "not JSON": b"{",
    "not text": b'{"type":"\xff"}',
}
STATES = {
    "waiting": State(),
    "started": State(started=True),
    "thinking": State(started=True, thinking=frozenset({0}), planned=True),
    "done": State(started=True, complete=True),
}
FAULTY = (
    "an end with an error", "an error", "a wrong shape", "a wrong index", "not an object", "not JSON", "not text",
)  # fmt: skip
SILENT = ("an unknown event", "an empty object")


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_event_has_an_answer_in_every_state(state: str, frame: str) -> None:
    after, events = step("cohere", HEAD, STATES[state], FRAMES[frame])
    if state == "done":
        assert (after, events) == (STATES[state], ())
        return
    assert (after.fault is not None) == (frame in FAULTY)
    assert after.complete == (frame == "the end")
    if frame in SILENT:
        assert (after, list(events)) == (STATES[state], [])


def test_a_page_in_place_of_a_stream_is_a_fault() -> None:
    head = ResponseHead(200, (("content-type", "text/html"),))
    _, error = read_pieces(open_stream("cohere", head), [b"<html>captive</html>"])
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


def test_thoughts_plan_and_calls_go_back_as_they_came() -> None:
    turns = [user("Weather?"), collect(EVENTS).unwrap().message, tool_result("c1", "21 °C")]
    config = LLMConfig(api_type="cohere", model="command-a-reasoning-08-2025")
    built = build_chat("cohere", config, ChatRequest(messages=turns)).unwrap()
    message: dict[str, Any] = {**WHOLE["message"]}  # type: ignore[dict-item]
    del message["citations"]
    assert json.loads(built.request.body)["messages"][1:] == [
        message,
        {"role": "tool", "tool_call_id": "c1", "content": "21 °C"},
    ]
    assert built.adaptations == ()
