"""Streams of the Llama API, made up here, and what they say."""

import json
from functools import partial
from typing import Any

from llm_pure import ResponseHead
from llm_pure.adapters.dialects.llama_native import DIALECT, make_service, parse_chat
from llm_pure.core.dialect import open_stream
from llm_pure.types.completion import Usage
from llm_pure.types.events import (
    Finished,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from tests.support.framed import sse
from tests.support.streamed import Streamed

SERVICE = make_service("llama_api")
HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))


def chunk(kind: str, **more: Any) -> dict[str, Any]:
    return {"id": "l-1", "event": {"event_type": kind, **more}}


def words(text: str, kind: str = "progress", **more: Any) -> dict[str, Any]:
    return chunk(kind, delta={"type": "text", "text": text}, **more)


def call(call_id: str | None = None, **function: Any) -> dict[str, Any]:
    delta = {"type": "tool_call", "function": function}
    return chunk("progress", delta={**delta, "id": call_id} if call_id else delta)


METRICS = [
    {"metric": "num_completion_tokens", "value": 9, "unit": "tokens"},
    {"metric": "num_prompt_tokens", "value": 26.0, "unit": "tokens"},
    {"metric": "num_total_tokens", "value": 35, "unit": "tokens"},
]
CHUNKS = [
    words("", "start"),
    words("One "),
    words("moment — 日本"),
    call("c1", name="weather", arguments=""),
    call(arguments='{"city":'),
    call(arguments='"Tromsø"}'),
    call("c2", name="clock", arguments="{}"),
    words("", "complete", stop_reason="tool_calls"),
    words("", "metrics", metrics=METRICS),
]
WHOLE = {
    "id": "l-1",
    "completion_message": {
        "role": "assistant",
        "stop_reason": "tool_calls",
        "content": {"type": "text", "text": "One moment — 日本"},
        "tool_calls": [
            {"id": "c1", "function": {"name": "weather", "arguments": '{"city":"Tromsø"}'}},
            {"id": "c2", "function": {"name": "clock", "arguments": "{}"}},
        ],
    },
    "metrics": METRICS,
}
BODY = sse(*CHUNKS)
COMPLETE_AT = len(sse(*CHUNKS[:8]))
"""From here on the body may end: whether metrics follow is not known."""

EVENTS = (
    Started(id="l-1", provider="llama_api"),
    TextDelta("One ", 0),
    TextDelta("moment — 日本", 0),
    ToolCallDelta("", 1000, id="c1", name="weather"),
    ToolCallDelta('{"city":', 1000),
    ToolCallDelta('"Tromsø"}', 1000),
    ToolCallDelta("{}", 1001, id="c2", name="clock"),
    Finished("tool_calls", "tool_calls"),
    UsageReported(Usage(26, 9, raw={"metrics": METRICS})),
)


STREAMED = Streamed(
    open_stream=partial(open_stream, DIALECT, SERVICE),
    parse_chat=partial(parse_chat, SERVICE),
    head=HEAD,
    body=BODY,
    events=EVENTS,
    cut_every=7,
    whole=json.dumps(WHOLE, ensure_ascii=False).encode(),
    whole_from=COMPLETE_AT - len(b"\n\n"),
)
