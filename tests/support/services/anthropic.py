"""Anthropic's Messages, as Anthropic, Vertex AI and Bedrock's InvokeModel carry them; and the counting of tokens.

Source: ../shared/wire/anthropic.md; anthropic 2.11.0; read 2026-11-20.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tests.support.services.answers import Answer, answer_to, parts
from tests.support.services.exchange import Asked, Reply, data, json_reply, sse_reply

SIGNATURE = "c2lnbmF0dXJlIG9mIHRoZSB0aG91Z2h0cw=="
STOP = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
REQUEST_ID = (("request-id", "req_1"),)
ERROR_TYPES = {404: "not_found_error", 500: "api_error"}


def answer(asked: Asked) -> Reply:
    """/v1/messages and count_tokens; rawPredict, streamRawPredict and count-tokens:rawPredict on Vertex AI."""
    told = answer_to(asked)
    if told.status != 200:
        return error(told)
    if asked.path.endswith(("/count_tokens", "/count-tokens:rawPredict")):
        return json_reply({"input_tokens": told.input_tokens})
    model = asked.says("model") or asked.path.rsplit("/", 1)[-1].partition(":")[0]
    if asked.says("stream") or asked.path.endswith(":streamRawPredict"):
        events = [data(event, event=event["type"]) for event in stream_events(told, model)]
        return sse_reply(*events)
    return json_reply(message(told, model), headers=REQUEST_ID)


def error(told: Answer) -> Reply:
    """{"type": "error", "error": {type, message}, request_id}."""
    kind = ERROR_TYPES.get(told.status, told.error_type)
    error = {"type": kind, "message": told.message}
    body = {"type": "error", "error": error, "request_id": "req_1"}
    return json_reply(body, status=told.status, headers=REQUEST_ID)


def message(told: Answer, model: str) -> dict[str, Any]:
    """A whole answer."""
    content: list[dict[str, Any]] = []
    if told.reasoning:
        content.append({"type": "thinking", "thinking": told.reasoning, "signature": SIGNATURE})
    if told.text:
        content.append({"type": "text", "text": told.text})
    content += [
        {"type": "tool_use", "id": one.id, "name": one.name, "input": one.arguments}
        for one in told.calls
    ]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": STOP[told.finish],
        "stop_sequence": None,
        "usage": {
            "input_tokens": told.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": told.output_tokens,
        },
    }


def stream_events(told: Answer, model: str) -> Iterator[dict[str, Any]]:
    """The events of a streamed answer."""
    whole = message(told, model)
    begun = {**whole, "content": [], "stop_reason": None}
    yield {
        "type": "message_start",
        "message": {**begun, "usage": {**whole["usage"], "output_tokens": 1}},
    }
    yield {"type": "ping"}
    for index, block in enumerate(whole["content"]):
        yield from _block(index, block)
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
        "usage": whole["usage"],
    }
    yield {"type": "message_stop"}


def _block(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    empty = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}}
    start = {**block, **empty.get(block["type"], {"input": {}})}
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in _deltas(block):
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, str]]:
    match block["type"]:
        case "text":
            for piece in parts(block["text"]):
                yield {"type": "text_delta", "text": piece}
        case "thinking":
            for piece in parts(block["thinking"]):
                yield {"type": "thinking_delta", "thinking": piece}
            yield {"type": "signature_delta", "signature": block["signature"]}
        case _:
            yield {"type": "input_json_delta", "partial_json": ""}
            for piece in parts(msgspec.json.encode(block["input"]).decode()):
                yield {"type": "input_json_delta", "partial_json": piece}
