"""MetaGPT's own gateway: chat completions at a `base_url` that must be configured.

Docs: geekan/MetaGPT provider/metagpt_api.py; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.shared.openai_models import LIMITS

PROVIDER = openai_chat.provider(
    name="metagpt",
    base_url="",
    quirks=openai_chat.Quirks(
        **LIMITS,
        reasoning_style="effort",
        json_word=True,  # the gateway forwards to OpenAI
        turns=openai_chat.ANY_SERVER,
    ),
    source="geekan/MetaGPT provider/metagpt_api.py, read 2026-11-20",
)
