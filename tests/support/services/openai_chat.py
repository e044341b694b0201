"""OpenAI's chat completions and embeddings, in the ways of `shapes`."""

from collections.abc import Iterator
from typing import Any

from tests.support.services.answers import Answer, answer_to, parts
from tests.support.services.exchange import Asked, Reply, data, json_reply, sse_reply
from tests.support.services.shapes import Shape

REASONING_FORMAT = "anthropic-claude-v1"


def answer(shape: Shape, asked: Asked) -> Reply:
    """POST .../chat/completions and .../embeddings."""
    told = answer_to(asked)
    refused = sorted(shape.unsupported & set(asked.body))
    if refused:
        told = Answer(status=422, message=f"not permitted: {refused}", error_type="extra_forbidden")
    if told.status != 200:
        return shape.error(told)
    if asked.path.endswith("/embeddings"):
        return json_reply(_embeddings(asked, told))
    if asked.says("stream"):
        return sse_reply(*_stream(shape, asked, told))
    choice = {"index": 0, "message": message(shape, told), **_finish(shape, told)}
    return json_reply(
        {**_head(asked, "chat.completion"), **shape.extra, "choices": [choice],
         "usage": _usage(shape, told)}
    )  # fmt: skip


def _embeddings(asked: Asked, told: Answer) -> dict[str, Any]:
    given = asked.body["input"]
    texts = given if isinstance(given, list) else [given]
    rows = [
        {"object": "embedding", "index": place, "embedding": told.vector}
        for place, _ in enumerate(texts)
    ]
    usage = {"prompt_tokens": 2 * len(texts), "total_tokens": 2 * len(texts)}
    return {"object": "list", "model": asked.says("model"), "data": rows, "usage": usage}


def _head(asked: Asked, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": asked.says("model")}


def _finish(shape: Shape, told: Answer) -> dict[str, Any]:
    return {"finish_reason": told.finish} if shape.finish else {}


def _usage(shape: Shape, told: Answer) -> dict[str, Any]:
    thought = told.reasoning_tokens
    completion = told.output_tokens - (thought if shape.excludes_reasoning else 0)
    usage: dict[str, Any] = {
        "prompt_tokens": told.input_tokens,
        "completion_tokens": completion,
        "total_tokens": told.input_tokens + told.output_tokens,
    }
    if thought:
        usage["completion_tokens_details"] = {"reasoning_tokens": thought}
    return usage


def message(shape: Shape, told: Answer) -> dict[str, Any]:
    """The message of a whole answer."""
    said: dict[str, Any] = {"role": "assistant", "content": told.text or None}
    if told.reasoning:
        said |= _reasoning(shape, told.reasoning, told.text, signature="c2ln")
    if told.calls:
        said["tool_calls"] = [_call(shape, told, place) for place, _ in enumerate(told.calls)]
    return said


def _reasoning(shape: Shape, thought: str, text: str, *, signature: str) -> dict[str, Any]:
    """The thoughts, and the text that may stand in the same place."""
    match shape.reasoning:
        case "reasoning_content" | "reasoning" as key:
            return {key: thought}
        case "details":
            detail = {
                "type": "reasoning.text",
                "text": thought,
                "signature": signature or None,
                "format": REASONING_FORMAT,
                "index": 0,
            }
            return {"reasoning": thought, "reasoning_details": [detail]}
        case "parts":
            thinking = {"type": "thinking", "thinking": [{"type": "text", "text": thought}]}
            spoken = [{"type": "text", "text": text}] if text else []
            return {"content": [thinking, *spoken]}
        case "think":
            return {"content": f"<think>\n{thought}\n</think>\n\n{text}"}


def _call(shape: Shape, told: Answer, place: int) -> dict[str, Any]:
    one = told.calls[place]
    typed = {"type": "function"} if shape.typed else {}
    given = shape.ids(place) if shape.ids else one.id
    function = {"name": one.name, "arguments": one.json}
    return {"id": given, **typed, "function": function, "index": place}


def _stream(shape: Shape, asked: Asked, told: Answer) -> Iterator[bytes]:
    head = {**_head(asked, "chat.completion.chunk"), **shape.chunk}
    usage = _usage(shape, told)
    options = asked.says("stream_options") or {}
    wants = not shape.asked or bool(options.get("include_usage"))
    every = {"usage": usage} if shape.usage == "every" else {}

    def chunk(delta: dict[str, Any], **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, **more.pop("choice", {})}
        return shape.comment + _data(shape, {**head, "choices": [choice], **every, **more})

    yield chunk({"role": "assistant", "content": ""})
    for delta in _deltas(shape, told):
        yield chunk(delta)
    last: dict[str, Any] = {**shape.extra, "choice": _finish(shape, told)}
    if shape.usage in ("finish", "x_groq"):
        last["usage"] = usage
    if shape.usage == "x_groq":
        last["x_groq"] = {"id": "req_1", "usage": usage}
    if shape.usage == "choice":
        last["choice"]["usage"] = usage
    yield chunk({"content": ""}, **last)
    if shape.usage == "own" and wants:
        yield _data(shape, {**head, "choices": [], "usage": usage})
    if shape.usage == "after":
        again = {"role": "assistant", "content": ""}
        yield chunk(again, choice=_finish(shape, told), usage=usage)
    if shape.done:
        yield b"data: [DONE]\n\n" if shape.space else b"data:[DONE]\n\n"


def _deltas(shape: Shape, told: Answer) -> Iterator[dict[str, Any]]:
    if told.reasoning and shape.reasoning == "think":
        for piece in parts(str(message(shape, told)["content"])):
            yield {"content": piece}
        return
    thoughts = parts(told.reasoning)
    for place, piece in enumerate(thoughts):
        signature = "c2ln" if place == len(thoughts) - 1 else ""
        yield _reasoning(shape, piece, "", signature=signature)
    for piece in parts(told.text):
        yield {"content": piece}
    for place, _ in enumerate(told.calls):
        yield from _call_deltas(shape, _call(shape, told, place))


def _call_deltas(shape: Shape, call: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if shape.calls == "whole":
        yield {"tool_calls": [call]}
        return
    function = call["function"]
    yield {"tool_calls": [{**call, "function": {**function, "arguments": ""}}]}
    named = {"id": ""} if shape.calls == "empty_ids" else {}
    for piece in parts(function["arguments"]):
        more = {"index": call["index"], **named, "function": {"arguments": piece}}
        yield {"tool_calls": [more]}


def _data(shape: Shape, chunk: dict[str, Any]) -> bytes:
    return data(chunk, space=shape.space)
