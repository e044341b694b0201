"""Cohere's API, version 2: /v2/chat, /v2/embed, and the count of /v1/tokenize.

Source: ../shared/wire/cohere-mistral-others.md section 1; read 2026-11-20.
"""

from collections.abc import Iterator
from typing import Any

from tests.support.services.answers import Answer, answer_to, parts
from tests.support.services.exchange import Asked, Reply, data, json_reply, sse_reply

FINISH = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}
PLAN = "I will look at the weather in both cities."


def answer(asked: Asked) -> Reply:
    """Any of the three paths."""
    told = answer_to(asked)
    if told.status != 200:
        return json_reply({"id": "1", "message": told.message}, status=told.status)
    if asked.path.endswith("/tokenize"):
        tokens = list(range(told.input_tokens))
        return json_reply({"tokens": tokens, "token_strings": [str(one) for one in tokens]})
    if asked.path.endswith("/embed"):
        texts = asked.body["texts"]
        vectors = {"float": [told.vector] * len(texts)}
        meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 4}}
        return json_reply({"id": "1", "embeddings": vectors, "texts": texts, "meta": meta})
    if asked.says("stream"):
        return sse_reply(*[data(event, event=event["type"]) for event in _events(told)])
    whole = {"id": "1", "finish_reason": FINISH[told.finish], "message": _message(told)}
    return json_reply({**whole, "usage": _usage(told)})


def _usage(told: Answer) -> dict[str, Any]:
    counts = {"input_tokens": told.input_tokens, "output_tokens": told.output_tokens}
    return {"billed_units": {**counts, "input_tokens": 3}, "tokens": counts, "cached_tokens": 0}


def _message(told: Answer) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    if told.reasoning:
        content.append({"type": "thinking", "thinking": told.reasoning})
    if told.text:
        content.append({"type": "text", "text": told.text})
    said: dict[str, Any] = {"role": "assistant", "content": content or None}
    if told.calls:
        said["tool_plan"] = PLAN
        said["tool_calls"] = [
            {
                "id": one.id,
                "type": "function",
                "function": {"name": one.name, "arguments": one.json},
            }
            for one in told.calls
        ]
    return said


def _events(told: Answer) -> Iterator[dict[str, Any]]:
    begun: dict[str, Any] = {
        "role": "assistant",
        "content": [],
        "tool_plan": "",
        "tool_calls": [],
        "citations": [],
    }
    yield {"type": "message-start", "id": "1", "delta": {"message": begun}}
    for index, block in enumerate(_message(told)["content"] or []):
        key = block["type"]  # "text" and "thinking" are the names of their words too
        empty = {"message": {"content": {"type": key, key: ""}}}
        yield {"type": "content-start", "index": index, "delta": empty}
        for piece in parts(block[key]):
            words = {"message": {"content": {key: piece}}}
            yield {"type": "content-delta", "index": index, "delta": words}
        yield {"type": "content-end", "index": index}
    for piece in parts(PLAN) if told.calls else []:
        yield {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": piece}}}
    for index, call in enumerate(_message(told).get("tool_calls", [])):
        function = call["function"]
        start: dict[str, Any] = {
            "message": {"tool_calls": {**call, "function": {**function, "arguments": ""}}}
        }
        yield {"type": "tool-call-start", "index": index, "delta": start}
        for piece in parts(function["arguments"]):
            delta = {"message": {"tool_calls": {"function": {"arguments": piece}}}}
            yield {"type": "tool-call-delta", "index": index, "delta": delta}
        yield {"type": "tool-call-end", "index": index}
    end = {"finish_reason": FINISH[told.finish], "usage": _usage(told)}
    yield {"type": "message-end", "id": "1", "delta": end}
