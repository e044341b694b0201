"""How many tokens a request has: POST .../{model}:countTokens.

Source: ai.google.dev, "Counting tokens"; google-genai 3.4.0 models.py (the Vertex form); read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.quirks import Quirks, model_path
from llm_pure.adapters.dialects.gemini_content.request import chat_body
from llm_pure.core.error_mapping import decode_success_json
from llm_pure.core.provider import Built
from llm_pure.core.urls import post_json
from llm_pure.framing.json_codec import decode
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import TokenCount
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

_FLAT_FIELDS = ("contents", "systemInstruction", "tools", "generationConfig")


class _Count(msgspec.Struct):
    totalTokens: int


_COUNT = msgspec.json.Decoder(_Count)


def build_count(
    name: str, quirks: Quirks, config: LLMConfig, request: ChatRequest
) -> LLMResult[Built]:
    """POST .../{model}:countTokens.

    Body: {generateContentRequest: {model, contents, ...}}, or {contents, systemInstruction?, tools?,
    generationConfig?} where requests are not wrapped (Vertex). Fails as a chat does.
    """
    made = chat_body(name, quirks, config, request)
    if isinstance(made, Failure):
        return made
    body = made.unwrap()
    url = quirks.place(config, body.model, "countTokens")
    if isinstance(url, Failure):
        return url
    fields: dict[str, Any]
    if quirks.count_wrapped:
        fields = {"generateContentRequest": {"model": model_path(body.model), **body.fields}}
    else:
        fields = {key: body.fields[key] for key in _FLAT_FIELDS if key in body.fields}
    return post_json(config, url.unwrap(), fields, provider=name).map(
        lambda sent: Built(request=sent, adaptations=body.adaptations)
    )


def parse_count(name: str, response: HttpResponse) -> LLMResult[TokenCount]:
    """{totalTokens, promptTokensDetails[]?, cachedContentTokenCount?, totalBillableCharacters?}; the rest is extra."""
    good = decode_success_json(name, response, lambda raw: find_error(name, raw, response))
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    typed = decode(_COUNT, response.body, provider=name)
    if isinstance(typed, Failure):
        return typed
    extra = {key: value for key, value in raw.items() if key != "totalTokens" and value}
    return Success(TokenCount(input_tokens=typed.unwrap().totalTokens, provider=name, extra=extra))
