"""Streams of chat completions, made up here, and what they say."""

import json

from llm_pure import (
    ResponseHead,
    Usage,
)
from llm_pure.adapters import registry
from llm_pure.adapters.dialects.openai_chat.state import CALLS
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
from tests.support.openai_chat_bodies import (
    DONE,
    FIRST,
    USAGE,
    answer,
    call,
    chunk,
    data,
    piece,
    stream,
)
from tests.support.streamed import Streamed

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


EVENTS = (
    Started(id="chatcmpl-1", model="gpt-x-2026-01-01", provider="openai"),
    ExtraReceived("created", 1790000000),
    ReasoningDelta("I should ", 0),
    ProviderMetadataReceived("{}", 0, 0, "reasoning"),
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
TAILS = {
    "[DONE] again": DONE,
    "a chunk": data(chunk({"content": "more"})),
    "an error": data({"error": {"message": "late"}}),
    "nonsense": b"data: ?\n\n",
}
STREAMED = Streamed(
    open_stream=OPENAI.open_stream,
    parse_chat=OPENAI.parse_chat,
    head=HEAD,
    body=BODY,
    events=EVENTS,
    whole=json.dumps(WHOLE).encode(),
    cut_every=23,
    after=TAILS,
)
