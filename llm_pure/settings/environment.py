"""Values that environment variables add to a configuration. What the configuration sets takes precedence."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from llm_pure.core.provider import Provider
from llm_pure.types.config import LLMConfig


def load_env(
    config: LLMConfig, provider: Provider, environ: Mapping[str, str] | None = None
) -> LLMConfig:
    """Return the configuration, completed from these variables, by default those of this process."""
    return with_env_defaults(config, provider, os.environ if environ is None else environ)


def with_env_defaults(
    config: LLMConfig, provider: Provider, environ: Mapping[str, str]
) -> LLMConfig:
    """Return the configuration with unset values filled in: key, base URL, the provider's `env_vars`, and proxy."""
    from_env = read_env(provider, environ)
    base_url = config.base_url or from_env.base_url
    proxy = config.proxy or proxy_for(base_url or provider.base_url, environ)
    unset = [field for field in ("api_key", *provider.env_vars) if getattr(config, field) is None]
    values = {field: getattr(from_env, field) for field in unset}
    return msgspec.structs.replace(config, base_url=base_url, proxy=proxy, **values)


def read_env(provider: Provider, environ: Mapping[str, str]) -> LLMConfig:
    """Return the configuration that the environment alone gives for this provider."""
    values: dict[str, Any] = {
        field: _first_set(environ, names) for field, names in provider.env_vars.items()
    }
    return LLMConfig(
        api_type=provider.name,
        api_key=_first_set(environ, provider.api_key_env),
        base_url=_first_set(environ, provider.base_url_env),
        **values,
    )


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """Return HTTPS_PROXY, HTTP_PROXY or ALL_PROXY for the URL's scheme; None for loopback and hosts in NO_PROXY.

    NO_PROXY has domains, "*.example.org" too, addresses and networks ("10.0.0.0/8"), each with a port or without; "*" is all.
    Source: Go's golang.org/x/net/http/httpproxy and curl --noproxy have these forms; read 2026-11-30.

    >>> proxy_for("https://api.openai.com/v1", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".corp"})
    'http://proxy:3128'
    """
    try:
        split = urlsplit(url)
        host, port = split.hostname or "", split.port or _PORTS.get(split.scheme, 0)
    except ValueError:
        return None
    if not host or host in ("localhost", "::1") or host.startswith("127."):
        return None
    if _is_exempt(host, port, _either_case(environ, "no_proxy") or ""):
        return None
    proxy = _either_case(environ, f"{split.scheme}_proxy") or _either_case(environ, "all_proxy")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


_PORTS = {"http": 80, "https": 443}


def _is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Return true if the comma-separated list contains the host, a domain or a network that it is in, or "*"."""
    for entry in no_proxy.split(","):
        name = entry.strip().lower()
        before, _, own_port = name.rpartition(":")
        if own_port == str(port) and (":" not in before or before.endswith("]")):
            name = before.strip("[]")
        name = name.removeprefix("*.").lstrip(".")
        if name == "*" or (name and (host == name or host.endswith(f".{name}"))):
            return True
        if "/" in name and _is_in_network(host, name):
            return True
    return False


def _is_in_network(host: str, network: str) -> bool:
    from ipaddress import ip_address, ip_network  # imported late: start-up

    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def _first_set(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _either_case(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name) or environ.get(name.upper()) or None
