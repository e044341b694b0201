"""Profiles of Gemini's models. The first prefix that matches counts; unknown models get the profile of the newest.

Traits:

- thinking: "budget" (tokens) or "level" (a word); without it thinkingConfig is rejected.
- thinking_stops: a budget of 0 turns thinking off.
- signed_calls: the first function call of a turn needs a signature.
- media_results: function responses may contain media.
- combines: a response format may stand beside tools (pydantic-ai 2.68.0, google_supports_tool_combination).
- own_temperature: a configuration file's default temperature is not sent, since Google "strongly recommends keeping" its
  default of 1.0 from Gemini 3 on (ai.google.dev, Gemini 3, read 2026-11-29).
- system_role "user": systemInstruction is not supported. functions False: no function calling. json False: no JSON mode.
- prefill: the model continues a turn of its own at the end; others refuse it, "Requests ending with a model turn are not
  supported" (live tables in LibreChat-AI/agents#323 and pipecat-ai/pipecat#5821; anomalyco/opencode#45359, #47034; read
  2026-11-30).

Source: pydantic-ai-slim 2.68.0 profiles/google.py (live checks of September and October 2026), read 2026-11-20. The
bounds of budgets are as generally known on that day; unconfirmed.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.core.adaptations import ModelProfile

_SOURCE = "pydantic-ai-slim 2.68.0 profiles/google.py, read 2026-11-20; bounds as generally known"

_NO_REPETITION_PENALTY = {"repetition_penalty": "Gemini has no repetition_penalty"}
_BOUNDS = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "logprobs": (0.0, 20.0),
    "n": (1, 8),
    "seed": (-(2**31), 2**31 - 1),
    "presence_penalty": (-2.0, 1.99),
    "frequency_penalty": (-2.0, 1.99),
}
"""google-genai 3.6.1 GenerateContentConfig (candidate_count 1 to 8, seed int32) and cloud.google.com, GenerationConfig (penalties
from -2 to below 2), read 2026-11-30; the others as generally known on 2026-11-20, unconfirmed."""

_NO_PENALTIES = dict.fromkeys(
    ("presence_penalty", "frequency_penalty"),
    'the service refuses it: "Penalty is not enabled for this model"',
)
"""PublicAffairs/openai-gemini#63 (2.5, while 2.0 takes them), vercel/ai#4022, and for 3.7 and 3.8, there and on Vertex AI,
Ikalus1988/MisakaNet#1473; read 2026-11-30."""

_MAX_OUTPUT = {"max_tokens": (1, 65_536)}
"""ai.google.dev, models: the output limit of 2.5 and 3. More is a 400, "the supported range is from 1 (inclusive) to 65537
(exclusive)"; read 2026-11-30."""


def _budget(
    prefix: str, lowest: int, highest: int, *, stops: bool = True, starts: bool = True
) -> ModelProfile:
    """stops: a budget of 0 turns thinking off. starts: the model thinks by default."""
    return ModelProfile(
        prefix=prefix,
        unsupported={**_NO_REPETITION_PENALTY, **_NO_PENALTIES},
        ranges={**_BOUNDS, **_MAX_OUTPUT, "thinking_budget": (lowest, highest)},
        reasoning="always" if not stops else "on" if starts else "off",
        traits={"thinking": "budget", "thinking_stops": stops, "prefill": True},
        source=_SOURCE,
    )


def _level(prefix: str, *efforts: str, **traits: Any) -> ModelProfile:
    return ModelProfile(
        prefix=prefix,
        unsupported={**_NO_REPETITION_PENALTY, **_NO_PENALTIES},
        ranges={**_BOUNDS, **_MAX_OUTPUT} if prefix.startswith("gemini-3") else _BOUNDS,
        reasoning="always",
        efforts=efforts or ("minimal", "low", "medium", "high"),
        traits={
            "thinking": "level",
            "signed_calls": True,
            "media_results": True,
            "combines": True,
            "own_temperature": True,
            **traits,
        },
        source=_SOURCE,
    )


_PLAIN: Mapping[str, Any] = {"functions": False, "json": False}
_PLAIN_SOURCE = (
    '"Function calling is not enabled for models/...", "JSON mode is not enabled for models/...", "Developer instruction'
    ' is not enabled for models/..."; truefoundry/models#608, read 2026-11-30; other models as generally known, unconfirmed'
)


def _without_thinking(
    prefix: str, max_output: int, *, source: str = _SOURCE, **traits: Any
) -> ModelProfile:
    return ModelProfile(
        prefix=prefix,
        unsupported=_NO_REPETITION_PENALTY,
        ranges={**_BOUNDS, "max_tokens": (1, max_output)},
        reasoning="none",
        traits={"prefill": True, **traits},
        source=source,
    )


PROFILES: tuple[ModelProfile, ...] = (
    _without_thinking("gemini-2.5-flash-image", 32_768, source=_PLAIN_SOURCE, **_PLAIN),
    *[
        _without_thinking(prefix, 16_384, source=_PLAIN_SOURCE, system_role="user", **_PLAIN)
        for prefix in ("gemini-2.5-flash-preview-tts", "gemini-2.5-pro-preview-tts")
    ],
    _budget("gemini-2.5-pro", 128, 32768, stops=False),
    _budget("gemini-2.5-flash-lite", 512, 24576, starts=False),
    _budget("gemini-2.5", 1, 24576),
    *[
        _without_thinking(prefix, 8192)
        for prefix in ("gemini-2.0", "gemini-1", "gemini-pro-vision", "learnlm")
    ],
    _without_thinking("gemma-3", 8192, source=_PLAIN_SOURCE, system_role="user", **_PLAIN),
    _without_thinking("gemma", 32_768),
    _level("gemini-3.1-flash-lite-image", "minimal", "high", functions=False, prefill=True),
    _level("gemini-3.1-flash-image", functions=False, prefill=True),
    _level("gemini-3-pro-image", "low", "high", functions=False, prefill=True),
    _level("gemini-3.1-pro", "low", "medium", "high", prefill=True),
    _level("gemini-3-pro", "low", "high", prefill=True),
    _level("gemini-3-", prefill=True),
    _level("gemini-3.1-", prefill=True),
    _level("gemini-3.5-flash-lite"),
    _level("gemini-3.5-flash", prefill=True),
    _level("gemini-3.7-flash", "low", "medium", "high"),
    _level("gemini-3.8-flash", "low", "medium", "high"),
    _level("gemini-4-argon", "low", "medium", "high"),
    _level("gemini-4-carbon", "low", "medium", "high"),
    _level("gemini-3"),
    _level(
        "", "low", "medium", "high"
    ),  # newer than this table: like Gemini 4, which refuses minimal
)
