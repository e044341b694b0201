"""Azure OpenAI's URLs and keys, shared by its chat completions and its Responses API.

The configured URL (`base_url`, else `endpoint`) may be the resource's URL, or any of the longer ones in the portal:
with /openai, /openai/v1, /openai/deployments/NAME or /models after it, an operation after these, and a version in the query.
Source: openai-python 3.3.1 lib/azure.py; ../shared/wire/openai-family.md section 4.2; read 2026-11-20.
"""

import re
from datetime import datetime

import msgspec

from llm_pure.core.provider import Authorize
from llm_pure.core.urls import UrlFor, base_url, path_segment
from llm_pure.signing.key import key_header
from llm_pure.types.config import LLMConfig, reveal
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import LLMResult

API_KEY_ENV = ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")
BASE_URL_ENV = ("AZURE_OPENAI_ENDPOINT",)
ENV_VARS = {"api_version": ("OPENAI_API_VERSION",)}

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_DEPLOYMENT_OPERATIONS = (
    "/chat/completions",
    "/embeddings",
    "/images/generations",
    "/images/edits",
    "/images/variations",
    "/audio/speech",
    "/audio/transcriptions",
)
"""Operations that the dated API has below a deployment; the others have no deployment in their URLs."""
_RESPONSES = ("/openai/responses", "/v1/responses")
_MODELS = "/models"
"""The end of the model inference API, which has dated versions, and the model in the body. Source: learn.microsoft.com, Azure AI Model
Inference REST API; as generally known on 2026-11-30, unconfirmed."""


def url_for_azure(provider: str) -> UrlFor:
    """URLs of Azure's operations.

    With a date as config.api_version: {endpoint}/openai/deployments/{deployment}{operation}?api-version={date}, or
    {endpoint}/openai{operation}?api-version={date} for operations without a deployment. Else, and if the configured URL
    ends in /v1: {endpoint}/openai/v1{operation}. The version of a configured URL counts for the operation at its end.
    """

    def url_for(config: LLMConfig, model: str, operation: str) -> LLMResult[str]:
        configured, _, query = (config.base_url or config.endpoint or "").partition("?")
        config = msgspec.structs.replace(config, base_url=configured)

        def of_endpoint(url: str) -> str:
            named = _operation_in(configured)
            in_query = _version_in(query) if query and named in ("", operation) else ""
            version = config.api_version or in_query
            dated = version if _DATED.fullmatch(version) else ""
            return _operation_url(url.removesuffix(named), dated, model, operation)

        return base_url(config, "", provider=provider).map(of_endpoint)

    return url_for


def _operation_in(url: str) -> str:
    """The operation at the end of a configured URL; "" if there is none."""
    if url.endswith(_RESPONSES):
        return "/responses"
    if not url.endswith(_DEPLOYMENT_OPERATIONS):
        return ""
    return next(name for name in _DEPLOYMENT_OPERATIONS if url.endswith(name))


def _version_in(query: str) -> str:
    """The api-version in a query; "" if there is none."""
    versions = [pair.partition("=")[2] for pair in query.split("&") if "api-version=" in pair]
    return versions[0] if versions else ""


def _operation_url(url: str, dated: str, model: str, operation: str) -> str:
    url = url.removesuffix(operation)
    if url.endswith("/v1"):
        return url + operation
    resource, _, deployment = url.partition("/openai/deployments/")
    if resource.endswith(_MODELS) and dated:
        return f"{resource}{operation}?api-version={dated}"
    resource = resource.removesuffix("/openai").removesuffix(_MODELS)
    if not dated:
        return f"{resource}/openai/v1{operation}"
    path = ""
    if operation in _DEPLOYMENT_OPERATIONS:
        path = f"/deployments/{deployment.split('/')[0] or path_segment(model)}"
    return f"{resource}/openai{path}{operation}?api-version={dated}"


def key_or_token(provider: str) -> Authorize:
    """An `authorize` that sends a key as `api-key`, an Entra token (a JWT) as `authorization: Bearer`."""
    key = key_header(provider, API_KEY_ENV, header="api-key", prefix="")
    token = key_header(provider, API_KEY_ENV)

    def authorize(config: LLMConfig, request: HttpRequest, now: datetime) -> LLMResult[HttpRequest]:
        is_token = reveal(config.api_key).strip().startswith("eyJ")
        return (token if is_token else key)(config, request, now)

    return authorize
