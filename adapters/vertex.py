"""Vertex AI: Gemini on Google Cloud, with a project, a location and an OAuth token; or with an API key only (express mode).

Docs: cloud.google.com, "Vertex AI generateContent" and "Vertex AI in express mode"; google-genai 3.4.0
`_api_client.py` (hosts and paths); read 2026-11-20.
"""

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec.structs import replace

from llm_pure.adapters.dialects import gemini_content
from llm_pure.adapters.shared.vertex_urls import host_of, is_api_key, location_of
from llm_pure.core.adaptations import Word
from llm_pure.core.provider import Provider
from llm_pure.core.urls import base_url
from llm_pure.signing.key import key_header
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.operations import EmbedLimit
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import LLMResult

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_NAME = "vertex"
_BASE_URL = "https://aiplatform.googleapis.com"
_KEYS = ("GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_API_KEY")
_VERSION = "v1beta1"
_EMBEDDINGS = "cloud.google.com, Vertex AI, Get text embeddings, read 2026-11-21"


@returns_failure
def url_for(config: LLMConfig, model: str, operation: str) -> str:
    """{host}/v1beta1/projects/{project}/locations/{location}/publishers/google/models/{model}:{operation}.

    In express mode, with an API key and without a project, the path begins with publishers/. The location is
    config.location, else config.region_name, else "global"; it selects the host. Fails with InvalidConfiguration without
    a project and an API key, or for an invalid location.
    """
    location = location_of(_NAME, config)
    path = _model_path(model)
    host = host_of(location)
    if not path.startswith("projects/"):
        if config.project:
            project = quote(config.project, safe=":")
            path = f"projects/{project}/locations/{location}/{path}"
        elif is_api_key(config):
            host = _BASE_URL
        else:
            message = "no project: set `project` in the configuration, or use an API key"
            raise Rejected(InvalidConfiguration(message=message, field="project", provider=_NAME))
    version = config.api_version or _VERSION
    url = ok(base_url(config, host, provider=_NAME))
    return f"{url}/{version}/{quote(path, safe='/@:')}:{operation}"


def authorize(config: LLMConfig, request: HttpRequest, now: datetime) -> LLMResult[HttpRequest]:
    """Add the credential: an API key as x-goog-api-key, an OAuth token as authorization."""
    return (_WITH_KEY if is_api_key(config) else _WITH_TOKEN)(config, request, now)


_WITH_KEY = key_header(_NAME, _KEYS, header="x-goog-api-key", prefix="")
_WITH_TOKEN = key_header(_NAME, _KEYS)


def _model_path(model: str) -> str:
    """publishers/google/models/{model}; "publisher/model" names another publisher, and longer paths are unchanged."""
    if model.startswith(("projects/", "publishers/", "endpoints/")):
        return model
    publisher, slash, rest = model.partition("/")
    if not slash or publisher == "models":
        return f"publishers/google/models/{rest or model}"
    return f"publishers/{publisher}/models/{rest}"


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.shared.vertex_batches import (  # late
        GEMINI_LIMITS,
        VertexBatches,
        batches,
    )

    return batches(provider, GEMINI_LIMITS, VertexBatches(model_path=_model_path, label_ids=True))


PROVIDER = replace(
    gemini_content.provider(
        name=_NAME,
        base_url=_BASE_URL,
        url_for=url_for,
        quirks=gemini_content.Quirks(
            labels=True,
            media_type_required=True,
            file_names=True,
            options={
                name: field
                for name, field in gemini_content.OPTIONS.items()
                if name != "service_tier"
            },
            tier_header=Word(
                path="x-vertex-ai-llm-shared-request-type",
                values=frozenset({"flex", "priority"}),
                source='cloud.google.com, Flex PayGo and Priority PayGo; the body\'s serviceTier "flex" or "standard" is a 400, and'
                " SERVICE_TIER_FLEX is ignored (googleapis/python-genai#2847, litellm#34914); read 2026-11-30",
            ),
            embed_forms=(
                ("gemini-embedding-001", "predict"),
                ("gemini-embedding-exp", "predict"),
                ("gemini-", "content"),
                ("", "predict"),
            ),
        ),
        authorize=authorize,
        api_key_env=_KEYS,
        base_url_env=("GOOGLE_VERTEX_BASE_URL",),
        embed_limits=(
            EmbedLimit(max_texts=1, prefix="gemini-embedding", source=_EMBEDDINGS),
            EmbedLimit(max_texts=250, max_tokens=20_000, source=_EMBEDDINGS),
        ),
        env_vars={
            "project": ("GOOGLE_CLOUD_PROJECT",),
            "location": ("GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION"),
        },
        source="cloud.google.com Vertex AI reference and google-genai 3.4.0, read 2026-11-20",
    ),
    make_batch=_make_batch,
)
