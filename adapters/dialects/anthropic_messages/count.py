"""Count of a request's tokens: POST {base_url}/v1/messages/count_tokens.

Source: anthropic 2.11.0 (types/message_count_tokens_params.py), read 2026-11-20.
"""

from msgspec.structs import replace

from llm_pure.adapters.dialects.anthropic_messages.errors import find_error
from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks
from llm_pure.adapters.dialects.anthropic_messages.request import (
    build_body,
    version_header,
    with_betas,
)
from llm_pure.adapters.dialects.common.token_counts import read_token_count
from llm_pure.core.provider import Built
from llm_pure.core.service import Service, build_post, read_json
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import TokenCount
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest

_UNCOUNTED = frozenset(
    {
        "max_tokens", "temperature", "top_p", "top_k", "stop_sequences", "stream", "metadata",
        "service_tier", "container", "inference_geo", "diagnostics", "user_profile_id", "workspace_id",
    }
)  # fmt: skip
"""Fields of a chat request that this endpoint rejects."""

_COUNTED = frozenset({"messages", "tools", "tool_choice", "response_format", "reasoning"})
"""Fields of a ChatRequest whose adaptations matter for the count."""


@returns_failure
def build_count(service: Service[Quirks], config: LLMConfig, request: ChatRequest) -> Built:
    """Body: {model, messages[], system?, tools[]?, tool_choice?, thinking?, output_config?}, always with the model.

    Fails as `build_chat` does.
    """
    in_body = replace(service, quirks=replace(service.quirks, model_in="body"))
    body = build_body(in_body, config, replace(request, stream=None))
    return build_post(
        service,
        with_betas(config, body.betas),
        ok(service.url_for(config, body.model, service.quirks.count_path)),
        {key: value for key, value in body.fields.items() if key not in _UNCOUNTED},
        [item for item in body.adaptations if item.field.split("/")[0] in _COUNTED],
        headers=version_header(service.quirks, config),
    )


@returns_failure
def parse_count(service: Service[Quirks], response: HttpResponse) -> TokenCount:
    """{"input_tokens": n}, one number for cached and new input together."""
    raw = read_json(service, response, find_error)
    return read_token_count(service, response, raw, "input_tokens")
