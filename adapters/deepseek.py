"""DeepSeek: chat completions with reasoning beside the text, which must be sent back in turns that call tools.

Docs: api-docs.deepseek.com, "Create Chat Completion", "Thinking Mode", "Error Codes"; traffic recorded by pydantic-ai;
read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.common.turn_rules import TurnRules
from llm_pure.adapters.dialects.openai_chat import unconfirmed_for, unsupported_by
from llm_pure.core.adaptations import ModelProfile

_SOURCE = "api-docs.deepseek.com, Thinking Mode, read 2026-11-20"
_IGNORED = dict.fromkeys(
    ("temperature", "top_p", "presence_penalty", "frequency_penalty"),
    "DeepSeek ignores it while the model reasons",
) | {"logprobs": "DeepSeek refuses it while the model reasons"}

PROVIDER = openai_chat.provider(
    name="deepseek",
    base_url="https://api.deepseek.com",
    api_key_env=("DEEPSEEK_API_KEY",),
    list_models=True,
    quirks=openai_chat.Quirks(
        # docs.camel-ai.org, DeepSeekConfig: up to 16 stop sequences, the ranges, read 2026-11-30
        max_stop_sequences=16,
        ranges={
            "logprobs": (0, 20),
            "temperature": (0, 2),
            "top_p": (
                0.01,
                1,
            ),  # "the valid range of top_p is (0, 1.0]" (chatbox#2483), read 2026-11-30
            # "the valid range of max_tokens is [1, 393216]" (kimi-code#509, #2656: V4, which the older names are too), read 2026-11-30
            "max_tokens": (1, 393_216),
            "presence_penalty": (-2, 2),
            "frequency_penalty": (-2, 2),
        },
        unsupported={
            **unsupported_by("deepseek", "seed", "n", "top_k"),
            **unconfirmed_for("deepseek", "repetition_penalty", "metadata", "parallel_tool_calls"),
        },
        profiles=(
            ModelProfile(
                prefix="deepseek-reasoner",
                unsupported_while_reasoning=_IGNORED,
                reasoning="always",
                source=_SOURCE,
            ),
            ModelProfile(
                prefix="deepseek-chat",
                unsupported_while_reasoning=_IGNORED,
                reasoning="off",
                source=_SOURCE,
            ),
            ModelProfile(
                prefix="deepseek-",
                unsupported_while_reasoning=_IGNORED,
                reasoning="on",
                source=_SOURCE,
            ),
        ),
        reasoning_style="thinking_effort",
        effort_words={"minimal": "low", "medium": "high", "xhigh": "max"},
        reasoning_replay="reasoning_content",
        replay_required=True,
        forced_tool_with_reasoning=False,
        tool_strict=False,
        json_formats=("json_object",),
        json_word=True,
        empty_content="",
        text_parts=False,  # litellm, deepseek/chat/transformation.py: no content in list format, read 2026-11-30
        document_form="none",  # "unknown variant `file`, expected `text`" (pydantic-ai's tests)
        turns=TurnRules(final_assistant="prefix"),
        refusal_key=False,
        include_usage=False,
        done_required=True,
    ),
    source="api-docs.deepseek.com, read 2026-11-20",
)
