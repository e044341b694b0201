"""Which settings a model uses and where each comes from, and whether a request can be built and signed for it.

No network; values of secrets are not included.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec

import msgspec

from llm_pure.adapters import registry as default_registry
from llm_pure.client.targets import Target, annotate_error, target_secrets
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.settings.config_file import ModelTable
from llm_pure.settings.environment import proxy_for, with_env_defaults
from llm_pure.transports.base import NUMBER_FIELDS, TLS_FIELDS, TransportSettings, settings_of
from llm_pure.types.config import LLMConfig, reveal
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.messages import user
from llm_pure.types.redact import redact_proxy, redact_url
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success, error_of
from llm_pure.types.secret_spellings import mask_secrets, three_stars

TRANSPORT_PACKAGES = ("aiohttp", "httpx", "httpx2")
"""Names of the transports; each needs the package of the same name."""


class SettingReport(msgspec.Struct, frozen=True):
    """One setting, for display."""

    name: str
    value: str
    source: str = ""
    """The file or environment variable that sets it, or another reason."""


class ModelReport(msgspec.Struct, frozen=True):
    """The settings of one model."""

    name: str
    settings: tuple[SettingReport, ...] = ()
    error: LLMError | None = None
    """Why the model cannot be used; None if a request was built and signed for it."""


class _Model(msgspec.Struct, frozen=True):
    """A model's configuration before and after the environment fills in what it leaves open."""

    config: LLMConfig
    resolved: LLMConfig
    provider: Provider
    environ: Mapping[str, str]
    source: str
    """Where `config` comes from."""

    def env_source(self, names: tuple[str, ...]) -> str:
        return f"${_first_set(names, self.environ)}"


def diagnose(
    name: str,
    config: LLMConfig,
    environ: Mapping[str, str],
    *,
    source: str = "the configuration",
    registry: Registry | None = None,
    now: datetime | None = None,
) -> ModelReport:
    """Build and sign a small request, and discard it. source: where `config` comes from."""
    lookup = (registry or default_registry).get(config.api_type)
    if isinstance(lookup, Failure):
        setting = SettingReport("provider", config.api_type, source)
        return ModelReport(name, (setting,), lookup.failure())
    provider = lookup.unwrap()
    resolved = with_env_defaults(config, provider, environ)
    model = _Model(config, resolved, provider, environ, source)
    model_source = source if config.model else "set by each request"
    settings = (
        SettingReport("provider", provider.name, source),
        SettingReport("model", resolved.model or "-", model_source),
        _address(model),
        _key(model),
        *_from_env_vars(model),
        *_proxy(model),
        *_transport(config, source),
    )
    request = ChatRequest(model=resolved.model or "any", messages=(user("Hi"),))
    target = Target(resolved, provider)
    check: LLMResult[object] = (
        provider.build_chat(resolved, request)
        .bind(
            lambda built: target.provider.authorize(
                target.config, built.request, now or datetime.now(UTC)
            )
        )
        .bind(lambda _: _check_placeholders(resolved))
        .bind(lambda _: settings_of(resolved, TransportSettings()))
    )
    secrets = target_secrets(target)
    shown = [
        msgspec.structs.replace(row, value=mask_secrets(row.value, secrets, three_stars))
        for row in settings
    ]
    error = error_of(check.alt(partial(annotate_error, target)))
    return ModelReport(name, tuple(shown), error)


def models_from_environment(
    environ: Mapping[str, str], registry: Registry
) -> Iterator[tuple[str, LLMConfig]]:
    """Yield the providers with a key in the environment, with a configuration without a model."""
    for name in registry.names():
        provider = registry.get(name).value_or(None)
        if provider is not None and _first_set(provider.api_key_env, environ):
            yield name, LLMConfig(api_type=name)


def invalid_models(models: ModelTable) -> Iterator[ModelReport]:
    """Yield the models whose configuration is invalid."""
    for name, error in models.invalid.items():
        yield ModelReport(name, (), error)


def transports() -> Iterator[SettingReport]:
    """Yield each transport, and whether its package is installed."""
    for package in TRANSPORT_PACKAGES:
        state = "ready" if find_spec(package) else f"needs the package {package}"
        yield SettingReport(package, state)


def _address(model: _Model) -> SettingReport:
    provider = model.provider
    if model.config.base_url:
        value, source = redact_url(model.config.base_url), model.source
    elif model.resolved.base_url:
        value, source = redact_url(model.resolved.base_url), model.env_source(provider.base_url_env)
    else:
        value, source = provider.base_url or "-", "default of the provider"
    return SettingReport("address", value, source)


def _key(model: _Model) -> SettingReport:
    names = model.provider.api_key_env
    if model.config.api_key is not None:
        value, source = "set" if reveal(model.config.api_key) else "empty", model.source
    elif model.resolved.api_key is not None:
        value, source = "set", model.env_source(names)
    elif names:
        value, source = "missing", f"not set: ${', $'.join(names)}"
    else:
        value, source = "none", "not needed"
    return SettingReport("key", value, source)


def _from_env_vars(model: _Model) -> Iterator[SettingReport]:
    """Yield other fields that the environment fills in."""
    for field, names in model.provider.env_vars.items():
        if getattr(model.config, field) is None and getattr(model.resolved, field) is not None:
            yield SettingReport(field, "set", model.env_source(names))


def _proxy(model: _Model) -> Iterator[SettingReport]:
    if model.config.proxy:
        yield SettingReport("proxy", redact_proxy(model.config.proxy), model.source)
    elif model.resolved.proxy is not None:
        url = model.resolved.base_url or model.provider.base_url
        proxy = proxy_for(url, model.environ) or model.resolved.proxy
        yield SettingReport("proxy", redact_proxy(proxy), "the environment")


def _transport(config: LLMConfig, source: str) -> Iterator[SettingReport]:
    """Yield the settings of connections and certificates, without passwords."""
    for field in (*NUMBER_FIELDS, *TLS_FIELDS):
        if getattr(config, field):
            yield SettingReport(field, str(getattr(config, field)), source)
    if not config.tls_verify:
        yield SettingReport("tls_verify", "off: any certificate is accepted", source)


def _check_placeholders(config: LLMConfig) -> LLMResult[None]:
    """Fails with InvalidConfiguration if a setting is still a placeholder of MetaGPT's example file."""
    for field in ("base_url", "proxy", "model"):
        value = getattr(config, field)
        if isinstance(value, str) and value.upper().startswith("YOUR_"):
            message = f"{field} is a placeholder: {value}"
            return Failure(InvalidConfiguration(message=message, field=field))
    return Success(None)


def _first_set(names: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """Return the first of these variables that is set, else ""."""
    return next((name for name in names if environ.get(name)), "")
