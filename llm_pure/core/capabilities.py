"""Capabilities of a provider, derived from the requests that it builds and the operations that it has.

A provider has a chat capability if a request that uses it is built, drops nothing of it, and differs from the request
without it. Limits of single models are not considered.
"""

from typing import Literal, TypeAlias, get_args

import msgspec

from llm_pure.core.provider import Built, Provider
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpRequest
from llm_pure.types.messages import Image, Text, user
from llm_pure.types.request import ChatRequest, ReasoningRequest, Tool

Capability: TypeAlias = Literal[
    "chat",
    "stream",
    "tools",
    "images",
    "reasoning",
    "embeddings",
    "images out",
    "speech",
    "transcription",
    "moderation",
    "count tokens",
    "model list",
    "batch",
]

CAPABILITIES: tuple[Capability, ...] = get_args(Capability)
"""All capabilities, in the order of tables."""

_PLAIN = ChatRequest(messages="hi", stream=False)
_IMAGE = Image(data=b"\x89PNG\r\n\x1a\n", media_type="image/png")
_REQUESTS: tuple[tuple[Capability, str, ChatRequest], ...] = (
    ("stream", "stream", ChatRequest(messages="hi", stream=True)),
    ("tools", "tools", ChatRequest(messages="hi", stream=False, tools=(Tool(name="f"),))),
    ("images", "messages", ChatRequest(messages=user(Text("hi"), _IMAGE), stream=False)),
    (
        "reasoning",
        "reasoning",
        ChatRequest(messages="hi", stream=False, reasoning=ReasoningRequest(effort="high")),
    ),
)
"""(capability, field of ChatRequest that uses it, request with it)"""

OTHER_OPERATIONS: tuple[tuple[Capability, str], ...] = (
    ("embeddings", "embed"),
    ("count tokens", "count_tokens"),
    ("images out", "images"),
    ("speech", "speech"),
    ("transcription", "transcribe"),
    ("moderation", "moderate"),
    ("model list", "models"),
    ("batch", "batch"),
)
"""(capability, field of Provider with its operation); no provider has one whose field does not exist yet."""

_MODELS = ("some-model", "anthropic.claude-sonnet-4-5-v1:0")
"""An unknown model, and one for services that read the vendor from its name."""


def capabilities(provider: Provider) -> frozenset[Capability]:
    """Return all capabilities of the provider, for any model."""
    result: set[Capability] = {
        capability
        for capability, field in OTHER_OPERATIONS
        if getattr(provider, field, None) is not None
    }
    for model in _MODELS:
        config = _config(provider, model)
        plain = _lossless_request(provider, config, _PLAIN, "messages")
        if plain is None:
            continue
        result.add("chat")
        for capability, field, request in _REQUESTS:
            if _lossless_request(provider, config, request, field) not in (None, plain):
                result.add(capability)
    return frozenset(result)


def _lossless_request(
    provider: Provider, config: LLMConfig, request: ChatRequest, field: str
) -> HttpRequest | None:
    """Return the built request; None if it cannot be built, or if some of this field was dropped."""

    def unless_dropped(built: Built) -> HttpRequest | None:
        dropped = [change.field for change in built.adaptations if change.action == "dropped"]
        return None if field in [path.partition("/")[0] for path in dropped] else built.request

    return provider.build_chat(config, request).map(unless_dropped).value_or(None)


def _config(provider: Provider, model: str) -> LLMConfig:
    """Return a configuration that every service accepts; building needs no credentials."""
    config = LLMConfig(
        api_type=provider.name,
        model=model,
        project="project",
        location="us-central1",
        region_name="us-east-1",
    )
    if provider.base_url:
        return config
    return msgspec.structs.replace(config, base_url="https://service.invalid/v1")
