"""Token count of a request: POST .../{model}:countTokens.

Source: ai.google.dev, "Counting tokens"; google-genai 3.4.0 models.py (the Vertex form); read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.token_counts import read_token_count
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.quirks import Quirks, model_path
from llm_pure.adapters.dialects.gemini_content.request import chat_body
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import AnyService, Service, build_post, read_json
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import TokenCount
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest

_UNWRAPPED_FIELDS = ("contents", "systemInstruction", "tools", "generationConfig")


@returns_failure
def build_count(service: Service[Quirks], config: LLMConfig, request: ChatRequest) -> Built:
    """POST .../{model}:countTokens.

    Body: {generateContentRequest: {model, contents, ...}}, or {contents, systemInstruction?, tools?,
    generationConfig?} where requests are not wrapped (Vertex). Fails as `build_chat` does.
    """
    adaptations: list[Adaptation] = []
    resolved, body = chat_body(service, config, request, adaptations)
    url = ok(service.url_for(config, resolved.model, "countTokens"))
    fields: dict[str, Any]
    if service.quirks.count_wrapped:
        fields = {"generateContentRequest": {"model": model_path(resolved.model), **body}}
    else:
        fields = {key: body[key] for key in _UNWRAPPED_FIELDS if key in body}
    return build_post(service, config, url, fields, adaptations)


@returns_failure
def parse_count(service: AnyService, response: HttpResponse) -> TokenCount:
    """{totalTokens, promptTokensDetails[]?, cachedContentTokenCount?, totalBillableCharacters?}; the rest is extra."""
    raw = read_json(service, response, find_error)
    in_python = isinstance(raw, dict) and "total_tokens" in raw
    field = "total_tokens" if in_python else "totalTokens"
    return read_token_count(service, response, raw, field)
