"""Credentials of Qianfan version 1: a token in the URL, or the signature of Baidu Cloud's keys in a header.

The signature needs only the keys and the time, so it is the usual way; a token has to be fetched first (token.py).
Source: qianfan 0.4.12.3, resources/requestor/openapi_requestor.py and resources/auth/iam.py, read 2026-11-20.
"""

from datetime import datetime
from urllib.parse import quote

from msgspec.structs import replace

from llm_pure.adapters.dialects.qianfan_v1.token import API_KEY_ENV, SECRET_KEY_ENV
from llm_pure.core.service import AnyService
from llm_pure.signing import baidu_bce
from llm_pure.signing.key import usable_key, with_credential_headers
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure


@returns_failure
def authorize(
    service: AnyService, config: LLMConfig, request: HttpRequest, now: datetime
) -> HttpRequest:
    """With session_token: `access_token` in the query. Else access_key and secret_key: `authorization: bce-auth-v1/...`.

    Fails with InvalidConfiguration when a key is missing, and for an application's api_key and secret_key without a token:
    they have to be exchanged for a token first.
    """
    name = service.name
    request = with_credential_headers(config, request)
    if config.session_token:
        token_env = ("QIANFAN_ACCESS_TOKEN",)
        token = ok(usable_key(name, token_env, config.session_token, "session_token"))
        separator = "&" if "?" in request.url else "?"
        url = f"{request.url}{separator}access_token={quote(token, safe='')}"
        return replace(request, url=url)
    if config.api_key and not config.access_key:
        message = (
            f"{name}: an application's keys have to be exchanged for a token: set `session_token` to the token of "
            "build_token and parse_token, or set access_key and secret_key"
        )
        raise Rejected(InvalidConfiguration(message=message, provider=name, field="session_token"))
    access_key = ok(usable_key(name, API_KEY_ENV[1:], config.access_key, "access_key"))
    secret_key = ok(usable_key(name, SECRET_KEY_ENV[1:], config.secret_key, "secret_key"))
    return baidu_bce.sign(request, access_key=access_key, secret_key=secret_key, now=now)
