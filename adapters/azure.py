"""Azure OpenAI: OpenAI's chat completions at Azure's URLs; `model` is the name of a deployment.

Docs: learn.microsoft.com, "Azure OpenAI REST API reference" and "API version lifecycle"; openai-python 3.3.1
lib/azure.py; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import profiles_of
from llm_pure.adapters.dialects.openai_media import with_media
from llm_pure.adapters.shared import azure_openai
from llm_pure.adapters.shared.openai_models import (
    CHAT_RULES,
    EMBED_LIMITS,
    LIMITS,
    OPTIONS,
    RULES,
    TURNS,
)
from llm_pure.core.provider import Provider

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_FOUNDRY = (
    *profiles_of(
        ("mistral", "Mistral", "ministral", "Ministral", "codestral", "Codestral"),
        traits={"max_tokens_key": "max_tokens"},
        source="pydantic-ai providers/azure.py: 422 to max_completion_tokens, read 2026-11-20",
    ),
    *profiles_of(
        ("deepseek", "DeepSeek"),
        unsupported={"prompt_cache_key": "DeepSeek's models at Azure refuse prompt_cache_key"},
        source="the 400 'Unrecognized request argument supplied: prompt_cache_key' "
        "(vectorize-io/hindsight#3518, earendil-works/pi#9645), read 2026-11-30",
    ),
)

_CHAT = openai_chat.provider(
    name="azure",
    base_url="",
    url_for=azure_openai.url_for_azure("azure"),
    api_key_env=azure_openai.API_KEY_ENV,
    base_url_env=azure_openai.BASE_URL_ENV,
    env_vars=azure_openai.ENV_VARS,
    authorize=azure_openai.key_or_token("azure"),
    embeddings=True,
    embed_limits=EMBED_LIMITS,
    list_models=True,
    quirks=openai_chat.Quirks(
        **LIMITS,
        max_tokens_key="max_completion_tokens",
        done_required=True,
        reasoning_style="effort",
        options=OPTIONS,
        rules=CHAT_RULES,
        allowed_tools=True,
        json_word=True,
        turns=TURNS,
        unsupported={
            "top_k": "Azure OpenAI has no top_k",
            "repetition_penalty": "Azure OpenAI has no repetition_penalty",
        },
        profiles=(*_FOUNDRY, *RULES),
    ),
    source="learn.microsoft.com, Azure OpenAI REST API reference, read 2026-11-20",
)


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.shared import openai_batches  # late

    return openai_batches.azure(provider, "/chat/completions")


PROVIDER = replace(
    with_media(
        _CHAT, ("images", "speech", "transcribe"), url_for=azure_openai.url_for_azure("azure")
    ),
    make_batch=_make_batch,
)
