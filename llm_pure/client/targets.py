"""Targets of a client: a configuration, completed from the environment, with its provider.

A client has one target, and one more for each fallback.
"""

from collections.abc import Mapping, Sequence

import msgspec

from llm_pure.adapters import registry as default_registry
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.settings.environment import load_env
from llm_pure.transports.base import TransportSettings, settings_of, settings_secrets
from llm_pure.types.config import LLMConfig, config_secrets
from llm_pure.types.errors import LLMError, redact_error
from llm_pure.types.rejection import ok, returns_failure


class Target(msgspec.Struct, frozen=True):
    """A configuration with the environment's values, its provider, and the settings of its transport."""

    config: LLMConfig
    provider: Provider
    settings: TransportSettings = TransportSettings()


@returns_failure
def load_targets(
    configs: Sequence[LLMConfig],
    registry: Registry | None,
    settings: TransportSettings | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[Target, ...]:
    """Load one target for each configuration. A configuration's own transport fields override `settings`.

    env: fills in what a configuration leaves open, by default the environment of this process.
    Fails with InvalidConfiguration when a provider is unknown or a transport setting is invalid.
    """
    common = settings or TransportSettings()
    targets: list[Target] = []
    for config in configs:
        _check_texts(config)
        provider = ok((registry or default_registry).get(config.api_type))
        complete = load_env(config, provider, env)
        own = ok(settings_of(complete, common))
        if provider.is_last_message is not None:
            own = msgspec.structs.replace(own, is_last_message=provider.is_last_message)
        targets.append(Target(complete, provider, own))
    return tuple(targets)


def _check_texts(config: LLMConfig) -> None:
    """Raise TypeError for texts of other types now, and not in the middle of an error that they are to be removed from."""
    if not all(isinstance(text, str) for text in (config.model, *config_secrets(config))):
        raise TypeError("a text of the configuration is not a string")


def annotate_error(target: Target, error: LLMError) -> LLMError:
    """Return the error without the target's secrets and, if it names no provider, with the target's provider.

    Services may quote the key that they reject, and not every key matches a known pattern.
    """
    redacted = redact_error(error, tuple(target_secrets(target)))
    if redacted.provider:
        return redacted
    return msgspec.structs.replace(redacted, provider=target.provider.name)


def target_secrets(target: Target) -> frozenset[str]:
    """Return every text of a call's configuration and settings that nothing may show."""
    return config_secrets(target.config) | settings_secrets(target.settings)
