"""ReasoningRequest -> the vendor's fields in additionalModelRequestFields."""

from collections.abc import Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.thinking import (
    Thinking,
    encode_thinking,
    fit_budget,
    without_budget,
)
from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.common.reasoning_effort import effort_of
from llm_pure.adapters.dialects.common.turn_rules import Turn
from llm_pure.core.adaptations import Adaptation, ModelProfile, reasoning_enabled
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.types.request import ReasoningRequest


class ReasoningFields(msgspec.Struct, frozen=True, kw_only=True):
    """The encoded reasoning of a request."""

    vendor_fields: dict[str, Any] = {}
    effort: str | None = None
    """The effort in `vendor_fields`."""
    by_budget: bool = False
    """Claude, with a budget in tokens."""
    thinks: bool = False
    """The model will reason."""
    max_tokens: int | None = None
    """Raised if a budget leaves no room for the response."""


def encode_reasoning(
    profile: ModelProfile,
    resolved: ResolvedRequest,
    default_budget: int,
    adaptations: list[Adaptation],
    *,
    turns: Sequence[Turn] = (),
) -> ReasoningFields:
    """Encode the reasoning of a request. `default_budget`: tokens, for models that require a budget if the request has none.

    `turns`: the conversation, which in a tool loop has to show Claude's own reasoning.
    """
    max_tokens = resolved.settings.get("max_tokens")
    if "thinking" in profile.traits:
        thinking = encode_thinking(
            resolved.reasoning, profile, resolved.model, default_budget, adaptations
        )
        thinking = without_budget(thinking, turns, adaptations)
        return _claude(profile, thinking, max_tokens, adaptations)
    fields, effort = _effort(profile, resolved, adaptations)
    return ReasoningFields(
        vendor_fields=fields,
        effort=effort,
        thinks=reasoning_enabled(profile, resolved.reasoning),
        max_tokens=max_tokens,
    )


def _claude(
    profile: ModelProfile, thinking: Thinking, max_tokens: int | None, adaptations: list[Adaptation]
) -> ReasoningFields:
    if max_tokens is not None:
        thinking, max_tokens = fit_budget(thinking, max_tokens, profile, adaptations)
    fields: dict[str, Any] = {}
    if thinking.config is not None:
        fields["thinking"] = thinking.config
    if thinking.effort is not None:
        fields["output_config"] = {"effort": thinking.effort}
    return ReasoningFields(
        vendor_fields=fields,
        effort=thinking.effort,
        by_budget=(thinking.config or {}).get("type") == "enabled",
        thinks=thinking.enabled(profile),
        max_tokens=max_tokens,
    )


def _effort(
    profile: ModelProfile, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> tuple[dict[str, Any], str | None]:
    """(vendor fields, effort) of a model that is not Claude: an effort, or nothing."""
    requested = resolved.reasoning
    if requested is None:
        return {}, None
    path = profile.traits.get("effort_path")
    if path is None:
        report_uncontrolled(profile, resolved.model, requested, adaptations)
        return {}, None
    thinks = requested.enabled and requested.effort != "none"
    efforts = tuple([effort for effort in profile.efforts if effort != "none" or not thinks])
    profile = msgspec.structs.replace(profile, efforts=efforts)
    effort, effort_adaptations = effort_of(requested, profile, resolved.model)
    adaptations += effort_adaptations
    effort = effort or profile.traits.get("default_effort")
    if effort is None:
        return {}, None
    if effort == "none" and "disabled_fields" in profile.traits:
        return dict(profile.traits["disabled_fields"]), None
    return with_value(dict(profile.traits.get("effort_fields", {})), path, effort), effort


def report_uncontrolled(
    profile: ModelProfile, model: str, requested: ReasoningRequest, adaptations: list[Adaptation]
) -> None:
    """Report a reasoning request that differs from what the model does, for models without a field for it."""
    thinks = requested.enabled and requested.effort != "none"
    if profile.reasoning == "always":
        if thinks and requested.effort is None and requested.budget_tokens is None:
            return
        reason = f"{model} always reasons, without settings"
    elif not thinks:
        return
    elif profile.reasoning == "none":
        reason = f"{model} has no reasoning"
    else:
        reason = f"the field of {model} for reasoning is not known"
    adaptations.append(dropped("reasoning", reason))


def with_value(fields: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return the fields with this value at a path; other fields on the path are kept.

    >>> with_value({"a": {"b": 1}}, ("a", "c"), 2)
    {'a': {'b': 1, 'c': 2}}
    """
    head, *tail = path
    inner = fields.get(head)
    nested = (
        with_value(inner if isinstance(inner, dict) else {}, tuple(tail), value) if tail else value
    )
    return {**fields, head: nested}
