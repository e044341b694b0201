"""Streams of /v2/chat -> events, at any split."""

import json
from functools import partial
from typing import Any

import pytest

from llm_pure import (
    ChatRequest,
    LLMConfig,
    ResponseHead,
    collect,
    tool_result,
    user,
)
from llm_pure.adapters.cohere import PROVIDER
from llm_pure.adapters.dialects.cohere_chat import make_service
from llm_pure.adapters.dialects.cohere_chat.stream import State, step
from llm_pure.types.completion import Usage
from llm_pure.types.errors import ServerError, TimedOut
from llm_pure.types.events import (
    Finished,
    PartReceived,
    UsageReported,
)
from llm_pure.types.messages import Opaque
from tests.support import streamed
from tests.support.cohere_chat_streams import (
    BODY,
    EVENTS,
    EVENTS_SENT,
    HEAD,
    STREAMED,
    USAGE,
    WHOLE,
    event,
    says,
    sse,
)
from tests.support.streamed import broken_off, said_before, step_once

SERVICE = make_service("cohere")
read = partial(streamed.read, STREAMED)


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
    events, error = broken_off(STREAMED, sse(*EVENTS_SENT[:7]), sse({"message": "internal error"}))
    assert (error.kind, error.message) == ("server_error", "internal error")
    assert (events, said_before(error)) == (EVENTS[:5], "One ")


def test_an_error_before_the_stream_is_the_error_of_its_status() -> None:
    head = ResponseHead(429, (("content-type", "application/json"),))
    _, error = broken_off(STREAMED, b"", b'{"message":"too many"}', head)
    assert (error.kind, error.message) == ("rate_limited", "too many")


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
    "a wrong index": b'{"type":"content-delta","index":"x","delta":{"message":{"content":{"text":"a"}}}}',
    "not an object": b"[1]",
    "not JSON": b"{",
    "not text": b'{"type":"\xff"}',
}
STATES = {
    "waiting": State(),
    "started": State(started=True),
    "thinking": State(started=True, last_block=(0, 0), kind="thinking", planned=True),
    "a beginning": State(started=True, last_block=(0, 0), kind="text", held="ab", repeated=1),
    "done": State(started=True, ended=True),
}
STEP = partial(step, SERVICE, HEAD)
FAULTY = (
    "an end with an error", "an error", "a wrong shape", "a wrong index", "not an object", "not JSON", "not text",
)  # fmt: skip
SILENT = ("an unknown event", "an empty object")


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_event_has_an_answer_in_every_state(state: str, frame: str) -> None:
    after, events = step_once(
        STEP, STATES[state], FRAMES[frame], frame in FAULTY, frame == "the end"
    )
    if frame in SILENT:
        assert (after, events) == (STATES[state], [])


def test_thoughts_plan_and_calls_go_back_as_they_came() -> None:
    turns = [user("Weather?"), collect(EVENTS).unwrap().message]
    turns += [tool_result("c1", "21 °C"), tool_result("c2", "noon")]
    config = LLMConfig(api_type="cohere", model="command-a-reasoning-08-2025")
    built = PROVIDER.build_chat(config, ChatRequest(messages=turns)).unwrap()
    message: dict[str, Any] = {**WHOLE["message"]}  # type: ignore[dict-item]
    del message["citations"]
    assert json.loads(built.request.body)["messages"][1:] == [
        message,
        {"role": "tool", "tool_call_id": "c1", "content": "21 °C"},
        {"role": "tool", "tool_call_id": "c2", "content": "noon"},
    ]
    assert built.adaptations == ()
