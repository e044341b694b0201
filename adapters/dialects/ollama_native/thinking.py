"""ReasoningRequest -> the field `think`: true, false or a level.

Source: ollama/ollama v0.33.0-rc2, docs/capabilities/thinking.mdx and api/types.go (ThinkValue), read 2026-11-20.
"""

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.reasoning_effort import effort_of
from llm_pure.core.adaptations import Adaptation, ModelProfile, profile_for
from llm_pure.types.request import ReasoningRequest

_SOURCE = "ollama/ollama docs/capabilities/thinking.mdx, read 2026-11-20"
_PLAIN = (
    '400 "... does not support thinking" (taketwo/llm-ollama#54: gemma3n), read 2026-11-30; other families as generally known of'
    " ollama.com/library, unconfirmed"
)

RULES: tuple[ModelProfile, ...] = (
    ModelProfile(
        prefix="gpt-oss", reasoning="always", efforts=("low", "medium", "high"), source=_SOURCE
    ),
    *[
        ModelProfile(prefix=prefix, reasoning="none", source=_PLAIN)
        for prefix in (
            "llama2", "llama3", "llama4", "codellama", "tinyllama", "llava", "gemma:", "gemma2", "gemma3", "mistral", "mixtral",
            "phi3", "qwen2", "qwen3-coder", "command-r",
        )
    ],
    ModelProfile(prefix="", efforts=("low", "medium", "high", "max"), source=_SOURCE),
)  # fmt: skip
"""gpt-oss ignores true and false, and always reasons; families without thinking refuse it; all other models support both."""


def wire_think(
    model: str, request: ReasoningRequest | None
) -> tuple[bool | str | None, tuple[Adaptation, ...]]:
    """Return `think`, None if nothing is to be sent, and the adaptations."""
    if request is None:
        return None, ()
    rule = profile_for(RULES, model)
    if rule.reasoning == "none":
        lost = dropped("reasoning", f"{model} does not think", request.effort)
        return None, (lost,) if request.enabled and request.effort != "none" else ()
    can_switch = rule.reasoning != "always"
    if can_switch and (request.effort == "none" or not request.enabled):
        return False, ()
    if can_switch and request.effort is None and request.budget_tokens is not None:
        reason = "Ollama has no budget of tokens"
        return True, (changed("reasoning", reason, request.budget_tokens, True),)
    effort, adaptations = effort_of(request, rule, model)
    return effort or (True if can_switch else "medium"), adaptations
