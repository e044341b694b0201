"""How many tokens a request has: POST {base_url}/v1/messages/count_tokens.

Source: anthropic 2.11.0 (types/message_count_tokens_params.py), read 2026-11-20.
"""

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.errors import find_error
from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks
from llm_pure.adapters.dialects.anthropic_messages.request import Body, build_body, post
from llm_pure.adapters.dialects.anthropic_messages.response import broken
from llm_pure.adapters.dialects.anthropic_messages.usage import tokens
from llm_pure.core.error_mapping import decode_success_json
from llm_pure.core.provider import Built
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import TokenCount
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

_UNCOUNTED = frozenset(
    {
        "max_tokens", "temperature", "top_p", "top_k", "stop_sequences", "stream", "metadata",
        "service_tier", "container", "inference_geo", "diagnostics", "user_profile_id", "workspace_id",
    }
)  # fmt: skip
"""Fields of a chat that this endpoint refuses. Adaptations of them, and of the settings behind them, are left out too."""


def build_count(
    name: str, default_url: str, quirks: Quirks, config: LLMConfig, request: ChatRequest
) -> LLMResult[Built]:
    """Body: {model, messages[], system?, tools[]?, tool_choice?, thinking?, output_config?}. Fails as `build_body`."""
    body = count_body(name, quirks, config, request)
    if isinstance(body, Failure):
        return body
    return post(name, default_url, quirks, config, "/v1/messages/count_tokens", body.unwrap())


def count_body(
    name: str, quirks: Quirks, config: LLMConfig, request: ChatRequest
) -> LLMResult[Body]:
    """The chat's body without what does not count. The model is always named in it."""
    asked = msgspec.structs.replace(request, stream=None)
    return build_body(name, msgspec.structs.replace(quirks, model_in="body"), config, asked).map(
        lambda made: Body(
            model=made.model,
            stream=False,
            fields={key: value for key, value in made.fields.items() if key not in _UNCOUNTED},
            adaptations=tuple([one for one in made.adaptations if _counts(one.field)]),
        )
    )


def _counts(field: str) -> bool:
    place = field.split("/")[0]
    return place in ("messages", "tools", "tool_choice", "response_format", "reasoning")


def parse_count(name: str, quirks: Quirks, response: HttpResponse) -> LLMResult[TokenCount]:
    """{"input_tokens": n}, one number for cached and new input together."""
    good = decode_success_json(
        name,
        response,
        lambda raw: find_error(name, quirks.error_codes, raw, response.status, response.headers),
    )
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    counted = tokens(raw.get("input_tokens")) if isinstance(raw, dict) else None
    if counted is None:
        return Failure(broken(name, "the answer has no input_tokens", response))
    extra = {key: value for key, value in raw.items() if key != "input_tokens"}
    return Success(TokenCount(input_tokens=counted, provider=name, extra=extra))
