"""OpenTelemetry attributes of a request and its response, by version of the semantic conventions. Pure.

The values never include message text, tool arguments or keys.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import msgspec

from llm_pure.types.completion import Choice, Completion
from llm_pure.types.config import LLMConfig, is_overridden
from llm_pure.types.errors import LLMError
from llm_pure.types.request import ChatRequest, JsonFormat, SchemaFormat
from llm_pure.types.result import LLMResult, fold

Attribute: TypeAlias = str | bool | int | float | tuple[str, ...]


class SemanticConventions(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the conventions."""

    version: str
    schema_url: str
    names: Mapping[str, str]
    """Our name -> attribute name; values without an entry are omitted."""
    providers: Mapping[str, str]
    """api_type -> provider name in the conventions."""


_NAMES_1_44 = {
    "provider": "gen_ai.provider.name",
    "operation": "gen_ai.operation.name",
    "model": "gen_ai.request.model",
    "max_tokens": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "stop": "gen_ai.request.stop_sequences",
    "seed": "gen_ai.request.seed",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "n": "gen_ai.request.choice.count",
    "stream": "gen_ai.request.stream",
    "output_type": "gen_ai.output.type",
    "response_id": "gen_ai.response.id",
    "response_model": "gen_ai.response.model",
    "finish_reasons": "gen_ai.response.finish_reasons",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cached_input_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_write_tokens": "gen_ai.usage.cache_creation.input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
    "server": "server.address",
    "port": "server.port",
    "error": "error.type",
}
_PROVIDERS_1_44 = {
    "azure": "azure.ai.openai",
    "azure_responses": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "bedrock_invoke": "aws.bedrock",
    "claude": "anthropic",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "openai_responses": "openai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
}
_LATER = (
    "n", "stream", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens", "output_type",
)  # fmt: skip
# 1.28 lacks the names in _LATER and has other names for two; it knows fewer providers.
_NAMES_1_28 = {
    **{ours: name for ours, name in _NAMES_1_44.items() if ours not in _LATER},
    "provider": "gen_ai.system",
    "seed": "gen_ai.openai.request.seed",
}

CONVENTIONS: Mapping[str, SemanticConventions] = {
    # opentelemetry-semantic-conventions 0.66b2, _incubating/attributes/gen_ai_attributes.py; read 2026-11-20
    "1.44": SemanticConventions(
        version="1.44",
        schema_url="https://opentelemetry.io/schemas/1.44.0",
        names=_NAMES_1_44,
        providers=_PROVIDERS_1_44,
    ),
    # by general knowledge, unconfirmed: for backends that have not been updated
    "1.28": SemanticConventions(
        version="1.28",
        schema_url="https://opentelemetry.io/schemas/1.28.0",
        names=_NAMES_1_28,
        providers={
            **_PROVIDERS_1_44,
            "azure": "az.ai.openai",
            "azure_responses": "az.ai.openai",
            "gemini": "gemini",
            "vertex": "vertex_ai",
            "xai": "xai",
        },
    ),
}
LATEST = CONVENTIONS["1.44"]

_SETTINGS = (
    "max_tokens", "temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty", "stop", "n",
)  # fmt: skip
"""Names in ChatRequest. LLMConfig has the same, except for `max_token`."""


def otel_attributes(
    request: ChatRequest,
    result: LLMResult[Completion] | None = None,
    config: LLMConfig | None = None,
    conventions: SemanticConventions = LATEST,
) -> dict[str, Attribute]:
    """Return the attributes of the request, and of its completion or error if there is a result.

    >>> otel_attributes(ChatRequest(messages="Hi", model="m", temperature=0.5), config=LLMConfig(api_type="xai"))
    {'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'x_ai', 'gen_ai.request.model': 'm', 'gen_ai.request.temperature': 0.5}
    """
    values = _request_values(request, config or LLMConfig(), conventions)
    if result is not None:
        values |= fold(result, ok=_completion_values, err=_error_values)
    return {
        attribute: value
        for name, value in values.items()
        if value is not None and (attribute := conventions.names.get(name))
    }


def span_name(request: ChatRequest, config: LLMConfig | None = None) -> str:
    """Return the span's name by the conventions: operation and model."""
    model = request.model or (config.model if config is not None else "")
    return f"chat {model}".rstrip()


def _request_values(
    request: ChatRequest, config: LLMConfig, conventions: SemanticConventions
) -> dict[str, Attribute | None]:
    output_type = "json" if isinstance(request.response_format, JsonFormat | SchemaFormat) else None
    settings = {name: _setting(request, config, name) for name in _SETTINGS}
    stop = settings["stop"]
    if stop is not None:
        settings["stop"] = (stop,) if isinstance(stop, str) else tuple(stop)
    if settings["n"] == 1:
        settings["n"] = None  # the conventions: only if it is not 1
    return {
        "operation": "chat",
        "provider": conventions.providers.get(config.api_type, config.api_type),
        "model": request.model or config.model or None,
        **settings,
        "stream": request.stream or None,
        "output_type": output_type,
        **_server(config.base_url),
    }


def _setting(request: ChatRequest, config: LLMConfig, name: str) -> Any:
    """The request's value, else the configuration's, unless that is a default."""
    value = getattr(request, name)
    config_name = "max_token" if name == "max_tokens" else name
    if value is None and is_overridden(config, config_name):
        return getattr(config, config_name)
    return value


def _completion_values(completion: Completion) -> dict[str, Attribute | None]:
    usage = completion.usage
    choices: tuple[Completion | Choice, ...] = (completion, *completion.alternatives)
    return {
        "response_id": completion.id or None,
        "response_model": completion.model or None,
        "finish_reasons": tuple([choice.finish_reason for choice in choices]),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def _error_values(error: LLMError) -> dict[str, Attribute | None]:
    partial = {} if error.partial is None else _completion_values(error.partial)
    return {**partial, "finish_reasons": None, "error": error.kind}


def _server(base_url: str | None) -> dict[str, Attribute | None]:
    try:
        parts = urlsplit(base_url or "")
        return {"server": parts.hostname, "port": parts.port}
    except ValueError:
        return {}
