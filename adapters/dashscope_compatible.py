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
    from llm_pure.adapters.dialects.openai_common.batch import FileBatches, file_batches  # late
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_requests=50_000,
        max_bytes=500_000_000,
        max_line_bytes=6_000_000,
        discount=0.5,
        source="help.aliyun.com, batch interfaces, by wire/batch.md 13, read 2026-11-29",
    )
    return file_batches(provider, FileBatches(limits=limits, key_field="ds_name"))


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
