"""Groq: open models, with reasoning in the field `reasoning` and usage in the last chunk's `x_groq`.

Docs: console.groq.com/docs; groq-python 1.7.0 (PyPI); traffic recorded by pydantic-ai; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.common.turn_rules import TurnRules
from llm_pure.adapters.dialects.openai_chat import profiles_of, unsupported_by
from llm_pure.adapters.dialects.openai_media import with_media
from llm_pure.core.adaptations import ModelProfile
from llm_pure.core.urls import with_default_path

_BASE_URL = "https://api.groq.com/openai/v1"
_SCHEMA: dict[str, Any] = {"json_formats": ("json_object", "json_schema")}
_SOURCE = "console.groq.com/docs/reasoning and /structured-outputs, read 2026-11-20"

_CHAT = openai_chat.provider(
    name="groq",
    base_url=_BASE_URL,
    url_for=with_default_path("groq", _BASE_URL),
    api_key_env=("GROQ_API_KEY",),
    base_url_env=("GROQ_BASE_URL",),
    list_models=True,
    quirks=openai_chat.Quirks(
        max_tokens_key="max_completion_tokens",
        unsupported=unsupported_by(
            "groq", "presence_penalty", "frequency_penalty", "repetition_penalty", "logprobs", "top_k", "n",
            "metadata",
        ),
        profiles=(
            ModelProfile(
                prefix="gpt-oss",
                reasoning="always",
                efforts=("low", "medium", "high"),
                traits={**_SCHEMA, "tool_strict": True},
                source=_SOURCE,
            ),
            ModelProfile(
                prefix="qwen3",
                reasoning="on",
                traits={
                    "effort_words": dict.fromkeys(
                        ("minimal", "low", "medium", "high", "xhigh", "max"), "default"
                    )
                },
                source=_SOURCE,
            ),
            ModelProfile(
                prefix="deepseek-r1",
                reasoning="always",
                traits={"reasoning_style": "none"},
                source=_SOURCE,
            ),
            *profiles_of(("llama-4", "kimi-k2"), reasoning="none", traits=_SCHEMA, source=_SOURCE),
            *profiles_of(("llama", "gemma", "allam"), reasoning="none", source=_SOURCE),
        ),
        reasoning_style="effort",
        reasoning_extra_fields={"reasoning_format": "parsed"},
        reasoning_replay="reasoning",
        tool_strict=False,
        json_formats=("json_object",),
        refusal_key=False,
        turns=TurnRules(final_assistant="continued"),  # console.groq.com/docs/prefilling, read 2026-11-29
        document_form="none",
        include_usage=False,
        done_required=True,
    ),
    source="console.groq.com/docs and groq-python 1.7.0, read 2026-11-20",
)  # fmt: skip

PROVIDER = with_media(
    _CHAT, ("speech", "transcribe"), url_for=with_default_path(_CHAT.name, _BASE_URL)
)
