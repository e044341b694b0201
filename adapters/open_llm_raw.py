"""Like `open_llm`, for servers without a reasoning parser: <think>...</think> in the text is read as reasoning.

Docs: vLLM "Reasoning Outputs", llama.cpp tools/server/README.md (`reasoning_format none`); read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat

PROVIDER = openai_chat.provider(
    name="open_llm_raw",
    base_url="http://localhost:8000/v1",
    api_key_env=("OPEN_LLM_API_KEY",),
    base_url_env=("OPEN_LLM_BASE_URL",),
    key_required=False,
    list_models=True,
    quirks=openai_chat.Quirks(
        reasoning_style="template",
        think_tags="untagged",
        turns=openai_chat.ANY_SERVER,
        media_in_system=True,
    ),
    source="vLLM and llama.cpp documentation, read 2026-11-20",
)
