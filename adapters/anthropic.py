"""Anthropic: Claude by the Messages API.

The key is sent in `x-api-key`; config.headers may have `anthropic-beta`, or `authorization` with an OAuth token in place of
the key. The API version is 2023-06-01, which still accepts temperature; config.api_version overrides it.
Docs: platform.claude.com "Messages" and "API versions", anthropic 2.11.0; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import anthropic_messages
from llm_pure.core.provider import Provider

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.anthropic_messages.batch import message_batches  # late
    from llm_pure.adapters.dialects.anthropic_messages.urls import under_base_url
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_requests=100_000,
        max_bytes=256_000_000,
        discount=0.5,
        one_model=False,
        source="platform.claude.com, batch processing; anthropic 2.14.0, by wire/batch.md 3, read 2026-11-29",
    )
    return message_batches(provider, limits, under_base_url(provider.name, provider.base_url))


PROVIDER = replace(
    anthropic_messages.provider(
        name="anthropic",
        base_url="https://api.anthropic.com",
        api_key_env=("ANTHROPIC_API_KEY",),
        base_url_env=("ANTHROPIC_BASE_URL",),
        quirks=anthropic_messages.Quirks(
            compatible_providers=frozenset({"claude", "vertex_anthropic"})
        ),
        count_tokens=True,
        list_models=True,
        source="anthropic 2.11.0 and platform.claude.com, read 2026-11-20",
    ),
    make_batch=_make_batch,
)
