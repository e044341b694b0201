"""ReasoningRequest -> the request fields that control reasoning, one function per style of API.

Source: ../shared/wire/openai-family.md, section 4.24 and the providers' own sections; read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from llm_pure.adapters.dialects.common.adaptations import changed, clamped, dropped
from llm_pure.adapters.dialects.common.reasoning_effort import budget_of, effort_of, not_both
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, ReasoningStyle
from llm_pure.core.adaptations import Adaptation, ModelProfile, reasoning_enabled
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.types.request import ReasoningRequest

Fields: TypeAlias = dict[str, Any]

_NOT_BOTH = "either an effort or a budget is supported, not both"

_OFF = ReasoningRequest(enabled=False, effort="none")


class _Context(msgspec.Struct, frozen=True):
    """The input of a style function."""

    quirks: Quirks
    profile: ModelProfile
    model: str
    request: ReasoningRequest
    adaptations: list[Adaptation]

    @property
    def off(self) -> bool:
        return not self.request.enabled or self.request.effort == "none"


Style: TypeAlias = Callable[[_Context], Fields]


def encode_reasoning(
    quirks: Quirks, profile: ModelProfile, resolved: ResolvedRequest, adaptations: list[Adaptation]
) -> tuple[Fields, bool]:
    """The reasoning fields of this request, and whether the model will reason. `quirks` are those for the model."""
    request = resolved.reasoning or quirks.reasoning_default
    if quirks.reasoning_needs_stream and not resolved.stream:
        adaptations.extend(_only_in_streams(resolved, request))
        request = _OFF
    fields: Fields = {}
    if request is not None:
        fields = _fields(_Context(quirks, profile, resolved.model, request, adaptations))
    if resolved.tools and quirks.tools_conflict_with and fields.get("reasoning_effort") != "none":
        effort = fields.get("reasoning_effort")
        if effort or quirks.tools_conflict_with == "reasoning":
            reason = (
                f"{resolved.model} supports tools in chat completions only without reasoning; "
                "the Responses API supports both"
            )
            adaptations.append(changed("reasoning", reason, effort, "none"))
            fields = {**fields, "reasoning_effort": "none"}
    if fields.get("reasoning_effort") == "none":
        request = _OFF
    return fields, reasoning_enabled(profile, request)


def _only_in_streams(
    resolved: ResolvedRequest, request: ReasoningRequest | None
) -> tuple[Adaptation, ...]:
    """Whether a request for reasoning is lost, or only the default is written out."""
    reason = f"{resolved.model} reasons in streams only"
    if request is not None and request.enabled and request.effort != "none":
        return (changed("reasoning", reason, after="none"),)
    if request is not None:
        return ()
    return (Adaptation(field="reasoning", action="added", reason=reason, after="none"),)


def _fields(context: _Context) -> Fields:
    quirks, profile = context.quirks, context.profile
    if quirks.reasoning_style == "none" or profile.reasoning == "none":
        if not context.off or profile.reasoning == "always":
            context.adaptations.append(dropped("reasoning", _no_setting(profile, context.model)))
        return {}
    fields = STYLES[quirks.reasoning_style](context)
    return fields if context.off else {**fields, **quirks.reasoning_extra_fields}


def _no_setting(profile: ModelProfile, model: str) -> str:
    if profile.reasoning in ("always", "on"):
        return f"{model} reasons by itself; its reasoning has no settings"
    return f"{model} does not support reasoning"


def _effort(context: _Context) -> Fields:
    """`reasoning_effort`, under the provider's own name where that differs."""
    effort, adaptations = effort_of(context.request, context.profile, context.model)
    context.adaptations.extend(adaptations)
    if effort is None:
        return {}
    value = context.quirks.effort_words.get(effort, effort)
    if value != effort:
        reason = f"{context.model} has no effort {effort!r}; the nearest is {value!r}"
        context.adaptations.append(changed("reasoning", reason, effort, value))
    return {"reasoning_effort": value}


def _effort_or_budget(context: _Context) -> Fields:
    """An effort, or `thinking` with a budget: one excludes the other (Fireworks)."""
    request = context.request
    if context.off or request.budget_tokens is None:
        return _effort(context)
    budget = _clamp_budget(context, request.budget_tokens)
    context.adaptations.extend(not_both(request, request.effort, _NOT_BOTH))
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _object(context: _Context) -> Fields:
    """The object `reasoning`: a budget or an effort, never both (OpenRouter)."""
    request = context.request
    if context.off:
        return {"reasoning": {"effort": "none"}}
    reasoning: Fields = {"enabled": True}
    if request.budget_tokens is not None:
        reasoning = {"max_tokens": request.budget_tokens}
    elif request.effort is not None:
        reasoning = {"effort": request.effort}
    if not request.summary:
        reasoning["exclude"] = True
    context.adaptations.extend(not_both(request, request.effort, _NOT_BOTH))
    return {"reasoning": reasoning}


def _switchable(on: Fields, off: Fields, amount: Style) -> Style:
    """A style with fields for on and for off; `amount` adds those for an effort or a budget."""

    def style(context: _Context) -> Fields:
        if not context.off:
            return {**on, **amount(context)}
        if context.profile.reasoning == "always":
            context.adaptations.append(dropped("reasoning", f"{context.model} always reasons"))
            return {}
        return off

    return style


def _no_amount(context: _Context) -> Fields:
    request = context.request
    amount = request.effort if request.effort is not None else request.budget_tokens
    if amount is not None:
        reason = f"{context.model} can only switch reasoning on or off"
        context.adaptations.append(changed("reasoning", reason, amount, "on"))
    return {}


def _thinking_budget(context: _Context) -> Fields:
    """`thinking_budget` in tokens, of an effort too."""
    request = context.request
    budget = request.budget_tokens
    reason = f"{context.model} supports a budget in tokens, not an effort"
    if budget is None:
        if request.effort is None:
            return {}
        budget = budget_of(request.effort)
        context.adaptations.append(changed("reasoning", reason, request.effort, budget))
    sent = _clamp_budget(context, budget)
    context.adaptations.extend(not_both(request, request.effort, reason))
    return {"thinking_budget": sent}


def _effort_or_enabled(context: _Context) -> Fields:
    if context.request.effort is None and context.request.budget_tokens is None:
        return {"reasoning": {"enabled": True}}
    return _effort(context)


def _clamp_budget(context: _Context, budget: int) -> int:
    low, high = context.quirks.budget_bounds
    sent = min(max(budget, low), high)
    if sent != budget:
        reason = f"a budget of {context.model} is between {low} and {high} tokens"
        context.adaptations.append(clamped("reasoning", reason, budget, sent))
    return sent


_ENABLED: Fields = {"thinking": {"type": "enabled"}}
_DISABLED: Fields = {"thinking": {"type": "disabled"}}

STYLES: Mapping[ReasoningStyle, Style] = {
    "effort": _effort,
    "effort_or_budget": _effort_or_budget,
    "thinking": _switchable(_ENABLED, _DISABLED, _no_amount),
    "thinking_effort": _switchable(_ENABLED, _DISABLED, _effort),
    "enable_thinking": _switchable(
        {"enable_thinking": True}, {"enable_thinking": False}, _thinking_budget
    ),
    "thinking_budget": _switchable({}, {}, _thinking_budget),
    "reasoning": _object,
    # Together: an effort, or `reasoning`, on or off
    "reasoning_enabled": _switchable({}, {"reasoning": {"enabled": False}}, _effort_or_enabled),
    # vLLM, llama.cpp and servers built on them: a switch of the chat template
    "template": _switchable(
        {"chat_template_kwargs": {"enable_thinking": True}},
        {"chat_template_kwargs": {"enable_thinking": False}},
        _no_amount,
    ),
    # the same switch by its other name (DeepSeek, Kimi)
    "template_thinking": _switchable(
        {"chat_template_kwargs": {"thinking": True}},
        {"chat_template_kwargs": {"thinking": False}},
        _no_amount,
    ),
    # the system prompt for reasoning; without it the model still reasons (Magistral)
    "prompt_mode": _switchable({"prompt_mode": "reasoning"}, {}, _no_amount),
}
"""One function per style; "none" sends nothing and has none."""
