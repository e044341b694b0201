"""Claude on Google's Vertex AI: the Messages API, with the model and the kind of response in the URL.

Needs config.project, and an OAuth access token as config.api_key, such as the output of `gcloud auth print-access-token`.
config.location (or region_name) is a region, "us", "eu" or "global" (the default).
Docs: anthropic 2.11.0 (lib/vertex/_client.py), ../shared/wire/anthropic.md section 8; read 2026-11-20.
"""

from urllib.parse import quote

from llm_pure.adapters.dialects import anthropic_messages
from llm_pure.signing.key import key_header
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, ok, returns_failure

NAME = "vertex_anthropic"
QUIRKS = anthropic_messages.Quirks(
    version="vertex-2023-10-16",
    version_in="body",
    model_in="path",
    chat_path="{model}:rawPredict",
    stream_path="{model}:streamRawPredict",
    count_path="count-tokens:rawPredict",
    compatible_providers=frozenset({"anthropic", "claude"}),
    options={"user": "metadata/user_id"},
)
API_KEY_ENV = ("GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN")
_HOSTS = {
    "global": "aiplatform.googleapis.com",
    "us": "aiplatform.us.rep.googleapis.com",
    "eu": "aiplatform.eu.rep.googleapis.com",
}
"""Hosts of locations that are not a region. A region has its own: {region}-aiplatform.googleapis.com."""


@returns_failure
def url_for(config: LLMConfig, model: str, operation: str) -> str:
    """{base_url}/v1/projects/{project}/locations/{location}/publishers/anthropic/models/{operation}.

    Fails with InvalidConfiguration (no project, bad location, bad URL).
    """
    location = config.location or config.region_name or "global"
    if not location.isascii() or not location.replace("-", "").isalnum():
        raise _invalid("location", f"{location!r} is not a location; an example is us-east5")
    if not config.project:
        raise _invalid("project", "no project: set `project` in the configuration")
    project = quote(config.project, safe=":")
    target = operation.replace("{model}", quote(model, safe="@"))
    path = f"/v1/projects/{project}/locations/{location}/publishers/anthropic/models/{target}"
    host = _HOSTS.get(location, f"{location}-aiplatform.googleapis.com")
    return ok(anthropic_messages.versioned_url(NAME, config, f"https://{host}", path))


def _invalid(field: str, message: str) -> Rejected:
    return Rejected(InvalidConfiguration(message=message, provider=NAME, field=field))


PROVIDER = anthropic_messages.provider(
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
)
