"""What a provider can do: seen from the requests that it builds and the operations that it has, not from a list.

A chat capability is there when a request that asks for it is built, nothing of what was asked is reported as dropped, and
the request is another one than without it. What a single model lacks is its own affair.
"""

from typing import Literal, TypeAlias, get_args

import msgspec

from llm_pure.core.provider import Provider
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpRequest
from llm_pure.types.messages import Image, Text, user
from llm_pure.types.request import ChatRequest, ReasoningRequest, Tool
from llm_pure.types.result import Failure

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
"""Every one of them, in the order of tables."""

_PLAIN = ChatRequest(messages="hi", stream=False)
_PICTURE = Image(data=b"\x89PNG\r\n\x1a\n", media_type="image/png")
_ASKED: tuple[tuple[Capability, str, ChatRequest], ...] = (
    ("stream", "stream", ChatRequest(messages="hi", stream=True)),
    ("tools", "tools", ChatRequest(messages="hi", stream=False, tools=(Tool(name="f"),))),
    ("images", "messages", ChatRequest(messages=user(Text("hi"), _PICTURE), stream=False)),
    (
        "reasoning",
        "reasoning",
        ChatRequest(messages="hi", stream=False, reasoning=ReasoningRequest(effort="high")),
    ),
)
"""A capability, the field that asks for it, and a request that does."""

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
"""A capability, and the field of Provider that holds its operation; one that Provider has not yet is nobody's."""

_MODELS = ("some-model", "anthropic.claude-sonnet-4-5-v1:0")
"""Whom to ask for: a model that nobody has heard of, and one for services that go by the vendor in its name."""


def capabilities(provider: Provider) -> frozenset[Capability]:
    """Everything that this provider can do, whatever the model."""
    found: set[Capability] = {
        capability
        for capability, field in OTHER_OPERATIONS
        if getattr(provider, field, None) is not None
    }
    for model in _MODELS:
        config = _config(provider, model)
        plain = _kept(provider, config, _PLAIN, "messages")
        if plain is None:
            continue
        found.add("chat")
        for capability, field, request in _ASKED:
            if _kept(provider, config, request, field) not in (None, plain):
                found.add(capability)
    return frozenset(found)


def _kept(
    provider: Provider, config: LLMConfig, request: ChatRequest, field: str
) -> HttpRequest | None:
    """The request as built; None when it is not, or when some of this field was dropped."""
    built = provider.build_chat(config, request)
    if isinstance(built, Failure):
        return None
    made = built.unwrap()
    lost = [
        one
        for one in made.adaptations
        if one.action == "dropped" and one.field.partition("/")[0] == field
    ]
    return None if lost else made.request


def _config(provider: Provider, model: str) -> LLMConfig:
    """A configuration with which every service builds: building takes no credentials."""
    anybody = LLMConfig(
        api_type=provider.name,
        model=model,
        project="project",
        location="us-central1",
        region_name="us-east-1",
    )
    if provider.base_url:
        return anybody
    return msgspec.structs.replace(anybody, base_url="https://service.invalid/v1")
