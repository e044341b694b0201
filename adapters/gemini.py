"""Gemini: Google's Developer API, with a key from AI Studio.

Docs: ai.google.dev, "Gemini API reference" (v1beta); google-genai 3.4.0; read 2026-11-20.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec.structs import replace

from llm_pure.adapters.dialects import gemini_content
from llm_pure.core.provider import Provider
from llm_pure.core.urls import base_url
from llm_pure.signing.key import key_header
from llm_pure.types.config import LLMConfig
from llm_pure.types.operations import EmbedLimit
from llm_pure.types.result import LLMResult

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_NAME = "gemini"
_BASE_URL = "https://generativelanguage.googleapis.com"
_KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
_VERSION = "v1beta"
_VERSIONED = re.compile(r"/v\d\w*$")


def url_for(config: LLMConfig, model: str, operation: str) -> LLMResult[str]:
    """{base_url}/v1beta/models/{model}:{operation}, {base_url}/v1beta/{operation} without a model.

    A base URL that ends in a version keeps it; after one, the path of another API or of the models is removed.
    """
    path = operation
    if model:
        path = f"{quote(gemini_content.model_path(model), safe='/@:')}:{operation}"
    version = config.api_version or _VERSION
    return base_url(config, _BASE_URL, provider=_NAME).map(
        lambda url: f"{_with_version(url, version)}/{path}"
    )


def _with_version(url: str, version: str) -> str:
    base = url.removesuffix("/openai").removesuffix("/models")
    if _VERSIONED.search(base):
        return base
    return f"{url}/{version}"


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.gemini_content.batch import content_batches  # late
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_bytes=2_000_000_000,
        window_s=48 * 3600,
        inline_bytes=15_000_000,  # below the 20 MB of requests in the job
        discount=0.5,
        source="ai.google.dev, Batch API; google-genai 3.6.1, by wire/batch.md 4, read 2026-11-29",
    )
    return content_batches(provider, limits, url_for)


PROVIDER = replace(
    gemini_content.provider(
        name=_NAME,
        base_url=_BASE_URL,
        url_for=url_for,
        quirks=gemini_content.Quirks(
            options={**gemini_content.OPTIONS, "store": "store"},
            files_url=f"{_BASE_URL}/{_VERSION}/files/",
            count_wrapped=True,
            combines_hosted_tools=True,
            # "Multiple candidates is not enabled for this model" (js-genai#1609, python-genai#1723; Vertex AI takes them), read 2026-11-30
            several_candidates=False,
            result_urls=False,  # googleapis.github.io/kotlin-genai, FunctionResponsePart.fileData: "not supported in Gemini API", read 2026-11-30
            unsupported={
                # think-reason-learn#34 (2.5-flash-lite), mscraftsman/generative-ai#135 (2.5-pro), while 2.0 takes it; read 2026-11-30
                "logprobs": 'the Developer API refuses it: "Logprobs is not enabled"; Vertex AI takes it'
            },
        ),
        authorize=key_header(_NAME, _KEYS, header="x-goog-api-key", prefix=""),
        api_key_env=_KEYS,
        base_url_env=("GOOGLE_GEMINI_BASE_URL",),
        embed_limits=(
            EmbedLimit(
                max_texts=100,
                source="ai.google.dev, batchEmbedContents, by vercel/ai and others, read 2026-11-21",
            ),
        ),
        list_models_path="models",
        source="ai.google.dev API reference (v1beta) and google-genai 3.4.0, read 2026-11-20",
    ),
    make_batch=_make_batch,
)
