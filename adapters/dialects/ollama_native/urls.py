"""A base URL as people write it for Ollama -> the URL of one of the server's endpoints.

Source: ollama/ollama v0.33.0-rc2, envconfig/config.go (Host); MetaGPT's configurations end in /api; read 2026-11-20.
"""

import msgspec

from llm_pure.core.urls import UrlFor, base_url
from llm_pure.types.config import LLMConfig
from llm_pure.types.result import LLMResult

BASE_URL = "http://localhost:11434"

_PORT = "11434"


def under_api(provider: str) -> UrlFor:
    """Build URLs of operations such as "chat", below /api. They fail with InvalidConfiguration for an unusable base URL.

    A base URL may end in /api, in an endpoint, or in the /v1 of Ollama's API for OpenAI's clients. The values of OLLAMA_HOST are accepted too: a host without a scheme, without a port
    (then 11434), or a port alone (":11434", then localhost).
    """

    def url_for(config: LLMConfig, model: str, operation: str) -> LLMResult[str]:
        if config.base_url and config.base_url.strip():
            config = msgspec.structs.replace(config, base_url=_with_scheme(config.base_url.strip()))
        return base_url(config, BASE_URL, provider=provider).map(
            lambda url: f"{_server(url, operation)}/api/{operation}"
        )

    return url_for


def _server(url: str, operation: str) -> str:
    return url.removesuffix(f"/{operation}").removesuffix("/api").removesuffix("/v1")


def _with_scheme(url: str) -> str:
    if "://" in url:
        return url
    host, slash, path = url.partition("/")
    if host.startswith(":"):
        host = f"localhost{host}"
    has_port = host.rpartition(":")[2].isdecimal() and not host.endswith("]")
    return f"http://{host}{'' if has_port else f':{_PORT}'}{slash}{path}"
