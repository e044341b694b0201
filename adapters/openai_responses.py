"""OpenAI: the Responses API, with summaries of the reasoning, which can be replayed.

Docs: openai/openai-openapi 2.3.0 and openai-python 3.3.1; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_responses
from llm_pure.adapters.shared.openai_models import (
    CACHE_MARKS,
    EMBED_LIMITS,
    IDENTIFIERS,
    METADATA,
    RULES,
)
from llm_pure.core.provider import Provider

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.shared import openai_batches  # late

    return openai_batches.openai(provider, "/v1/responses")


PROVIDER = replace(
    openai_responses.provider(
        name="openai_responses",
        base_url="https://api.openai.com/v1",
        api_key_env=("OPENAI_API_KEY",),
        base_url_env=("OPENAI_BASE_URL",),
        count_tokens=True,
        embeddings=True,
        embed_limits=EMBED_LIMITS,
        list_models=True,
        quirks=openai_responses.Quirks(
            metadata_limits=METADATA,
            options=IDENTIFIERS,
            profiles=RULES,
            max_effort=True,
            cache_marks=CACHE_MARKS,
        ),
        source="openai/openai-openapi 2.3.0 and openai-python 3.3.1, read 2026-11-20",
    ),
    make_batch=_make_batch,
)
