"""Z.ai (GLM), Zhipu's international service; open.bigmodel.cn is the provider `zhipuai`.

The key is sent as a bearer token, or signs a token: see `key_or_token` in `shared/glm.py`.
Docs: zai-sdk 0.2.3 and docs.z.ai; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.shared import glm
from llm_pure.core.provider import Provider
from llm_pure.types.operations import EmbedLimit

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_KEY = ("ZAI_API_KEY",)


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.openai_common.batch import FileBatches, file_batches  # late
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_requests=50_000,
        max_bytes=100_000_000,
        discount=0.5,
        source="docs.bigmodel.cn, batch-api-issues; zai-sdk 0.2.3, by wire/batch.md 14, read 2026-11-29",
    )
    return file_batches(
        provider,
        FileBatches(
            limits=limits,
            endpoint="/v1/chat/completions",
            create_fields={"auto_delete_input_file": False},
        ),
    )


PROVIDER = replace(
    openai_chat.provider(
        name="zai",
        base_url="https://api.z.ai/api/paas/v4",
        api_key_env=_KEY,
        base_url_env=("ZAI_BASE_URL",),
        authorize=glm.key_or_token("zai", _KEY),
        embeddings=True,
        embed_limits=(EmbedLimit(max_texts=64, source="as at zhipuai, unconfirmed, 2026-11-20"),),
        quirks=glm.QUIRKS,
        source="zai-sdk 0.2.3 and docs.z.ai, read 2026-11-20",
    ),
    make_batch=_make_batch,
)
