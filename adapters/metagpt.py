"""MetaGPT's own gateway: plain chat completions at an address that the configuration must name (`base_url`).

Docs: geekan/MetaGPT provider/metagpt_api.py; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat

PROVIDER = openai_chat.provider(
    name="metagpt",
    base_url="",
    quirks=openai_chat.Quirks(reasoning_style="effort"),
    source="geekan/MetaGPT provider/metagpt_api.py, read 2026-11-20",
)
