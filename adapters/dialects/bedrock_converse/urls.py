"""URLs and credentials of Bedrock, for Converse and for InvokeModel.

Host: the configured base_url, else https://bedrock-runtime.{region}.amazonaws.com. Region: config.region_name, else the
region in the model's ARN, else us-east-1, where new models are available first.
Source: botocore 1.44.5 (bedrock-runtime service model, endpoint rules, utils.py for the bearer token's name); read 2026-11-20.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from llm_pure.core.service import AnyService
from llm_pure.core.urls import UrlFor, base_url, path_segment
from llm_pure.signing.aws_sigv4 import AwsCredentials, sign
from llm_pure.signing.key import usable_key, with_header
from llm_pure.types.config import LLMConfig, credential_headers, reveal
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest, get_header
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import Success

DEFAULT_REGION = "us-east-1"
BASE_URL = f"https://bedrock-runtime.{DEFAULT_REGION}.amazonaws.com"
API_KEY_ENV = ("AWS_BEARER_TOKEN_BEDROCK",)
BASE_URL_ENV = ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME",)
ENV_VARS: Mapping[str, tuple[str, ...]] = {
    "access_key": ("AWS_ACCESS_KEY_ID",),
    "secret_key": ("AWS_SECRET_ACCESS_KEY",),
    "session_token": ("AWS_SESSION_TOKEN",),
    "region_name": ("AWS_REGION", "AWS_DEFAULT_REGION"),
}

SIGNING_NAME = "bedrock"
CONTENT_DIGEST = "x-amz-content-sha256"
"""A header that every request to S3 has, and no other one: with it a request is signed for S3."""

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)*-\d{1,2}")
_HOST_REGION = re.compile(
    rf"(?:^|[.-])(?:bedrock(?:-runtime)?(?:-fips)?|s3)\.({_REGION.pattern})\."
)
_ARN_REGION = re.compile(rf"arn:aws[a-z-]*:[a-z]+:({_REGION.pattern}):")


def url_of_model(provider: str) -> UrlFor:
    """Build URLs {base_url}/model/{modelId}/{operation}. The id is one path segment: colons and slashes are encoded.

    They fail with InvalidConfiguration: a base_url that is not a URL, a region_name that is not a region.
    """

    @lru_cache(maxsize=256)
    @returns_failure
    def url_of(base: str | None, region_name: str | None, model: str, operation: str) -> str:
        region = region_of(provider, region_name, model)
        default = f"https://bedrock-runtime.{region}.{domain_of(region)}"
        url = ok(base_url(LLMConfig(base_url=base), default, provider=provider))
        return f"{url}/model/{path_segment(model)}/{operation}"

    return lambda config, model, operation: url_of(
        config.base_url, config.region_name, model, operation
    )


def region_of(provider: str, region_name: str | None, model: str) -> str:
    """The configured region, else that of the model's ARN, else us-east-1. Raises Rejected with InvalidConfiguration."""
    arn = _ARN_REGION.match(model)
    region = region_name or (arn.group(1) if arn else DEFAULT_REGION)
    if not _REGION.fullmatch(region):
        message = f"{region[:60]!r} is not an AWS region; an example is {DEFAULT_REGION}"
        raise _invalid(provider, "region_name", message)
    return region


def domain_of(region: str) -> str:
    """The domain of a region's hosts."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


@returns_failure
def authorize(
    service: AnyService, config: LLMConfig, request: HttpRequest, now: datetime
) -> HttpRequest:
    """A bearer token (config.api_key), else a signature, version 4, with access_key, secret_key and session_token.

    S3, which has the files of batches, takes a signature only. The signature is for the region in the request's host, else for config.region_name, else for us-east-1.
    Fails with InvalidConfiguration when there is neither, or a key that is not a header value.
    """
    if get_header(request.headers, CONTENT_DIGEST):
        return _sign(service.name, config, request, now, "s3")
    user_headers = credential_headers(config)
    for key, value in user_headers:
        request = with_header(request, key, value)
    bearer = usable_key(service.name, API_KEY_ENV, config.api_key)
    if isinstance(bearer, Success):
        return with_header(request, "authorization", f"Bearer {bearer.unwrap()}")
    if config.access_key or config.secret_key:
        return _sign(service.name, config, request, now, SIGNING_NAME)
    if config.api_key:
        raise Rejected(bearer.failure())
    if not user_headers:
        raise _no_credentials(service.name, "api_key", "no credentials")
    return request


def _sign(
    name: str, config: LLMConfig, request: HttpRequest, now: datetime, signing_name: str
) -> HttpRequest:
    access_key = ok(usable_key(name, ("AWS_ACCESS_KEY_ID",), config.access_key, "access_key"))
    secret_key = ok(usable_key(name, ("AWS_SECRET_ACCESS_KEY",), config.secret_key, "secret_key"))
    token = reveal(config.session_token).strip()
    if not token.isascii() or not (token + "x").isprintable():
        problem = "a session token that is not a header value"
        raise _no_credentials(name, "session_token", problem)
    host = _HOST_REGION.search(urlsplit(request.url).hostname or "")
    region = host.group(1) if host else (config.region_name or DEFAULT_REGION)
    credentials = AwsCredentials(
        access_key=access_key, secret_key=secret_key, session_token=token or None
    )
    return sign(request, credentials, region=region, service=signing_name, now=now)


def _no_credentials(name: str, field: str, problem: str) -> Rejected:
    return _invalid(
        name,
        field,
        f"{problem} for {name}: set AWS_BEARER_TOKEN_BEDROCK, or `api_key`; or AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY (with AWS_SESSION_TOKEN for temporary ones), or `access_key` and `secret_key`",
    )


def _invalid(name: str, field: str, message: str) -> Rejected:
    return Rejected(InvalidConfiguration(message=message, provider=name, field=field))
