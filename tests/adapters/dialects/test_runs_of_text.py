"""Fast path for consecutive text frames: the same events as one frame at a time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import ResponseHead
from llm_pure.adapters import registry
from llm_pure.framing.aws_eventstream import encode_message
from llm_pure.replay.checks.stream_properties import read_pieces


def sse(event: dict[str, object]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def delta(index: int, **piece: object) -> bytes:
    return sse({"type": "content_block_delta", "index": index, "delta": piece})


def block(index: int, **content: object) -> bytes:
    return sse({"type": "content_block_start", "index": index, "content_block": content})


MESSAGES = [
    *[delta(0, type="text_delta", text=text) for text in ("a", "b", "")] * 3,
    delta(1, type="text_delta", text="c"),
    delta(1, type="thinking_delta", thinking="d"),
    delta(2, type="input_json_delta", partial_json="{}"),
    delta(0, type="text_delta", text="e", more=1),
    delta(7, type="text_delta", text="f"),
    block(1, type="thinking", thinking=""),
    block(1, type="text", text=""),
    block(2, type="tool_use", id="t", name="n", input={}),
    sse({"type": "content_block_stop", "index": 0}),
    sse({"type": "content_block_stop", "index": 1}),
    sse({"type": "ping"}),
    sse(
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 9},
        }
    ),
    sse({"type": "message_stop"}),
    delta(0, type="text_delta", text="g").replace(b"event: content_block_delta", b"event: error"),
    sse({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}),
    b"event: x\ndata: ?\n\n",
    delta(0, type="text_delta", text="h").replace(b'"type": "content_block_delta", ', b""),
]
MESSAGES_START = [
    sse(
        {
            "type": "message_start",
            "message": {"id": "i", "model": "m", "usage": {"input_tokens": 1}},
        }
    ),
    block(0, type="text", text=""),
    block(1, type="thinking", thinking=""),
    block(2, type="tool_use", id="s", name="m", input={}),
    delta(0, type="text_delta", text="Hi"),
]


def converse(kind: str, body: object) -> bytes:
    return encode_message(
        ((":event-type", kind), (":message-type", "event")), json.dumps(body).encode()
    )


def more(place: int, **piece: object) -> bytes:
    return converse("contentBlockDelta", {"contentBlockIndex": place, "delta": piece})


CONVERSE = [
    *[more(0, text=text) for text in ("a", "b", "")] * 3,
    more(1, text="c"),
    more(-1, text="d"),
    more(1, reasoningContent={"text": "e"}),
    more(2, toolUse={"input": "{}"}),
    more(0, text="f", other=1),
    more(0, text=1),
    converse("contentBlockStart", {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "t", "name": "n"}}}),
    converse("contentBlockStop", {"contentBlockIndex": 0}),
    converse("other", {"contentBlockIndex": 0, "delta": {"text": "g"}}),
    converse("messageStop", {"stopReason": "end_turn"}),
    converse("metadata", {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}),
    encode_message(
        ((":exception-type", "throttlingException"), (":message-type", "exception")), b'{"message":"m"}'
    ),
]  # fmt: skip


def chunk(delta: object, **more: object) -> bytes:
    """A chunk of chat completions with one choice."""
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    return (
        f"data: {json.dumps({'id': 'i', 'model': 'm', 'choices': [choice], **more})}\n\n".encode()
    )


CHAT = [
    *[chunk({"content": text}) for text in ("a", "b", "")] * 3,
    chunk({"content": "c", "reasoning_content": "d"}),
    chunk({"content": "e", "tool_calls": [{"index": 0, "id": "t", "function": {"name": "n", "arguments": "{}"}}]}),
    chunk({"content": "f"}, other=1),
    chunk({"content": "g"}, error={"message": "m"}),
    chunk({"content": 1}),
    chunk({"content": "h"}, choices=[{"index": 1, "delta": {"content": "i"}}]),
    chunk({}, choices=[{"index": 0, "delta": {"content": "j"}, "finish_reason": "stop"}]),
    chunk({}, choices=[], usage={"prompt_tokens": 1, "completion_tokens": 2}),
    b"event: error\n" + chunk({"content": "k"}),
    b"data: [DONE]\n\n",
    b"data: ?\n\n",
]  # fmt: skip
CHAT_START = [chunk({"role": "assistant", "content": ""}), chunk({"content": "Hi"})]
CONVERSE_START = [converse("messageStart", {"role": "assistant"}), more(0, text="Hi")]


@pytest.mark.parametrize(
    ("provider", "content_type", "start", "frames"),
    [
        pytest.param("anthropic", "text/event-stream", MESSAGES_START, MESSAGES, id="messages"),
        pytest.param(
            "bedrock",
            "application/vnd.amazon.eventstream",
            CONVERSE_START,
            CONVERSE,
            id="converse",
        ),
        pytest.param("openai", "text/event-stream", CHAT_START, CHAT, id="chat"),
        pytest.param("siliconflow", "text/event-stream", CHAT_START, CHAT, id="tags"),
    ],
)
@given(data=st.data())
def test_frames_say_together_what_each_says_alone(
    data: st.DataObject,
    provider: str,
    content_type: str,
    start: list[bytes],
    frames: list[bytes],
) -> None:
    body = start + data.draw(st.lists(st.sampled_from(frames), max_size=12))
    open_stream = registry.get(provider).unwrap().open_stream
    head = ResponseHead(200, (("content-type", content_type),))
    together, alone = open_stream(head), open_stream(head)
    assert read_pieces(together, [b"".join(body)]) == read_pieces(alone, body)
    assert together.partial() == alone.partial()
