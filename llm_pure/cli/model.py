"""`-m PROVIDER:MODEL` and the environment -> the provider and configuration of one call."""

from collections.abc import Mapping

import msgspec

from llm_pure.config import LLMConfig
from llm_pure.effects.env import completed
from llm_pure.effects.plugins import find_provider
from llm_pure.errors import ConfigurationInvalid
from llm_pure.provider import Provider
from llm_pure.registry import Registry
from llm_pure.result import Failure, Parsed, Success

DEFAULT_MODEL = "openai:gpt-5-mini"
MODEL_VARIABLE = "LLM_PURE_MODEL"


class Chosen(msgspec.Struct, frozen=True):
    """A provider, and the configuration to ask it with."""

    provider: Provider
    config: LLMConfig


def choose(
    registry: Registry, name: str | None, base_url: str | None, environ: Mapping[str, str]
) -> Parsed[Chosen]:
    """The provider and model that `-m` names, else $LLM_PURE_MODEL, else the default.

    Fails with ConfigurationInvalid (field "api_type" or "model") when the name is no PROVIDER:MODEL.
    """
    wanted = name or environ.get(MODEL_VARIABLE) or DEFAULT_MODEL
    api_type, colon, model = wanted.partition(":")
    if not colon and wanted not in registry.entries:
        return Failure(_bare(registry, wanted))
    found = find_provider(api_type, registry)
    if isinstance(found, Failure):
        return found
    if not model:
        message = f"{wanted!r} names no model: write {api_type}:MODEL"
        return Failure(ConfigurationInvalid(message=message, field="model"))
    given = LLMConfig(api_type=api_type, model=model, base_url=base_url)
    provider = found.unwrap()
    return Success(Chosen(provider, completed(given, provider, environ)))


def _bare(registry: Registry, wanted: str) -> ConfigurationInvalid:
    """A name without a provider: perhaps a provider that is misspelt, perhaps a model that many serve."""
    return ConfigurationInvalid(
        message=f"{wanted!r} does not say whose model it is: write PROVIDER:MODEL, such as openai:{wanted}; "
        f"providers are {', '.join(registry.names())}",
        field="model",
        near=registry.near(wanted),
    )
