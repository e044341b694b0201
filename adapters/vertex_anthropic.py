"""Claude on Google's Vertex AI: the Messages API, with the model and the way of answering in the path.

Needs config.project, and an OAuth access token as config.api_key, such as `gcloud auth print-access-token` gives.
config.location (or region_name) is a region, "us", "eu" or "global"; "global" where nothing is said.
Docs: anthropic 2.11.0 (lib/vertex/_client.py), ../shared/wire/anthropic.md section 8; read 2026-11-20.
"""

from functools import partial
from urllib.parse import quote

from llm_pure.adapters.dialects import anthropic_messages
from llm_pure.adapters.dialects.anthropic_messages import Body, Quirks
from llm_pure.core.provider import Built, Operation, Provider
from llm_pure.signing.key import key_header
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.operations import TokenCount
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult

NAME = "vertex_anthropic"
QUIRKS = Quirks(
    version="vertex-2023-10-16",
    version_in="body",
    model_in="path",
    kin=frozenset({"anthropic", "claude"}),
)
API_KEY_ENV = ("GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN")
_HOSTS = {
    "global": "aiplatform.googleapis.com",
    "us": "aiplatform.us.rep.googleapis.com",
    "eu": "aiplatform.eu.rep.googleapis.com",
}
"""Locations that are no region. A region has its own: {region}-aiplatform.googleapis.com."""


def build_chat(
    config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    """POST {base_url}/v1/projects/{project}/locations/{location}/publishers/anthropic/models/{model}:rawPredict.

    `:streamRawPredict` for a stream. Body: as `build_body`, without model, with anthropic_version.
    Fails with InvalidConfiguration (no project, bad location, no model, bad URL), and as `build_body`.
    """
    made = anthropic_messages.build_body(NAME, QUIRKS, config, request, strict=strict)
    if isinstance(made, Failure):
        return made
    body = made.unwrap()
    verb = "streamRawPredict" if body.stream else "rawPredict"
    return _post(config, f"{quote(body.model, safe='@')}:{verb}", body)


def build_count(config: LLMConfig, request: ChatRequest) -> LLMResult[Built]:
    """POST .../publishers/anthropic/models/count-tokens:rawPredict; the model stays in the body. Fails as `build_chat`."""
    body = anthropic_messages.count_body(NAME, QUIRKS, config, request)
    if isinstance(body, Failure):
        return body
    return _post(config, "count-tokens:rawPredict", body.unwrap())


def _post(config: LLMConfig, target: str, body: Body) -> LLMResult[Built]:
    location = config.location or config.region_name or "global"
    if not location.isascii() or not location.replace("-", "").isalnum():
        return _invalid("location", f"{location!r} is no location; it looks like us-east5")
    if not config.project:
        return _invalid("project", "no project: set `project` in the configuration")
    project = quote(config.project, safe=":")
    path = f"/v1/projects/{project}/locations/{location}/publishers/anthropic/models/{target}"
    host = _HOSTS.get(location, f"{location}-aiplatform.googleapis.com")
    return anthropic_messages.post(NAME, f"https://{host}", QUIRKS, config, path, body)


def _invalid(field: str, message: str) -> LLMResult[Built]:
    return Failure(InvalidConfiguration(message=message, provider=NAME, field=field))


PROVIDER = Provider(
    name=NAME,
    dialect=anthropic_messages.DIALECT,
    base_url="https://aiplatform.googleapis.com",
    build_chat=build_chat,
    authorize=key_header(NAME, API_KEY_ENV),
    parse_chat=partial(anthropic_messages.parse_chat, NAME, QUIRKS),
    open_stream=partial(anthropic_messages.open_stream, NAME, QUIRKS),
    api_key_env=API_KEY_ENV,
    base_url_env=("ANTHROPIC_VERTEX_BASE_URL",),
    env_vars={
        "project": ("ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"),
        "location": ("CLOUD_ML_REGION", "GOOGLE_CLOUD_LOCATION"),
    },
    source="anthropic 2.11.0 (lib/vertex), read 2026-11-20",
    count_tokens=Operation[ChatRequest, TokenCount](
        build_count, partial(anthropic_messages.parse_count, NAME, QUIRKS)
    ),
)
