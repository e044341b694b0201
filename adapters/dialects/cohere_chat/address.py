"""Where Cohere's operations are."""

from llm_pure.config import LLMConfig
from llm_pure.endpoint import base_url
from llm_pure.result import Parsed

SERVER = "https://api.cohere.com"


def endpoint(name: str, config: LLMConfig, path: str) -> Parsed[str]:
    """The path below the configured server; a version at the end of its URL (/v1, /v2) is the path's to say.

    >>> endpoint("cohere", LLMConfig(base_url="https://api.cohere.com/v2/"), "/v1/tokenize").unwrap()
    'https://api.cohere.com/v1/tokenize'
    """
    url = base_url(config, SERVER, provider=name)
    return url.map(lambda one: one.removesuffix("/v1").removesuffix("/v2") + path)
