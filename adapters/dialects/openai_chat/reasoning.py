"""How much the model should think -> the fields with which one service is asked for it.

Source: ../shared/wire/openai-family.md, section 4.24 and the services' own sections; read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from llm_pure.adapters.dialects.common.reasoning_effort import (
    budget_of,
    effort_of,
    not_both,
    reasoning_told,
)
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, ReasoningStyle
from llm_pure.core.adaptations import Adaptation, ModelProfile, reasoning_enabled
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.types.request import ReasoningRequest

Told: TypeAlias = tuple[Adaptation, ...]
Asked: TypeAlias = tuple[dict[str, Any], Told]
"""The fields to send, and what was changed on the way to them."""

Style: TypeAlias = Callable[[Quirks, ModelProfile, str, ReasoningRequest], Asked]

_ONE = "an effort or a budget is taken, not both"

_OFF = ReasoningRequest(enabled=False, effort="none")


class Thinking(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. thinks: the model will reason in this call."""

    fields: dict[str, Any]
    thinks: bool
    told: Told


def asked_reasoning(quirks: Quirks, rule: ModelProfile, call: ResolvedRequest) -> Thinking:
    """What this call sends of reasoning. quirks: as they are for the model."""
    asked = call.reasoning or quirks.reasoning_default
    fields, told = _fields(quirks, rule, call.model, asked)
    if call.tools and quirks.tools_conflict_with and fields.get("reasoning_effort") != "none":
        effort = fields.get("reasoning_effort")
        if effort or quirks.tools_conflict_with == "reasoning":
            why = f"{call.model} takes tools here only while it does not reason; Responses has both"
            told = (*told, reasoning_told("changed", why, effort, "none"))
            fields = {**fields, "reasoning_effort": "none"}
    off = fields.get("reasoning_effort") == "none"
    return Thinking(
        fields=fields, thinks=reasoning_enabled(rule, _OFF if off else asked), told=told
    )


def _fields(
    quirks: Quirks, rule: ModelProfile, model: str, asked: ReasoningRequest | None
) -> Asked:
    if asked is None:
        return {}, ()
    off = is_off(asked)
    if quirks.reasoning_style == "none" or rule.reasoning == "none":
        if off and rule.reasoning != "always":
            return {}, ()
        return {}, (reasoning_told("dropped", _no_setting(rule, model)),)
    fields, told = STYLES[quirks.reasoning_style](quirks, rule, model, asked)
    return (fields if off else {**fields, **quirks.reasoning_extra_fields}), told


def is_off(asked: ReasoningRequest) -> bool:
    """Is the model asked not to think?"""
    return not asked.enabled or asked.effort == "none"


def _no_setting(rule: ModelProfile, model: str) -> str:
    if rule.reasoning in ("always", "on"):
        return f"{model} reasons as it sees fit; there is nothing to set"
    return f"{model} has no reasoning to ask for"


def _effort(quirks: Quirks, rule: ModelProfile, model: str, asked: ReasoningRequest) -> Asked:
    """`reasoning_effort`, in the service's own word where it has another."""
    effort, told = effort_of(asked, rule, model)
    if effort is None:
        return {}, told
    word = quirks.effort_words.get(effort, effort)
    if word != effort:
        reason = f"{model} has no effort {effort!r}; {word!r} is the nearest to it"
        told = (*told, reasoning_told("changed", reason, effort, word))
    return {"reasoning_effort": word}, told


def _effort_or_budget(
    quirks: Quirks, rule: ModelProfile, model: str, asked: ReasoningRequest
) -> Asked:
    """An effort, or `thinking` with a budget: one excludes the other (Fireworks)."""
    if is_off(asked) or asked.budget_tokens is None:
        return _effort(quirks, rule, model, asked)
    budget, told = _within(quirks, model, asked.budget_tokens)
    told += not_both(asked, asked.effort, _ONE)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}, told


def _switch(rule: ModelProfile, model: str, asked: ReasoningRequest) -> tuple[bool | None, Told]:
    """On or off; None and a word about it where the model cannot be told to be off."""
    if not is_off(asked):
        return True, ()
    if rule.reasoning == "always":
        return None, (reasoning_told("dropped", f"{model} always reasons"),)
    return False, ()


def _thinking(quirks: Quirks, rule: ModelProfile, model: str, asked: ReasoningRequest) -> Asked:
    """`thinking`, on or off; there is no more or less of it."""
    on, told = _switch(rule, model, asked)
    if on is None:
        return {}, told
    return {"thinking": {"type": "enabled" if on else "disabled"}}, told + _no_amount(model, asked)


def _thinking_effort(
    quirks: Quirks, rule: ModelProfile, model: str, asked: ReasoningRequest
) -> Asked:
    """`thinking`, on or off, and an effort beside it."""
    on, told = _switch(rule, model, asked)
    if not on:
        return ({} if on is None else {"thinking": {"type": "disabled"}}), told
    effort, more = _effort(quirks, rule, model, asked)
    return {"thinking": {"type": "enabled"}, **effort}, told + more


def _enable_thinking(
    quirks: Quirks, rule: ModelProfile, model: str, asked: ReasoningRequest
) -> Asked:
    """`enable_thinking`, and a budget in tokens beside it."""
    on, told = _switch(rule, model, asked)
    if not on:
        return ({} if on is None else {"enable_thinking": False}), told
    fields: dict[str, Any] = {"enable_thinking": True}
    budget = asked.budget_tokens
    if budget is None and asked.effort is not None:
        budget = budget_of(asked.effort)
        reason = f"{model} takes a budget in tokens, not an effort"
        told = (*told, reasoning_told("changed", reason, asked.effort, budget))
    if budget is not None:
        fields["thinking_budget"], more = _within(quirks, model, budget)
        told += (*more, *not_both(asked, asked.effort, f"{model} takes a budget, and no effort"))
    return fields, told


def _reasoning(quirks: Quirks, rule: ModelProfile, model: str, asked: ReasoningRequest) -> Asked:
    """The object `reasoning`: a budget or an effort, never both (OpenRouter)."""
    if is_off(asked):
        return {"reasoning": {"effort": "none"}}, ()
    wanted: dict[str, Any] = {"enabled": True}
    if asked.budget_tokens is not None:
        wanted = {"max_tokens": asked.budget_tokens}
    elif asked.effort is not None:
        wanted = {"effort": asked.effort}
    if not asked.summary:
        wanted["exclude"] = True
    return {"reasoning": wanted}, not_both(asked, asked.effort, _ONE)


def _reasoning_enabled(
    quirks: Quirks, rule: ModelProfile, model: str, asked: ReasoningRequest
) -> Asked:
    """An effort, or `reasoning`, on or off (Together)."""
    on, told = _switch(rule, model, asked)
    if on is None:
        return {}, told
    if on and (asked.effort is not None or asked.budget_tokens is not None):
        return _effort(quirks, rule, model, asked)
    return {"reasoning": {"enabled": on}}, told


def _template(quirks: Quirks, rule: ModelProfile, model: str, asked: ReasoningRequest) -> Asked:
    """A switch of the chat template: vLLM, llama.cpp and what runs on them."""
    on, told = _switch(rule, model, asked)
    if on is None:
        return {}, told
    return {"chat_template_kwargs": {"enable_thinking": on}}, told + _no_amount(model, asked)


def _prompt_mode(quirks: Quirks, rule: ModelProfile, model: str, asked: ReasoningRequest) -> Asked:
    """`prompt_mode`: the system prompt for reasoning. Without it the model still reasons (Magistral)."""
    on, told = _switch(rule, model, asked)
    if not on:
        return {}, told
    return {"prompt_mode": "reasoning"}, told + _no_amount(model, asked)


def _no_amount(model: str, asked: ReasoningRequest) -> Told:
    """What is said when an effort or a budget finds no place."""
    amount = asked.effort if asked.effort is not None else asked.budget_tokens
    if amount is None or is_off(asked):
        return ()
    reason = f"{model} thinks or does not; how much cannot be asked for"
    return (reasoning_told("changed", reason, amount, "on"),)


def _within(quirks: Quirks, model: str, budget: int) -> tuple[int, Told]:
    low, high = quirks.budget_bounds
    taken = min(max(budget, low), high)
    if taken == budget:
        return budget, ()
    reason = f"a budget of {model} is between {low} and {high} tokens"
    return taken, (reasoning_told("clamped", reason, budget, taken),)


STYLES: Mapping[ReasoningStyle, Style] = {
    "effort": _effort,
    "effort_or_budget": _effort_or_budget,
    "thinking": _thinking,
    "thinking_effort": _thinking_effort,
    "enable_thinking": _enable_thinking,
    "reasoning": _reasoning,
    "reasoning_enabled": _reasoning_enabled,
    "template": _template,
    "prompt_mode": _prompt_mode,
}
"""One function for each way of asking; "none" asks nothing and has none."""
