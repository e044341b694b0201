"""A configuration and its provider, side by side: what one attempt needs to know.

A client has one lane, and one more for each fallback.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from llm_pure.client.plugins import find_provider
from llm_pure.core.provider import Built, Provider
from llm_pure.core.registry import Registry
from llm_pure.settings.environment import load_env
from llm_pure.signing.key import with_header
from llm_pure.transports.base import TransportSettings, settings_of
from llm_pure.types.config import SECRET_FIELDS, LLMConfig, reveal
from llm_pure.types.errors import LLMError, redact_error
from llm_pure.types.http import Headers, HttpRequest, is_credential
from llm_pure.types.result import Failure, LLMResult, Success


class Lane(msgspec.Struct, frozen=True):
    """One configuration, complete with what the environment adds, and the provider that it names.

    settings: how its transport is made.
    """

    config: LLMConfig
    provider: Provider
    settings: TransportSettings = TransportSettings()


def load_lanes(
    configs: Sequence[LLMConfig],
    registry: Registry | None,
    settings: TransportSettings | None = None,
) -> LLMResult[tuple[Lane, ...]]:
    """Fails with InvalidConfiguration when one of them names no provider, or has a transport that cannot be.

    settings: of every lane, where its configuration says nothing else.
    """
    common = settings or TransportSettings()
    lanes: list[Lane] = []
    for config in configs:
        provider = find_provider(config.api_type, registry)
        if isinstance(provider, Failure):
            return provider
        found = provider.unwrap()
        whole = load_env(config, found)
        own = settings_of(whole, common)
        if isinstance(own, Failure):
            return own
        lanes.append(Lane(whole, found, own.unwrap()))
    return Success(tuple(lanes))


def signed(lane: Lane, built: Built, now: datetime | None = None) -> LLMResult[HttpRequest]:
    """The request with the user's headers and its key. now: an aware datetime, this moment where None."""
    request = with_headers(built.request, lane.config.headers)
    return lane.provider.authorize(lane.config, request, now or datetime.now(UTC))


def with_headers(request: HttpRequest, headers: Headers) -> HttpRequest:
    """The request with the user's own headers, in place of those of the same name."""
    for name, value in headers:
        request = with_header(request, name.lower(), value)
    return request


def named(lane: Lane, error: LLMError) -> LLMError:
    """The error with the provider's name, where a transport could not know it, and without the keys of its lane.

    A service may quote the key that it refuses, and not every key looks like one.
    """
    shown = redact_error(error, _keys(lane.config))
    if shown.provider:
        return shown
    return msgspec.structs.replace(shown, provider=lane.provider.name)


_SHORTEST = 12
"""Characters of a key. Shorter ones are words, such as "ollama" where no key is wanted, and stay in messages."""


def _keys(config: LLMConfig) -> tuple[str, ...]:
    values = [reveal(getattr(config, name)).strip() for name in SECRET_FIELDS]
    values += [value for name, value in config.headers if is_credential(name.lower())]
    return tuple([value for value in values if len(value) >= _SHORTEST])
