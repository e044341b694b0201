"""ReasoningRequest -> the request fields that control reasoning, one function per style of API.

Source: ../shared/wire/openai-family.md, section 4.24 and the providers' own sections; read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.adapters.dialects.common.reasoning_effort import budget_of, effort_of, not_both
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, ReasoningStyle
from llm_pure.core.adaptations import Adaptation, ModelProfile, reasoning_enabled
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.types.request import ReasoningRequest

Fields: TypeAlias = dict[str, Any]

_NOT_BOTH = "either an effort or a budget is supported, not both"

_OFF = ReasoningRequest(enabled=False, effort="none")


class ReasoningFields(msgspec.Struct, frozen=True, kw_only=True):
    """The reasoning part of a request."""

    fields: Fields
    enabled: bool
    """The model will reason in this call."""


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

    def report(
        self,
        action: Literal["dropped", "clamped", "changed"],
        reason: str,
        before: object = None,
        after: object = None,
    ) -> None:
        self.adaptations.append(
            Adaptation(field="reasoning", action=action, reason=reason, before=before, after=after)
        )


def encode_reasoning(
    quirks: Quirks,
    profile: ModelProfile,
    resolved: ResolvedRequest,
    adaptations: list[Adaptation],
) -> ReasoningFields:
    """The reasoning fields of this request. `quirks` are those for the model."""
    request = resolved.reasoning or quirks.reasoning_default
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
            adaptations.append(
                Adaptation(
                    field="reasoning", action="changed", reason=reason, before=effort, after="none"
                )
            )
            fields = {**fields, "reasoning_effort": "none"}
    if fields.get("reasoning_effort") == "none":
        request = _OFF
    return ReasoningFields(fields=fields, enabled=reasoning_enabled(profile, request))


def _fields(context: _Context) -> Fields:
    quirks, profile = context.quirks, context.profile
    if quirks.reasoning_style == "none" or profile.reasoning == "none":
        if not context.off or profile.reasoning == "always":
            context.report("dropped", _no_setting(profile, context.model))
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
        context.report("changed", reason, effort, value)
    return {"reasoning_effort": value}


def _effort_or_budget(context: _Context) -> Fields:
    """An effort, or `thinking` with a budget: one excludes the other (Fireworks)."""
    request = context.request
    if context.off or request.budget_tokens is None:
        return _effort(context)
    budget = _clamp_budget(context, request.budget_tokens)
    context.adaptations.extend(not_both(request, request.effort, _NOT_BOTH))
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _switch(context: _Context) -> bool | None:
    """True for on, False for off; None, with an adaptation, if the model cannot be switched off."""
    if not context.off:
        return True
    if context.profile.reasoning == "always":
        context.report("dropped", f"{context.model} always reasons")
        return None
    return False


def _thinking(context: _Context) -> Fields:
    """`thinking`, on or off, without an amount."""
    on = _switch(context)
    if on is None:
        return {}
    _report_amount(context)
    return {"thinking": {"type": "enabled" if on else "disabled"}}


def _thinking_effort(context: _Context) -> Fields:
    """`thinking`, on or off, and an effort beside it."""
    on = _switch(context)
    if not on:
        return {} if on is None else {"thinking": {"type": "disabled"}}
    return {"thinking": {"type": "enabled"}, **_effort(context)}


def _enable_thinking(context: _Context) -> Fields:
    """`enable_thinking`, and a budget in tokens beside it."""
    on = _switch(context)
    if not on:
        return {} if on is None else {"enable_thinking": False}
    fields: Fields = {"enable_thinking": True}
    request, model = context.request, context.model
    budget = request.budget_tokens
    if budget is None and request.effort is not None:
        budget = budget_of(request.effort)
        reason = f"{model} supports a budget in tokens, not an effort"
        context.report("changed", reason, request.effort, budget)
    if budget is not None:
        fields["thinking_budget"] = _clamp_budget(context, budget)
        reason = f"{model} supports a budget in tokens, not an effort"
        context.adaptations.extend(not_both(request, request.effort, reason))
    return fields


def _reasoning(context: _Context) -> Fields:
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


def _reasoning_enabled(context: _Context) -> Fields:
    """An effort, or `reasoning`, on or off (Together)."""
    on = _switch(context)
    if on is None:
        return {}
    if on and (context.request.effort is not None or context.request.budget_tokens is not None):
        return _effort(context)
    return {"reasoning": {"enabled": on}}


def _template(context: _Context) -> Fields:
    """A switch of the chat template: vLLM, llama.cpp and servers built on them."""
    on = _switch(context)
    if on is None:
        return {}
    _report_amount(context)
    return {"chat_template_kwargs": {"enable_thinking": on}}


def _prompt_mode(context: _Context) -> Fields:
    """`prompt_mode`: the system prompt for reasoning. Without it the model still reasons (Magistral)."""
    if not _switch(context):
        return {}
    _report_amount(context)
    return {"prompt_mode": "reasoning"}


def _report_amount(context: _Context) -> None:
    """Report an effort or a budget that cannot be sent."""
    request = context.request
    amount = request.effort if request.effort is not None else request.budget_tokens
    if amount is not None and not context.off:
        reason = f"{context.model} can only switch reasoning on or off"
        context.report("changed", reason, amount, "on")


def _clamp_budget(context: _Context, budget: int) -> int:
    low, high = context.quirks.budget_bounds
    clamped = min(max(budget, low), high)
    if clamped != budget:
        reason = f"a budget of {context.model} is between {low} and {high} tokens"
        context.report("clamped", reason, budget, clamped)
    return clamped


STYLES: Mapping[ReasoningStyle, Callable[[_Context], Fields]] = {
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
"""One function per style; "none" sends nothing and has none."""
