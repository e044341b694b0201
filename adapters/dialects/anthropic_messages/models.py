"""Profiles of Claude models. The first matching prefix counts.

Traits that the dialect reads, beside the fields of ModelProfile:
  thinking      the `thinking.type` of the model: "enabled" (with a budget in tokens), "adaptive", or "both"
  hidden        True: thinking is hidden unless `display` requests it
  off           the `thinking.type` for the least thinking; "disabled" by default
  forced_tools  False: tool_choice "any" and "tool" are rejected
  schema        True: `output_config.format` and strict tools are supported
  one_of        True: temperature and top_p are rejected together
  max_output    the most tokens of an answer without beta features, where no range limits max_tokens
  effort_betas  names of beta features that an effort needs at hosts that list them in the body (Bedrock)
  system_turns  True: role "system" may be a turn of the conversation, after a user turn

Output limits without a range: litellm 1.110.2 model_prices (max_output_tokens), read 2026-11-29.
Source: pydantic-ai-slim 2.68.0 profiles/anthropic.py (live checks of Nov 2026), anthropic 2.11.0 types/model.py, error
bodies in BerriAI/litellm#15097 (one_of); read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any, Literal

from llm_pure.core.adaptations import ModelProfile

_SOURCE = "pydantic-ai-slim 2.68.0 profiles/anthropic.py, read 2026-11-20"

ALL_EFFORTS = ("low", "medium", "high", "xhigh", "max")

_SAMPLING: Mapping[str, str] = dict.fromkeys(
    ("temperature", "top_p", "top_k"), "this model rejects sampling parameters"
)
_SAMPLING_WHILE_THINKING: Mapping[str, str] = {
    "temperature": "it must be the default while the model thinks",
    "top_k": "it is rejected while the model thinks",
}


def _new(
    *prefixes: str, reasoning: Literal["off", "on", "always"], **traits: Any
) -> list[ModelProfile]:
    """Models without sampling parameters and with adaptive thinking, by effort."""
    return [
        ModelProfile(
            prefix=prefix,
            unsupported=_SAMPLING,
            ranges={"max_tokens": (0, 128_000)},
            reasoning=reasoning,
            efforts=ALL_EFFORTS,
            traits={"thinking": "adaptive", "hidden": True, "schema": True, **traits},
            source=_SOURCE,
        )
        for prefix in prefixes
    ]


def _older(
    *prefixes: str,
    efforts: tuple[str, ...] = (),
    max_output: int | None = None,
    reasoning: Literal["none", "off", "always"] = "off",
    writes: int | None = None,
    **traits: Any,
) -> list[ModelProfile]:
    """Models with sampling parameters; most think with a budget in tokens.

    `max_output` limits max_tokens; `writes` is the default only, since beta features raise it.
    """
    if writes is not None:
        traits["max_output"] = writes
    return [
        ModelProfile(
            prefix=prefix,
            unsupported_while_reasoning=_SAMPLING_WHILE_THINKING,
            ranges={} if max_output is None else {"max_tokens": (0, max_output)},
            reasoning=reasoning,
            efforts=efforts,
            traits={"thinking": "enabled", **traits},
            source=_SOURCE,
        )
        for prefix in prefixes
    ]


_BEFORE_XHIGH = ("low", "medium", "high", "max")

PROFILES: tuple[ModelProfile, ...] = (
    *_new(
        "claude-fable-5-1", "claude-fable-5-2", "claude-mythos-5-1", "claude-mythos-5-2",
        reasoning="always", forced_tools=False,
    ),
    *_new("claude-fable-5", "claude-mythos-5", reasoning="always", system_turns=True),
    *_new("claude-opus-5-5", reasoning="always", forced_tools=False),
    *_new("claude-opus-5", reasoning="on", system_turns=True),
    *_new("claude-sonnet-5-5", reasoning="on", forced_tools=False, off="between_tools"),
    *_new("claude-sonnet-5", "claude-haiku-5-5", reasoning="on"),
    *_new("claude-opus-4-8", reasoning="off", system_turns=True),
    *_new("claude-opus-4-7", reasoning="off"),
    *_older(
        "claude-mythos-preview",
        max_output=128_000, reasoning="always", thinking="both", schema=True, one_of=True,
    ),
    *_older(
        "claude-opus-4-6", "claude-sonnet-4-6",
        efforts=_BEFORE_XHIGH, max_output=128_000, thinking="both", schema=True, one_of=True,
    ),
    *_older(
        "claude-opus-4-5",
        efforts=("low", "medium", "high"), max_output=64_000, schema=True, one_of=True,
        # Bedrock: "output_config.effort: Extra inputs are not permitted" (coder#25356, claude-code-action#1005); 4.6 and
        # later need none, nor does Anthropic's own API since February 2026; read 2026-11-29
        effort_betas=("effort-2025-11-24",),
    ),
    *_older("claude-sonnet-4-5", "claude-haiku-4-5", max_output=64_000, schema=True, one_of=True),
    *_older("claude-opus-4-1", schema=True, one_of=True, max_output=32_000),
    *_older("claude-opus-4", max_output=32_000),
    *_older("claude-sonnet-4", max_output=64_000),
    *_older("claude-3-7", writes=64_000),
    *_older("claude-3-5", reasoning="none", max_output=8_192),
    *_older("claude-3", "claude-2", "claude-v2", "claude-instant", reasoning="none", max_output=4_096),
    *_new("claude-", reasoning="on", forced_tools=False),  # newer than this table: like the newest that are in it
)  # fmt: skip

_REFUSE_FORCED = (
    "claude-opus-4-6",
    "claude-sonnet-4-6",
    "claude-opus-4-7",
    "claude-mythos-preview",
)


def refuses_forced(profile: ModelProfile) -> bool:
    """Whether the model refuses on Bedrock to be forced to call a tool while it thinks adaptively.

    Up to 4.7: langchain-ai/langchain-aws#1141, #1151 (live tests); Anthropic's own API takes it (pydantic/pydantic-ai#7283).
    Read 2026-11-30.
    """
    return profile.prefix in _REFUSE_FORCED


OTHER_MODELS = ModelProfile(
    prefix="",
    unsupported_while_reasoning=_SAMPLING_WHILE_THINKING,
    traits={"thinking": "enabled"},
    source="no claim: models of other makers behind this API",
)
"""For names that are not Claude's: thinking with a budget, as the API documents it, and no effort."""
