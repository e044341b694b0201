"""Azure OpenAI: the Responses API at Azure's URLs; `model` is the name of a deployment.

Reasoning with `encrypted_content` is replayed whatever model or deployment of Azure made it: a part does not know its
deployment, and only another resource refuses it (openai/codex#17541).
Docs: learn.microsoft.com, "Azure OpenAI Responses API"; openai-python 3.3.1 lib/azure.py; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_responses
from llm_pure.adapters.dialects.openai_chat import profiles_of
from llm_pure.adapters.shared import azure_openai
from llm_pure.adapters.shared.openai_models import (
    CACHE_MARKS,
    EMBED_LIMITS,
    IDENTIFIERS,
    METADATA,
    RULES,
)
from llm_pure.core.provider import Provider

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi


_FOUNDRY = profiles_of(
    ("deepseek", "DeepSeek"),
    reasoning="none",
    unsupported={"prompt_cache_key": "DeepSeek's models at Azure refuse prompt_cache_key"},
    source="400 \"Unsupported parameter: 'reasoning.effort' is not supported with this model\" (earendil-works/pi#9645), read 2026-11-30",
)


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.shared import openai_batches  # late

    return openai_batches.azure(provider, "/v1/responses")


PROVIDER = replace(
    openai_responses.provider(
        name="azure_responses",
        base_url="",
        url_for=azure_openai.url_for_azure("azure_responses"),
        api_key_env=azure_openai.API_KEY_ENV,
        base_url_env=azure_openai.BASE_URL_ENV,
        env_vars=azure_openai.ENV_VARS,
        authorize=azure_openai.key_or_token("azure_responses"),
        count_tokens=True,
        embeddings=True,
        embed_limits=EMBED_LIMITS,
        list_models=True,
        quirks=openai_responses.Quirks(
            metadata_limits=METADATA,
            options=IDENTIFIERS,
            profiles=(*_FOUNDRY, *RULES),
            cache_marks=CACHE_MARKS,
        ),
        source="learn.microsoft.com, Azure OpenAI Responses API, read 2026-11-20",
    ),
    make_batch=_make_batch,
)
