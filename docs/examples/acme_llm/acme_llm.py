"""Acme: open models behind chat completions. Source: docs.acme.test, read 2026-11-20."""

from llm_pure.adapters.dialects import openai_chat

PROVIDER = openai_chat.provider(
    name="acme",
    base_url="https://api.acme.test/v1",
    api_key_env=("ACME_API_KEY",),
    base_url_env=("ACME_BASE_URL",),
    quirks=openai_chat.Quirks(unsupported={"seed": "acme has no seed"}),
    source="docs.acme.test, API reference, read 2026-11-20",
)
