"""Profiles of OpenAI's models, for every API that serves them. The first matching prefix counts.

Source: pydantic-ai profiles/openai.py (live checks of July 2026), vercel/ai capabilities table, OpenAI error bodies
recorded in both; rows of gpt-6 from third-party notes (docs.laozhang.ai, Nov 2026). Read 2026-11-20.

Traits: `json_formats`, the JSON formats that chat completions support, where they do not support all; `system_role`, the
role of system messages; `tools_conflict_with`, what chat completions do not support beside tools (BerriAI/litellm PR 34569,
livekit/agents PR 7169, openai/openai-openapi issue 541; read 2026-11-20).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from llm_pure.adapters.dialects.common.turn_rules import CacheMarks, CallIds, TurnRules
from llm_pure.adapters.dialects.openai_chat import profiles_of
from llm_pure.core.adaptations import ModelProfile
from llm_pure.types.messages import Audio, Document, Image, Text
from llm_pure.types.operations import EmbedLimit

_SOURCE = "pydantic-ai profiles/openai.py and vercel/ai openai capabilities, read 2026-11-20"
_OPENAPI = "openai/openai-openapi 2.3.0, read 2026-11-20"
_FORMATS = "developers.openai.com, Structured Outputs and JSON mode; read 2026-11-20"
_REASON = "OpenAI's reasoning models refuse it"

_NEVER = dict.fromkeys(("presence_penalty", "frequency_penalty", "logit_bias"), _REASON)
_NOT_WHILE_REASONING = dict.fromkeys(("temperature", "top_p", "logprobs"), _REASON)

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


def _always(
    *prefixes: str,
    efforts: _Efforts = _UP_TO_HIGH,
    unsupported: Mapping[str, str] = MappingProxyType({}),
    source: str = _SOURCE,
    **traits: Any,
) -> tuple[ModelProfile, ...]:
    """Models that always reason."""
    return profiles_of(
        prefixes,
        unsupported={**_NEVER, **_NOT_WHILE_REASONING, **unsupported},
        reasoning="always",
        efforts=efforts,
        traits={"system_role": "developer", **traits},
        source=source,
    )


def _switchable(
    *prefixes: str, reasoning: Literal["on", "off"] = "on", **traits: str
) -> tuple[ModelProfile, ...]:
    """Models whose reasoning can be switched; `reasoning` is the default."""
    return profiles_of(
        prefixes,
        unsupported=_NEVER,
        unsupported_while_reasoning=_NOT_WHILE_REASONING,
        reasoning=reasoning,
        efforts=("none", *_UP_TO_XHIGH),
        traits={"system_role": "developer", **traits},
        source=_SOURCE,
    )


def _no_stop(prefix: str) -> tuple[ModelProfile, ...]:
    return _always(prefix, unsupported={"stop": f"{prefix} refuses it"}, source=_OPENAPI)


EMBED_LIMITS = (
    EmbedLimit(
        max_texts=2048,
        max_tokens=300_000,
        source="openai/openai-openapi 2.3.0, CreateEmbeddingRequest.input, read 2026-11-20",
    ),
)

RULES: tuple[ModelProfile, ...] = (
    *_always("gpt-6-astra", "gpt-6.1-sol", efforts=_UP_TO_XHIGH),
    *_switchable("gpt-6", "gpt-5.6", tools_conflict_with="reasoning"),
    *_always("gpt-5.5-pro", efforts=_FROM_MEDIUM),
    *_switchable("gpt-5.5", tools_conflict_with="effort"),
    *_always("gpt-5.4-pro", efforts=_FROM_MEDIUM),
    *_switchable("gpt-5.4", reasoning="off", tools_conflict_with="effort"),
    *_always("gpt-5.3-chat"),
    *_switchable("gpt-5.3", reasoning="off"),
    *_always("gpt-5.2-pro", "gpt-5.2-chat", efforts=_FROM_MEDIUM),
    *_switchable("gpt-5.2", reasoning="off"),
    *_always("gpt-5.1-codex", "gpt-5.1-chat"),
    *_switchable("gpt-5.1", reasoning="off"),
    *profiles_of(("gpt-5-chat",), reasoning="none", source=_SOURCE),
    *_always("gpt-5", efforts=("minimal", *_UP_TO_HIGH)),
    *_always(
        "o1-mini",
        "o1-preview",
        unsupported={"tools": "it does not support tools"},
        system_role="user",
        json_formats=(),
    ),
    *_no_stop("o3-pro"),
    *_no_stop("o4-mini"),
    *_always("o3-mini"),
    *_no_stop("o3"),
    *_always("o1", "o4"),
    *profiles_of(
        ("gpt-4o-search-preview", "gpt-4o-mini-search-preview"),
        unsupported={"temperature": "search models refuse it"},
        reasoning="none",
        source="vercel/ai openai-chat-language-model, read 2026-11-20",
    ),
    *profiles_of(
        ("gpt-4o-2024-05-13", "gpt-4-turbo", "gpt-4-1106", "gpt-4-0125", "gpt-3.5"),
        reasoning="none",
        traits={"json_formats": ("json_object",)},
        source=_FORMATS,
    ),
    *profiles_of(
        ("gpt-4-0613", "gpt-4-0314", "gpt-4-32k"),
        reasoning="none",
        traits={"json_formats": ()},
        source=_FORMATS,
    ),
    *profiles_of(
        ("gpt-4", "chatgpt-4o", "ft:gpt-4", "ft:gpt-3.5"), reasoning="none", source=_SOURCE
    ),
)
