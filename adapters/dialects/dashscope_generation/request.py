"""ChatRequest -> POST {base_url}/services/aigc/(text|multimodal)-generation/generation.

What is said is what a chat completion says, in other places: messages under `input`, everything else under
`parameters`, and whether to stream in a header.
Source: dashscope 2.0.2, aigc/generation.py, aigc/multimodal_conversation.py and api_entities/http_request.py; read
2026-11-20.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.dashscope_generation.quirks import NATIVE, RULES
from llm_pure.core.adaptations import profile_for
from llm_pure.core.provider import Built
from llm_pure.core.urls import base_url
from llm_pure.framing.json_codec import decode_any, encode
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import Headers
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import LLMResult

SERVER = "https://dashscope.aliyuncs.com/api/v1"

_TEXT = "/services/aigc/text-generation/generation"
_MULTIMODAL = "/services/aigc/multimodal-generation/generation"


def build_chat(
    name: str, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    """POST {base_url}/services/aigc/text-generation/generation, or multimodal-generation.

    Which of them: multimodal for the models of RULES that are, and for a conversation that holds media; a base URL that
    ends in one of the two is taken as it is. A stream is asked for by `x-dashscope-sse: enable`.
    Body: {model, input: {messages[]}, parameters: {result_format: "message", incremental_output?, max_tokens?, ...}}.
    `extra` goes last over the body, its `input` and `parameters` key by key.
    Fails as the chat completions' build_chat does.
    """
    plain = msgspec.structs.replace(request, extra=None)
    at = partial(_base, name)
    built = openai_chat.build_chat(name, at, NATIVE, config, plain, strict=strict)
    return built.bind(lambda one: _native(name, config, request.extra or {}, one))


def _base(name: str, config: LLMConfig, model: str, operation: str) -> LLMResult[str]:
    return base_url(config, SERVER, provider=name)


def _native(
    name: str, config: LLMConfig, extra: Mapping[str, Any], built: Built
) -> LLMResult[Built]:
    def arrange(said: dict[str, Any]) -> LLMResult[Built]:
        rule = profile_for(RULES, said["model"], config.pricing_plan)
        multimodal = bool(rule.traits.get("multimodal")) or _holds_media(said["messages"])
        url = _endpoint(built.request.url, multimodal=multimodal)
        messages = said["messages"]
        if url.endswith(_MULTIMODAL):
            messages = [_in_pieces(message) for message in messages]
        stream = said.get("stream", False)
        body = _with_extra(
            {
                "model": said["model"],
                "input": {"messages": messages},
                "parameters": _parameters(said, stream=stream),
            },
            extra,
        )
        headers = _streamed(built.request.headers) if stream else built.request.headers
        return encode(body, provider=name).map(
            lambda data: msgspec.structs.replace(
                built,
                request=msgspec.structs.replace(built.request, url=url, headers=headers, body=data),
            )
        )

    return decode_any(built.request.body, provider=name).bind(arrange)


def _endpoint(base: str, *, multimodal: bool) -> str:
    if base.endswith((_TEXT, _MULTIMODAL)):
        return base
    return base + (_MULTIMODAL if multimodal else _TEXT)


def _parameters(said: dict[str, Any], *, stream: bool) -> dict[str, Any]:
    rest = {
        key: value
        for key, value in said.items()
        if key not in ("model", "messages", "stream", "stream_options")
    }
    how = {"result_format": "message", **({"incremental_output": True} if stream else {})}
    return {**how, **rest}


def _streamed(headers: Headers) -> Headers:
    return (
        *[pair for pair in headers if pair[0] != "x-dashscope-sse"],
        ("x-dashscope-sse", "enable"),
    )


def _with_extra(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**body, **extra}
    for key in ("input", "parameters"):
        if isinstance(merged[key], dict):
            merged[key] = {**body[key], **merged[key]}
    return merged


def _holds_media(messages: list[dict[str, Any]]) -> bool:
    return any(
        part.get("type") != "text"
        for message in messages
        if isinstance(message.get("content"), list)
        for part in message["content"]
    )


def _in_pieces(message: dict[str, Any]) -> dict[str, Any]:
    """Content as multimodal models take it: a list of {"text"}, {"image"}, {"audio"}. A tool's words stay a string."""
    content = message.get("content")
    if message.get("role") == "tool" or content is None:
        return message
    if isinstance(content, str):
        return {**message, "content": [{"text": content}] if content else []}
    return {**message, "content": [_piece(part) for part in content]}


def _piece(part: dict[str, Any]) -> dict[str, Any]:
    match part:
        case {"type": "text", "text": text}:
            return {"text": text}
        case {"type": "image_url", "image_url": {"url": url}}:
            return {"image": url}
        case {"type": "input_audio", "input_audio": {"data": data, "format": form}}:
            return {"audio": f"data:audio/{form};base64,{data}"}
        case _:  # an opaque part, which came in this form
            return part
