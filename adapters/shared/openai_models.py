"""Profiles of OpenAI's models, for every API that serves them. The first matching prefix counts.

Source: pydantic-ai profiles/openai.py (live checks of July 2026), vercel/ai capabilities table, OpenAI error bodies
recorded in both; rows of gpt-6 from third-party notes (docs.laozhang.ai, Nov 2026). Read 2026-11-20.

Traits: `json_formats`, the JSON formats that chat completions support, where they do not support all; `system_role`, the
role of system messages; `tools_conflict_with`, what chat completions do not support beside tools (BerriAI/litellm PR 34569,
livekit/agents PR 7169, openai/openai-openapi issue 541; read 2026-11-20).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from llm_pure.adapters.dialects.common.turn_rules import CacheMarks, CallIds, TurnRules
from llm_pure.adapters.dialects.openai_chat import output_limit, profiles_of
from llm_pure.core.adaptations import FieldRule, Identifier, MetadataLimits, ModelProfile
from llm_pure.core.resolved_request import OptionField
from llm_pure.types.messages import Audio, Document, Image, Text
from llm_pure.types.operations import EmbedLimit
from llm_pure.types.request import AudioOutput

_SOURCE = "pydantic-ai profiles/openai.py and vercel/ai openai capabilities, read 2026-11-20"
_OPENAPI = "openai/openai-openapi 2.3.0, read 2026-11-20"
_FORMATS = "developers.openai.com, Structured Outputs and JSON mode; read 2026-11-20"
_OUTPUT = (
    '"max_tokens is too large: 20480. This model supports at most 16384 completion tokens" (forgecode#1185, catwalk#41, NextChat#3195;'
    " at Azure too), read 2026-11-30; the numbers of other models: tokens/windows.py"
)
_REASON = "OpenAI's reasoning models refuse it"

_STOP = "OpenAI refuses it: \"'stop' is not supported with this model\""
"""smolagents#1671, litellm#15244: gpt-5 and its successors. At effort none too: gpt-5.1 and gpt-5.2 by their default
(smolagents#1868, #1893, crewAI#5144), though litellm#28662 claims otherwise. Read 2026-11-29."""

_NEVER = dict.fromkeys(
    ("presence_penalty", "frequency_penalty", "logit_bias", "prediction"), _REASON
)
_NOT_WHILE_REASONING = dict.fromkeys(("temperature", "top_p", "logprobs"), _REASON)

_NOT_PARALLEL = {
    "parallel_tool_calls": "chat completions of the o series refuse it: \"Unsupported parameter: 'parallel_tool_calls'\""
}
"""langchain#29704 and litellm#8980 (o3-mini), inspect_ai#1023 (o1), tensorzero#2805 (o4-mini), langgraph-supervisor-py#125 (o3; gpt-4.1
takes it); read 2026-11-30. The Responses API takes it."""

_OLDER = {"verbosity": "models before gpt-5 have no verbosity"}
_PLAIN_VERBOSITY = {"verbosity": "codex models take no verbosity but medium"}
"""copilot-cli#2476 (gpt-5.2-codex), openai/codex#9035 (gpt-5.1-codex-max), litellm#16735 (gpt-5-codex); read 2026-11-30."""
_WITHOUT_PREDICTION = {**_OLDER, "prediction": "only gpt-4o and gpt-4.1 take a prediction"}


CACHE_MARKS = CacheMarks(
    key="prompt_cache_breakpoint",
    parts=frozenset({Text, Image, Audio, Document}),
    tools=False,
    assistant=False,
    ttls=frozenset({"30m", "12h"}),
    max_marks=None,
    models=("gpt-5.6", "gpt-5.7", "gpt-5.8", "gpt-5.9", "gpt-6", "gpt-7"),
    source="openai 3.57.0 types/chat/chat_completion_content_part_text_param.py: gpt-5.6 and later, read 2026-11-29",
)

TURNS = TurnRules(
    call_ids=CallIds(max_length=40, description="at most 40 characters"),
    cache_marks=CACHE_MARKS,
)
"""Chat completions of OpenAI: a longer id of a call is a 400, "string too long. Expected a string with maximum length 40"
(langchain-ai/langgraphjs and others); read 2026-11-29."""

_Efforts = tuple[str, ...]
_UP_TO_HIGH: _Efforts = ("low", "medium", "high")
_UP_TO_XHIGH: _Efforts = (*_UP_TO_HIGH, "xhigh")
_FROM_MEDIUM: _Efforts = ("medium", "high", "xhigh")
_PAGE_OF_6_2 = (
    "developers.openai.com, models, gpt-6.2-sol; openai 3.57.0 ChatModel; read 2026-11-29"
)
_CODEX = (
    "enricoros/big-AGI#944 (live, every model), openai/codex#6647 and #7911, anomalyco/models.dev#2296: efforts of codex models,"
    " which are never none; read 2026-11-30"
)
_MEDIUM = (
    "anomalyco/opencode#26273 and enricoros/big-AGI#1159 (live): medium alone, read 2026-11-30"
)
_MAX: dict[str, Any] = {"responses_efforts": (*_UP_TO_XHIGH, "max")}
"""The Responses API takes one effort more from gpt-5.6 on (pydantic-ai 2.68.0, live checks); chat completions refuse it."""


def _always(
    *prefixes: str,
    efforts: _Efforts = _UP_TO_HIGH,
    unsupported: Mapping[str, str] = MappingProxyType({}),
    writes: int | None = None,
    is_fallback: bool = False,
    source: str = _SOURCE,
    **traits: Any,
) -> tuple[ModelProfile, ...]:
    """Models that always reason."""
    return profiles_of(
        prefixes,
        unsupported={**_NEVER, **_NOT_WHILE_REASONING, **unsupported},
        ranges=output_limit(writes),
        reasoning="always",
        efforts=efforts,
        traits={"system_role": "developer", **traits},
        is_fallback=is_fallback,
        source=source,
    )


def _from_5(
    *prefixes: str, unsupported: Mapping[str, str] = MappingProxyType({}), **fields: Any
) -> tuple[ModelProfile, ...]:
    """Models from gpt-5 on that always reason."""
    fields = {"writes": 128_000, **fields}
    return _always(*prefixes, unsupported={"stop": _STOP, **unsupported}, **fields)


def _o_series(
    *prefixes: str, stops: bool = True, source: str = _OPENAPI, **fields: Any
) -> tuple[ModelProfile, ...]:
    """Models of the o series. `stops`: stop sequences are supported (openai/openai-openapi 2.3.0, `stop`)."""
    unsupported = {**_OLDER, **_NOT_PARALLEL, **({} if stops else {"stop": _STOP})}
    return _always(*prefixes, unsupported=unsupported, writes=100_000, source=source, **fields)


def _switchable(
    *prefixes: str,
    reasoning: Literal["on", "off"] = "on",
    efforts: _Efforts = _UP_TO_XHIGH,
    **traits: Any,
) -> tuple[ModelProfile, ...]:
    """Models whose reasoning can be switched; `reasoning` is the default."""
    return profiles_of(
        prefixes,
        unsupported={**_NEVER, "stop": _STOP},
        unsupported_while_reasoning=_NOT_WHILE_REASONING,
        ranges=output_limit(128_000),
        reasoning=reasoning,
        efforts=("none", *efforts),
        traits={"system_role": "developer", **traits},
        source=_SOURCE,
    )


def audio_fields(audio: AudioOutput) -> dict[str, Any]:
    """`audio`, and the modalities that it implies."""
    voice = {"voice": audio.voice, "format": audio.format or "wav"}
    return {"audio": voice, "modalities": ["text", "audio"]}


SAFETY_IDENTIFIER = Identifier(
    path="safety_identifier",
    max_length=128,
    source='openai 3.57.0, completion_create_params.py: "with a maximum length of 128 characters", read 2026-11-30',
)
PROMPT_CACHE_KEY = Identifier(
    path="prompt_cache_key",
    max_length=64,
    source="\"Invalid 'prompt_cache_key': string too long. Expected a string with maximum length 64\" (in public code and logs),"
    " read 2026-11-30",
)

IDENTIFIERS: Mapping[str, OptionField] = {
    "user": SAFETY_IDENTIFIER,
    "prompt_cache_key": PROMPT_CACHE_KEY,
}

OPTIONS: Mapping[str, OptionField] = {
    "user": SAFETY_IDENTIFIER,
    "service_tier": "service_tier",
    "verbosity": "verbosity",
    "prompt_cache_key": PROMPT_CACHE_KEY,
    "store": "store",
    "modalities": "modalities",
    "audio": audio_fields,
    "logit_bias": "logit_bias",
    "prediction": lambda text: {"prediction": {"type": "content", "content": text}},
}
"""Optional fields of chat completions. Source: openai 3.57.0, completion_create_params.py, read 2026-11-29."""

PARTICIPANT_NAME = re.compile(r"[\s<|\\/>]")
"""Characters that a message's name cannot have: '^[^\\s<|\\\\/>]+$' (the 400 in jekalmin/extended_openai_conversation#251 has the
stricter one of 2024; langchain-ai/langgraph#277); read 2026-11-30."""

IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""developers.openai.com, Images and vision: PNG, JPEG, WEBP and GIF that is not animated; read 2026-11-30."""

METADATA = MetadataLimits(
    max_pairs=16,
    key=re.compile(r"[\s\S]{1,64}"),
    value=re.compile(r"[\s\S]{0,512}"),
    source="openai 3.57.0, shared_params/metadata.py: 16 pairs, keys up to 64 characters, values up to 512; read 2026-11-30",
)

RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
    "n": (1, 128),
    "logprobs": (0, 20),
}
"""openai/openai-openapi 2.3.0, CreateChatCompletionRequest, read 2026-11-30."""

LIMITS: Mapping[str, Any] = {
    "ranges": RANGES,
    "max_stop_sequences": 4,
    "max_tools": 128,
    "metadata_limits": METADATA,
    "invalid_in_names": PARTICIPANT_NAME,
    "image_types": IMAGE_TYPES,
}
"""Quirks of OpenAI's chat completions, wherever they are served. openai 3.57.0: "Up to 4 sequences", "A max of 128 functions";
read 2026-11-30."""

CHAT_RULES = (
    FieldRule(
        field="prediction",
        setting="prediction",
        excluded_by={"tools": (), "logprobs": (), "audio": ()},
        reason="a prediction cannot stand beside tools, logprobs or audio",
        source="developers.openai.com, Predicted Outputs, limitations; as generally known on 2026-11-30, unconfirmed",
    ),
    FieldRule(
        field="metadata",
        setting="metadata",
        needs="store",
        reason="metadata needs store: the provider keeps it with stored completions only",
        source="langchaingo#1484: \"only allowed when 'store' is enabled\"; read 2026-11-29",
    ),
    FieldRule(
        field="max_completion_tokens",
        setting="max_tokens",
        excluded_by={"max_tokens": ()},
        reason="extra has max_tokens, and the API refuses both",
        source="openai 3.57.0, completion_create_params.max_tokens (deprecated), read 2026-11-29",
    ),
    FieldRule(
        field="stream_options",
        setting="",
        needs="stream",
        reason="stream_options needs stream",
        source="openai 3.57.0, completion_create_params.stream_options, read 2026-11-29",
    ),
)

EMBED_LIMITS = (
    EmbedLimit(
        max_texts=2048,
        max_tokens=300_000,
        source="openai/openai-openapi 2.3.0, CreateEmbeddingRequest.input, read 2026-11-20",
    ),
)

RULES: tuple[ModelProfile, ...] = (
    *_from_5("gpt-6.2", efforts=_UP_TO_XHIGH, source=_PAGE_OF_6_2, **_MAX),
    *_from_5("gpt-6-astra", "gpt-6.1-sol", efforts=_UP_TO_XHIGH, **_MAX),
    *_switchable(
        "gpt-6.1-terra",
        "gpt-6-sol",
        "gpt-6-luna",
        "gpt-5.6",
        tools_conflict_with="reasoning",
        responses_efforts=("none", *_UP_TO_XHIGH, "max"),
    ),
    *_from_5("gpt-5.5-pro", efforts=_FROM_MEDIUM),
    *_switchable("gpt-5.5", tools_conflict_with="effort"),
    *_from_5("gpt-5.4-pro", efforts=_FROM_MEDIUM),
    *_switchable("gpt-5.4", reasoning="off", tools_conflict_with="effort"),
    *_from_5("gpt-5.3-chat", efforts=("medium",), writes=16_384),
    *_from_5("gpt-5.3-codex", efforts=_UP_TO_XHIGH, source=_CODEX),
    *_switchable("gpt-5.3", reasoning="off"),
    *_from_5("gpt-5.2-pro", efforts=_FROM_MEDIUM),
    *_from_5("gpt-5.2-chat", efforts=("medium",), writes=16_384),
    *_from_5("gpt-5.2-codex", efforts=_UP_TO_XHIGH, unsupported=_PLAIN_VERBOSITY, source=_CODEX),
    *_switchable("gpt-5.2", reasoning="off"),
    *_from_5("gpt-5.1-codex-max", efforts=_UP_TO_XHIGH, unsupported=_PLAIN_VERBOSITY, source=_CODEX),
    *_from_5("gpt-5.1-codex", unsupported=_PLAIN_VERBOSITY),
    *_from_5("gpt-5.1-chat", efforts=("medium",), writes=16_384),
    *_switchable("gpt-5.1", reasoning="off", efforts=_UP_TO_HIGH),  # "xhigh" is refused: opencode#4451, read 2026-11-30
    *profiles_of(
        ("gpt-5-chat",), unsupported=_WITHOUT_PREDICTION, ranges=output_limit(16_384), reasoning="none", source=_SOURCE
    ),
    *_from_5("gpt-5-pro", efforts=("high",), writes=272_000),
    *_from_5("gpt-5-codex", unsupported=_PLAIN_VERBOSITY),
    *_from_5("gpt-5", efforts=("minimal", *_UP_TO_HIGH)),
    *_always(
        "o1-mini",
        "o1-preview",
        unsupported={**_OLDER, "tools": "it does not support tools"},
        writes=65_536,
        system_role="user",
        json_formats=(),
    ),
    *_o_series("o3-deep-research", "o4-mini-deep-research", stops=False, efforts=("medium",), source=_MEDIUM),
    *_always(
        "computer-use-preview", efforts=("medium",), unsupported={**_OLDER, "stop": _STOP}, writes=1_024, source=_MEDIUM
    ),
    *_o_series("codex-mini", stops=False, source=_CODEX),
    *_o_series("o3-pro", stops=False),
    *_o_series("o4-mini", stops=False),
    *_o_series("o3-mini"),
    *_o_series("o3", stops=False),
    *_o_series("o1"),
    *_o_series("o4", stops=False),
    *profiles_of(
        ("gpt-4o-search-preview", "gpt-4o-mini-search-preview"),
        unsupported={
            **_WITHOUT_PREDICTION,
            **dict.fromkeys(
                ("temperature", "top_p", "presence_penalty", "frequency_penalty", "n", "tools"),
                "search models refuse it",
            ),
        },
        ranges=output_limit(16_384),
        reasoning="none",
        source='"Model incompatible request arguments supplied: frequency_penalty, presence_penalty, temperature, top_p"'
        " (vercel/ai#5647), n (pydantic-ai#1418), tools (LibreChat#9877); read 2026-11-30",
    ),
    *profiles_of(
        ("gpt-4o-2024-05-13", "gpt-4-turbo", "gpt-4-1106", "gpt-4-0125", "gpt-3.5"),
        unsupported=_WITHOUT_PREDICTION,
        ranges=output_limit(4_096),
        reasoning="none",
        traits={"json_formats": ("json_object",)},
        source=_FORMATS,
    ),
    *profiles_of(
        ("gpt-4-0613", "gpt-4-0314", "gpt-4-32k"),
        unsupported=_WITHOUT_PREDICTION,
        reasoning="none",
        traits={"json_formats": ()},
        source=_FORMATS,
    ),
    *profiles_of(
        ("gpt-audio", "gpt-4o-audio", "gpt-4o-mini-audio"),
        unsupported=_WITHOUT_PREDICTION,
        ranges=output_limit(16_384),
        reasoning="none",
        traits={"json_formats": ()},
        source="400 \"'response_format' of type 'json_schema' is not supported with this model\" (gpt-4o-audio-preview, in public"
        " notes); developers.openai.com, models: no structured outputs; read 2026-11-30",
    ),
    *profiles_of(
        ("gpt-oss",),
        unsupported=_WITHOUT_PREDICTION,
        reasoning="always",
        efforts=_UP_TO_HIGH,
        source="an open model, at Azure and GitHub; huggingface.co/openai/gpt-oss-120b, read 2026-11-29",
    ),
    *profiles_of(("gpt-4o",), unsupported=_OLDER, ranges=output_limit(16_384), reasoning="none", source=_OUTPUT),
    *profiles_of(("gpt-4.1",), unsupported=_OLDER, ranges=output_limit(32_768), reasoning="none", source=_OUTPUT),
    *profiles_of(
        ("chatgpt-4o",),
        unsupported={**_WITHOUT_PREDICTION, "tools": "it calls no tools"},
        ranges=output_limit(16_384),
        reasoning="none",
        source='"Tools is not supported in this model" (BoltAI#145), read 2026-11-30',
    ),
    *profiles_of(
        ("gpt-4.", "ft:gpt-4", "ft:gpt-3.5"),
        unsupported=_WITHOUT_PREDICTION,
        reasoning="none",
        source=_SOURCE,
    ),
    *profiles_of(
        ("gpt-4",),
        unsupported=_WITHOUT_PREDICTION,
        reasoning="none",
        traits={"json_formats": ()},
        source=f"{_FORMATS}; the same 400 for gpt-4 (in public logs), read 2026-11-30",
    ),
    *_from_5(
        "gpt-", "o5", "o6", "o7", "codex-", "computer-use-",
        efforts=_UP_TO_XHIGH,
        writes=None,
        is_fallback=True,
        source="newer than this table, or not in it: like the newest, gpt-6.2; 2026-11-29",
        **_MAX,
    ),
)  # fmt: skip
