"""The quirks of Alibaba's Qwen service, in both of its APIs.

Sources: dashscope 2.0.2, aigc/generation.py (parameters and their ranges); help.aliyun.com/en/model-studio/
qwen-api-via-dashscope, in excerpts (which models are multimodal); the wire notes of this project; read
2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.turn_rules import CacheMarks, TurnRules
from llm_pure.adapters.dialects.dashscope_generation.errors import ERROR_CODES
from llm_pure.adapters.dialects.openai_chat import Quirks, output_limit, unsupported_by
from llm_pure.core.adaptations import FieldRule, ModelProfile
from llm_pure.schema.profiles import DASHSCOPE_TOOL_NAME
from llm_pure.types.messages import Image, Text, ToolResult
from llm_pure.types.request import AudioOutput

_LISTED = (
    "help.aliyun.com, qwen-api-via-dashscope, and agentscope issues 1295 and 1316, read 2026-11-20"
)
_KNOWN = "as generally known, unconfirmed; 2026-11-20"

_STREAMS = "the wire notes of this project, 4.15: thinking-only models only answer in streams, read 2026-11-20"
_HYBRID = 'langchain4j#3974, evalscope#998: "enable_thinking must be set to false for non-streaming calls", read 2026-11-29'

_OUTPUT = '"Range of max_tokens should be [1, 131072]" (opencode#40770), "[1, 8192]" for qwen-max (opencode#16971), read 2026-11-30'

_OMNI = (
    "help.aliyun.com, Model Studio, Error messages: \"'audio' output only support with stream=true. Qwen-Omni requires"
    ' streaming output", read 2026-11-30; the wire notes of this project, 4.15'
)
_FORCED = (
    '400 for qwen3.8-max and qwen3.7-plus, which think by default: "The tool_choice parameter does not support being set to'
    ' required or object in thinking mode" (in public code and logs), read 2026-11-30'
)

PROFILES: tuple[ModelProfile, ...] = (
    *[
        ModelProfile(prefix=f"qwen3-{size}-instruct", reasoning="none", source=_HYBRID)
        for size in ("235b-a22b", "30b-a3b", "4b", "next-80b-a3b")
    ],
    *[
        ModelProfile(
            prefix=f"qwen3-{size}-thinking",
            reasoning="always",
            traits={"stream_only": True},
            source=_STREAMS,
        )
        for size in ("235b-a22b", "30b-a3b", "4b", "next-80b-a3b")
    ],
    *[
        ModelProfile(
            prefix=f"qwen3-{size}",
            reasoning="on",
            traits={"reasoning_needs_stream": True},
            source=_HYBRID,
        )
        for size in ("235b-a22b", "30b-a3b", "32b", "14b", "8b", "4b", "1.7b", "0.6b")
    ],
    ModelProfile(
        prefix="qwen3.8",
        ranges=output_limit(131_072),
        reasoning="on",
        traits={"format_with_reasoning": True},
        source=f"json_object beside enable_thinking is taken, read 2026-11-29; {_FORCED}; {_OUTPUT}",
    ),
    ModelProfile(prefix="qwen-max", ranges=output_limit(8_192), source=_OUTPUT),
    *[
        ModelProfile(prefix=prefix, reasoning="on", traits={"multimodal": True}, source=_LISTED)
        for prefix in ("qwen3.5-plus", "qwen3.6-plus", "qwen3.7-plus")
    ],
    *[
        ModelProfile(prefix=prefix, reasoning="on", source=_FORCED)
        for prefix in ("qwen3.5", "qwen3.6", "qwen3.7")
    ],
    *[
        ModelProfile(prefix=prefix, traits={"multimodal": True}, source=_LISTED)
        for prefix in ("qwen3-vl", "qwen-vl")
    ],
    *[
        ModelProfile(prefix=prefix, traits={"multimodal": True}, source=_KNOWN)
        for prefix in ("qwen2-vl", "qwen2.5-vl", "qvq", "qwen-audio", "qwen2-audio")
    ],
    *[
        ModelProfile(prefix=prefix, traits={"multimodal": True, "stream_only": True}, source=_OMNI)
        for prefix in ("qwen-omni", "qwen2.5-omni", "qwen3-omni")
    ],
    ModelProfile(prefix="qwq", reasoning="always", traits={"stream_only": True}, source=_STREAMS),
)  # fmt: skip
"""Trait `multimodal`: the model is called at multimodal-generation, with or without media in the messages."""


def audio_fields(audio: AudioOutput) -> dict[str, Any]:
    """`audio` of the omni models, and the modalities that it implies."""
    voice = {"voice": audio.voice, "format": audio.format or "wav"}
    return {"audio": voice, "modalities": ["text", "audio"]}


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
    # 400, 'The "function.arguments" parameter of the code model must be in JSON format.' (in public code and logs), read 2026-11-30
    object_arguments=True,
    unsupported=unsupported_by("dashscope", "frequency_penalty", "metadata"),
    # help.aliyun.com, Model Studio, Error messages (InvalidParameter), read 2026-11-30: top_p in (0, 1], repetition_penalty
    # above 0; "input content must be a string" of text models; the names of tools
    ranges={
        "temperature": (0, 1.99),
        "top_p": (0.01, 1),
        "repetition_penalty": (0.01, 100),
        "seed": (0, 2**63 - 1),
        "presence_penalty": (-2, 2),
        "logprobs": (
            0,
            5,
        ),  # 400 "Range of top_logprobs should be [0, 5]" (in public code and logs)
        "n": (1, 4),
    },
    text_parts=False,
    tool_name=DASHSCOPE_TOOL_NAME,
    profiles=PROFILES,
    options={"modalities": "modalities", "audio": audio_fields},
    rules=(
        FieldRule(
            field="n",
            setting="n",
            excluded_by={"tools": ()},
            unless=(1,),
            reason="only one choice beside tools",
            source='help.aliyun.com, qwen-api-via-openai-chat-completions, n: "with tools, set n to 1"; read 2026-11-30',
        ),
    ),
    format_with_reasoning=False,
    json_word=True,
    reasoning_style="enable_thinking",
    reasoning_replay="reasoning_content",
    tool_choice_values={"auto": "auto", "none": "none", "named": "named"},
    forced_tool_with_reasoning=False,
    empty_content="",
    document_form="none",
    videos=True,
    turns=_TURNS,
    error_codes=ERROR_CODES,
)
"""Compatible mode: OpenAI's chat completions, with `enable_thinking`."""

NATIVE: Quirks = msgspec.structs.replace(
    COMPATIBLE,
    options={},
    message_names=False,
    image_detail=False,
    include_usage=False,
    document_form="none",
    turns=msgspec.structs.replace(_TURNS, cache_marks=None),
)
"""The native API: the same settings, at other paths of the body."""
