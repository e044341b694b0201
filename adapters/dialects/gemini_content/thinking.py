"""How much to think -> `thinkingConfig`: a budget in tokens, or a level, as the model takes it.

Budgets and levels by model: the wire notes of this project, read 2026-11-20. The budgets of efforts are as generally known
from Google's OpenAI-compatible endpoint; unconfirmed.
"""

from typing import Any

from llm_pure.adapters.dialects.common.reasoning_effort import not_both
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.types.request import ReasoningRequest

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
"""Tokens of an effort; of those above "high": all that the model takes."""

_EFFORT_OF_BUDGET = ((1024, "low"), (8192, "medium"))
"""Up to so many tokens it is this effort; above that high."""

_DYNAMIC = -1

Thinking = tuple[dict[str, Any] | None, tuple[Adaptation, ...]]


def thinking_config(rule: ModelProfile, call: ResolvedRequest) -> Thinking:
    """The thinkingConfig, None when none is sent, and what was changed on the way.

    An effort becomes a budget or a level and the other way round, and what is out of bounds the nearest that is in;
    each of these is reported.
    """
    asked = call.reasoning
    if asked is None:
        return None, ()
    style = rule.traits.get("thinking")
    if style is None:
        if not _on(asked):
            return None, ()
        return None, (_told("dropped", f"{call.model} refuses any thinkingConfig"),)
    config: dict[str, Any] = {}
    if style == "budget":
        budget, told = _budget(rule, call.model, asked)
        if budget is not None:
            config["thinkingBudget"] = budget
    else:
        level, told = _level(rule, call.model, asked)
        if level is not None:
            config["thinkingLevel"] = level.upper()
    if _on(asked) and asked.summary:
        config["includeThoughts"] = True
    return config or None, told


def _on(asked: ReasoningRequest) -> bool:
    return asked.enabled and asked.effort != "none"


def _budget(
    rule: ModelProfile, model: str, asked: ReasoningRequest
) -> tuple[int | None, tuple[Adaptation, ...]]:
    low, high = (int(bound) for bound in rule.ranges["thinking_budget"])
    if not _on(asked) or asked.budget_tokens == 0:
        if rule.traits.get("thinking_stops"):
            return 0, ()
        return low, (_told("changed", f"{model} always thinks", "none", low),)
    if asked.budget_tokens is not None:
        told = not_both(asked, asked.effort, f"{model} takes a budget in tokens, and no effort")
        budget = min(max(asked.budget_tokens, low), high)
        if budget == asked.budget_tokens or asked.budget_tokens == _DYNAMIC:
            return asked.budget_tokens, told
        reason = f"{model} takes a budget of {low} to {high} tokens"
        return budget, (*told, _told("clamped", reason, asked.budget_tokens, budget))
    if asked.effort is not None:
        budget = min(max(_BUDGETS.get(asked.effort, high), low), high)
        reason = f"{model} takes a budget in tokens, not an effort"
        return budget, (_told("changed", reason, asked.effort, budget),)
    return (_DYNAMIC if rule.reasoning == "off" else None), ()


def _level(
    rule: ModelProfile, model: str, asked: ReasoningRequest
) -> tuple[str | None, tuple[Adaptation, ...]]:
    if not _on(asked) or asked.budget_tokens == 0:
        lowest = rule.efforts[0]
        return lowest, (_told("changed", f"{model} always thinks", "none", lowest),)
    if asked.effort is not None:
        told = not_both(
            asked, asked.budget_tokens, f"{model} takes a level, and no budget in tokens"
        )
        level = _nearest(asked.effort, rule.efforts)
        if level == asked.effort:
            return level, told
        reason = f"{model} takes {', '.join(rule.efforts)}"
        return level, (*told, _told("changed", reason, asked.effort, level))
    if asked.budget_tokens is not None and asked.budget_tokens != _DYNAMIC:
        sizes = [word for limit, word in _EFFORT_OF_BUDGET if asked.budget_tokens <= limit]
        level = _nearest(sizes[0] if sizes else "high", rule.efforts)
        reason = f"{model} takes a level, not a budget in tokens"
        return level, (_told("changed", reason, asked.budget_tokens, level),)
    return None, ()


def _nearest(effort: str, taken: tuple[str, ...]) -> str:
    """The taken effort closest to the one asked for; the lower one of two."""
    place = _EFFORTS.index(effort)
    return min(taken, key=lambda one: (abs(_EFFORTS.index(one) - place), _EFFORTS.index(one)))


def _told(action: Any, reason: str, before: object = None, after: object = None) -> Adaptation:
    return Adaptation(field="reasoning", action=action, reason=reason, before=before, after=after)
