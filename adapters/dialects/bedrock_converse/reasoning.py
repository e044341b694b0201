"""How a model behind Converse is asked to think: in additionalModelRequestFields, each vendor in its own words."""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages.thinking import (
    Thinking,
    encode_thinking,
    fit_budget,
)
from llm_pure.adapters.dialects.common.reasoning_effort import effort_of, reasoning_told
from llm_pure.core.adaptations import Adaptation, ModelProfile, reasoning_enabled
from llm_pure.core.resolved_request import ResolvedRequest


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """fields: the vendor's. effort: the one that they say. by_budget: Claude, with a budget in tokens.

    thinks: the model will reason. max_tokens: raised where a budget leaves no room for the answer.
    """

    fields: dict[str, Any] = {}
    effort: str | None = None
    by_budget: bool = False
    thinks: bool = False
    max_tokens: int | None = None
    told: tuple[Adaptation, ...] = ()


def asked_reasoning(rule: ModelProfile, call: ResolvedRequest, usual_budget: int) -> Asked:
    """The vendor's fields for the reasoning that the request asks for; none when it asks for nothing.

    usual_budget: tokens, for models that want one where the request names neither a budget nor an effort.
    """
    max_tokens = call.settings.get("max_tokens")
    if "thinking" in rule.traits:
        return _claude(rule, call, usual_budget, max_tokens)
    fields, effort, told = _effort(rule, call)
    thinks = reasoning_enabled(rule, call.reasoning)
    return Asked(fields=fields, effort=effort, thinks=thinks, max_tokens=max_tokens, told=told)


def _claude(
    rule: ModelProfile, call: ResolvedRequest, usual_budget: int, max_tokens: int | None
) -> Asked:
    told: list[Adaptation] = []
    thinking = encode_thinking(call.reasoning, rule, call.model, usual_budget, told)
    if max_tokens is not None:
        thinking, max_tokens = fit_budget(thinking, max_tokens, rule, told)
    fields: dict[str, Any] = {}
    if thinking.config is not None:
        fields["thinking"] = thinking.config
    if thinking.effort is not None:
        fields["output_config"] = {"effort": thinking.effort}
    return Asked(
        fields=fields,
        by_budget=(thinking.config or {}).get("type") == "enabled",
        thinks=_thinks(rule, thinking),
        max_tokens=max_tokens,
        told=tuple(told),
    )


def _thinks(rule: ModelProfile, thinking: Thinking) -> bool:
    if thinking.config is None:
        return rule.reasoning in ("on", "always")
    return thinking.config["type"] in ("enabled", "adaptive")


def _effort(
    rule: ModelProfile, call: ResolvedRequest
) -> tuple[dict[str, Any], str | None, tuple[Adaptation, ...]]:
    """Everybody else takes an effort, or nothing."""
    asked = call.reasoning
    if asked is None:
        return {}, None, ()
    thinks = asked.enabled and asked.effort != "none"
    place = rule.traits.get("effort_at")
    if place is None:
        exact = asked.effort is not None or asked.budget_tokens is not None
        return {}, None, not_asked(rule, call.model, thinks=thinks, exact=exact)
    taken = tuple([one for one in rule.efforts if one != "none" or not thinks])
    effort, told = effort_of(asked, msgspec.structs.replace(rule, efforts=taken), call.model)
    effort = effort or rule.traits.get("effort_asked")
    if effort is None:
        return {}, None, told
    if effort == "none" and "effort_none" in rule.traits:
        return dict(rule.traits["effort_none"]), None, told
    return put(dict(rule.traits.get("effort_with", {})), place, effort), effort, told


def not_asked(
    rule: ModelProfile, model: str, *, thinks: bool, exact: bool
) -> tuple[Adaptation, ...]:
    """A model that nobody said how to ask: what is wanted is so anyway, or it cannot be had."""
    if rule.reasoning == "always":
        if thinks and not exact:
            return ()
        reason = f"{model} reasons as it likes"
    elif not thinks:
        return ()
    elif rule.reasoning == "none":
        reason = f"{model} has no reasoning to ask for"
    else:
        reason = f"it is not known how {model} is asked to reason"
    return (reasoning_told("dropped", reason),)


def put(fields: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The fields with a value at this path; what else stands there stays.

    >>> put({"a": {"b": 1}}, ("a", "c"), 2)
    {'a': {'b': 1, 'c': 2}}
    """
    head, *rest = path
    inner = fields.get(head)
    below = put(inner if isinstance(inner, dict) else {}, tuple(rest), value) if rest else value
    return {**fields, head: below}


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both; where both have an object their keys are merged, else the second counts.

    >>> merged({"a": {"b": 1}, "c": 1}, {"a": {"d": 2}, "c": 2})
    {'a': {'b': 1, 'd': 2}, 'c': 2}
    """
    whole = dict(one)
    for key, value in other.items():
        before = whole.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            whole[key] = merged(before, value)
        else:
            whole[key] = value
    return whole
