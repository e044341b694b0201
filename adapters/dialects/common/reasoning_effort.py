"""How much a model should think, as the efforts of OpenAI's APIs: none, minimal, low, medium, high, xhigh, max."""

from typing import Literal

from llm_pure.adapters.dialects.common.effort import nearest_effort
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.types.request import ReasoningRequest

_EFFORT_OF_BUDGET = ((1024, "low"), (8192, "medium"))
"""Token budgets for services that only know efforts: up to 1024 is low, up to 8192 medium, above that high."""

_BUDGET_OF_EFFORT = {"minimal": 512, "low": 1024, "medium": 8192, "high": 16384}
"""Efforts for services that only know token budgets, each read back as the effort that it came from; above: 32768."""


def effort_of(
    asked: ReasoningRequest | None, rule: ModelProfile, model: str
) -> tuple[str | None, tuple[Adaptation, ...]]:
    """The effort to send, None when there is nothing to send, and what was changed on the way to it."""
    if asked is None:
        return None, ()
    if rule.reasoning == "none":
        if not asked.enabled:
            return None, ()
        return None, (reasoning_told("dropped", f"{model} has no reasoning to ask for"),)
    effort: str | None = asked.effort if asked.enabled else "none"
    told = not_both(
        asked, asked.budget_tokens, f"{model} takes an effort, and the budget is not sent"
    )
    if effort is None and asked.budget_tokens is not None:
        sizes = [word for limit, word in _EFFORT_OF_BUDGET if asked.budget_tokens <= limit]
        effort = sizes[0] if sizes else "high"
        reason = f"{model} takes an effort, not a budget in tokens"
        told = (reasoning_told("changed", reason, asked.budget_tokens, effort),)
    if effort is None or not rule.efforts or effort in rule.efforts:
        return effort, told
    nearest = nearest_effort(effort, rule.efforts)
    reason = f"{model} takes {', '.join(rule.efforts)}"
    return nearest, (*told, reasoning_told("changed", reason, effort, nearest))


def budget_of(effort: str) -> int:
    """Tokens for an effort above "none".

    >>> budget_of("medium"), budget_of("max")
    (8192, 32768)
    """
    return _BUDGET_OF_EFFORT.get(effort, 32768)


def not_both(asked: ReasoningRequest, unsent: object, reason: str) -> tuple[Adaptation, ...]:
    """What is told of the one that is not sent where thinking is asked for with an effort and with a budget."""
    thinks = asked.enabled and asked.effort != "none"
    if not thinks or asked.effort is None or asked.budget_tokens is None:
        return ()
    return (reasoning_told("dropped", reason, unsent),)


def reasoning_told(
    action: Literal["dropped", "clamped", "changed"],
    reason: str,
    before: object = None,
    after: object = None,
) -> Adaptation:
    """An adaptation of the field `reasoning`."""
    return Adaptation(field="reasoning", action=action, reason=reason, before=before, after=after)
