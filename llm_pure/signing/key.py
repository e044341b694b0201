"""API keys in headers: `authorization: Bearer KEY`, `x-api-key: KEY` and similar ones."""

from collections.abc import Callable
from datetime import datetime

from llm_pure.types.config import LLMConfig, SecretInput, credential_headers, reveal
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success

_PLACEHOLDERS = frozenset({
    "", "sk-", "your_api_key", "your-api-key", "your api key", "<your_api_key>", "api_key", "xxx", "sk-xxx",
})  # fmt: skip
"""Keys of example configurations, in lower case; MetaGPT's config2.example.yaml has "YOUR_API_KEY" and "sk-"."""


def key_header(
    provider: str,
    variables: tuple[str, ...],
    *,
    header: str = "authorization",
    prefix: str = "Bearer ",
    required: bool = True,
) -> Callable[[LLMConfig, HttpRequest, datetime], LLMResult[HttpRequest]]:
    """Return an `authorize` that adds config.api_key as a header, and the credentials in config.headers.

    Fails with InvalidConfiguration if the key is missing, a placeholder or not valid in a header. A missing key is
    allowed if it is not `required`, or if config.headers has credentials.
    """

    def authorize(config: LLMConfig, request: HttpRequest, now: datetime) -> LLMResult[HttpRequest]:
        request = with_credential_headers(config, request)
        if not config.api_key and (not required or credential_headers(config)):
            return Success(request)
        key = usable_key(provider, variables, config.api_key)
        if type(key) is Failure:
            return key
        return Success(with_header(request, header, prefix + key.unwrap()))

    return authorize


def usable_key(
    provider: str, variables: tuple[str, ...], key: SecretInput | None, field: str = "api_key"
) -> LLMResult[str]:
    """Return the key's text. Fails with InvalidConfiguration, which names the variable to set and never the key."""
    text = reveal(key).strip()
    is_placeholder = text.lower() in _PLACEHOLDERS
    if not is_placeholder and text.isascii() and text.isprintable():
        return Success(text)
    where = f"set {' or '.join(variables)}, or `{field}`" if variables else f"set `{field}`"
    if is_placeholder:
        what = "is a placeholder" if text else "is missing"
        return Failure(
            InvalidConfiguration(
                message=f"the key for {provider} {what}: {where}", provider=provider, field=field
            )
        )
    return Failure(
        InvalidConfiguration(
            message=f"the key for {provider} has characters that no key has: {where}",
            provider=provider,
            field=field,
        )
    )


def with_credential_headers(config: LLMConfig, request: HttpRequest) -> HttpRequest:
    """Add the credentials in config.headers, which builders leave out. Every `authorize` does this first."""
    for name, value in credential_headers(config):
        request = with_header(request, name, value)
    return request


def with_header(request: HttpRequest, name: str, value: str) -> HttpRequest:
    """Return the request with this header, replacing one of the same name."""
    kept = [pair for pair in request.headers if pair[0] != name]
    return HttpRequest(request.method, request.url, (*kept, (name, value)), request.body)
