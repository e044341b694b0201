"""Where Bedrock's calls go, and the credentials that let them in: for Converse and for InvokeModel.

Host: the configured base_url, else https://bedrock-runtime.{region}.amazonaws.com. The region: config.region_name, else
the one that the model's ARN names, else us-east-1, where new models come first.
Source: botocore 1.44.5 (bedrock-runtime service model, endpoint rules, utils.py for the bearer token's name); read 2026-11-20.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from llm_pure.core.urls import base_url, path_segment
from llm_pure.signing.aws_sigv4 import AwsCredentials, sign
from llm_pure.signing.key import usable_key, with_header
from llm_pure.types.config import LLMConfig, credential_headers, reveal
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success

DEFAULT_REGION = "us-east-1"
BASE_URL = f"https://bedrock-runtime.{DEFAULT_REGION}.amazonaws.com"
API_KEY_ENV = ("AWS_BEARER_TOKEN_BEDROCK",)
BASE_URL_VARIABLES = ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME",)
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "access_key": ("AWS_ACCESS_KEY_ID",),
    "secret_key": ("AWS_SECRET_ACCESS_KEY",),
    "session_token": ("AWS_SESSION_TOKEN",),
    "region_name": ("AWS_REGION", "AWS_DEFAULT_REGION"),
}

SIGNING_NAME = "bedrock"

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)*-\d{1,2}")
_HOST_REGION = re.compile(rf"(?:^|[.-])bedrock-runtime(?:-fips)?\.({_REGION.pattern})\.")
_ARN_REGION = re.compile(rf"arn:aws[a-z-]*:[a-z]+:({_REGION.pattern}):")


def call_url(name: str, config: LLMConfig, model: str, action: str) -> LLMResult[str]:
    """{base_url}/model/{modelId}/{action}; the id is one path segment, so the colons and slashes of an ARN are encoded.

    Fails with InvalidConfiguration: a base_url that is no URL, a region_name that is no region.
    """
    named = _ARN_REGION.match(model)
    region = config.region_name or (named.group(1) if named else DEFAULT_REGION)
    if not _REGION.fullmatch(region):
        message = f"{region[:60]!r} is no region of AWS; they look like {DEFAULT_REGION}"
        return Failure(InvalidConfiguration(message=message, provider=name, field="region_name"))
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    url = base_url(config, f"https://bedrock-runtime.{region}.{domain}", provider=name)
    return url.map(lambda base: f"{base}/model/{path_segment(model)}/{action}")


def authorize(
    name: str, config: LLMConfig, request: HttpRequest, now: datetime
) -> LLMResult[HttpRequest]:
    """A bearer token (config.api_key), else a signature, version 4, with access_key, secret_key and session_token.

    The signature is for the region in the request's host, else for config.region_name, else for us-east-1.
    Fails with InvalidConfiguration when there is neither, or a key that is no header value.
    """
    own = credential_headers(config)
    for key, value in own:
        request = with_header(request, key, value)
    bearer = usable_key(name, API_KEY_ENV, config.api_key)
    signs = bool(config.access_key or config.secret_key)
    if isinstance(bearer, Success):
        return Success(with_header(request, "authorization", f"Bearer {bearer.unwrap()}"))
    if config.api_key and not signs:
        return Failure(bearer.failure())
    if signs:
        return _signed(name, config, request, now)
    return Success(request) if own else Failure(_missing(name, "api_key", "no credentials"))


def _signed(
    name: str, config: LLMConfig, request: HttpRequest, now: datetime
) -> LLMResult[HttpRequest]:
    access = usable_key(name, ("AWS_ACCESS_KEY_ID",), config.access_key, "access_key")
    secret = usable_key(name, ("AWS_SECRET_ACCESS_KEY",), config.secret_key, "secret_key")
    for found in (access, secret):
        if isinstance(found, Failure):
            return Failure(found.failure())
    token = reveal(config.session_token).strip()
    if not token.isascii() or not (token + "x").isprintable():
        return Failure(_missing(name, "session_token", "a session token that is no header value"))
    place = _HOST_REGION.search(urlsplit(request.url).hostname or "")
    credentials = AwsCredentials(
        access_key=access.unwrap(), secret_key=secret.unwrap(), session_token=token or None
    )
    region = place.group(1) if place else (config.region_name or DEFAULT_REGION)
    return Success(sign(request, credentials, region=region, service=SIGNING_NAME, now=now))


def _missing(name: str, field: str, what: str) -> InvalidConfiguration:
    return InvalidConfiguration(
        message=(
            f"{what} for {name}: set AWS_BEARER_TOKEN_BEDROCK, or `api_key`; or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY (with AWS_SESSION_TOKEN for temporary ones), or `access_key` and `secret_key`"
        ),
        provider=name,
        field=field,
    )
