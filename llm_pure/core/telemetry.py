"""A request and its answer -> the attributes that OpenTelemetry gives to a call of a model. Pure, and without content.

The names change from one version of the conventions to the next: CONVENTIONS is a table by version. No message, no
tool argument and no key is ever among the values.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import msgspec

from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig, is_overridden
from llm_pure.types.errors import LLMError
from llm_pure.types.request import ChatRequest, JsonFormat, SchemaFormat
from llm_pure.types.result import Failure, LLMResult

Attribute: TypeAlias = str | bool | int | float | tuple[str, ...]


class SemanticConventions(msgspec.Struct, frozen=True, kw_only=True):
    """One version. names: ours -> the attribute's; what is not there is not told. providers: api_type -> its name there."""

    version: str
    schema_url: str
    names: Mapping[str, str]
    providers: Mapping[str, str]


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
    "n",
    "stream",
    "cached_input_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "output_type",
)
# Names that 1.28 does not have, or has under another one; its values for providers were fewer.
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
    # generally known, unconfirmed: for backends that have not moved on
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

_SAID = (
    # ChatRequest's name; LLMConfig's is the same but for the first
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "stop",
    "n",
)


def otel_attributes(
    request: ChatRequest,
    got: LLMResult[Completion] | None = None,
    config: LLMConfig | None = None,
    conventions: SemanticConventions = LATEST,
) -> dict[str, Attribute]:
    """What is known: of the request alone while got is None, and of its answer or error after that.

    >>> otel_attributes(ChatRequest(messages="Hi", model="m", temperature=0.5), config=LLMConfig(api_type="xai"))
    {'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'x_ai', 'gen_ai.request.model': 'm', 'gen_ai.request.temperature': 0.5}
    """
    told = _of_request(request, config or LLMConfig(), conventions)
    if isinstance(got, Failure):
        told |= _of_error(got.failure())
    elif got is not None:
        told |= _of_answer(got.unwrap())
    names = conventions.names
    return {
        names[ours]: value for ours, value in told.items() if value is not None and ours in names
    }


def span_name(request: ChatRequest, config: LLMConfig | None = None) -> str:
    """What the conventions call the span of this call: its operation and model."""
    model = request.model or (config.model if config is not None else "")
    return f"chat {model}".rstrip()


def _of_request(
    request: ChatRequest, config: LLMConfig, conventions: SemanticConventions
) -> dict[str, Attribute | None]:
    output_type = "json" if isinstance(request.response_format, JsonFormat | SchemaFormat) else None
    said = {name: _said(request, config, name) for name in _SAID}
    if said["stop"] is not None:
        said["stop"] = (said["stop"],) if isinstance(said["stop"], str) else tuple(said["stop"])
    if said["n"] == 1:
        said["n"] = None  # the conventions: only where it is another number
    return {
        "operation": "chat",
        "provider": conventions.providers.get(config.api_type, config.api_type),
        "model": request.model or config.model or None,
        **said,
        "stream": request.stream or None,
        "output_type": output_type,
        **_server(config.base_url),
    }


def _said(request: ChatRequest, config: LLMConfig, name: str) -> Any:
    """What the request says, else what the user set in the configuration; defaults are nobody's words."""
    value = getattr(request, name)
    configured = "max_token" if name == "max_tokens" else name
    if value is None and is_overridden(config, configured):
        return getattr(config, configured)
    return value


def _of_answer(completion: Completion) -> dict[str, Attribute | None]:
    usage = completion.usage
    reasons = [completion.finish_reason, *[one.finish_reason for one in completion.alternatives]]
    return {
        "response_id": completion.id or None,
        "response_model": completion.model or None,
        "finish_reasons": tuple(reasons),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def _of_error(error: LLMError) -> dict[str, Attribute | None]:
    partial = {} if error.partial is None else _of_answer(error.partial)
    return {**partial, "finish_reasons": None, "error": error.kind}


def _server(base_url: str | None) -> dict[str, Attribute | None]:
    try:
        parts = urlsplit(base_url or "")
        return {"server": parts.hostname, "port": parts.port}
    except ValueError:
        return {}
