"""OpenAI: chat completions. Reasoning is hidden; the Responses API has summaries of it.

Docs: openai/openai-openapi 2.3.0 and openai-python 3.3.1; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_media import with_media
from llm_pure.adapters.shared.openai_models import (
    CHAT_RULES,
    EMBED_LIMITS,
    LIMITS,
    OPTIONS,
    RULES,
    TURNS,
)
from llm_pure.core.provider import Provider

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_CHAT = openai_chat.provider(
    name="openai",
    base_url="https://api.openai.com/v1",
    api_key_env=("OPENAI_API_KEY",),
    base_url_env=("OPENAI_BASE_URL",),
    embeddings=True,
    embed_limits=EMBED_LIMITS,
    list_models=True,
    quirks=openai_chat.Quirks(
        **LIMITS,
        max_tokens_key="max_completion_tokens",
        done_required=True,
        reasoning_style="effort",
        options=OPTIONS,
        rules=CHAT_RULES,
        allowed_tools=True,
        json_word=True,
        turns=TURNS,
        unsupported={
            "top_k": "OpenAI has no top_k",
            "repetition_penalty": "OpenAI has no repetition_penalty",
        },
        profiles=RULES,
    ),
    source="openai/openai-openapi 2.3.0 and openai-python 3.3.1, read 2026-11-20",
)


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.shared import openai_batches  # late

    return openai_batches.openai(provider, "/v1/chat/completions")


PROVIDER = replace(
    with_media(_CHAT),
    make_batch=_make_batch,
)
