"""Streams of Converse, made up here, and what they say."""

from typing import Any

import msgspec

from llm_pure import (
    Completion,
    ProviderMetadata,
    Reasoning,
    StreamEvent,
    ToolCall,
    Usage,
    assistant,
)
from llm_pure.adapters.bedrock import PROVIDER
from llm_pure.framing.aws_eventstream import EventStreamMessage
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from tests.support.aws_frames import STREAM_HEAD, body_of, event
from tests.support.streamed import Streamed

OWN = ProviderMetadata("bedrock")
RAW_USAGE = {"inputTokens": 7, "outputTokens": 9, "totalTokens": 20, "cacheReadInputTokens": 4}


def delta(index: int, **said: Any) -> EventStreamMessage:
    return event("contentBlockDelta", contentBlockIndex=index, delta=said)


def start(index: int, **said: Any) -> EventStreamMessage:
    return event("contentBlockStart", contentBlockIndex=index, start=said)


def stop(index: int) -> EventStreamMessage:
    return event("contentBlockStop", contentBlockIndex=index)


BEGIN = event("messageStart", role="assistant")
END = event("messageStop", stopReason="end_turn")
TELL = event("metadata", usage=RAW_USAGE, metrics={"latencyMs": 5})
TAIL = (END, TELL)

FRAMES = (
    BEGIN,
    delta(0, reasoningContent={"text": "I should "}),
    delta(0, reasoningContent={"text": "look."}),
    delta(0, reasoningContent={"signature": "c2ln"}),
    stop(0),
    delta(1, text="One "),
    delta(1, text="moment — 日本."),
    stop(1),
    start(2, toolUse={"toolUseId": "t1", "name": "weather", "type": "tool_use"}),
    delta(2, toolUse={"input": ""}),
    delta(2, toolUse={"input": '{"city":"Troms'}),
    delta(2, toolUse={"input": 'ø 🎈"}'}),
    stop(2),
    start(3, toolUse={"toolUseId": "t2", "name": "clock"}),
    stop(3),
    event("messageStop", stopReason="tool_use", additionalModelResponseFields={"k": 1}),
    event("metadata", usage=RAW_USAGE, metrics={"latencyMs": 5}, serviceTier={"type": "flex"}),
)
BODY = body_of(*FRAMES)
USAGE = Usage(11, 9, 4, raw=RAW_USAGE)
EVENTS: tuple[StreamEvent, ...] = (
    ExtraReceived("request_id", "r-1"),
    Started(provider="bedrock"),
    ReasoningDelta("I should ", 0),
    ProviderMetadataReceived("{}", 0, kind="reasoning"),
    ReasoningDelta("look.", 0),
    ReasoningDelta("", 0, signature="c2ln"),
    TextDelta("One ", 1),
    TextDelta("moment — 日本.", 1),
    ToolCallDelta("", 2, id="t1", name="weather"),
    ToolCallDelta('{"city":"Troms', 2),
    ToolCallDelta('ø 🎈"}', 2),
    ToolCallDelta("", 3, id="t2", name="clock"),
    ExtraReceived("additionalModelResponseFields", {"k": 1}),
    Finished("tool_calls", "tool_use"),
    ExtraReceived("metrics", {"latencyMs": 5}),
    ExtraReceived("serviceTier", {"type": "flex"}),
    UsageReported(USAGE),
)
WHOLE = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {
                    "reasoningContent": {
                        "reasoningText": {"text": "I should look.", "signature": "c2ln"}
                    }
                },
                {"text": "One moment — 日本."},
                {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Tromsø 🎈"}}},
                {"toolUse": {"toolUseId": "t2", "name": "clock", "input": {}}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": RAW_USAGE,
    "metrics": {"latencyMs": 5},
    "serviceTier": {"type": "flex"},
    "additionalModelResponseFields": {"k": 1},
}
COMPLETION = Completion(
    provider="bedrock",
    message=assistant(
        Reasoning("I should look.", "c2ln", OWN),
        "One moment — 日本.",
        ToolCall("t1", "weather", '{"city":"Tromsø 🎈"}'),
        ToolCall("t2", "clock", "{}"),
    ),
    finish_reason="tool_calls",
    raw_finish_reason="tool_use",
    usage=USAGE,
    extra={
        "request_id": "r-1",
        "additionalModelResponseFields": {"k": 1},
        "metrics": {"latencyMs": 5},
        "serviceTier": {"type": "flex"},
    },
)


STREAMED = Streamed(
    open_stream=PROVIDER.open_stream,
    parse_chat=PROVIDER.parse_chat,
    head=STREAM_HEAD,
    body=BODY,
    events=EVENTS,
    completion=COMPLETION,
    whole=msgspec.json.encode(WHOLE),
    whole_from=len(BODY),
    cut_every=11,
)
