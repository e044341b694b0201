"""ReasoningRequest -> `thinkingConfig`: a budget in tokens or a level, whichever the model takes.

Budgets and levels by model: the wire notes of this project, read 2026-11-20. The budgets of efforts are as generally known
from Google's OpenAI-compatible endpoint; unconfirmed.
"""

from typing import Any

from llm_pure.adapters.dialects.common.adaptations import changed, clamped, dropped
from llm_pure.adapters.dialects.common.reasoning_effort import (
    effort_of_budget,
    is_enabled,
    nearest_effort,
    not_both,
)
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.types.request import ReasoningRequest

_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
"""Effort -> tokens; higher efforts get the model's maximum."""

_DYNAMIC = -1
"""The budget with which the model decides itself how much to think."""


def thinking_config(
    profile: ModelProfile, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """The thinkingConfig, empty if none is sent.

    Efforts are converted to budgets or levels and budgets to levels; values out of range become the nearest supported
    ones. Each change is reported.
    """
    request = resolved.reasoning
    if request is None:
        return {}
    style = profile.traits.get("thinking")
    if style is None:
        if is_enabled(request):
            reason = f"{resolved.model} does not support thinkingConfig"
            adaptations.append(dropped("reasoning", reason))
        return {}
    config: dict[str, Any] = {}
    if style == "budget":
        budget = _budget(profile, resolved.model, request, adaptations)
        if budget is not None:
            config["thinkingBudget"] = budget
    else:
        level = _level(profile, resolved.model, request, adaptations)
        if level is not None:
            config["thinkingLevel"] = level.upper()
    if is_enabled(request) and request.summary:
        config["includeThoughts"] = True
    return config


def _budget(
    profile: ModelProfile, model: str, request: ReasoningRequest, adaptations: list[Adaptation]
) -> int | None:
    low, high = (int(bound) for bound in profile.ranges["thinking_budget"])
    if not is_enabled(request) or request.budget_tokens == 0:
        if profile.traits.get("thinking_stops"):
            return 0
        adaptations.append(changed("reasoning", f"{model} always thinks", "none", low))
        return low
    if request.budget_tokens is not None:
        reason = f"{model} takes a budget in tokens, and no effort"
        adaptations += not_both(request, request.effort, reason)
        budget = min(max(request.budget_tokens, low), high)
        if request.budget_tokens == budget:
            return request.budget_tokens
        reason = f"{model} takes a budget of {low} to {high} tokens"
        adaptations.append(clamped("reasoning", reason, request.budget_tokens, budget))
        return budget
    if request.effort is not None:
        budget = min(max(_BUDGETS.get(request.effort, high), low), high)
        reason = f"{model} takes a budget in tokens, not an effort"
        adaptations.append(changed("reasoning", reason, request.effort, budget))
        return budget
    return _DYNAMIC if profile.reasoning == "off" else None


def _level(
    profile: ModelProfile, model: str, request: ReasoningRequest, adaptations: list[Adaptation]
) -> str | None:
    if not is_enabled(request) or request.budget_tokens == 0:
        lowest = profile.efforts[0]
        adaptations.append(changed("reasoning", f"{model} always thinks", "none", lowest))
        return lowest
    if request.effort is not None:
        reason = f"{model} takes a level, and no budget in tokens"
        adaptations += not_both(request, request.budget_tokens, reason)
        level = nearest_effort(request.effort, profile.efforts)
        if level != request.effort:
            reason = f"{model} takes {', '.join(profile.efforts)}"
            adaptations.append(changed("reasoning", reason, request.effort, level))
        return level
    if request.budget_tokens is not None:
        level = nearest_effort(effort_of_budget(request.budget_tokens), profile.efforts)
        reason = f"{model} takes a level, not a budget in tokens"
        adaptations.append(changed("reasoning", reason, request.budget_tokens, level))
        return level
    return None
