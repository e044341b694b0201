"""Differences between services with the Messages API, as data."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.models import OTHER_MODELS, PROFILES
from llm_pure.core.adaptations import (
    DEFAULT_PROFILE,
    Identifier,
    ModelProfile,
    Word,
    profile_for,
)
from llm_pure.core.resolved_request import OptionField
from llm_pure.core.service import Service
from llm_pure.types.config import LLMConfig

UNSUPPORTED: Mapping[str, str] = {
    "seed": "the Messages API has no seed",
    "n": "the Messages API returns one choice",
    "logprobs": "the Messages API has no logprobs",
    "presence_penalty": "the Messages API has no presence_penalty",
    "frequency_penalty": "the Messages API has no frequency_penalty",
    "repetition_penalty": "the Messages API has no repetition_penalty",
}

USER_ID = Identifier(
    path="metadata/user_id",
    max_length=256,
    refused=re.compile(r"^[\w.+-]+@[\w-]+\.[\w.-]+$|^\+?\d{9,15}$"),
    source='"metadata.user_id: user_id appears to contain an email address" (BerriAI/litellm, anthropic/chat/transformation.py, which'
    " leaves out telephone numbers too), read 2026-11-30; the length as generally known, unconfirmed",
)

OPTIONS: Mapping[str, OptionField] = {
    "user": USER_ID,
    "service_tier": Word(
        path="service_tier",
        values=frozenset({"auto", "standard_only"}),
        source="anthropic 2.14.0, types/message_create_params.py, read 2026-11-30",
    ),
}
"""Source: anthropic 2.14.0, types/message_create_params.py, read 2026-11-29."""

RANGES: Mapping[str, tuple[float, float]] = {"temperature": (0.0, 1.0)}

_NO_SAMPLING_SINCE = "2026-10-21"
"""From this API version on temperature, top_p and top_k are a 400 on every model. Source: the docs' page on versions,
read 2026-11-20."""


class Quirks(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Properties of one service. Compared by identity, so that `profile_of` can cache what applies to a model."""

    version: str = "2023-06-01"
    """The API version; config.api_version overrides it."""
    version_in: Literal["header", "body"] = "header"
    """Where the version is sent: `anthropic-version` or `anthropic_version`."""
    model_in: Literal["body", "path"] = "body"
    stream_in_body: bool = True
    """False where the URL alone decides whether the response is streamed."""
    betas_in_body: bool = False
    """Send the names of beta features as `anthropic_beta` in the body, not in the header `anthropic-beta`."""
    references: bool = True
    """Images and documents may be URLs and file ids, where Google and Amazon host Claude they may not.

    "messages.0.content.0.image.source.base64.data: URL sources are not supported" (litellm#18430, anthropic-sdk-typescript#1038;
    pollinations#5862 for Bedrock); the Files API is Anthropic's own (platform.claude.com, Files API). Read 2026-11-30.
    """
    options: Mapping[str, OptionField] = msgspec.field(default_factory=lambda: OPTIONS)
    """The optional fields of ChatRequest that the service has."""
    chat_path: str = "/v1/messages"
    """Operation of a chat, for the service's url_for."""
    stream_path: str = "/v1/messages"
    count_path: str = "/v1/messages/count_tokens"
    compatible_providers: frozenset[str] = frozenset()
    """Other providers whose signatures, opaque parts and native tools the service accepts."""
    forces_adaptive: bool = True
    """A tool call can be forced while models up to 4.7 think adaptively."""
    signed_thinking: bool = True
    """Thinking is replayed only with its signature."""
    unsupported: Mapping[str, str] = msgspec.field(default_factory=lambda: UNSUPPORTED)
    """Setting -> reason."""
    ranges: Mapping[str, tuple[float, float]] = msgspec.field(default_factory=lambda: RANGES)
    """Setting -> (lowest, highest)."""
    profiles: tuple[ModelProfile, ...] = PROFILES
    other_models: ModelProfile = OTHER_MODELS
    """The profile of models that are not in `profiles`."""


def understands(service: Service[Quirks], provider: str) -> bool:
    """Return true if this service accepts the metadata, opaque parts and native tools of a provider."""
    return provider == service.name or provider in service.quirks.compatible_providers


def version_of(quirks: Quirks, config: LLMConfig) -> str:
    """The API version of a call."""
    return config.api_version or quirks.version


@lru_cache(maxsize=1024)
def profile_of(quirks: Quirks, model: str, version: str) -> ModelProfile:
    """The profile of a model under this API version at this service.

    A prefix before "claude" is ignored: "us.anthropic.claude-opus-4-8" is claude-opus-4-8.
    """
    profile = profile_for(quirks.profiles, model[max(model.find("claude"), 0) :])
    if profile is DEFAULT_PROFILE:
        profile = quirks.other_models
    unsupported = {**quirks.unsupported, **profile.unsupported}
    date = version[-len(_NO_SAMPLING_SINCE) :]  # "vertex-2023-10-16" is a version too
    if date.startswith("20") and date >= _NO_SAMPLING_SINCE:
        reason = f"API version {version} has no sampling parameters"
        unsupported |= dict.fromkeys(("temperature", "top_p", "top_k"), reason)
    return msgspec.structs.replace(
        profile, unsupported=unsupported, ranges={**quirks.ranges, **profile.ranges}
    )
