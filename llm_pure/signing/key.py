"""A key in a header: `authorization: Bearer KEY`, `x-api-key: KEY` and their like."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from llm_pure.types.config import LLMConfig, SecretInput, credential_headers, reveal
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success

_PLACEHOLDERS = frozenset(
    {
        "",
        "sk-",
        "your_api_key",
        "your-api-key",
        "your api key",
        "<your_api_key>",
        "api_key",
        "xxx",
        "sk-xxx",
    }
)
"""What stands in example configurations, in lower case; MetaGPT's config2.example.yaml has "YOUR_API_KEY" and "sk-"."""


def key_header(
    provider: str,
    variables: tuple[str, ...],
    *,
    header: str = "authorization",
    prefix: str = "Bearer ",
    required: bool = True,
) -> Callable[[LLMConfig, HttpRequest, datetime], LLMResult[HttpRequest]]:
    """An `authorize` that puts config.api_key into a header.

    It fails with InvalidConfiguration when the key is missing, a placeholder or no header value. Where the key is not
    `required` and not there, the request passes as it is. Credentials among config.headers are added too, and a key
    is not needed beside them.
    """

    def authorize(config: LLMConfig, request: HttpRequest, now: datetime) -> LLMResult[HttpRequest]:
        own = credential_headers(config)
        for name, value in own:
            request = with_header(request, name, value)
        if not config.api_key and (own or not required):
            return Success(request)
        return usable_key(provider, variables, config.api_key).map(
            lambda key: with_header(request, header, prefix + key)
        )

    return authorize


def usable_key(
    provider: str, variables: tuple[str, ...], key: SecretInput | None, field: str = "api_key"
) -> LLMResult[str]:
    """The key as it may stand in a header; else an error that names the variable to set, and never the key."""
    text = reveal(key).strip()
    where = f"set {' or '.join(variables)}, or `{field}`" if variables else f"set `{field}`"
    if text.lower() in _PLACEHOLDERS:
        what = "is a placeholder" if text else "is missing"
        return Failure(
            InvalidConfiguration(
                message=f"the key for {provider} {what}: {where}", provider=provider, field=field
            )
        )
    if not text.isascii() or not text.isprintable():
        return Failure(
            InvalidConfiguration(
                message=f"the key for {provider} has characters that no key has: {where}",
                provider=provider,
                field=field,
            )
        )
    return Success(text)


def with_credential_headers(config: LLMConfig, request: HttpRequest) -> HttpRequest:
    """Add the credentials among config.headers, which builders leave out. Every `authorize` does this first."""
    for name, value in credential_headers(config):
        request = with_header(request, name, value)
    return request


def with_header(request: HttpRequest, name: str, value: str) -> HttpRequest:
    """The request with this header, in place of one of the same name."""
    kept = tuple([pair for pair in request.headers if pair[0] != name])
    return msgspec.structs.replace(request, headers=(*kept, (name, value)))
