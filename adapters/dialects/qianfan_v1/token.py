"""The exchange of an application's keys for a token, which then stands in the address of each call.

Two pure functions, for whoever carries the bytes between them:

    request = build_token(config)                          # api_key or access_key, and secret_key
    token = parse_token(response)                          # Token(token=Secret, valid_s=2592000)
    config = replace(config, session_token=token.token)    # good for that long

Source: qianfan 0.4.12.3, resources/auth/oauth.py; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import msgspec

from llm_pure.adapters.dialects.openai_common.usage import tokens
from llm_pure.core.error_mapping import (
    ErrorType,
    ProviderErrorInfo,
    to_llm_error,
    undecodable_body_error,
)
from llm_pure.core.urls import base_url
from llm_pure.framing.json_codec import decode_any
from llm_pure.signing.key import usable_key
from llm_pure.types.config import LLMConfig, Secret
from llm_pure.types.errors import AuthenticationFailed, ProtocolError
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success

SERVER = "https://aip.baidubce.com"

API_KEY_ENV = ("QIANFAN_AK", "QIANFAN_ACCESS_KEY")
SECRET_VARIABLES = ("QIANFAN_SK", "QIANFAN_SECRET_KEY")


_WORDS: Mapping[str, ErrorType] = {
    "invalid_client": AuthenticationFailed,
    "invalid_grant": AuthenticationFailed,
}


class Token(msgspec.Struct, frozen=True):
    """valid_s: for how many seconds, counted from the answer; about 30 days."""

    token: Secret
    valid_s: int


def build_token(name: str, config: LLMConfig) -> LLMResult[HttpRequest]:
    """POST {host}/oauth/2.0/token, with the keys in its query: it is itself a secret, as its repr knows.

    Fails with InvalidConfiguration when a key is missing, or the base URL is none.
    """
    key = usable_key(name, API_KEY_ENV, config.api_key or config.access_key)
    secret = usable_key(name, SECRET_VARIABLES, config.secret_key, "secret_key")
    url = base_url(config, SERVER, provider=name)
    if isinstance(key, Failure):
        return key
    if isinstance(secret, Failure):
        return secret
    if isinstance(url, Failure):
        return url
    query = urlencode(
        {
            "grant_type": "client_credentials",
            "client_id": key.unwrap(),
            "client_secret": secret.unwrap(),
        }
    )
    parts = urlsplit(url.unwrap())
    where = f"{parts.scheme}://{parts.netloc}/oauth/2.0/token?{query}"
    headers = (("content-type", "application/json"), ("accept", "application/json"))
    return Success(HttpRequest("POST", where, headers))


def parse_token(name: str, response: HttpResponse) -> LLMResult[Token]:
    """{access_token, expires_in}. Fails with the error that {error, error_description} tells."""
    decoded = decode_any(response.body, provider=name)
    raw = None if isinstance(decoded, Failure) else decoded.unwrap()
    if not isinstance(raw, dict):
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    token, valid_s, error = raw.get("access_token"), raw.get("expires_in"), raw.get("error")
    if isinstance(token, str) and token and response.status < 300:
        seconds = tokens(valid_s)
        if seconds is None:  # the body is not shown: there is a token in it
            message = "the token comes without the time that it is good for"
            return Failure(ProtocolError(message=message, provider=name, where="body"))
        return Success(Token(Secret(token), seconds))
    told = raw.get("error_description")
    report = ProviderErrorInfo(
        provider=name,
        status=response.status if response.status >= 400 else None,
        message=told if isinstance(told, str) else str(error or ""),
        code=error if isinstance(error, str) else None,
        headers=response.headers,
    )
    return Failure(to_llm_error(report, _WORDS))
