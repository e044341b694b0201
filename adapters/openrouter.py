"""OpenRouter: models of many hosts under names such as `author/slug`; also known as `open_router`.

Attribution goes into `headers`: HTTP-Referer, X-OpenRouter-Title. Routing goes into `extra`: models, provider, plugins.
Docs: openrouter.ai/docs, OpenAPI 1.0.0; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat, openrouter_api

PROVIDER = openai_chat.provider(
    name="openrouter",
    base_url=openrouter_api.BASE_URL,
    api_key_env=openrouter_api.API_KEY_ENV,
    embeddings=True,
    list_models=True,
    quirks=openrouter_api.QUIRKS,
    source=openrouter_api.SOURCE,
)
