"""Targets of a client: a configuration, completed from the environment, with its provider.

A client has one target, and one more for each fallback.
"""

from collections.abc import Sequence

import msgspec

from llm_pure.client.plugins import find_provider
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.settings.environment import load_env
from llm_pure.transports.base import TransportSettings, settings_of
from llm_pure.types.config import SECRET_FIELDS, LLMConfig, reveal
from llm_pure.types.errors import LLMError, redact_error
from llm_pure.types.http import is_credential
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
) -> tuple[Target, ...]:
    """Load one target for each configuration. A configuration's own transport fields override `settings`.

    Fails with InvalidConfiguration when a provider is unknown or a transport setting is invalid.
    """
    common = settings or TransportSettings()
    targets: list[Target] = []
    for config in configs:
        provider = ok(find_provider(config.api_type, registry))
        complete = load_env(config, provider)
        own = ok(settings_of(complete, common))
        if provider.is_last_message is not None:
            own = msgspec.structs.replace(own, is_last_message=provider.is_last_message)
        targets.append(Target(complete, provider, own))
    return tuple(targets)


def annotate_error(target: Target, error: LLMError) -> LLMError:
    """Return the error without the target's secrets and, if it names no provider, with the target's provider.

    Services may quote the key that they reject, and not every key matches a known pattern.
    """
    redacted = redact_error(error, _secrets(target.config))
    if redacted.provider:
        return redacted
    return msgspec.structs.replace(redacted, provider=target.provider.name)


_MIN_SECRET_LENGTH = 12
"""Shorter values are words, such as "ollama" where no key is needed, and stay in messages."""


def _secrets(config: LLMConfig) -> tuple[str, ...]:
    values = [reveal(getattr(config, name)).strip() for name in SECRET_FIELDS]
    values += [value for name, value in config.headers if is_credential(name.lower())]
    return tuple([value for value in values if len(value) >= _MIN_SECRET_LENGTH])
