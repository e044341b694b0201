"""Where the server is: a base URL as people write it for Ollama -> the URL of one of its endpoints.

Source: ollama/ollama v0.33.0-rc2, envconfig/config.go (Host); MetaGPT's configurations end in /api; read 2026-11-20.
"""

import msgspec

from llm_pure.config import LLMConfig
from llm_pure.endpoint import base_url
from llm_pure.result import Parsed

SERVER = "http://localhost:11434"

_PORT = "11434"


def endpoint(name: str, config: LLMConfig, path: str) -> Parsed[str]:
    """The URL of `path`, such as "chat", below /api. ConfigurationInvalid when the base URL cannot be used.

    A base URL may end in /api or not, and may be what OLLAMA_HOST holds: a host with no scheme, with no port (then it
    is 11434), or a port alone (":11434", then it is this machine).
    """
    if config.base_url and config.base_url.strip():
        config = msgspec.structs.replace(config, base_url=_with_scheme(config.base_url.strip()))
    return base_url(config, SERVER, provider=name).map(
        lambda url: f"{url.removesuffix('/api')}/api/{path}"
    )


def _with_scheme(url: str) -> str:
    if "://" in url:
        return url
    host, slash, path = url.partition("/")
    if host.startswith(":"):
        host = f"localhost{host}"
    has_port = host.rpartition(":")[2].isdecimal() and not host.endswith("]")
    return f"http://{host}{'' if has_port else f':{_PORT}'}{slash}{path}"
