"""Alibaba's DashScope in its own API: text and multimodal generation, and embeddings.

Source: ../shared/wire/openai-family.md section 4.15; read 2026-11-20. The list of its error codes is unconfirmed there.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tests.support.services.answers import Answer, answer_to, parts
from tests.support.services.exchange import Asked, Reply, json_reply, sse_reply

CODES = {
    400: "InvalidParameter",
    401: "InvalidApiKey",
    404: "ModelNotFound",
    429: "Throttling.RateQuota",
    500: "InternalError",
    529: "ServiceUnavailable",
}


def answer(asked: Asked) -> Reply:
    """Any of the three paths; a stream when `x-dashscope-sse` asks for one."""
    told = answer_to(asked)
    if told.status != 200:
        error = {"code": CODES[told.status], "message": told.message, "request_id": "1"}
        return json_reply(error, status=told.status)
    if "/embeddings/" in asked.path:
        rows = [
            {"text_index": place, "embedding": told.vector}
            for place, _ in enumerate(asked.body["input"]["texts"])
        ]
        usage = {"total_tokens": 2 * len(rows)}
        return json_reply({"output": {"embeddings": rows}, "usage": usage, "request_id": "1"})
    listed = "/multimodal-generation/" in asked.path
    if asked.headers.get("x-dashscope-sse") == "enable":
        frames = _deltas(told, listed=listed)
        return sse_reply(*[_frame(place, one) for place, one in enumerate(frames, start=1)])
    calls = [_call(told, place) for place, _ in enumerate(told.calls)]
    said = _said(told.text, told.reasoning, calls, listed=listed)
    return json_reply(_body(told, said, told.finish))


def _body(told: Answer, message: dict[str, Any], finish: str) -> dict[str, Any]:
    choice = {"finish_reason": finish, "message": message}
    usage: dict[str, Any] = {
        "input_tokens": told.input_tokens,
        "output_tokens": told.output_tokens,
        "total_tokens": told.input_tokens + told.output_tokens,
    }
    if told.reasoning:
        usage["output_tokens_details"] = {"reasoning_tokens": told.reasoning_tokens}
    return {"output": {"choices": [choice]}, "usage": usage, "request_id": "1"}


def _said(text: str, thought: str, calls: list[dict[str, Any]], *, listed: bool) -> dict[str, Any]:
    words: Any = ([{"text": text}] if text else []) if listed else text
    more: dict[str, Any] = {"reasoning_content": thought} if thought else {}
    if calls:
        more["tool_calls"] = calls
    return {"role": "assistant", "content": words, **more}


def _call(told: Answer, place: int) -> dict[str, Any]:
    one = told.calls[place]
    function = {"name": one.name, "arguments": one.json}
    return {"index": place, "id": one.id, "type": "function", "function": function}


def _deltas(told: Answer, *, listed: bool) -> Iterator[dict[str, Any]]:
    for piece in parts(told.reasoning):
        yield _body(told, _said("", piece, [], listed=listed), "null")
    for piece in parts(told.text):
        yield _body(told, _said(piece, "", [], listed=listed), "null")
    for place, one in enumerate(told.calls):
        call = _call(told, place)
        begun = {**call, "function": {"name": one.name, "arguments": ""}}
        yield _body(told, _said("", "", [begun], listed=listed), "null")
        for piece in parts(one.json):
            more = {**call, "id": "", "function": {"arguments": piece}}
            yield _body(told, _said("", "", [more], listed=listed), "null")
    yield _body(told, _said("", "", [], listed=listed), told.finish)


def _frame(place: int, body: dict[str, Any]) -> bytes:
    head = f"id:{place}\nevent:result\n:HTTP_STATUS/200\ndata:".encode()
    return head + msgspec.json.encode(body) + b"\n\n"
