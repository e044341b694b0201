"""How much to think -> the wire's `think`: true, false or a level.

Source: ollama/ollama v0.33.0-rc2, docs/capabilities/thinking.mdx and api/types.go (ThinkValue), read 2026-11-20.
"""

from llm_pure.adapt import Adaptation, ModelRule, rule_for
from llm_pure.adapters.dialects.openai_effort import effort_of, reasoning_told
from llm_pure.request import ReasoningRequest

_SOURCE = "ollama/ollama docs/capabilities/thinking.mdx, read 2026-11-20"

RULES: tuple[ModelRule, ...] = (
    ModelRule(
        prefix="gpt-oss", reasoning="always", efforts=("low", "medium", "high"), source=_SOURCE
    ),
    ModelRule(prefix="", efforts=("low", "medium", "high", "max"), source=_SOURCE),
)
"""gpt-oss passes over true and false, and cannot stop to think; all others take both."""


def wire_think(
    model: str, asked: ReasoningRequest | None, *, explicit: bool
) -> tuple[bool | str | None, tuple[Adaptation, ...]]:
    """`think`, None when nothing is sent, and what was changed. explicit: the user chose it, so a change is told."""
    if asked is None:
        return None, ()
    rule = rule_for(RULES, model)
    switched = rule.reasoning != "always"
    if switched and (asked.effort == "none" or not asked.enabled):
        return False, ()
    think: bool | str | None
    told: tuple[Adaptation, ...]
    if switched and asked.effort is None and asked.budget_tokens is not None:
        think, reason = True, "Ollama has no budget of tokens"
        told = (reasoning_told("changed", reason, asked.budget_tokens, think),)
    else:
        think, told = effort_of(asked, rule, model)
    return think or (True if switched else "medium"), told if explicit else ()
