"""What a request asks of a model's thinking -> `thinking` and `output_config.effort`, and room for it in `max_tokens`."""

from typing import Any, Literal

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.models import ALL_EFFORTS
from llm_pure.adapters.dialects.common.reasoning_effort import not_both
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.types.request import ReasoningRequest

LEAST_BUDGET = 1024
"""The smallest `budget_tokens` that the API takes."""

_BUDGET_OF_EFFORT = {
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 16_384,
    "xhigh": 24_576,
    "max": 32_000,
}
"""Efforts for models that only know budgets; each budget is read back as the effort that it came from."""

_ORDER = ("none", "minimal", *ALL_EFFORTS)


class Thinking(msgspec.Struct, frozen=True):
    """config: the wire's `thinking`, None when nothing is sent. effort: of `output_config`. told: what was changed."""

    config: dict[str, Any] | None = None
    effort: str | None = None
    told: tuple[Adaptation, ...] = ()


def thinking_of(
    asked: ReasoningRequest | None, rule: ModelProfile, model: str, usual_budget: int
) -> Thinking:
    """usual_budget: tokens, for models that want one when the request names neither a budget nor an effort."""
    if asked is None:
        return Thinking()
    if not asked.enabled or asked.effort == "none":
        return _without(rule, model)
    if rule.reasoning == "none":
        return Thinking(told=(_told("dropped", f"{model} cannot think"),))
    way = rule.traits.get("thinking")
    effort, told = _effort(asked, rule, model)
    by_budget = way == "enabled" or (
        way == "both"
        and (asked.budget_tokens is not None or bool(asked.effort and not rule.efforts))
    )
    if not by_budget:
        reason = f"{model} takes an effort, not a budget in tokens"
        told += not_both(asked, asked.budget_tokens, reason)
        return Thinking({"type": "adaptive", **_display(asked, rule)}, effort, told)
    budget = asked.budget_tokens
    if budget is None:
        budget = _BUDGET_OF_EFFORT.get(asked.effort or "", usual_budget)
    if asked.effort and effort is None:
        reason = f"{model} takes a budget in tokens, not an effort"
        told = (_told("changed", reason, asked.effort, budget),)
    if budget < LEAST_BUDGET:
        reason = f"the smallest budget is {LEAST_BUDGET} tokens"
        told += (_told("clamped", reason, budget, LEAST_BUDGET),)
        budget = LEAST_BUDGET
    config: dict[str, Any] = {"type": "enabled", "budget_tokens": budget, **_display(asked, rule)}
    return Thinking(config, effort, told)


def fitted(
    thinking: Thinking, max_tokens: int, rule: ModelProfile
) -> tuple[Thinking, int, tuple[Adaptation, ...]]:
    """The thinking, and a max_tokens that leaves the answer as much room as was asked for beside the budget.

    Where the model's largest output is in the way, the budget gives way too.
    """
    budget = (thinking.config or {}).get("budget_tokens")
    if budget is None or budget < max_tokens:
        return thinking, max_tokens, ()
    highest = int(rule.ranges.get("max_tokens", (0, budget + max_tokens))[1])
    raised = min(budget + max_tokens, highest)
    reason = f"max_tokens must be more than the thinking budget of {budget}"
    told: tuple[Adaptation, ...] = (
        Adaptation(
            field="max_tokens", action="changed", reason=reason, before=max_tokens, after=raised
        ),
    )
    if budget >= raised:
        left = max(raised - max_tokens, LEAST_BUDGET)
        config = {**(thinking.config or {}), "budget_tokens": left}
        told += (_told("clamped", f"the largest output is {highest} tokens", budget, left),)
        thinking = Thinking(config, thinking.effort, thinking.told)
    return thinking, raised, told


def _without(rule: ModelProfile, model: str) -> Thinking:
    """No thinking: said where the model would think, left unsaid where it would not."""
    if rule.reasoning in ("none", "off"):
        return Thinking()
    if rule.reasoning == "always":
        return Thinking(told=(_told("dropped", f"{model} always thinks"),))
    word = rule.traits.get("off", "disabled")
    if word == "disabled":
        return Thinking({"type": word})
    reason = f"{model} can only be asked to think {word.replace('_', ' ')}"
    return Thinking({"type": word}, told=(_told("changed", reason, after=word),))


def _effort(
    asked: ReasoningRequest, rule: ModelProfile, model: str
) -> tuple[str | None, tuple[Adaptation, ...]]:
    """The effort to send, None when the model takes none or none is asked for."""
    if not rule.efforts:
        return None, ()
    wanted: str | None = asked.effort
    told: tuple[Adaptation, ...] = ()
    if wanted is None and asked.budget_tokens is not None and rule.traits["thinking"] == "adaptive":
        budget = asked.budget_tokens
        wanted = next((e for e in ALL_EFFORTS if budget <= _BUDGET_OF_EFFORT[e]), "max")
        reason = f"{model} takes an effort, not a budget in tokens"
        told = (_told("changed", reason, budget, wanted),)
    if wanted is None or wanted in rule.efforts:
        return wanted, told
    place = _ORDER.index(wanted)
    nearest = min(rule.efforts, key=lambda one: (abs(_ORDER.index(one) - place), _ORDER.index(one)))
    reason = f"{model} takes {', '.join(rule.efforts)}"
    return nearest, (*told, _told("changed", reason, wanted, nearest))


def _display(asked: ReasoningRequest, rule: ModelProfile) -> dict[str, str]:
    """Asks for the thoughts where they are hidden by default, and to hide them where they are not wanted."""
    if not rule.traits.get("hidden"):
        return {}
    return {"display": "summarized" if asked.summary else "omitted"}


def _told(
    action: Literal["dropped", "clamped", "changed"],
    reason: str,
    before: object = None,
    after: object = None,
) -> Adaptation:
    return Adaptation(field="reasoning", action=action, reason=reason, before=before, after=after)
