"""Clients that send back what they received as it came: the answer of a server as the next request's history, without our code."""

import json
from typing import Any

from llm_pure import HttpRequest

PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "gemini_content": "/v1beta/models/m:generateContent",
    "ollama_native": "/api/chat",
}


def request(dialect: str, body: dict[str, Any], *, headers: Any = ()) -> HttpRequest:
    """A request of a client; `body` without the model where it is in the URL."""
    fields = body if dialect == "gemini_content" else {"model": "m", **body}
    if dialect == "anthropic_messages":
        fields = {"max_tokens": 999, **fields}
    return HttpRequest("POST", f"http://test{PATHS[dialect]}", headers, json.dumps(fields).encode())


def history(dialect: str, data: bytes, *, streamed: bool) -> list[Any]:
    """The turn of the model in an answer, as entries of the next request's history."""
    if streamed:
        return _STREAMED[dialect](data)
    body = json.loads(data)
    match dialect:
        case "openai_chat":
            return [body["choices"][0]["message"]]
        case "openai_responses":
            return list(body["output"])
        case "anthropic_messages":
            return [{"role": "assistant", "content": body["content"]}]
        case "gemini_content":
            return [body["candidates"][0]["content"]]
        case _:
            return [body["message"]]


def next_request(dialect: str, turns: list[Any], **fields: Any) -> HttpRequest:
    """A request with a first question, these turns, and a second question."""
    return request(dialect, {**with_turns(dialect, turns), **fields})


def with_turns(dialect: str, turns: list[Any]) -> dict[str, Any]:
    """The body of a conversation."""
    if dialect == "gemini_content":
        first, last = ({"role": "user", "parts": [{"text": text}]} for text in ("Ask.", "Go on."))
        return {"contents": [first, *turns, last]}
    key = "input" if dialect == "openai_responses" else "messages"
    ask, go_on = ({"role": "user", "content": text} for text in ("Ask.", "Go on."))
    return {key: [ask, *turns, go_on]}


def events(data: bytes) -> list[Any]:
    """The data of the server-sent events."""
    lines = [line[6:] for line in data.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def _chat(data: bytes) -> list[Any]:
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    calls: list[Any] = []
    for event in events(data):
        for choice in event["choices"]:
            for name, value in choice["delta"].items():
                if name == "tool_calls":
                    for call in value:
                        if call["index"] == len(calls):
                            calls.append(call)
                        else:
                            calls[call["index"]]["function"]["arguments"] += call["function"][
                                "arguments"
                            ]
                elif name != "role":
                    message[name] = message.get(name, "") + value
    return [{**message, **({"tool_calls": calls} if calls else {})}]


def _responses(data: bytes) -> list[Any]:
    return list(events(data)[-1]["response"]["output"])


_DELTAS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}


def _anthropic(data: bytes) -> list[Any]:
    blocks: list[Any] = []
    inputs: dict[int, str] = {}
    for event in events(data):
        match event:
            case {"type": "content_block_start", "index": index, "content_block": block}:
                assert index == len(blocks)
                blocks.append(block)
            case {"type": "content_block_delta", "index": index, "delta": delta}:
                key = _DELTAS[delta["type"]]
                if key == "partial_json":
                    inputs[index] = inputs.get(index, "") + delta[key]
                else:
                    blocks[index][key] = blocks[index].get(key, "") + delta[key]
    for index, text in inputs.items():
        blocks[index]["input"] = json.loads(text)
    return [{"role": "assistant", "content": blocks}]


def _gemini(data: bytes) -> list[Any]:
    parts = [
        part
        for event in events(data)
        for candidate in event.get("candidates", ())
        for part in candidate["content"]["parts"]
        if part != {"text": ""}
    ]
    return [{"role": "model", "parts": parts}]


def _ollama(data: bytes) -> list[Any]:
    message: dict[str, Any] = {"role": "assistant"}
    for line in data.splitlines():
        for name, value in json.loads(line)["message"].items():
            if name != "role":
                message[name] = message.get(name, type(value)()) + value
    return [message]


_STREAMED = {
    "openai_chat": _chat,
    "openai_responses": _responses,
    "anthropic_messages": _anthropic,
    "gemini_content": _gemini,
    "ollama_native": _ollama,
}
