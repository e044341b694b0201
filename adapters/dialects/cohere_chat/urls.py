"""The URLs of Cohere's operations."""

from llm_pure.core.urls import UrlFor, base_url
from llm_pure.types.config import LLMConfig
from llm_pure.types.result import LLMResult

BASE_URL = "https://api.cohere.com"


def without_version(provider: str) -> UrlFor:
    """Build URLs below the base URL. A version at its end (/v1, /v2) is removed: the operation's path has the version.

    >>> url_for = without_version("cohere")
    >>> url_for(LLMConfig(base_url="https://api.cohere.com/v2/"), "", "/v1/tokenize").unwrap()
    'https://api.cohere.com/v1/tokenize'
    """

    def url_for(config: LLMConfig, model: str, operation: str) -> LLMResult[str]:
        return base_url(config, BASE_URL, provider=provider).map(
            lambda url: (
                url.removesuffix(operation).removesuffix("/v1").removesuffix("/v2") + operation
            )
        )

    return url_for
