"""What only a client knows about an error of its call: where the rejected key comes from, the server's URL, similar models."""

import os
from difflib import get_close_matches
from urllib.parse import urlsplit

import msgspec

from llm_pure.adapters import registry
from llm_pure.client.targets import Target
from llm_pure.types.config import reveal
from llm_pure.types.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    LLMError,
    NotFound,
    PermissionDenied,
    TimedOut,
)
from llm_pure.types.redact import redact_proxy, redact_url


def with_remedy(target: Target, model: str, error: LLMError) -> LLMError:
    """Return the error with the remedy for this target, if the client knows a better one than its kind implies.

    model: the requested one.
    """
    match error:
        case AuthenticationFailed():
            return msgspec.structs.replace(error, remedy=f"use another key: {_key_source(target)}")
        case PermissionDenied():
            remedy = (
                f"use a key, project or region that has access to {model or 'the model'}, "
                f"or request access for this one: {_key_source(target)}"
            )
            return msgspec.structs.replace(error, remedy=remedy)
        case NotFound():
            return _of_model(target, model, error)
        case ConnectionFailed(cause="refused" | "unknown_host") if proxy := target.settings.proxy:
            remedy = f"start the proxy {redact_proxy(proxy)}, or set another `proxy` (by default $HTTPS_PROXY or $HTTP_PROXY)"
            return msgspec.structs.replace(error, remedy=remedy)
        case ConnectionFailed(cause="refused"):
            remedy = f"start the server at {_base_url(target)}, or set another `base_url`"
            return msgspec.structs.replace(error, remedy=remedy)
        case ConnectionFailed(cause="unknown_host"):
            remedy = f"check that this machine is online, and `base_url` ({_base_url(target)})"
            return msgspec.structs.replace(error, remedy=remedy)
        case TimedOut(phase="read" | "total" as phase):
            config = target.config
            remedy = (
                f"raise `timeout` of LLMConfig (now {config.timeout:g} s), or timeout_s of the call"
            )
            if phase == "read" and config.read_timeout is not None:
                remedy = f"raise `read_timeout` of LLMConfig (now {config.read_timeout:g} s)"
            remedy += "; a stream shows the answer as it comes"
            return msgspec.structs.replace(error, remedy=remedy)
        case _:
            return error


def _key_source(target: Target) -> str:
    """Return where the key comes from: a variable of the environment, or the configuration."""
    names = target.provider.api_key_env
    key = reveal(target.config.api_key)
    for name in names:
        if key and os.environ.get(name) == key:
            return f"${name} has the one that was rejected"
    if not names:
        return "`api_key` of LLMConfig"
    return f"`api_key` of LLMConfig, or {' or '.join(f'${name}' for name in names)} without it"


def _base_url(target: Target) -> str:
    return redact_url(target.config.base_url or target.provider.base_url)


def _of_model(target: Target, model: str, error: NotFound) -> NotFound:
    """Add models of the price table with similar names, how to list all, and what is odd about the address or the name."""
    provider = target.provider
    remedy = f"check the model {model!r} and `base_url` ({_base_url(target)})"
    path = urlsplit(provider.base_url).path
    if path and not urlsplit(target.config.base_url or path).path.strip("/"):
        remedy += f", which ends in {path} for most servers"
    api_type, slash, name = model.partition("/")  # as litellm writes it
    names = _priced_models(target)
    if slash and api_type in registry and names and not any("/" in priced for priced in names):
        remedy += f"; that model is LLMConfig(api_type={api_type!r}, model={name!r})"
    if provider.models is not None:
        remedy += (
            f"; `llm-pure models -m {provider.name}` or LLM.list_models() lists the models it has"
        )
    similar = () if model in names else tuple(get_close_matches(model, names, n=3))
    return msgspec.structs.replace(error, remedy=remedy, suggestions=similar)


def _priced_models(target: Target) -> list[str]:
    """Return the names of the service's models in the price table; none for a server of one's own."""
    from llm_pure.client.price_data import shipped_prices
    from llm_pure.pricing.lookup import vendor_for

    if target.config.base_url not in (None, "", target.provider.base_url):
        return []
    vendor = vendor_for(shipped_prices(), target.provider.name)
    return [priced.id for priced in vendor.models] if vendor is not None else []
