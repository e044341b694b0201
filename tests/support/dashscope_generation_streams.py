"""Streams of DashScope's own API, made up here, and what they say."""

import json
from functools import partial
from typing import Any

from llm_pure import (
    ResponseHead,
)
from llm_pure.adapters.dialects.dashscope_generation import DIALECT, make_service, parse_chat
from llm_pure.core.dialect import open_stream
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

SERVICE = make_service("dashscope")
HEAD = ResponseHead(200, (("content-type", "text/event-stream;charset=UTF-8"),))


def used(made: int) -> dict[str, Any]:
    return {
        "input_tokens": 26,
        "output_tokens": made,
        "total_tokens": 26 + made,
        "prompt_tokens_details": {"cached_tokens": 8},
        "output_tokens_details": {"reasoning_tokens": 4},
    }


def frame(
    finish: str | None = "null", made: int = 1, index: int | None = None, **message: Any
) -> dict[str, Any]:
    choice: dict[str, Any] = {"message": {"role": "assistant", **message}, "finish_reason": finish}
    if index is not None:
        choice["index"] = index
    return {"output": {"choices": [choice]}, "usage": used(made), "request_id": "r-1"}


def called(index: int, call_id: str, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"index": index, "id": call_id, "type": "function", "function": function}


def sse(*frames: Any, status: int = 200) -> bytes:
    """As the service writes them: no space after the colons, the status in a comment."""
    made = [
        f"id:{number}\nevent:{'result' if status == 200 else 'error'}\n:HTTP_STATUS/{status}\n"
        f"data:{json.dumps(one, ensure_ascii=False, separators=(',', ':'))}\n\n"
        for number, one in enumerate(frames, 1)
    ]
    return "".join(made).encode()


FRAMES_SENT = [
    frame(content="", reasoning_content="I should "),
    frame(content="", reasoning_content="look."),
    frame(content="One "),
    frame(made=7, content="moment — 日本"),
    frame(content="", tool_calls=[called(0, "c1", "weather", "")]),
    frame(content="", tool_calls=[called(0, "", "", '{"city":')]),
    frame(content="", tool_calls=[called(0, "", "", '"Tromsø"}')]),
    frame(content="", tool_calls=[called(1, "c2", "clock", "{}")]),
    frame("tool_calls", 9, content=""),
]
WHOLE = frame(
    "tool_calls",
    9,
    content="One moment — 日本",
    reasoning_content="I should look.",
    tool_calls=[called(0, "c1", "weather", '{"city":"Tromsø"}'), called(1, "c2", "clock", "{}")],
)
BODY = sse(*FRAMES_SENT)


def usage(made: int) -> UsageReported:
    return UsageReported(Usage(26, made, 8, None, min(4, made), raw=used(made)))


EVENTS = (
    Started(id="r-1", provider="dashscope"),
    ExtraReceived("request_id", "r-1"),
    ReasoningDelta("I should ", 0),
    ProviderMetadataReceived("{}", 0, kind="reasoning"),
    usage(1),
    ReasoningDelta("look.", 0),
    TextDelta("One ", 1),
    TextDelta("moment — 日本", 1),
    ToolCallDelta("", 2**32, id="c1", name="weather"),
    usage(1),
    ToolCallDelta('{"city":', 2**32),
    usage(1),
    ToolCallDelta('"Tromsø"}', 2**32),
    usage(1),
    ToolCallDelta("{}", 2**32 + 1, id="c2", name="clock"),
    usage(1),
    usage(9),
    Finished("tool_calls", "tool_calls"),
)


STREAMED = Streamed(
    open_stream=partial(open_stream, DIALECT, SERVICE),
    parse_chat=partial(parse_chat, SERVICE),
    head=HEAD,
    body=BODY,
    events=EVENTS,
    whole=json.dumps(WHOLE, ensure_ascii=False).encode(),
    cut_every=17,
)
