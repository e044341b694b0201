"""A made-up stream of /api/chat, and its events."""

import json
from typing import Any

from llm_pure import (
    ResponseHead,
)
from llm_pure.adapters.ollama import PROVIDER
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
from tests.support.framed import lines
from tests.support.streamed import Streamed

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


BODY = lines(*LINES)


EVENTS = (
    Started(model="qwen3:4b", provider="ollama"),
    ExtraReceived("created_at", "T1"),
    ReasoningDelta("I should ", 0),
    ProviderMetadataReceived("{}", 0, kind="reasoning"),
    ReasoningDelta("look.", 0),
    TextDelta("One ", 1),
    TextDelta("moment — 日本", 1),
    ToolCallDelta('{"city":"Tromsø 🎈"}', 2**32, id="c1", name="weather"),
    ProviderMetadataReceived('{"function":{"index":0}}', 2**32),
    ToolCallDelta("{}", 2**32 + 1, name="clock"),
    ProviderMetadataReceived('{"function":{"index":1}}', 2**32 + 1),
    ExtraReceived("created_at", "T9"),
    ExtraReceived("total_duration", 77),
    TextDelta(".", 1),
    UsageReported(Usage(26, 9, raw={"prompt_eval_count": 26, "eval_count": 9})),
    Finished("stop", "stop"),
)


STREAMED = Streamed(
    open_stream=PROVIDER.open_stream,
    parse_chat=PROVIDER.parse_chat,
    head=HEAD,
    body=BODY,
    events=EVENTS,
    cut_every=7,
    whole=json.dumps(WHOLE, ensure_ascii=False, separators=(",", ":")).encode(),
)
