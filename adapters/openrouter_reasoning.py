"""OpenRouter, with reasoning enabled by default.

Reasoning is received as text and as `reasoning_details`; both are sent back unchanged in the next turn.
Docs: openrouter.ai/docs, "Reasoning tokens"; MetaGPT's openrouter_reasoning.py; read 2026-11-20.
"""

import msgspec

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.shared import openrouter
from llm_pure.types.request import ReasoningRequest

PROVIDER = openai_chat.provider(
    name="openrouter_reasoning",
    base_url=openrouter.BASE_URL,
    api_key_env=openrouter.API_KEY_ENV,
    list_models=True,
    quirks=msgspec.structs.replace(openrouter.QUIRKS, reasoning_default=ReasoningRequest()),
    source=openrouter.SOURCE,
)
