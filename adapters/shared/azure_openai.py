"""Azure OpenAI's addresses and keys, which its chat completions and its Responses share.

The address in the configuration (`base_url`, else `endpoint`) may be the resource's own, or any of the longer ones that
the portal shows: with /openai, /openai/v1, or /openai/deployments/NAME behind it.
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

EXAMPLE = "https://RESOURCE.openai.azure.com"
API_KEY_ENV = ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")
ADDRESS_VARIABLES = ("AZURE_OPENAI_ENDPOINT",)
VARIABLES = {"api_version": ("OPENAI_API_VERSION",)}

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_OF_DEPLOYMENTS = frozenset(
    {
        "/chat/completions",
        "/embeddings",
        "/images/generations",
        "/images/edits",
        "/images/variations",
        "/audio/speech",
        "/audio/transcriptions",
    }
)
"""Operations that the dated API has below a deployment; it has the others beside."""


def places(provider: str) -> UrlFor:
    """Where Azure's operations are.

    With a date as config.api_version: {endpoint}/openai/deployments/{deployment}{operation}?api-version={date}, or
    {endpoint}/openai{operation}?api-version={date} where a deployment has no place. Else, and where the address itself
    ends in /v1: {endpoint}/openai/v1{operation}.
    """

    def url_for(config: LLMConfig, model: str, operation: str) -> LLMResult[str]:
        version = config.api_version or ""
        dated = version if _DATED.fullmatch(version) else ""
        given = (config.base_url or config.endpoint or "").partition("?")[0]
        address = msgspec.structs.replace(config, base_url=given)
        return base_url(address, "", provider=provider).map(
            lambda url: _place(url, dated, model, operation)
        )

    return url_for


def _place(url: str, dated: str, model: str, operation: str) -> str:
    if url.endswith("/v1"):
        return url + operation
    resource, _, deployment = url.partition("/openai/deployments/")
    resource = resource.removesuffix("/openai")
    if not dated:
        return f"{resource}/openai/v1{operation}"
    below = ""
    if operation in _OF_DEPLOYMENTS:
        below = f"/deployments/{deployment.split('/')[0] or path_segment(model)}"
    return f"{resource}/openai{below}{operation}?api-version={dated}"


def key_or_token(provider: str) -> Authorize:
    """An `authorize` that sends a key as `api-key`, and an Entra token, which is a JWT, as `authorization: Bearer`."""
    key = key_header(provider, API_KEY_ENV, header="api-key", prefix="")
    token = key_header(provider, API_KEY_ENV)

    def authorize(config: LLMConfig, request: HttpRequest, now: datetime) -> LLMResult[HttpRequest]:
        is_token = reveal(config.api_key).strip().startswith("eyJ")
        return (token if is_token else key)(config, request, now)

    return authorize
