"""Alibaba's DashScope in compatible mode: OpenAI's chat completions, with Qwen's `enable_thinking`.

Other regions have other base URLs, such as https://dashscope-intl.aliyuncs.com/compatible-mode/v1.
Docs: help.aliyun.com/en/model-studio, "OpenAI Chat", in excerpts; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import dashscope_generation, openai_chat
from llm_pure.core.provider import Provider

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.shared import dashscope_batches  # late

    return dashscope_batches.batches(provider)


PROVIDER = replace(
    openai_chat.provider(
        name="dashscope_compatible",
        base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
        quirks=dashscope_generation.COMPATIBLE,
        api_key_env=("DASHSCOPE_API_KEY",),
        base_url_env=("DASHSCOPE_COMPATIBLE_BASE_URL",),
        embeddings=True,
        embed_limits=dashscope_generation.EMBED_LIMITS,
        source="help.aliyun.com/en/model-studio, OpenAI Chat, in excerpts read 2026-11-20",
    ),
    make_batch=_make_batch,
)
