"""Chat completions made up from the specification: responses, and chunks of streams."""

import json
from typing import Any

JsonObject = dict[str, Any]

USAGE: JsonObject = {
    "prompt_tokens": 20,
    "completion_tokens": 9,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 5},
}


def answer(message: JsonObject, finish: str | None = "stop", **more: Any) -> JsonObject:
    """A whole answer with one choice."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "gpt-x-2026-01-01",
        "choices": [choice({"role": "assistant", "content": None, **message}, finish)],
        "usage": USAGE,
        **more,
    }


def choice(message: JsonObject, finish: str | None = "stop", index: int = 0) -> JsonObject:
    """One of the answers."""
    return {"index": index, "message": message, "logprobs": None, "finish_reason": finish}


def call(name: str, arguments: str, call_id: str = "call_1", **more: Any) -> JsonObject:
    """A call of a function."""
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function, **more}


def data(value: Any) -> bytes:
    """One event of a stream, as it is framed."""
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def chunk(delta: Any = None, finish: str | None = None, index: int = 0, **more: Any) -> JsonObject:
    """A chunk with one choice. choices=[] among `more` makes it one without."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1790000000,
        "model": "gpt-x-2026-01-01",
        "choices": [{"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}],
        "usage": None,
        **more,
    }


def piece(arguments: str, index: int | None = 0, **more: Any) -> JsonObject:
    """A delta with a piece of a call; `name` and `id` among `more` begin it."""
    function = {"arguments": arguments, **({"name": more.pop("name")} if "name" in more else {})}
    at = {} if index is None else {"index": index}
    return {"tool_calls": [{**at, **more, "function": function}]}


def stream(*chunks: JsonObject, done: bool = True) -> bytes:
    """The frames of these chunks."""
    return b"".join([data(one) for one in chunks]) + (DONE if done else b"")


FIRST = chunk({"role": "assistant", "content": "", "refusal": None})
LAST = (chunk({}, "stop"), chunk(choices=[], usage=USAGE))
