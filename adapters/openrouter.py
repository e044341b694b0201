"""OpenRouter: models of many hosts, named `author/slug`; also registered as `open_router`.

Set attribution by `headers` (HTTP-Referer, X-OpenRouter-Title) and routing by `extra` (models, provider, plugins).
Docs: openrouter.ai/docs, OpenAPI 1.0.0; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.shared import openrouter

PROVIDER = openai_chat.provider(
    name="openrouter",
    base_url=openrouter.BASE_URL,
    api_key_env=openrouter.API_KEY_ENV,
    embeddings=True,
    list_models=True,
    quirks=openrouter.QUIRKS,
    source=openrouter.SOURCE,
)
