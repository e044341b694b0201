"""URLs of operations."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.redact import redact_url
from llm_pure.types.result import Failure, LLMResult, Success

UrlFor: TypeAlias = Callable[[LLMConfig, str, str], LLMResult[str]]
"""(config, model, operation) -> URL; an operation is the API's own path, such as "/chat/completions"."""

_CACHE_SIZE = 256
"""Cached URLs; a program uses few services."""

_OPERATIONS: Mapping[str, str] = {
    "/chat/completions": "",
    "/v1/responses": "/v1",
    "/v1/embeddings": "/v1",
    "/v1/messages": "",
}
"""Ends of URLs of operations, as vendors' pages show them, that are configured in place of the base URL -> that URL's end."""

NO_PATH_OVERRIDES: Mapping[str, str] = {}


def under_base_url(
    provider: str, default: str, paths: Mapping[str, str] = NO_PATH_OVERRIDES
) -> UrlFor:
    """Build URLs as base URL + operation path; `paths` overrides single paths. A base URL that ends in the path stays as it is.

    `{model}` in a path is replaced by the model, escaped as one segment.

    >>> url_for = under_base_url("example", "https://example.org", {"/chat/completions": "/v2/{model}/chat"})
    >>> url_for(LLMConfig(), "a/b", "/chat/completions").unwrap()
    'https://example.org/v2/a%2Fb/chat'
    """

    return _url_for(provider, default, paths)


def with_default_path(provider: str, default: str) -> UrlFor:
    """Like `under_base_url`, but a base URL without a path gets the path of the default base URL.

    The vendors' packages read hosts from environment variables: in groq-python GROQ_BASE_URL is https://api.groq.com.

    >>> url_for = with_default_path("example", "https://example.org/openai/v1")
    >>> url_for(LLMConfig(base_url="https://proxy.test"), "m", "/chat/completions").unwrap()
    'https://proxy.test/openai/v1/chat/completions'
    """
    return _url_for(provider, default, NO_PATH_OVERRIDES, urlsplit(default).path)


def _url_for(
    provider: str, default: str, paths: Mapping[str, str], default_path: str = ""
) -> UrlFor:
    @lru_cache(maxsize=_CACHE_SIZE)
    def build(base: str | None, model: str, operation: str) -> LLMResult[str]:
        path = paths.get(operation, operation).replace("{model}", path_segment(model))
        return _base_url(base, default, provider).map(
            lambda url: url.removesuffix(path) + ("" if urlsplit(url).path else default_path) + path
        )

    return lambda config, model, operation: build(config.base_url, model, operation)


def path_segment(text: str) -> str:
    """Return the text percent-encoded as one path segment, slashes included."""
    return quote(text, safe="")


def base_url(config: LLMConfig, default: str, *, provider: str) -> LLMResult[str]:
    """Return the configured base URL, else the default one, without a slash or the path of an operation at its end.

    Fails with InvalidConfiguration if there is none, if it is not an http(s) or ws(s) URL, or has a query or a fragment.
    """
    return _base_url(config.base_url, default, provider)


@lru_cache(maxsize=_CACHE_SIZE)
def _base_url(base: str | None, default: str, provider: str) -> LLMResult[str]:
    url = (base or default).strip().rstrip("/")
    try:
        parts = urlsplit(url)
        is_valid = (
            parts.scheme in ("http", "https", "ws", "wss")
            and bool(parts.hostname)
            and parts.port != 0
            and url.isprintable()
            and " " not in url
            and not parts.fragment
            and not parts.query
        )
    except ValueError:
        is_valid = False
    if is_valid:
        named = next((path for path in _OPERATIONS if url.endswith(path)), None)
        return Success(url if named is None else url.removesuffix(named) + _OPERATIONS[named])
    what = f"{redact_url(url)!r} is not a valid URL" if url else "is missing"
    return Failure(
        InvalidConfiguration(
            message=f"the base URL for {provider} {what}; expected a URL such as {default or 'https://host/v1'}",
            provider=provider,
            field="base_url",
        )
    )
