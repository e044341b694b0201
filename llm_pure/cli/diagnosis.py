"""What would be used for a model, and why: each setting that matters and where it comes from. No network, no secret."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.util import find_spec

import msgspec

from llm_pure.client.plugins import find_provider
from llm_pure.client.targets import Target, sign
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.settings.config_file import ModelTable
from llm_pure.settings.environment import proxy_for, with_env_defaults
from llm_pure.transports.base import NUMBER_FIELDS, TLS_FIELDS, TransportSettings, settings_of
from llm_pure.types.config import LLMConfig, reveal
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.http import redact_url
from llm_pure.types.messages import user
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure

PACKAGES = {"aiohttp": "aiohttp", "httpx": "httpx", "httpx2": "httpx2"}
"""Transports and the package that each one needs."""


class Finding(msgspec.Struct, frozen=True):
    """One setting: its value for people, and why it is that."""

    what: str
    value: str
    why: str = ""


class Diagnosis(msgspec.Struct, frozen=True):
    """One model. error: why it cannot be used; None when a request was built and signed for it."""

    name: str
    findings: tuple[Finding, ...] = ()
    error: LLMError | None = None


def diagnose(
    name: str,
    config: LLMConfig,
    environ: Mapping[str, str],
    *,
    said_by: str = "the configuration",
    registry: Registry | None = None,
    now: datetime | None = None,
) -> Diagnosis:
    """Builds and signs a small request, and throws it away. said_by: where the configuration comes from."""
    found = find_provider(config.api_type, registry)
    if isinstance(found, Failure):
        return Diagnosis(name, (Finding("provider", config.api_type, said_by),), found.failure())
    provider = found.unwrap()
    whole = with_env_defaults(config, provider, environ)
    findings = (
        Finding("provider", provider.name, said_by),
        Finding("model", whole.model or "-", said_by if config.model else "each request says"),
        _address(config, whole, provider, environ, said_by),
        _key(config, whole, provider, environ, said_by),
        *_further(config, whole, provider, environ),
        *_proxy(config, whole, provider, environ, said_by),
        *_transport(config, said_by),
    )
    lane = Target(whole, provider)
    request = ChatRequest(model=whole.model or "any", messages=(user("Hi"),))
    asked = provider.build_chat(whole, request)
    made = asked.bind(lambda built: sign(lane, built, now or datetime.now(UTC)))
    error = made.failure() if isinstance(made, Failure) else _placeholder(whole)
    return Diagnosis(name, findings, error or _unusable_transport(whole))


def from_environment(
    environ: Mapping[str, str], registry: Registry
) -> tuple[tuple[str, LLMConfig], ...]:
    """The providers whose key is in the environment, with a configuration of no model; for where no file says more."""
    found: list[tuple[str, LLMConfig]] = []
    for name in registry.names():
        provider = find_provider(name, registry)
        if isinstance(provider, Failure):
            continue
        if _variable(provider.unwrap().api_key_env, environ):
            found.append((name, LLMConfig(api_type=name)))
    return tuple(found)


def broken(models: ModelTable) -> tuple[Diagnosis, ...]:
    """Those that are not even complete."""
    return tuple([Diagnosis(name, (), error) for name, error in models.invalid.items()])


def transports() -> tuple[Finding, ...]:
    """Each transport, and whether its package is installed."""
    return tuple(
        [
            Finding(name, "ready" if find_spec(package) else f"needs the package {package}")
            for name, package in PACKAGES.items()
        ]
    )


def _address(
    config: LLMConfig,
    whole: LLMConfig,
    provider: Provider,
    environ: Mapping[str, str],
    said_by: str,
) -> Finding:
    if config.base_url:
        return Finding("address", redact_url(config.base_url), said_by)
    if whole.base_url:
        why = f"${_variable(provider.base_url_env, environ)}"
        return Finding("address", redact_url(whole.base_url), why)
    return Finding("address", provider.base_url or "-", "the provider's own")


def _key(
    config: LLMConfig,
    whole: LLMConfig,
    provider: Provider,
    environ: Mapping[str, str],
    said_by: str,
) -> Finding:
    if config.api_key is not None:
        shown = "set" if reveal(config.api_key) else "empty"
        return Finding("key", shown, said_by)
    if whole.api_key is not None:
        return Finding("key", "set", f"${_variable(provider.api_key_env, environ)}")
    if not provider.api_key_env:
        return Finding("key", "none", "not wanted")
    return Finding("key", "missing", f"looked for ${', $'.join(provider.api_key_env)}")


def _further(
    config: LLMConfig, whole: LLMConfig, provider: Provider, environ: Mapping[str, str]
) -> list[Finding]:
    """Fields that the environment filled in."""
    return [
        Finding(field, "set", f"${_variable(names, environ)}")
        for field, names in provider.env_vars.items()
        if getattr(config, field) is None and getattr(whole, field) is not None
    ]


def _proxy(
    config: LLMConfig,
    whole: LLMConfig,
    provider: Provider,
    environ: Mapping[str, str],
    said_by: str,
) -> list[Finding]:
    if whole.proxy is None:
        return []
    if config.proxy:
        return [Finding("proxy", redact_url(config.proxy), said_by)]
    there = proxy_for(whole.base_url or provider.base_url, environ)
    return [Finding("proxy", redact_url(there or whole.proxy), "the environment")]


def _transport(config: LLMConfig, said_by: str) -> list[Finding]:
    """What the configuration says of connections and certificates, but for passwords."""
    found = [
        Finding(field, str(getattr(config, field)), said_by)
        for field in (*NUMBER_FIELDS, *TLS_FIELDS)
        if getattr(config, field)
    ]
    if not config.tls_verify:
        found.append(Finding("tls_verify", "no: anybody is trusted", said_by))
    return found


def _unusable_transport(config: LLMConfig) -> LLMError | None:
    got = settings_of(config, TransportSettings())
    return got.failure() if isinstance(got, Failure) else None


def _placeholder(config: LLMConfig) -> LLMError | None:
    """A setting that still says what MetaGPT's example says."""
    for field in ("base_url", "proxy", "model"):
        value = getattr(config, field)
        if isinstance(value, str) and value.upper().startswith("YOUR_"):
            return InvalidConfiguration(message=f"{field} is a placeholder: {value}", field=field)
    return None


def _variable(names: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """The first of these that is set."""
    return next((name for name in names if environ.get(name)), "")
