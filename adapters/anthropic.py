"""Anthropic: Claude by the Messages API.

The key is sent in `x-api-key`; config.headers may have `anthropic-beta`, or `authorization` with an OAuth token in place of
the key. The API version is 2023-06-01, which still accepts temperature; config.api_version overrides it.
Docs: platform.claude.com "Messages" and "API versions", anthropic 2.11.0; read 2026-11-20.
"""

from llm_pure.adapters.dialects import anthropic_messages

PROVIDER = anthropic_messages.provider(
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
)
