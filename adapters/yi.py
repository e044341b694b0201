"""01.AI (Yi). It is hardly documented, so only confirmed fields are sent. It is unknown whether the service still runs.

Docs: geekan/MetaGPT openai_api.py and Portkey-AI/gateway src/providers/lingyi; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import unconfirmed_for, unsupported_by

PROVIDER = openai_chat.provider(
    name="yi",
    base_url="https://api.lingyiwanwu.com/v1",
    api_key_env=("YI_API_KEY",),
    list_models=True,
    quirks=openai_chat.Quirks(
        unsupported={
            **unsupported_by("yi", "n", "logprobs"),
            **unconfirmed_for(
                "yi", "seed", "stop", "presence_penalty", "frequency_penalty", "repetition_penalty",
                "top_k", "metadata", "parallel_tool_calls",
            ),
        },
        tool_choice_values={"auto": "auto"},
        tool_strict=False,
        json_formats=(),
        refusal_key=False,
        include_usage=False,
    ),
    source="MetaGPT and Portkey-AI/gateway, read 2026-11-20",
)  # fmt: skip
