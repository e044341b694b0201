"""A made-up stream of /v2/chat, and its events."""

import json
from typing import Any

from llm_pure import (
    ResponseHead,
)
from llm_pure.adapters.cohere import PROVIDER
from llm_pure.adapters.dialects.cohere_chat.stream import CALLS, PLAN, PLAN_ECHO
from llm_pure.types.completion import Usage
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
from tests.support.streamed import Streamed

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
    ProviderMetadataReceived("{}", 0, kind="reasoning"),
    ReasoningDelta("look.", 0),
    TextDelta("One ", 1),
    TextDelta("moment — 日本", 1),
    ExtraReceived("citations", [CITATION], append=True),
    ExtraReceived("citations", [SECOND], append=True),
    ReasoningDelta("First ", PLAN),
    ProviderMetadataReceived(PLAN_ECHO, PLAN, kind="reasoning"),
    ReasoningDelta("weather.", PLAN),
    ToolCallDelta("", CALLS, id="c1", name="weather"),
    ToolCallDelta('{"city":', CALLS),
    ToolCallDelta('"Tromsø"}', CALLS),
    ToolCallDelta("{}", CALLS + 1, id="c2", name="clock"),
    UsageReported(Usage(40, 9, 16, raw=USAGE)),
    Finished("tool_calls", "TOOL_CALL"),
)


STREAMED = Streamed(
    open_stream=PROVIDER.open_stream,
    parse_chat=PROVIDER.parse_chat,
    head=HEAD,
    body=BODY,
    events=EVENTS,
    whole=json.dumps(WHOLE, ensure_ascii=False).encode(),
    cut_every=17,
    after={"[DONE]": b"data: [DONE]\n\n"},
)
