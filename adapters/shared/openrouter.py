"""Data shared by the providers `openrouter` and `openrouter_reasoning`, which are the same service.

OpenRouter itself drops fields that a model's host does not support, so hardly any are listed as unsupported.
Source: OpenRouter OpenAPI 1.0.0 (OpenRouterTeam/typescript-sdk); openrouter.ai/docs, "Reasoning tokens", "Streaming",
"Errors"; traffic recorded by pydantic-ai; read 2026-11-20.
"""

from llm_pure.adapters.dialects.common.turn_rules import CacheMarks, TurnRules
from llm_pure.adapters.dialects.openai_chat import Quirks, unsupported_by
from llm_pure.adapters.shared.openai_models import METADATA, audio_fields
from llm_pure.types.messages import Document, Image, Text, ToolResult

BASE_URL = "https://openrouter.ai/api/v1"
API_KEY_ENV = ("OPENROUTER_API_KEY",)
SOURCE = "OpenRouter OpenAPI 1.0.0 and openrouter.ai/docs, read 2026-11-20"

QUIRKS = Quirks(
    options={
        **{
            name: name
            for name in (
                "user", "service_tier", "verbosity", "prompt_cache_key", "modalities", "logit_bias",
            )
        },
        "audio": audio_fields,
        "prediction": lambda text: {"prediction": {"type": "content", "content": text}},
    },
    # openrouter 1.3.84, components/chatrequest.py (it has no n); openrouter.ai/docs, Parameters; read 2026-11-30
    max_stop_sequences=4,
    ranges={
        "temperature": (0, 2),
        "presence_penalty": (-2, 2),
        "frequency_penalty": (-2, 2),
        "repetition_penalty": (0, 2),
        "logprobs": (0, 20),
    },
    metadata_limits=METADATA,
    unsupported=unsupported_by("openrouter", "n"),
    reasoning_style="reasoning",
    reasoning_replay="reasoning",
    document_form="file_or_url",
    json_word=True,
    videos=True,
    turns=TurnRules(
        final_assistant="continued",
        compatible_providers=frozenset({"openrouter", "openrouter_reasoning"}),
        cache_marks=CacheMarks(
            key="cache_control",
            parts=frozenset({Text, Image, Document, ToolResult}),
            in_results=True,
            ttls=frozenset({"5m", "1h"}),
            source="openrouter.ai/docs, Prompt caching, read 2026-11-29",
        ),
    ),
    done_required=True,
)  # fmt: skip
"""done_required: an error may follow a chunk with finish reason "length", and [DONE] follows even then."""
