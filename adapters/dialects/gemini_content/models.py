"""What Gemini's models do not take. The first prefix that fits counts; what no row knows is taken for a newest model.

facts: thinking: "budget" (tokens) or "level" (a word), absent where a thinkingConfig is refused. thinking_stops: a budget
of 0 ends it. signed_calls: the first function call of a turn is refused without a signature. media_results: a
function's response may carry media. system_role "user": no systemInstruction.

Source: pydantic-ai-slim 2.68.0 profiles/google.py (live checks of September and October 2026), read 2026-11-20. The
bounds of budgets and settings, and Gemma 3 without systemInstruction, are as generally known on that day; no page was
at hand to confirm them.
"""

from llm_pure.core.adaptations import ModelProfile

_SOURCE = "pydantic-ai-slim 2.68.0 profiles/google.py, read 2026-11-20; bounds as generally known"

_NO_REPETITION_PENALTY = {"repetition_penalty": "Gemini has no repetition_penalty"}
_BOUNDS = {"temperature": (0.0, 2.0), "top_p": (0.0, 1.0), "logprobs": (0.0, 20.0)}
"""As generally known on 2026-11-20; unconfirmed."""


def _budget(
    prefix: str, lowest: int, highest: int, *, stops: bool = True, starts: bool = True
) -> ModelProfile:
    """stops: a budget of 0 ends the thinking. starts: it thinks unless told otherwise."""
    return ModelProfile(
        prefix=prefix,
        unsupported=_NO_REPETITION_PENALTY,
        ranges={**_BOUNDS, "thinking_budget": (lowest, highest)},
        reasoning="always" if not stops else "on" if starts else "off",
        traits={"thinking": "budget", "thinking_stops": stops},
        source=_SOURCE,
    )


def _level(prefix: str, *efforts: str) -> ModelProfile:
    return ModelProfile(
        prefix=prefix,
        unsupported=_NO_REPETITION_PENALTY,
        ranges=_BOUNDS,
        reasoning="always",
        efforts=efforts or ("minimal", "low", "medium", "high"),
        traits={"thinking": "level", "signed_calls": True, "media_results": True},
        source=_SOURCE,
    )


def _without_thoughts(prefix: str, **facts: str) -> ModelProfile:
    return ModelProfile(
        prefix=prefix,
        unsupported=_NO_REPETITION_PENALTY,
        ranges=_BOUNDS,
        reasoning="none",
        traits=facts,
        source=_SOURCE,
    )


RULES: tuple[ModelProfile, ...] = (
    _without_thoughts("gemini-2.5-flash-image"),
    _budget("gemini-2.5-pro", 128, 32768, stops=False),
    _budget("gemini-2.5-flash-lite", 512, 24576, starts=False),
    _budget("gemini-2.5", 1, 24576),
    *[
        _without_thoughts(prefix)
        for prefix in ("gemini-2.0", "gemini-1", "gemini-pro-vision", "learnlm")
    ],
    # as generally known: these answer 400 to a systemInstruction; unconfirmed
    _without_thoughts("gemma-3", system_role="user"),
    _without_thoughts("gemma"),
    _level("gemini-3.1-flash-lite-image", "minimal", "high"),
    _level("gemini-3.1-pro", "low", "medium", "high"),
    _level("gemini-3-pro", "low", "high"),
    _level("gemini-3.7-flash", "low", "medium", "high"),
    _level("gemini-3.8-flash", "low", "medium", "high"),
    _level("gemini-4-argon", "low", "medium", "high"),
    _level("gemini-4-carbon", "low", "medium", "high"),
    _level(""),
)
