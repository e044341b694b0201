"""Hugging Face's router: models `org/name`, with `:provider`, `:fastest` or `:cheapest` to choose the host.

Docs: huggingface.co/docs/inference-providers; traffic recorded by pydantic-ai; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import unsupported_by

PROVIDER = openai_chat.provider(
    name="huggingface",
    base_url="https://router.huggingface.co/v1",
    api_key_env=("HF_TOKEN",),
    list_models=True,
    quirks=openai_chat.Quirks(
        turns=openai_chat.ANY_SERVER,
        # huggingface_hub 2.4.0, inference/_generated/types/chat_completion.py, read 2026-11-30
        max_stop_sequences=4,
        ranges={
            "logprobs": (0, 5),
            "temperature": (0, 2),
            "top_p": openai_chat.VLLM_TOP_P,
            "presence_penalty": (-2, 2),
            "frequency_penalty": (-2, 2),
        },
        unsupported=unsupported_by(
            "huggingface", "top_k", "repetition_penalty", "metadata", "parallel_tool_calls"
        ),
        reasoning_style="effort",
        tool_strict=False,
        refusal_key=False,
        # the same file, ChatCompletionInputMessageChunk: text and image_url
        document_form="none",
        audio=False,
    ),
    source="huggingface.co/docs/inference-providers, read 2026-11-20",
)
