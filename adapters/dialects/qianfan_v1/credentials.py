"""Credentials of Qianfan's first API: a token in the address, or the signature of Baidu Cloud's keys in a header.

The signature needs nothing but the keys and the time, so it is the usual way; a token has to be fetched first (token.py).
Source: qianfan 0.4.12.3, resources/requestor/openapi_requestor.py and resources/auth/iam.py, read 2026-11-20.
"""

from datetime import datetime
from urllib.parse import quote

import msgspec

from llm_pure.adapters.dialects.qianfan_v1.token import API_KEY_ENV, SECRET_VARIABLES
from llm_pure.signing import baidu_bce
from llm_pure.signing.key import usable_key, with_credential_headers
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success


def authorize(
    name: str, config: LLMConfig, request: HttpRequest, now: datetime
) -> LLMResult[HttpRequest]:
    """session_token: `access_token` in the query. Else access_key and secret_key: `authorization: bce-auth-v1/...`.

    Fails with InvalidConfiguration when a key is missing, and for an application's api_key and secret_key without a token:
    those are exchanged first.
    """
    request = with_credential_headers(config, request)
    if config.session_token:
        return usable_key(
            name, ("QIANFAN_ACCESS_TOKEN",), config.session_token, "session_token"
        ).map(lambda token: _with_token(request, token))
    if config.api_key and not config.access_key:
        message = (
            f"{name}: an application's keys are exchanged for a token first; set `session_token` to what build_token "
            "and parse_token give, or set access_key and secret_key"
        )
        return Failure(InvalidConfiguration(message=message, provider=name, field="session_token"))
    access_key = usable_key(name, API_KEY_ENV[1:], config.access_key, "access_key")
    secret_key = usable_key(name, SECRET_VARIABLES[1:], config.secret_key, "secret_key")
    if isinstance(access_key, Failure):
        return access_key
    if isinstance(secret_key, Failure):
        return secret_key
    return Success(
        baidu_bce.sign(
            request, access_key=access_key.unwrap(), secret_key=secret_key.unwrap(), now=now
        )
    )


def _with_token(request: HttpRequest, token: str) -> HttpRequest:
    joint = "&" if "?" in request.url else "?"
    url = f"{request.url}{joint}access_token={quote(token, safe='')}"
    return msgspec.structs.replace(request, url=url)
