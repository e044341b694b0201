"""Profiles of Gemini's models. The first prefix that matches counts; unknown models get the profile of the newest.

Traits. thinking: "budget" (tokens) or "level" (a word); without it thinkingConfig is rejected. thinking_stops: a budget
of 0 turns thinking off. signed_calls: the first function call of a turn needs a signature. media_results: function
responses may contain media. combines: a response format may stand beside tools (pydantic-ai 2.68.0,
google_supports_tool_combination). own_temperature: a configuration file's default temperature is not sent, since Google
"strongly recommends keeping" its default of 1.0 from Gemini 3 on (ai.google.dev, Gemini 3, read 2026-11-29). system_role "user": systemInstruction is not supported.

Source: pydantic-ai-slim 2.68.0 profiles/google.py (live checks of September and October 2026), read 2026-11-20. The
bounds of budgets and settings, and Gemma 3 without systemInstruction, are as generally known on that day; unconfirmed.
"""

from llm_pure.core.adaptations import ModelProfile

_SOURCE = "pydantic-ai-slim 2.68.0 profiles/google.py, read 2026-11-20; bounds as generally known"

_NO_REPETITION_PENALTY = {"repetition_penalty": "Gemini has no repetition_penalty"}
_BOUNDS = {"temperature": (0.0, 2.0), "top_p": (0.0, 1.0), "logprobs": (0.0, 20.0)}
"""As generally known on 2026-11-20; unconfirmed."""


def _budget(
    prefix: str, lowest: int, highest: int, *, stops: bool = True, starts: bool = True
) -> ModelProfile:
    """stops: a budget of 0 turns thinking off. starts: the model thinks by default."""
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
        traits={
            "thinking": "level",
            "signed_calls": True,
            "media_results": True,
            "combines": True,
            "own_temperature": True,
        },
        source=_SOURCE,
    )


def _without_thinking(prefix: str, **traits: str) -> ModelProfile:
    return ModelProfile(
        prefix=prefix,
        unsupported=_NO_REPETITION_PENALTY,
        ranges=_BOUNDS,
        reasoning="none",
        traits=traits,
        source=_SOURCE,
    )


PROFILES: tuple[ModelProfile, ...] = (
    _without_thinking("gemini-2.5-flash-image"),
    _budget("gemini-2.5-pro", 128, 32768, stops=False),
    _budget("gemini-2.5-flash-lite", 512, 24576, starts=False),
    _budget("gemini-2.5", 1, 24576),
    *[
        _without_thinking(prefix)
        for prefix in ("gemini-2.0", "gemini-1", "gemini-pro-vision", "learnlm")
    ],
    # as generally known: a systemInstruction gets a 400; unconfirmed
    _without_thinking("gemma-3", system_role="user"),
    _without_thinking("gemma"),
    _level("gemini-3.1-flash-lite-image", "minimal", "high"),
    _level("gemini-3.1-pro", "low", "medium", "high"),
    _level("gemini-3-pro", "low", "high"),
    _level("gemini-3.7-flash", "low", "medium", "high"),
    _level("gemini-3.8-flash", "low", "medium", "high"),
    _level("gemini-4-argon", "low", "medium", "high"),
    _level("gemini-4-carbon", "low", "medium", "high"),
    _level("gemini-3"),
    _level(
        "", "low", "medium", "high"
    ),  # newer than this table: like Gemini 4, which refuses minimal
)
