"""ChatRequest -> POST {base_url}/services/aigc/(text|multimodal)-generation/generation.

The content of a chat completion, arranged in another way: messages under `input`, everything else under `parameters`,
and streaming in a header.
Source: dashscope 2.0.2, aigc/generation.py, aigc/multimodal_conversation.py and api_entities/http_request.py; read
2026-11-20.
"""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.dashscope_generation.quirks import PROFILES
from llm_pure.adapters.dialects.dashscope_generation.urls import MULTIMODAL, TEXT
from llm_pure.adapters.dialects.openai_chat import Quirks
from llm_pure.adapters.dialects.openai_chat import request as openai_request
from llm_pure.core.adaptations import profile_for
from llm_pure.core.provider import Built
from llm_pure.core.resolved_request import merge_extra, resolve_request
from llm_pure.core.service import Service, require_lossless
from llm_pure.framing.json_codec import decode_any, encode
from llm_pure.types.config import LLMConfig
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest

_DEFAULTS = frozenset({"parameters/result_format", "parameters/incremental_output"})
"""Fields that are sent without being requested."""


@returns_failure
def build_chat(
    service: Service[Quirks],
    config: LLMConfig,
    request: ChatRequest,
    *,
    strict: bool = False,
) -> Built:
    """POST {base_url}/services/aigc/text-generation/generation, or multimodal-generation.

    Multimodal is for models with the trait in PROFILES, and for conversations with media; a base URL that ends in one of
    the two paths is used unchanged. A stream is requested by `x-dashscope-sse: enable`.
    Body: {model, input: {messages[]}, parameters: {result_format: "message", incremental_output?, max_tokens?, ...}}.
    `extra` goes last over the body, object by object.
    Fails as the build_chat of chat completions does.
    """
    plain = replace(request, extra=None)
    built = ok(openai_request.build_chat(service, config, plain, strict=strict))
    fields: dict[str, Any] = ok(decode_any(built.request.body, provider=service.name))
    model, messages = fields.pop("model"), fields.pop("messages")
    stream = fields.pop("stream", False)
    fields.pop("stream_options", None)
    traits = profile_for(PROFILES, model, config.pricing_plan).traits
    multimodal = bool(traits.get("multimodal")) or _has_media(messages)
    url = ok(service.url_for(config, model, MULTIMODAL if multimodal else TEXT))
    if url.endswith(MULTIMODAL):
        messages = [_multimodal_message(message) for message in messages]
    mode = {"result_format": "message", **({"incremental_output": True} if stream else {})}
    body = {"model": model, "input": {"messages": messages}, "parameters": {**mode, **fields}}
    adaptations = list(built.adaptations)
    if request.extra:
        resolved = ok(resolve_request(config, request, provider=service.name))
        body = merge_extra(body, resolved, adaptations, defaults=_DEFAULTS)
        if strict:
            require_lossless(service, adaptations)
    data = ok(encode(body, provider=service.name))
    headers = built.request.headers
    if stream:
        others = [header for header in headers if header[0] != "x-dashscope-sse"]
        headers = (*others, ("x-dashscope-sse", "enable"))
    sent = replace(built.request, url=url, headers=headers, body=data)
    return replace(built, request=sent, adaptations=tuple(adaptations))


def _has_media(messages: list[dict[str, Any]]) -> bool:
    return any(
        part.get("type") != "text"
        for message in messages
        if isinstance(message.get("content"), list)
        for part in message["content"]
    )


def _multimodal_message(message: dict[str, Any]) -> dict[str, Any]:
    """The message with content as a list of {"text"}, {"image"}, {"audio"}. The content of a tool stays a string."""
    content = message.get("content")
    if message.get("role") == "tool" or content is None:
        return message
    if isinstance(content, str):
        return {**message, "content": [{"text": content}] if content else []}
    return {**message, "content": [_multimodal_part(part) for part in content]}


def _multimodal_part(part: dict[str, Any]) -> dict[str, Any]:
    match part:
        case {"type": "text", "text": text}:
            return {"text": text}
        case {"type": "image_url", "image_url": {"url": url}}:
            return {"image": url}
        case {"type": "video_url", "video_url": {"url": url}}:
            return {"video": url}
        case {"type": "input_audio", "input_audio": {"data": data, "format": audio_format}}:
            return {"audio": f"data:audio/{audio_format};base64,{data}"}
        case _:  # an opaque part, which came in this form
            return part
