"""The exchange of an application's keys for a token, which is then part of the URL of each call.

Two pure functions; the caller sends the request between them:

    request = build_token(config)                          # api_key or access_key, and secret_key
    token = parse_token(response)                          # Token(token=Secret, valid_s=2592000)
    config = replace(config, session_token=token.token)    # valid for valid_s seconds

Source: qianfan 0.4.12.3, resources/auth/oauth.py; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import msgspec

from llm_pure.adapters.dialects.common.token_counts import token_count
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.core.service import AnyService, undecodable_error
from llm_pure.core.urls import base_url
from llm_pure.framing.json_codec import decode_any
from llm_pure.signing.key import usable_key
from llm_pure.types.config import LLMConfig, Secret
from llm_pure.types.errors import AuthenticationFailed, ProtocolError
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.rejection import Rejected, ok, returns_failure

API_KEY_ENV = ("QIANFAN_AK", "QIANFAN_ACCESS_KEY")
SECRET_KEY_ENV = ("QIANFAN_SK", "QIANFAN_SECRET_KEY")

_ERROR_CODES: Mapping[str, ErrorType] = {
    "invalid_client": AuthenticationFailed,
    "invalid_grant": AuthenticationFailed,
}


class Token(msgspec.Struct, frozen=True):
    """A token of an application."""

    token: Secret
    valid_s: int
    """Seconds of validity, counted from the response; about 30 days."""


@returns_failure
def build_token(service: AnyService, config: LLMConfig) -> HttpRequest:
    """POST {host}/oauth/2.0/token, with the keys in its query: the URL is a secret, which its repr redacts.

    Fails with InvalidConfiguration when a key is missing, or the base URL is invalid.
    """
    name = service.name
    key = ok(usable_key(name, API_KEY_ENV, config.api_key or config.access_key))
    secret = ok(usable_key(name, SECRET_KEY_ENV, config.secret_key, "secret_key"))
    parts = urlsplit(ok(base_url(config, service.base_url, provider=name)))
    query = urlencode(
        {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
    )
    url = f"{parts.scheme}://{parts.netloc}/oauth/2.0/token?{query}"
    headers = (("content-type", "application/json"), ("accept", "application/json"))
    return HttpRequest("POST", url, headers)


@returns_failure
def parse_token(service: AnyService, response: HttpResponse) -> Token:
    """{access_token, expires_in}. Fails with the error of {error, error_description}."""
    raw = decode_any(response.body, provider=service.name).value_or(None)
    if not isinstance(raw, dict):
        raise Rejected(undecodable_error(service, response))
    token, error, message = raw.get("access_token"), raw.get("error"), raw.get("error_description")
    if isinstance(token, str) and token and response.status < 300:
        valid_s = token_count(raw.get("expires_in"))
        if valid_s is None:  # no evidence: the body holds the token
            message = "the token comes without the time of its validity"
            raise Rejected(ProtocolError(message=message, provider=service.name, where="body"))
        return Token(Secret(token), valid_s)
    report = ProviderErrorInfo(
        provider=service.name,
        status=response.status if response.status >= 400 else None,
        message=message if isinstance(message, str) else str(error or ""),
        code=error if isinstance(error, str) else None,
        headers=response.headers,
    )
    raise Rejected(to_llm_error(report, _ERROR_CODES))
