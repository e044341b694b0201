"""01.AI (Yi). Little of it can be looked up, so only what is known to be taken is sent; whether it still runs is unknown.

Docs: geekan/MetaGPT openai_api.py and Portkey-AI/gateway src/providers/lingyi; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import not_here, unsure

PROVIDER = openai_chat.provider(
    name="yi",
    base_url="https://api.lingyiwanwu.com/v1",
    key_variables=("YI_API_KEY",),
    lists=True,
    quirks=openai_chat.Quirks(
        refuses={
            **not_here("yi", "n", "logprobs"),
            **unsure(
                "yi", "seed", "stop", "presence_penalty", "frequency_penalty", "repetition_penalty",
                "top_k", "metadata", "parallel_tool_calls",
            ),
        },
        tool_choices={"auto": "auto"},
        tool_strict=False,
        json_formats=(),
        refusal_key=False,
        include_usage=False,
    ),
    source="MetaGPT and Portkey-AI/gateway, read 2026-11-20",
)  # fmt: skip
