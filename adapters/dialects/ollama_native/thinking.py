"""How much to think -> the wire's `think`: true, false or a level.

Source: ollama/ollama v0.33.0-rc2, docs/capabilities/thinking.mdx and api/types.go (ThinkValue), read 2026-11-20.
"""

from llm_pure.adapt import Adaptation, ModelRule, rule_for
from llm_pure.request import ReasoningRequest

_LEVELS = ("low", "medium", "high", "max")

RULES: tuple[ModelRule, ...] = (
    ModelRule(
        prefix="gpt-oss",
        reasoning="always",
        efforts=("low", "medium", "high"),
        source="ollama/ollama docs/capabilities/thinking.mdx, read 2026-11-20",
    ),
)
"""gpt-oss passes over true and false, and cannot stop to think."""

_EFFORTS = ("none", "minimal", *_LEVELS[:3], "xhigh", "max")

_LEVEL_OF_BUDGET = ((1024, "low"), (8192, "medium"))
"""Token budgets for models that know levels only: up to 1024 is low, up to 8192 medium, above that high."""


def wire_think(
    model: str, asked: ReasoningRequest | None, *, explicit: bool
) -> tuple[bool | str | None, tuple[Adaptation, ...]]:
    """`think`, None when nothing is sent, and what was changed. explicit: the user chose it, so a change is told."""
    if asked is None:
        return None, ()
    rule = rule_for(RULES, model)
    levels = rule.efforts or _LEVELS
    wanted = asked.effort if asked.enabled else "none"
    if wanted == "none":
        if rule.reasoning != "always":
            return False, ()
        return _changed("none", levels[0], f"{model} always thinks", explicit=explicit)
    if wanted is None and asked.budget_tokens is not None:
        given = asked.budget_tokens
        if not rule.efforts:
            return _changed(given, True, "Ollama has no budget of tokens", explicit=explicit)
        near = next((level for limit, level in _LEVEL_OF_BUDGET if given <= limit), "high")
        return _changed(given, near, f"{model} takes {', '.join(levels)}", explicit=explicit)
    if wanted is None:
        return ("medium" if rule.efforts else True), ()
    if wanted in levels:
        return wanted, ()
    place = _EFFORTS.index(wanted)
    near = min(levels, key=lambda one: (abs(_EFFORTS.index(one) - place), _EFFORTS.index(one)))
    return _changed(wanted, near, f"{model} takes {', '.join(levels)}", explicit=explicit)


def _changed(
    before: object, after: bool | str, reason: str, *, explicit: bool
) -> tuple[bool | str, tuple[Adaptation, ...]]:
    told = Adaptation(
        field="reasoning", action="changed", reason=reason, before=before, after=after
    )
    return after, (told,) if explicit else ()
