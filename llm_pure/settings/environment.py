"""What the environment adds to a configuration; what the configuration says itself always wins."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from llm_pure.core.provider import Provider
from llm_pure.types.config import LLMConfig


def load_env(config: LLMConfig, provider: Provider) -> LLMConfig:
    """The configuration, completed from this process's environment."""
    return with_env_defaults(config, provider, os.environ)


def with_env_defaults(
    config: LLMConfig, provider: Provider, environ: Mapping[str, str]
) -> LLMConfig:
    """The configuration with what it leaves open: key, base URL, the provider's further fields, and proxy."""
    found = read_env(provider, environ)
    base_url = config.base_url or found.base_url
    proxy = config.proxy or proxy_for(base_url or provider.base_url, environ)
    more = {
        field: getattr(found, field)
        for field in provider.env_vars
        if getattr(config, field) is None
    }
    return msgspec.structs.replace(
        config,
        api_key=config.api_key if config.api_key is not None else found.api_key,
        base_url=base_url,
        proxy=proxy,
        **more,
    )


def read_env(provider: Provider, environ: Mapping[str, str]) -> LLMConfig:
    """The configuration that the environment alone would give: the provider and what is set of its variables."""
    more: dict[str, Any] = {
        field: _first(environ, names) for field, names in provider.env_vars.items()
    }
    return LLMConfig(
        api_type=provider.name,
        api_key=_first(environ, provider.api_key_env),
        base_url=_first(environ, provider.base_url_env),
        **more,
    )


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, as the URL's scheme wants it; None for loopback and hosts in NO_PROXY.

    >>> proxy_for("https://api.openai.com/v1", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".corp"})
    'http://proxy:3128'
    """
    try:
        split = urlsplit(url)
        host = split.hostname or ""
    except ValueError:
        return None
    if not host or host == "localhost" or host == "::1" or host.startswith("127."):
        return None
    if _is_exempt(host, _either_case(environ, "no_proxy") or ""):
        return None
    proxy = _either_case(environ, f"{split.scheme}_proxy") or _either_case(environ, "all_proxy")
    if proxy is None or "://" in proxy:
        return proxy
    return f"http://{proxy}"


def _is_exempt(host: str, no_proxy: str) -> bool:
    """Is the host, or a domain that it is in, in this comma-separated list? "*" exempts all."""
    for entry in no_proxy.split(","):
        name = entry.strip().lower().lstrip(".")
        if name == "*" or (name and (host == name or host.endswith(f".{name}"))):
            return True
    return False


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _either_case(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name) or environ.get(name.upper()) or None
