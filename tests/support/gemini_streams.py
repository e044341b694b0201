"""A stream of generateContent in both framings, with a part of every kind, and its Completion."""

import json
from typing import Any

from llm_pure import Completion, ResponseHead
from llm_pure.adapters.gemini import PROVIDER
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.completion import Usage
from llm_pure.types.errors import (
    LLMError,
)
from llm_pure.types.events import (
    StreamEvent,
    TextDelta,
)
from llm_pure.types.messages import Message, Opaque, ProviderMetadata, Reasoning, Text, ToolCall
from tests.support.streamed import Streamed

SSE = ResponseHead(200, (("content-type", "text/event-stream"),))
JSON = ResponseHead(200, (("content-type", "application/json; charset=UTF-8"),))


def item(
    *parts: dict[str, Any], usage: dict[str, int] | None = None, **candidate: Any
) -> dict[str, Any]:
    """One item with one candidate, as the service sends it."""
    return {
        "candidates": [
            {"content": {"parts": list(parts), "role": "model"}, "index": 0, **candidate}
        ],
        "usageMetadata": usage or {"promptTokenCount": 8, "totalTokenCount": 8},
        "modelVersion": "gemini-3-flash",
        "responseId": "r1",
    }


def dumped(one: Any) -> str:
    return json.dumps(one, ensure_ascii=False)


def as_sse(*items: Any) -> bytes:
    return "".join([f"data: {dumped(one)}\r\n\r\n" for one in items]).encode()


def as_array(*items: Any) -> bytes:
    return ("[" + "\n,\r\n".join([dumped(one) for one in items]) + "\n]\n").encode()


CODE = {"executableCode": {"id": "x1", "language": "PYTHON", "code": "print(6 * 7)"}}
ITEMS = (
    item({"text": "I should ", "thought": True}),
    item(
        {"text": "compute.", "thought": True}, usage={"promptTokenCount": 8, "totalTokenCount": 12}
    ),
    item({**CODE, "thoughtSignature": "c2lnMQ=="}),
    item({"codeExecutionResult": {"id": "x1", "outcome": "OUTCOME_OK", "output": "42\n"}}),
    item({"text": "It is "}),
    item({"text": "42 — 四十二"}, usage={"promptTokenCount": 8, "totalTokenCount": 20}),
    item({"text": "."}, groundingMetadata={}),
    item(
        {"functionCall": {"name": "save", "args": {"n": 42}}, "thoughtSignature": "c2lnMg=="},
        {"functionCall": {"id": "w7", "name": "save", "args": {}}},
    ),
    item(
        {"text": "", "thoughtSignature": "c2lnMw=="},
        finishReason="STOP",
        finishMessage="Model generated function call(s).",
        usage={
            "promptTokenCount": 8,
            "candidatesTokenCount": 30,
            "thoughtsTokenCount": 12,
            "toolUsePromptTokenCount": 5,
            "totalTokenCount": 55,
        },
    ),
)
USAGE = Usage(13, 42, None, None, 12, False, ITEMS[-1]["usageMetadata"])
WHOLE = Completion(
    id="r1",
    model="gemini-3-flash",
    provider="gemini",
    message=Message(
        "assistant",
        (
            Reasoning("I should compute.", None, ProviderMetadata("gemini")),
            Opaque("gemini", "executableCode", dumped({**CODE, "thoughtSignature": "c2lnMQ=="})),
            Opaque("gemini", "codeExecutionResult", dumped(ITEMS[3]["candidates"][0]["content"]["parts"][0])),
            Text("It is 42 — 四十二."),
            ToolCall("call_r1_0", "save", '{"n": 42}', ProviderMetadata("gemini", '{"thoughtSignature":"c2lnMg=="}')),
            ToolCall("w7", "save", "{}", ProviderMetadata("gemini", '{"functionCall":{"id":"w7"}}')),
            Text("", ProviderMetadata("gemini", '{"thoughtSignature":"c2lnMw=="}')),
        ),
    ),
    finish_reason="tool_calls",
    raw_finish_reason="STOP",
    usage=USAGE,
    extra={"finishMessage": "Model generated function call(s)."},
)  # fmt: skip

BODIES = {"sse": (SSE, as_sse(*ITEMS)), "array": (JSON, as_array(*ITEMS))}
_PARTS = [part for one in ITEMS for part in one["candidates"][0]["content"]["parts"]]
WHOLE_BODY = dumped(
    {
        **ITEMS[-1],
        "candidates": [
            {**ITEMS[-1]["candidates"][0], "content": {"role": "model", "parts": _PARTS}}
        ],
    }
).encode()
"""The same parts in one item."""
STREAMED = {
    name: Streamed(
        open_stream=PROVIDER.open_stream,
        parse_chat=PROVIDER.parse_chat,
        head=head,
        body=body,
        completion=WHOLE,
        whole=WHOLE_BODY,
        examples=200,
    )
    for name, (head, body) in BODIES.items()
}


def events_of(head: ResponseHead, *fed: bytes) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return read_pieces(PROVIDER.open_stream(head), fed)


def text_of(events: tuple[StreamEvent, ...]) -> str:
    return "".join([one.text for one in events if isinstance(one, TextDelta)])
