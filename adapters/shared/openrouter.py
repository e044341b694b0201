"""What the providers `openrouter` and `openrouter_reasoning` share: one service, asked in two ways.

Fields that a model's host does not take are dropped by the service itself, so hardly any is refused here.
Source: OpenRouter OpenAPI 1.0.0 (OpenRouterTeam/typescript-sdk); openrouter.ai/docs, "Reasoning tokens", "Streaming",
"Errors"; traffic recorded by pydantic-ai; read 2026-11-20.
"""

from llm_pure.adapters.dialects.openai_chat import Quirks, unconfirmed_for

BASE_URL = "https://openrouter.ai/api/v1"
API_KEY_ENV = ("OPENROUTER_API_KEY",)
SOURCE = "OpenRouter OpenAPI 1.0.0 and openrouter.ai/docs, read 2026-11-20"

QUIRKS = Quirks(
    unsupported=unconfirmed_for("openrouter", "n"),
    reasoning_style="reasoning",
    reasoning_replay="reasoning",
    document_form="file_or_url",
    done_required=True,
)
"""done_required: an error may come after a chunk that says "length", and [DONE] follows even then."""
