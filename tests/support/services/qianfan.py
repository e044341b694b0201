"""Baidu's Qianfan, version 1: the chat and the embeddings of wenxinworkshop. Its errors come with status 200.

Source: ../shared/wire/openai-family.md section 4.14; read 2026-11-20.
"""

from collections.abc import Iterator
from typing import Any

from tests.support.services.answers import Answer, answer_to, parts
from tests.support.services.exchange import Asked, Reply, data, json_reply, sse_reply

CODES = {400: 336003, 401: 110, 404: 3, 429: 18, 500: 336000, 529: 336100}


def answer(asked: Asked) -> Reply:
    """POST .../wenxinworkshop/chat/{endpoint} and .../embeddings/{model}."""
    told = answer_to(asked)
    if told.status != 200:
        return json_reply({"error_code": CODES[told.status], "error_msg": told.message, "id": "1"})
    if "/embeddings/" in asked.path:
        rows = [
            {"object": "embedding", "embedding": told.vector, "index": place}
            for place, _ in enumerate(asked.body["input"])
        ]
        usage = {"prompt_tokens": 4, "total_tokens": 4}
        return json_reply({"id": "1", "object": "embedding_list", "data": rows, "usage": usage})
    if asked.says("stream"):
        return sse_reply(*[data(chunk) for chunk in _chunks(told)])
    return json_reply(
        {**_chunk(told, told.text), "object": "chat.completion", **_end(told), **_called(told)}
    )


def _chunk(told: Answer, text: str) -> dict[str, Any]:
    return {
        "id": "as-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "result": text,
        "is_truncated": False,
        "need_clear_history": False,
        "usage": {
            "prompt_tokens": told.input_tokens,
            "completion_tokens": told.output_tokens,
            "total_tokens": told.input_tokens + told.output_tokens,
        },
    }


def _end(told: Answer) -> dict[str, Any]:
    words = {"stop": "normal", "length": "length", "tool_calls": "function_call"}
    return {"finish_reason": words[told.finish], "is_truncated": told.finish == "length"}


def _called(told: Answer) -> dict[str, Any]:
    """One function at most."""
    if not told.calls:
        return {}
    return {"function_call": {"name": told.calls[0].name, "arguments": told.calls[0].json}}


def _chunks(told: Answer) -> Iterator[dict[str, Any]]:
    number = 0
    for number, piece in enumerate(parts(told.text), start=1):
        yield {**_chunk(told, piece), "sentence_id": number - 1, "is_end": False}
    last = {**_chunk(told, ""), **_end(told), **_called(told)}
    yield {**last, "sentence_id": number, "is_end": True}
