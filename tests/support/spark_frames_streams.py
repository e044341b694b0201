"""Spark's frames, made up here, and what they say."""

from functools import partial
from typing import Any

from llm_pure import ResponseHead
from llm_pure.adapters.dialects.spark_frames import DIALECT, make_service, parse_chat
from llm_pure.core.dialect import open_stream
from llm_pure.types.completion import Usage
from llm_pure.types.events import (
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

SERVICE = make_service("spark")
HEAD = ResponseHead(200, (("content-type", "application/x-ndjson"),))
COUNTS = {"question_tokens": 4, "prompt_tokens": 26, "completion_tokens": 9, "total_tokens": 35}


def frame(status: int, *, usage: bool = False, **piece: Any) -> dict[str, Any]:
    text = {"content": "", "role": "assistant", "index": 0, **piece}
    payload: dict[str, Any] = {"choices": {"status": status, "seq": 7, "text": [text]}}
    if usage:
        payload["usage"] = {"text": COUNTS}
    header = {"code": 0, "message": "Success", "sid": "cht-1", "status": status}
    return {"header": header, "payload": payload}


CALL = {"name": "weather", "arguments": '{"city":"Tromsø"}'}
FRAMES_SENT = [
    frame(0, reasoning_content="I should "),
    frame(1, reasoning_content="look."),
    frame(1, content="One "),
    frame(1, content="moment — 日本"),
    frame(1, function_call={**CALL, "score": 1}),
    frame(2, usage=True),
]
BODY = lines(*FRAMES_SENT)

EVENTS = (
    Started(id="cht-1", provider="spark"),
    ReasoningDelta("I should ", 0),
    ProviderMetadataReceived("{}", 0, kind="reasoning"),
    ReasoningDelta("look.", 0),
    TextDelta("One ", 1),
    TextDelta("moment — 日本", 1),
    ToolCallDelta('{"city":"Tromsø"}', 2, name="weather"),
    ProviderMetadataReceived('{"score":1}', 2),
    UsageReported(Usage(26, 9, raw=COUNTS)),
    Finished("unknown"),
)


STREAMED = Streamed(
    open_stream=partial(open_stream, DIALECT, SERVICE),
    parse_chat=partial(parse_chat, SERVICE),
    head=HEAD,
    body=BODY,
    events=EVENTS,
    cut_every=7,
    after={"another frame": lines(frame(1, content="more"))},
)
