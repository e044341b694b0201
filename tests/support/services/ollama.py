"""Ollama: /api/chat, /api/generate, /api/embed and the old /api/embeddings, with counts and thoughts.

Source: ../shared/wire/ollama.md; ollama/ollama v0.33.0-rc2 docs/api.md; read 2026-11-20.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tests.support.services.answers import Answer, answer_to, parts
from tests.support.services.exchange import Asked, Reply, json_reply

AT = "2026-11-20T12:00:00.123456789Z"
NANOSECONDS = {"total_duration": 5_000_000, "load_duration": 1_000_000}


def answer(asked: Asked) -> Reply:
    """Any of the four paths. A stream unless `stream` is false."""
    told = answer_to(asked)
    if told.status != 200:
        return json_reply({"error": told.message}, status=told.status)
    match asked.path:
        case "/api/chat" | "/api/generate":
            lines = list(_lines(asked, told))
            if asked.says("stream") is False:
                return json_reply(_whole(asked, told))
            return Reply(
                pieces=tuple([msgspec.json.encode(line) + b"\n" for line in lines]),
                content_type="application/x-ndjson",
            )
        case "/api/embed":
            texts = asked.body["input"]
            count = len(texts) if isinstance(texts, list) else 1
            return json_reply(
                {
                    "model": asked.body["model"],
                    "embeddings": [told.vector] * count,
                    **NANOSECONDS,
                    "prompt_eval_count": 2 * count,
                }
            )
        case "/api/embeddings":
            return json_reply({"embedding": told.vector})
        case _:
            return Reply(pieces=(b"404 page not found",), content_type="text/plain", status=404)


def _said(asked: Asked, text: str, thinking: str, calls: list[dict[str, Any]]) -> dict[str, Any]:
    thought = {"thinking": thinking} if thinking else {}
    if asked.path == "/api/generate":
        return {"response": text, **thought}
    called = {"tool_calls": calls} if calls else {}
    return {"message": {"role": "assistant", "content": text, **thought, **called}}


def _calls(told: Answer) -> list[dict[str, Any]]:
    return [
        {"id": one.id, "function": {"index": place, "name": one.name, "arguments": one.arguments}}
        for place, one in enumerate(told.calls)
    ]


def _head(asked: Asked) -> dict[str, Any]:
    return {"model": asked.body["model"], "created_at": AT}


def _end(told: Answer) -> dict[str, Any]:
    return {
        "done": True,
        "done_reason": "length" if told.finish == "length" else "stop",
        **NANOSECONDS,
        "prompt_eval_count": told.input_tokens,
        "prompt_eval_duration": 2_000_000,
        "eval_count": told.output_tokens,
        "eval_duration": 2_000_000,
    }


def _whole(asked: Asked, told: Answer) -> dict[str, Any]:
    said = _said(asked, told.text, told.reasoning, _calls(told))
    return {**_head(asked), **said, **_end(told)}


def _lines(asked: Asked, told: Answer) -> Iterator[dict[str, Any]]:
    head = _head(asked)
    for thought in parts(told.reasoning):
        yield {**head, **_said(asked, "", thought, []), "done": False}
    for text in parts(told.text):
        yield {**head, **_said(asked, text, "", []), "done": False}
    for call in _calls(told):
        yield {**head, **_said(asked, "", "", [call]), "done": False}
    yield {**head, **_said(asked, "", "", []), **_end(told)}
