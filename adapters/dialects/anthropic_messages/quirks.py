"""How the services that speak the Messages API differ, as data."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.models import OTHER_MODELS, RULES
from llm_pure.core.adaptations import DEFAULT_PROFILE, ModelProfile, profile_for
from llm_pure.core.error_mapping import ErrorType
from llm_pure.types.config import LLMConfig

REFUSES: Mapping[str, str] = {
    "seed": "the Messages API has no seed",
    "n": "the Messages API gives one answer",
    "logprobs": "the Messages API has no logprobs",
    "presence_penalty": "the Messages API has no presence_penalty",
    "frequency_penalty": "the Messages API has no frequency_penalty",
    "repetition_penalty": "the Messages API has no repetition_penalty",
}

BOUNDS: Mapping[str, tuple[float, float]] = {"temperature": (0.0, 1.0)}

SAMPLING_REFUSED_FROM = "2026-10-21"
"""From this API version on temperature, top_p and top_k are a 400 on every model. Source: the docs' page on versions,
read 2026-11-20."""


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """What one service does in its own way.

    version: the API version, config.api_version over it; version_in: the header `anthropic-version`, or the body.
    model_in: where the model is named. stream_in_body: `stream` is sent; else the path tells. betas_in_body: the values
    of the header `anthropic-beta` are sent as `anthropic_beta` in the body. kin: other providers whose signatures,
    opaque parts and native tools this one understands. signed_thinking: thinking goes back only with its signature.
    refuses, bounds: settings that it does not take, or only between two values. rules: what its models do not take;
    other_models: the rule where none of them fits. error_codes: its own error codes.
    """

    version: str = "2023-06-01"
    version_in: Literal["header", "body"] = "header"
    model_in: Literal["body", "path"] = "body"
    stream_in_body: bool = True
    betas_in_body: bool = False
    kin: frozenset[str] = frozenset()
    signed_thinking: bool = True
    unsupported: Mapping[str, str] = msgspec.field(default_factory=lambda: REFUSES)
    ranges: Mapping[str, tuple[float, float]] = msgspec.field(default_factory=lambda: BOUNDS)
    profiles: tuple[ModelProfile, ...] = RULES
    other_models: ModelProfile = OTHER_MODELS
    error_codes: Mapping[str, ErrorType] = {}

    def knows(self, provider: str, name: str) -> bool:
        """May what `provider` sent go back to this service, which is called `name`?"""
        return provider == name or provider in self.kin


def version_of(quirks: Quirks, config: LLMConfig) -> str:
    """The API version of a call."""
    return config.api_version or quirks.version


def rule_of(quirks: Quirks, model: str, version: str) -> ModelProfile:
    """What this model does not take, under this API version, at this service.

    What stands before the name does not count: "us.anthropic.claude-opus-4-8" is claude-opus-4-8.
    """
    rule = profile_for(quirks.profiles, model[max(model.find("claude"), 0) :])
    if rule is DEFAULT_PROFILE:
        rule = quirks.other_models
    refuses = {**quirks.unsupported, **rule.unsupported}
    date = version[-len(SAMPLING_REFUSED_FROM) :]  # "vertex-2023-10-16" is a version too
    if date.startswith("20") and date >= SAMPLING_REFUSED_FROM:
        reason = f"API version {version} has no sampling parameters"
        refuses |= dict.fromkeys(("temperature", "top_p", "top_k"), reason)
    return msgspec.structs.replace(
        rule, unsupported=refuses, ranges={**quirks.ranges, **rule.ranges}
    )
