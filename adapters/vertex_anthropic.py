"""Claude on Google's Vertex AI: the Messages API, with the model and the kind of response in the URL.

Needs config.project, and an OAuth access token as config.api_key, such as the output of `gcloud auth print-access-token`.
config.location (or region_name) is a region, "us", "eu" or "global" (the default). Batches need config.batch_uri.
Docs: anthropic 2.11.0 (lib/vertex/_client.py), ../shared/wire/anthropic.md section 8; read 2026-11-20.
"""

from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec.structs import replace

from llm_pure.adapters.dialects import anthropic_messages
from llm_pure.adapters.shared.vertex_urls import host_of, location_of
from llm_pure.core.provider import Provider
from llm_pure.signing.key import key_header
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, ok, returns_failure

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

NAME = "vertex_anthropic"
QUIRKS = anthropic_messages.Quirks(
    version="vertex-2023-10-16",
    version_in="body",
    model_in="path",
    chat_path="{model}:rawPredict",
    stream_path="{model}:streamRawPredict",
    count_path="count-tokens:rawPredict",
    references=False,
    compatible_providers=frozenset({"anthropic", "claude"}),
    options={"user": anthropic_messages.USER_ID},
)
API_KEY_ENV = ("GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN")


@returns_failure
def url_for(config: LLMConfig, model: str, operation: str) -> str:
    """{base_url}/v1/projects/{project}/locations/{location}/publishers/anthropic/models/{operation}.

    Fails with InvalidConfiguration (no project, bad location, bad URL).
    """
    location = location_of(NAME, config)
    if not config.project:
        message = "no project: set `project` in the configuration"
        raise Rejected(InvalidConfiguration(message=message, provider=NAME, field="project"))
    project = quote(config.project, safe=":")
    target = operation.replace("{model}", quote(model, safe="@"))
    path = f"/v1/projects/{project}/locations/{location}/publishers/anthropic/models/{target}"
    return ok(anthropic_messages.versioned_url(NAME, config, host_of(location), path))


def _model_path(model: str) -> str:
    return (
        model
        if model.startswith(("projects/", "publishers/"))
        else f"publishers/anthropic/models/{model}"
    )


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.shared.vertex_batches import (  # late
        CLAUDE_LIMITS,
        VertexBatches,
        batches,
    )

    return batches(provider, CLAUDE_LIMITS, VertexBatches(model_path=_model_path, label_ids=False))


PROVIDER = replace(
    anthropic_messages.provider(
        name=NAME,
        base_url="https://aiplatform.googleapis.com",
        quirks=QUIRKS,
        url_for=url_for,
        authorize=key_header(NAME, API_KEY_ENV),
        api_key_env=API_KEY_ENV,
        base_url_env=("ANTHROPIC_VERTEX_BASE_URL",),
        env_vars={
            "project": ("ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"),
            "location": ("CLOUD_ML_REGION", "GOOGLE_CLOUD_LOCATION"),
        },
        count_tokens=True,
        source="anthropic 2.11.0 (lib/vertex), read 2026-11-20",
    ),
    make_batch=_make_batch,
)
