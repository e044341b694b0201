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
    from llm_pure.adapters.shared import glm_batches  # late

    return glm_batches.batches(provider, "/v1/chat/completions")


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
