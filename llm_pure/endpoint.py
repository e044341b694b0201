"""Where a request goes, and the request that goes there with a JSON body."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from llm_pure.codec import encode
from llm_pure.config import LLMConfig
from llm_pure.errors import ConfigurationInvalid
from llm_pure.http import SECRET_HEADERS, Headers, HttpRequest, conceal_url
from llm_pure.result import Failure, Parsed, Success


def base_url(config: LLMConfig, default: str, *, provider: str) -> Parsed[str]:
    """The configured base URL, else the provider's own, with no slash at its end.

    Fails with ConfigurationInvalid when it is no http(s) URL, or when there is none at all.
    """
    url = (config.base_url or default).strip().rstrip("/")
    try:
        parts = urlsplit(url)
        good = (
            parts.scheme in ("http", "https", "ws", "wss")
            and bool(parts.hostname)
            and parts.port != 0
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        good = False
    if good:
        return Success(url)
    what = f"{conceal_url(url)!r} is no URL to send to" if url else "is missing"
    return Failure(
        ConfigurationInvalid(
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
) -> Parsed[HttpRequest]:
    """A POST of this body as JSON, with the configuration's own headers but for credentials: those `authorize` adds."""
    plain = tuple([pair for pair in own_headers(config) if pair[0] not in SECRET_HEADERS])
    named = {pair[0] for pair in plain}
    common = (("content-type", "application/json"), ("accept", accept), *headers)
    kept = tuple([pair for pair in common if pair[0] not in named])
    return encode(body, provider=provider).map(
        lambda data: HttpRequest("POST", url, (*kept, *plain), data)
    )


def own_headers(config: LLMConfig) -> Headers:
    """The headers that the configuration adds to every request, names in lower case."""
    return tuple([(name.lower(), value) for name, value in config.headers])
