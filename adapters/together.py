"""Together AI: open models named `author/name`.

Docs: docs.together.ai; together 3.1.1 (PyPI), types/chat/completion_create_params.py; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import not_here
from llm_pure.endpoint import rooted

_BASE_URL = "https://api.together.xyz/v1"

PROVIDER = openai_chat.provider(
    name="together",
    base_url=_BASE_URL,
    locate=rooted("together", _BASE_URL),
    key_variables=("TOGETHER_API_KEY",),
    base_url_variables=("TOGETHER_BASE_URL",),
    embeds=True,
    lists=True,
    quirks=openai_chat.Quirks(
        refuses=not_here("together", "metadata", "parallel_tool_calls"),
        counted_logprobs=True,
        reasoning_style="reasoning_enabled",
        effort_words={"minimal": "low", "xhigh": "high", "max": "high"},
        reasoning_replay="reasoning",
        tool_strict=False,
        refusal_key=False,
        image_detail=False,
        files="none",
    ),
    source="docs.together.ai and together 3.1.1, read 2026-11-20",
)
