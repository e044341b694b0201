"""OpenRouter: models of many hosts, named `author/slug`; also registered as `open_router`.

Set attribution by `headers` (HTTP-Referer, X-OpenRouter-Title) and routing by `extra` (models, provider, plugins).
Docs: openrouter.ai/docs, OpenAPI 1.0.0; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.shared import openrouter
from llm_pure.core.provider import Provider

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.openai_chat.batch_inline import inline_batches  # late
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_requests=5_000,
        discount=0.5,
        window_s=96 * 3600,
        source="openrouter.ai/docs, batch-api; openrouter 1.3.84, by wire/batch.md 12, read 2026-11-29",
    )
    return inline_batches(provider, limits)


PROVIDER = replace(
    openai_chat.provider(
        name="openrouter",
        base_url=openrouter.BASE_URL,
        api_key_env=openrouter.API_KEY_ENV,
        embeddings=True,
        list_models=True,
        quirks=openrouter.QUIRKS,
        source=openrouter.SOURCE,
    ),
    make_batch=_make_batch,
)
