"""Streams of Qianfan's first API, made up here, and what they say."""

import json
from functools import partial
from typing import Any

from llm_pure import ResponseHead
from llm_pure.adapters.dialects.qianfan_v1 import DIALECT, make_service, parse_chat
from llm_pure.core.dialect import open_stream
from llm_pure.types.completion import Usage
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    ProviderMetadataReceived,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from tests.support.framed import sse
from tests.support.streamed import Streamed

SERVICE = make_service("qianfan")
HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))


def used(made: int) -> dict[str, int]:
    return {"prompt_tokens": 26, "completion_tokens": made, "total_tokens": 26 + made}


def frame(number: int, result: str, made: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "id": "as-1",
        "object": "chat.completion",
        "created": 1700000000,
        "sentence_id": number,
        "is_end": False,
        "is_truncated": False,
        "result": result,
        "need_clear_history": False,
        "usage": used(made),
        **more,
    }


CALL = {"name": "weather", "arguments": '{"city":"Tromsø"}', "thoughts": "I should look."}
FRAMES_SENT = [
    frame(0, "One "),
    frame(1, "moment "),
    frame(2, "— 日本"),
    frame(3, "", 9, is_end=True, finish_reason="function_call", function_call=CALL),
]
WHOLE = {
    "id": "as-1",
    "object": "chat.completion",
    "created": 1700000000,
    "result": "One moment — 日本",
    "is_truncated": False,
    "need_clear_history": False,
    "finish_reason": "function_call",
    "function_call": CALL,
    "usage": used(9),
}
BODY = sse(*FRAMES_SENT)

EVENTS = (
    Started(id="as-1", provider="qianfan"),
    ExtraReceived("created", 1700000000),
    ExtraReceived("need_clear_history", False),
    TextDelta("One ", 0),
    UsageReported(Usage(26, 0, raw=used(0))),
    TextDelta("moment ", 0),
    TextDelta("— 日本", 0),
    ToolCallDelta('{"city":"Tromsø"}', 1, name="weather"),
    ProviderMetadataReceived('{"thoughts":"I should look."}', 1),
    UsageReported(Usage(26, 9, raw=used(9))),
    Finished("tool_calls", "function_call"),
)


STREAMED = Streamed(
    open_stream=partial(open_stream, DIALECT, SERVICE),
    parse_chat=partial(parse_chat, SERVICE),
    head=HEAD,
    body=BODY,
    events=EVENTS,
    cut_every=7,
    whole=json.dumps(WHOLE, ensure_ascii=False).encode(),
    after={"another frame and [DONE]": sse(frame(4, "more")) + b"data: [DONE]\n\n"},
)
