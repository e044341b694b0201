"""Where a request goes, and the request that goes there with a JSON body."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from llm_pure.framing.json_codec import encode
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import Headers, HttpRequest, redact_url
from llm_pure.types.result import Failure, LLMResult, Success

UrlFor: TypeAlias = Callable[[LLMConfig, str, str], LLMResult[str]]
"""(configuration, model, operation) -> URL; operations are the API's own paths, such as "/chat/completions"."""

_KNOWN = 256
"""How many addresses are remembered: a program asks a few services over and over."""

NO_PATH_OVERRIDES: Mapping[str, str] = {}


def under_base_url(
    provider: str, default: str, paths: Mapping[str, str] = NO_PATH_OVERRIDES
) -> UrlFor:
    """Operations below the base URL, each at its own path unless `paths` has another for it.

    `{model}` in a path becomes the model, escaped as one segment.

    >>> at = under_base_url("example", "https://example.org", {"/chat/completions": "/v2/{model}/chat"})
    >>> at(LLMConfig(), "a/b", "/chat/completions").unwrap()
    'https://example.org/v2/a%2Fb/chat'
    """

    @lru_cache(maxsize=_KNOWN)
    def place(base: str | None, model: str, operation: str) -> LLMResult[str]:
        path = paths.get(operation, operation).replace("{model}", path_segment(model))
        return _base_url(base, default, provider).map(lambda url: url + path)

    return lambda config, model, operation: place(config.base_url, model, operation)


def with_default_path(provider: str, default: str) -> UrlFor:
    """As `below`; a base URL that is a bare host gets the path of the provider's own.

    Vendors' own tools take hosts in their environment variables: GROQ_BASE_URL is https://api.groq.com in groq-python.

    >>> at = with_default_path("example", "https://example.org/openai/v1")
    >>> at(LLMConfig(base_url="https://proxy.test"), "m", "/chat/completions").unwrap()
    'https://proxy.test/openai/v1/chat/completions'
    """
    own_path = urlsplit(default).path

    @lru_cache(maxsize=_KNOWN)
    def place(base: str | None, operation: str) -> LLMResult[str]:
        return _base_url(base, default, provider).map(
            lambda url: url + ("" if urlsplit(url).path else own_path) + operation
        )

    return lambda config, model, operation: place(config.base_url, operation)


def path_segment(text: str) -> str:
    """The text as one segment of a path; a slash in it does not part anything."""
    return quote(text, safe="")


def base_url(config: LLMConfig, default: str, *, provider: str) -> LLMResult[str]:
    """The configured base URL, else the provider's own, with no slash at its end.

    Fails with InvalidConfiguration when it is no http(s) URL, when it has a query or a fragment, below which nothing can
    be, or when there is none at all.
    """
    return _base_url(config.base_url, default, provider)


@lru_cache(maxsize=_KNOWN)
def _base_url(base: str | None, default: str, provider: str) -> LLMResult[str]:
    url = (base or default).strip().rstrip("/")
    try:
        parts = urlsplit(url)
        good = (
            parts.scheme in ("http", "https", "ws", "wss")
            and bool(parts.hostname)
            and parts.port != 0
            and url.isprintable()
            and " " not in url
            and not parts.fragment
            and not parts.query
        )
    except ValueError:
        good = False
    if good:
        return Success(url)
    what = f"{redact_url(url)!r} is no URL to send to" if url else "is missing"
    return Failure(
        InvalidConfiguration(
            message=f"the base URL for {provider} {what}; it looks like {default or 'https://host/v1'}",
            provider=provider,
            field="base_url",
        )
    )


def post_json(
    config: LLMConfig,
    url: str,
    body: Mapping[str, Any],
    *,
    provider: str,
    accept: str = "application/json",
    headers: Headers = (),
) -> LLMResult[HttpRequest]:
    """A POST of this body as JSON, with the configuration's own headers but for credentials: those `authorize` adds."""
    sent: Headers = (("content-type", "application/json"), ("accept", accept), *headers)
    if config.headers:
        plain = plain_headers(config)
        named = {pair[0] for pair in plain}
        sent = (*[pair for pair in sent if pair[0] not in named], *plain)
    return encode(body, provider=provider).map(lambda data: HttpRequest("POST", url, sent, data))
