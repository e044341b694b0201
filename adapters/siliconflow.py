"""SiliconFlow, the service in China; base_url https://api.siliconflow.com/v1 is the international one.

Docs: docs.siliconflow.cn, "Chat completions", "Error handling"; anomalyco/models.dev providers/siliconflow; Portkey-AI/
gateway; read 2026-11-20.
"""

from llm_pure.adapt import ModelRule
from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import unsure
from llm_pure.errors import NotFound, QuotaExceeded

_SOURCE = "anomalyco/models.dev providers/siliconflow, read 2026-11-20"

PROVIDER = openai_chat.provider(
    name="siliconflow",
    base_url="https://api.siliconflow.cn/v1",
    key_variables=("SILICONFLOW_API_KEY", "SILICONFLOW_CN_API_KEY"),
    embeds=True,
    quirks=openai_chat.Quirks(
        refuses=unsure(
            "siliconflow", "logprobs", "repetition_penalty", "metadata", "parallel_tool_calls"
        ),
        rules=tuple(
            [
                ModelRule(
                    prefix=prefix,
                    facts={
                        "reasoning_style": "effort",
                        "effort_words": dict.fromkeys(("minimal", "low", "medium"), "high")
                        | {"xhigh": "max"},
                    },
                    source=_SOURCE,
                )
                for prefix in ("DeepSeek-V4-Flash", "GLM-5.2")
            ]
        ),
        reasoning_style="enable_thinking",
        budget_bounds=(128, 32768),
        tool_choices={"auto": "auto", "none": "none"},
        tool_strict=False,
        refusal_key=False,
        json_formats=("json_object",),
        error_words={"20012": NotFound, "30001": QuotaExceeded, "30011": QuotaExceeded},
    ),
    source="docs.siliconflow.cn and anomalyco/models.dev, read 2026-11-20",
)
