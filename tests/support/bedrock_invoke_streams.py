"""Streams of InvokeModel, one of each vendor, made up here, and what they say."""

import base64
from typing import Any

import msgspec

from llm_pure import (
    Completion,
    ProviderMetadata,
    Reasoning,
    ToolCall,
    Usage,
    assistant,
)
from llm_pure.adapters.bedrock_invoke import PROVIDER
from llm_pure.framing.aws_eventstream import EventStreamMessage
from tests.support.aws_frames import STREAM_HEAD, body_of, event
from tests.support.streamed import Streamed

NAME = "bedrock_invoke"
METRICS = {
    "inputTokenCount": 7,
    "outputTokenCount": 2,
    "invocationLatency": 300,
    "firstByteLatency": 100,
}
TOLD = {"amazon-bedrock-invocationMetrics": METRICS}
KEPT = {"request_id": "r-1", **TOLD}
BY_METRICS = Usage(7, 2, raw=METRICS)


def chunk(said: Any) -> EventStreamMessage:
    data = said if isinstance(said, bytes) else msgspec.json.encode(said)
    return event("chunk", bytes=base64.b64encode(data).decode())


def body(*said: Any) -> bytes:
    return body_of(*[chunk(one) for one in said])


CLAUDE: tuple[Any, ...] = (
    {
        "type": "message_start",
        "message": {
            "id": "msg_bdrk_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5-20250929",
            "content": [],
            "stop_reason": None,
            "usage": {"input_tokens": 7, "output_tokens": 1},
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo."}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "input_json_delta", "partial_json": '{"a":1}'},
    },
    {"type": "content_block_stop", "index": 1},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 2},
    },
    {"type": "message_stop", **TOLD},
)
CLAUDE_COMPLETION = Completion(
    id="msg_bdrk_1",
    model="claude-sonnet-4-5-20250929",
    provider=NAME,
    message=assistant("Hello.", ToolCall("t", "f", '{"a":1}')),
    finish_reason="tool_calls",
    raw_finish_reason="tool_use",
    usage=Usage(7, 2, raw={"input_tokens": 7, "output_tokens": 2}),
    extra=KEPT,
)

HELLO = Completion(
    provider=NAME,
    message=assistant("Hello."),
    finish_reason="stop",
    raw_finish_reason="stop",
    usage=BY_METRICS,
    extra=KEPT,
)


def hello(**changes: Any) -> Completion:
    return msgspec.structs.replace(HELLO, **changes)


STREAMS: dict[str, tuple[tuple[Any, ...], Completion]] = {
    "claude": (CLAUDE, CLAUDE_COMPLETION),
    "claude, metrics apart": (
        (*CLAUDE[:-1], {"type": "message_stop"}, TOLD),
        CLAUDE_COMPLETION,
    ),
    "llama": (
        (
            {"generation": "Hel", "prompt_token_count": 7, "generation_token_count": 1, "stop_reason": None},
            {"generation": "lo.", "prompt_token_count": None, "generation_token_count": 2, "stop_reason": None},
            {"generation": "", "prompt_token_count": None, "generation_token_count": 3, "stop_reason": "stop", **TOLD},
        ),
        hello(usage=Usage(7, 3, raw={"prompt_token_count": 7, "generation_token_count": 3})),
    ),
    "mistral": (
        (
            {"outputs": [{"text": "Hel", "stop_reason": None}]},
            {"outputs": [{"text": "lo.", "stop_reason": "stop"}], **TOLD},
        ),
        HELLO,
    ),
    "mistral, new": (
        (
            {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hel"}, "stop_reason": None}]},
            {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "lo."}, "stop_reason": None}]},
            {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": ""}, "stop_reason": "stop"}], **TOLD},
        ),
        hello(id="x", model="m"),
    ),
    "deepseek": (
        (
            {"choices": [{"text": "</think>Hel", "stop_reason": None}]},
            {"choices": [{"text": "lo.", "stop_reason": None}]},
            {"choices": [{"text": "", "stop_reason": "stop"}], **TOLD},
        ),
        HELLO,
    ),
    "chat completion": (
        (
            {"id": "x", "model": "gpt-oss", "choices": [{"index": 0, "delta": {"role": "assistant", "reasoning": "Hm."}}]},
            {"id": "x", "model": "gpt-oss", "choices": [{"index": 0, "delta": {"content": "Hel"}}]},
            {"id": "x", "model": "gpt-oss", "choices": [{"index": 0, "delta": {"content": "lo."}}]},
            {"id": "x", "model": "gpt-oss", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {"id": "x", "model": "gpt-oss", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 4}, **TOLD},
        ),
        hello(
            id="x",
            model="gpt-oss",
            message=assistant(Reasoning("Hm.", None, ProviderMetadata(NAME)), "Hello."),
            usage=Usage(7, 4, raw={"prompt_tokens": 7, "completion_tokens": 4}),
        ),
    ),
    "command r": (
        (
            {"is_finished": False, "event_type": "stream-start", "generation_id": "g"},
            {"is_finished": False, "event_type": "text-generation", "text": "Hel"},
            {"is_finished": False, "event_type": "text-generation", "text": "lo."},
            {"is_finished": False, "event_type": "citation-generation", "citations": [{"start": 0}]},
            {"is_finished": False, "event_type": "tool-calls-generation", "tool_calls": [{"name": "f", "parameters": {"a": 1}}]},
            {
                "is_finished": True,
                "event_type": "stream-end",
                "finish_reason": "COMPLETE",
                "response": {
                    "text": "Hello.", "generation_id": "g", "response_id": "r", "finish_reason": "COMPLETE",
                    "tool_calls": [{"name": "f", "parameters": {"a": 1}}], "meta": {"billed_units": {"input_tokens": 7, "output_tokens": 2}},
                },
                **TOLD,
            },
        ),
        hello(
            id="g",
            message=assistant("Hello.", ToolCall("call_g_0", "f", '{"a":1}')),
            finish_reason="tool_calls",
            raw_finish_reason="COMPLETE",
            usage=Usage(7, 2, raw={"input_tokens": 7, "output_tokens": 2}),
            extra={
                **KEPT,
                "citations": [{"start": 0}],
                "response_id": "r",
                "meta": {"billed_units": {"input_tokens": 7, "output_tokens": 2}},
            },
        ),
    ),
    "command": (
        (
            {"text": "Hel", "is_finished": False},
            {"text": "lo.", "is_finished": False},
            {"is_finished": True, "finish_reason": "COMPLETE", **TOLD},
        ),
        hello(raw_finish_reason="COMPLETE"),
    ),
    "jamba": (
        (
            {"id": "x", "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]},
            {"id": "x", "choices": [{"index": 0, "delta": {"content": "Hello."}, "finish_reason": None}]},
            {"id": "x", "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}], "usage": None, **TOLD},
        ),
        hello(id="x"),
    ),
    "titan": (
        (
            {"outputText": "Hel", "index": 0, "totalOutputTextTokenCount": None, "completionReason": None, "inputTextTokenCount": 7},
            {"outputText": "lo.", "index": 0, "totalOutputTextTokenCount": 2, "completionReason": "FINISH", "inputTextTokenCount": None, **TOLD},
        ),
        hello(
            raw_finish_reason="FINISH",
            usage=Usage(7, 2, raw={"inputTextTokenCount": 7, "totalOutputTextTokenCount": 2}),
        ),
    ),
    "nova": (
        (
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"delta": {"text": "Hel"}, "contentBlockIndex": 0}},
            {"contentBlockDelta": {"delta": {"text": "lo."}, "contentBlockIndex": 0}},
            {"contentBlockStop": {"contentBlockIndex": 0}},
            {"messageStop": {"stopReason": "end_turn"}},
            {"metadata": {"usage": {"inputTokens": 7, "outputTokens": 2}, "metrics": {}, "trace": {}}, **TOLD},
        ),
        hello(
            raw_finish_reason="end_turn",
            usage=Usage(7, 2, raw={"inputTokens": 7, "outputTokens": 2}),
        ),
    ),
    "old claude": (
        (
            {"completion": " Hel", "stop_reason": None},
            {"completion": "lo.", "stop_reason": "stop_sequence", "stop": "\n\nHuman:", **TOLD},
        ),
        hello(message=assistant(" Hello."), raw_finish_reason="stop_sequence"),
    ),
}  # fmt: skip

WHOLE = {
    "claude": msgspec.json.encode(
        {
            "id": "msg_bdrk_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5-20250929",
            "content": [
                {"type": "text", "text": "Hello."},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 7, "output_tokens": 2},
            **TOLD,
        }
    )
}
"""The bodies that come when no stream is asked for; those of the others are in test_bedrock_invoke_response.py."""

METRICS_LAST = ("claude, metrics apart", "chat completion")
"""Their answer is whole before the last chunk."""

STREAMED = {
    name: Streamed(
        open_stream=PROVIDER.open_stream,
        parse_chat=PROVIDER.parse_chat,
        head=STREAM_HEAD,
        body=body(*said),
        completion=completion,
        whole=WHOLE.get(name),
        whole_from=len(body(*(said[:-1] if name in METRICS_LAST else said))),
        cut_every=13,
        examples=8,
    )
    for name, (said, completion) in STREAMS.items()
}
