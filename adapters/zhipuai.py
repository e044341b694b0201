"""Zhipu AI (GLM), the service in China; api.z.ai is the provider `zai`.

The key is sent as a bearer token, or signs a token: see `key_or_token` in `shared/glm.py`.
Docs: MetaGLM/zhipuai-sdk-python-v4 and docs.bigmodel.cn; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.shared import glm
from llm_pure.core.provider import Provider
from llm_pure.types.operations import EmbedLimit

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_KEY = ("ZHIPUAI_API_KEY", "ZHIPU_API_KEY")


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.shared import glm_batches  # late

    return glm_batches.batches(provider, "/v4/chat/completions")


PROVIDER = replace(
    openai_chat.provider(
        name="zhipuai",
        base_url="https://open.bigmodel.cn/api/paas/v4",
        api_key_env=_KEY,
        base_url_env=("ZHIPUAI_BASE_URL",),
        authorize=glm.key_or_token("zhipuai", _KEY),
        embeddings=True,
        embed_limits=(
            EmbedLimit(
                max_texts=64,
                source="unconfirmed, as generally known of docs.bigmodel.cn for embedding-3, 2026-11-20",
            ),
        ),
        quirks=glm.QUIRKS,
        source="MetaGLM/zhipuai-sdk-python-v4 and docs.bigmodel.cn, read 2026-11-20",
    ),
    make_batch=_make_batch,
)
