"""DeepSeek: chat completions with the reasoning beside the answer, and back again in turns that call tools.

Docs: api-docs.deepseek.com, "Create Chat Completion", "Thinking Mode", "Error Codes"; traffic recorded by pydantic-ai;
read 2026-11-20.
"""

from llm_pure.adapt import ModelRule
from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import not_here, unsure

_SOURCE = "api-docs.deepseek.com, Thinking Mode, read 2026-11-20"
_IGNORED = dict.fromkeys(
    ("temperature", "top_p", "presence_penalty", "frequency_penalty"),
    "DeepSeek ignores it while the model reasons",
) | {"logprobs": "DeepSeek refuses it while the model reasons"}

PROVIDER = openai_chat.provider(
    name="deepseek",
    base_url="https://api.deepseek.com",
    key_variables=("DEEPSEEK_API_KEY",),
    lists=True,
    quirks=openai_chat.Quirks(
        refuses={
            **not_here("deepseek", "seed", "n", "top_k"),
            **unsure("deepseek", "repetition_penalty", "metadata", "parallel_tool_calls"),
        },
        rules=(
            ModelRule(
                prefix="deepseek-reasoner",
                refuses_reasoning=_IGNORED,
                reasoning="always",
                source=_SOURCE,
            ),
            ModelRule(
                prefix="deepseek-chat", refuses_reasoning=_IGNORED, reasoning="off", source=_SOURCE
            ),
            ModelRule(
                prefix="deepseek-", refuses_reasoning=_IGNORED, reasoning="on", source=_SOURCE
            ),
        ),
        reasoning_style="thinking_effort",
        effort_words={"minimal": "low", "medium": "high", "xhigh": "max"},
        reasoning_replay="reasoning_content",
        replay_required=True,
        forced_while_reasoning=False,
        tool_strict=False,
        json_formats=("json_object",),
        empty_content="",
        refusal_key=False,
        include_usage=False,
        done_required=True,
    ),
    source="api-docs.deepseek.com, read 2026-11-20",
)
