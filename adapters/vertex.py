"""Vertex AI: Gemini on Google Cloud, with a project, a location and an OAuth token; or with an API key only (express mode).

Docs: cloud.google.com, "Vertex AI generateContent" and "Vertex AI in express mode"; google-genai 3.4.0
`_api_client.py` (hosts and paths); read 2026-11-20.
"""

from datetime import datetime
from urllib.parse import quote

from llm_pure.adapters.dialects import gemini_content
from llm_pure.core.urls import base_url
from llm_pure.signing.key import key_header
from llm_pure.types.config import LLMConfig, reveal
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.operations import EmbedLimit
from llm_pure.types.result import Failure, LLMResult

_NAME = "vertex"
_BASE_URL = "https://aiplatform.googleapis.com"
_KEYS = ("GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_API_KEY")
_VERSION = "v1beta1"
_LOCATION = "global"
_EMBEDDINGS = "cloud.google.com, Vertex AI, Get text embeddings, read 2026-11-21"
_MULTI_REGIONS = ("us", "eu")
_API_KEY_PREFIXES = ("AIza", "AQ.")
"""Prefixes of Google's API keys; any other key is an OAuth token, which begins with "ya29." or is a JWT."""


def url_for(config: LLMConfig, model: str, operation: str) -> LLMResult[str]:
    """{host}/v1beta1/projects/{project}/locations/{location}/publishers/google/models/{model}:{operation}.

    In express mode, with an API key and without a project, the path begins with publishers/. The location is
    config.location, else config.region_name, else "global"; it selects the host. Fails with InvalidConfiguration without
    a project and an API key, or for an invalid location.
    """
    location = config.location or config.region_name or _LOCATION
    if not location.replace("-", "").isalnum() or not location.isascii():
        return _invalid("location", f"invalid location {location!r}; example: us-central1")
    path = _model_path(model)
    host = _host(location)
    if not path.startswith("projects/"):
        if config.project:
            project = quote(config.project, safe=":")
            path = f"projects/{project}/locations/{location}/{path}"
        elif _is_api_key(config):
            host = _BASE_URL
        else:
            message = "no project: set `project` in the configuration, or use an API key"
            return _invalid("project", message)
    version = config.api_version or _VERSION
    return base_url(config, host, provider=_NAME).map(
        lambda url: f"{url}/{version}/{quote(path, safe='/@:')}:{operation}"
    )


def authorize(config: LLMConfig, request: HttpRequest, now: datetime) -> LLMResult[HttpRequest]:
    """Add the credential: an API key as x-goog-api-key, an OAuth token as authorization."""
    return (_WITH_KEY if _is_api_key(config) else _WITH_TOKEN)(config, request, now)


_WITH_KEY = key_header(_NAME, _KEYS, header="x-goog-api-key", prefix="")
_WITH_TOKEN = key_header(_NAME, _KEYS)


def _is_api_key(config: LLMConfig) -> bool:
    return reveal(config.api_key).strip().startswith(_API_KEY_PREFIXES)


def _model_path(model: str) -> str:
    """publishers/google/models/{model}; "publisher/model" names another publisher, and longer paths are unchanged."""
    if model.startswith(("projects/", "publishers/", "endpoints/")):
        return model
    publisher, slash, rest = model.partition("/")
    if not slash or publisher == "models":
        return f"publishers/google/models/{rest or model}"
    return f"publishers/{publisher}/models/{rest}"


def _host(location: str) -> str:
    if location == _LOCATION:
        return _BASE_URL
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def _invalid(field: str, message: str) -> LLMResult[str]:
    return Failure(InvalidConfiguration(message=message, field=field, provider=_NAME))


PROVIDER = gemini_content.provider(
    name=_NAME,
    base_url=_BASE_URL,
    url_for=url_for,
    quirks=gemini_content.Quirks(
        labels=True,
        media_type_required=True,
        file_names=True,
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
)
