"""ReasoningRequest -> `thinking` and `output_config.effort`, and room for the thinking in `max_tokens`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.models import ALL_EFFORTS
from llm_pure.adapters.dialects.common.adaptations import changed, clamped, dropped
from llm_pure.adapters.dialects.common.reasoning_effort import nearest_effort, not_both
from llm_pure.adapters.dialects.common.replay import loop_lacks_reasoning
from llm_pure.adapters.dialects.common.turn_rules import Turn
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.types.request import ReasoningRequest

MIN_BUDGET = 1024
"""The smallest `budget_tokens` that the API accepts."""

_BUDGET_OF_EFFORT = {
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 16_384,
    "xhigh": 24_576,
    "max": 32_000,
}
"""Effort -> tokens, for models with budgets only; each budget maps back to the same effort."""


class Thinking(msgspec.Struct, frozen=True):
    """The thinking fields of a request."""

    config: dict[str, Any] | None = None
    """The wire's `thinking`; None: not sent."""
    effort: str | None = None
    """`output_config.effort`."""

    def enabled(self, profile: ModelProfile) -> bool:
        """Return true if the model will think."""
        if self.config is None:
            return profile.reasoning in ("on", "always")
        return self.config["type"] in ("enabled", "adaptive")


def encode_thinking(
    requested: ReasoningRequest | None,
    profile: ModelProfile,
    model: str,
    default_budget: int,
    adaptations: list[Adaptation],
) -> Thinking:
    """Encode the reasoning of a request. `default_budget`: tokens, for models that require a budget if the request has none."""
    if requested is None:
        return Thinking()
    if not requested.enabled or requested.effort == "none":
        return _disabled(profile, model, adaptations)
    if profile.reasoning == "none":
        adaptations.append(dropped("reasoning", f"{model} cannot think"))
        return Thinking()
    style = profile.traits.get("thinking")
    effort = _effort(requested, profile, model, adaptations)
    budget = requested.budget_tokens
    by_budget = style == "enabled" or (
        style == "both" and (budget is not None or bool(requested.effort and not profile.efforts))
    )
    if not by_budget:
        reason = f"{model} takes an effort, not a budget in tokens"
        adaptations += not_both(requested, budget, reason)
        return Thinking({"type": "adaptive", **_display(requested, profile)}, effort)
    if budget is None:
        budget = _BUDGET_OF_EFFORT.get(requested.effort or "", default_budget)
    if requested.effort and effort is None:
        reason = f"{model} takes a budget in tokens, not an effort"
        adaptations.append(changed("reasoning", reason, requested.effort, budget))
    if budget < MIN_BUDGET:
        reason = f"the smallest budget is {MIN_BUDGET} tokens"
        adaptations.append(clamped("reasoning", reason, budget, MIN_BUDGET))
        budget = MIN_BUDGET
    config = {"type": "enabled", "budget_tokens": budget, **_display(requested, profile)}
    return Thinking(config, effort)


def without_budget(
    thinking: Thinking, turns: Sequence[Turn], adaptations: list[Adaptation]
) -> Thinking:
    """No thinking with a budget, for a conversation in a tool loop whose last assistant turn has no signed thinking.

    The API's message: "Expected `thinking` or `redacted_thinking`, but found `tool_use` ... To avoid this requirement,
    disable `thinking`" (anomalyco/opencode#3077); adaptive thinking has no such rule. Read 2026-11-29.
    """
    if (thinking.config or {}).get("type") != "enabled" or not loop_lacks_reasoning(turns):
        return thinking
    reason = (
        "in a tool loop the last assistant turn has to begin with signed thinking; there is none"
    )
    budget = (thinking.config or {}).get("budget_tokens")
    adaptations.append(dropped("reasoning", reason, budget))
    return Thinking(None, thinking.effort)


def fit_budget(
    thinking: Thinking, max_tokens: int, profile: ModelProfile, adaptations: list[Adaptation]
) -> tuple[Thinking, int]:
    """Return the thinking, and max_tokens raised by the thinking budget.

    If that exceeds the model's maximum output, the budget is reduced.
    """
    budget = (thinking.config or {}).get("budget_tokens")
    if budget is None or budget < max_tokens:
        return thinking, max_tokens
    highest = int(profile.ranges.get("max_tokens", (0, budget + max_tokens))[1])
    raised = min(budget + max_tokens, highest)
    reason = f"max_tokens must be more than the thinking budget of {budget}"
    adaptations.append(changed("max_tokens", reason, max_tokens, raised))
    if budget >= raised:
        reduced = max(raised - max_tokens, MIN_BUDGET)
        reason = f"the largest output is {highest} tokens"
        adaptations.append(clamped("reasoning", reason, budget, reduced))
        config = {**(thinking.config or {}), "budget_tokens": reduced}
        thinking = Thinking(config, thinking.effort)
    return thinking, raised


def _disabled(profile: ModelProfile, model: str, adaptations: list[Adaptation]) -> Thinking:
    """No thinking: sent for models that think by default, omitted for others."""
    if profile.reasoning in ("none", "off"):
        return Thinking()
    if profile.reasoning == "always":
        adaptations.append(dropped("reasoning", f"{model} always thinks"))
        return Thinking()
    kind = profile.traits.get("off", "disabled")
    if kind != "disabled":
        reason = f"the least thinking of {model} is {kind.replace('_', ' ')}"
        adaptations.append(changed("reasoning", reason, after=kind))
    return Thinking({"type": kind})


def _effort(
    requested: ReasoningRequest, profile: ModelProfile, model: str, adaptations: list[Adaptation]
) -> str | None:
    """The effort to send; None if the model has none or none is requested."""
    if not profile.efforts:
        return None
    effort: str | None = requested.effort
    budget = requested.budget_tokens
    if effort is None and budget is not None and profile.traits["thinking"] == "adaptive":
        effort = next((level for level in ALL_EFFORTS if budget <= _BUDGET_OF_EFFORT[level]), "max")
        reason = f"{model} takes an effort, not a budget in tokens"
        adaptations.append(changed("reasoning", reason, budget, effort))
    if effort is None or effort in profile.efforts:
        return effort
    nearest = nearest_effort(effort, profile.efforts)
    reason = f"{model} takes {', '.join(profile.efforts)}"
    adaptations.append(changed("reasoning", reason, effort, nearest))
    return nearest


def _display(requested: ReasoningRequest, profile: ModelProfile) -> dict[str, str]:
    """Request summaries from models that hide their thinking by default, or keep the thinking hidden."""
    if not profile.traits.get("hidden"):
        return {}
    return {"display": "summarized" if requested.summary else "omitted"}
