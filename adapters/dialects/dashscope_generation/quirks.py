"""The quirks of Alibaba's Qwen service, in both of its APIs.

Sources: dashscope 2.0.2, aigc/generation.py (parameters and their ranges); help.aliyun.com/en/model-studio/
qwen-api-via-dashscope, in excerpts (which models are multimodal); the wire notes of this project; read
2026-11-20.
"""

import msgspec

from llm_pure.adapters.dialects.common.turn_rules import CacheMarks, TurnRules
from llm_pure.adapters.dialects.dashscope_generation.errors import ERROR_CODES
from llm_pure.adapters.dialects.openai_chat import Quirks, unsupported_by
from llm_pure.core.adaptations import ModelProfile
from llm_pure.types.messages import Image, Text, ToolResult

_LISTED = (
    "help.aliyun.com, qwen-api-via-dashscope, and agentscope issues 1295 and 1316, read 2026-11-20"
)
_KNOWN = "as generally known, unconfirmed; 2026-11-20"

PROFILES: tuple[ModelProfile, ...] = (
    *[
        ModelProfile(prefix=prefix, traits={"multimodal": True}, source=_LISTED)
        for prefix in ("qwen3.5-plus", "qwen3.6-plus", "qwen3.7-plus", "qwen3-vl", "qwen-vl")
    ],
    *[
        ModelProfile(prefix=prefix, traits={"multimodal": True}, source=_KNOWN)
        for prefix in (
            "qwen2-vl", "qwen2.5-vl", "qvq", "qwen-audio", "qwen2-audio", "qwen-omni", "qwen2.5-omni", "qwen3-omni",
        )
    ],
    ModelProfile(prefix="qwq", reasoning="always", source=_KNOWN),
)  # fmt: skip
"""Trait `multimodal`: the model is called at multimodal-generation, with or without media in the messages."""

_TURNS = TurnRules(
    final_assistant="partial",
    compatible_providers=frozenset({"dashscope", "dashscope_compatible"}),
    cache_marks=CacheMarks(
        key="cache_control",
        parts=frozenset({Text, Image, ToolResult}),
        in_results=True,
        tools=False,
        source="help.aliyun.com, context cache (explicit, of 5 minutes), read 2026-11-29",
    ),
)
"""`partial`: help.aliyun.com, "Partial mode"; read 2026-11-29."""

COMPATIBLE = Quirks(
    unsupported=unsupported_by("dashscope", "frequency_penalty", "metadata"),
    ranges={"temperature": (0, 1.99), "presence_penalty": (-2, 2), "n": (1, 4)},
    profiles=PROFILES,
    reasoning_style="enable_thinking",
    reasoning_replay="reasoning_content",
    tool_choice_values={"auto": "auto", "none": "none", "named": "named"},
    empty_content="",
    document_form="none",
    videos=True,
    turns=_TURNS,
    error_codes=ERROR_CODES,
)
"""Compatible mode: OpenAI's chat completions, with `enable_thinking`."""

NATIVE: Quirks = msgspec.structs.replace(
    COMPATIBLE,
    message_names=False,
    image_detail=False,
    include_usage=False,
    turns=msgspec.structs.replace(_TURNS, cache_marks=None),
)
"""The native API: the same settings, at other paths of the body."""
