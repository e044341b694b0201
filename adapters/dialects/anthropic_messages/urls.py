"""The URLs of the Messages API."""

from llm_pure.core.urls import UrlFor, base_url
from llm_pure.types.config import LLMConfig
from llm_pure.types.result import LLMResult


def under_base_url(provider: str, default: str) -> UrlFor:
    """Build URLs of operations such as "/v1/messages", below the configured base URL or `default`."""
    return lambda config, model, operation: versioned_url(provider, config, default, operation)


def versioned_url(provider: str, config: LLMConfig, default: str, path: str) -> LLMResult[str]:
    """The base URL and the path. A "/v1" at the base URL's end is removed, and the path itself.

    >>> versioned_url("anthropic", LLMConfig(base_url="https://proxy.test/v1"), "", "/v1/messages").unwrap()
    'https://proxy.test/v1/messages'
    """
    return base_url(config, default, provider=provider).map(
        lambda url: url.removesuffix(path).removesuffix("/v1") + path
    )
