"""`-m`, `--config`, `--base-url`, the configuration files and the environment -> the model of one call, and its client.

The same files as `config check` and `doctor` tell of, read in the same way; the environment adds what they leave open.
"""

import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from llm_pure.cli.output import print_note
from llm_pure.client.plugins import find_provider, load_registry
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.policy.retry import NO_RETRY
from llm_pure.settings.config_file import ConfigFile, ModelSettings
from llm_pure.settings.environment import with_env_defaults
from llm_pure.settings.loading import LoadedConfig, load_config_files
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from llm_pure.client.billing import BudgetInput
    from llm_pure.client.llm import LLM
    from llm_pure.client.transport_manager import AnyTransport

DEFAULT_MODEL = "openai:gpt-5-mini"
MODEL_VARIABLE = "LLM_PURE_MODEL"


class Chosen(msgspec.Struct, frozen=True):
    """A provider, and what to ask it with; the environment is in `setup.config` already."""

    provider: Provider
    setup: ModelSettings

    @property
    def config(self) -> LLMConfig:
        """The configuration to ask with."""
        return self.setup.config


def choose(options: Namespace, default: str | None = None) -> LLMResult[Chosen]:
    """What `-m` names, else `default`, else the files' default model, else $LLM_PURE_MODEL, else DEFAULT_MODEL.

    A name or api_type of the files, or PROVIDER:MODEL; for that the key and address of the files' first model of this
    provider count, where there is one. A model out of a file is told on standard error. Fails with InvalidConfiguration
    (field "api_type" or "model") when nobody knows the name.
    """
    read = load_config_files(None if options.config is None else (Path(options.config),))
    if isinstance(read, Failure):
        return read
    loaded, registry = read.unwrap(), load_registry()
    wanted = options.model or default
    if wanted is None and loaded.configuration.find() is None:
        wanted = os.environ.get(MODEL_VARIABLE) or DEFAULT_MODEL
    found = _setup(loaded, registry, wanted)
    if isinstance(found, Failure):
        return found
    setup = found.unwrap()
    config = setup.config
    if getattr(options, "base_url", None):
        config = msgspec.structs.replace(config, base_url=options.base_url)
    provider = find_provider(config.api_type, registry)
    return provider.map(
        lambda known: Chosen(
            known,
            msgspec.structs.replace(setup, config=with_env_defaults(config, known, os.environ)),
        )
    )


def open_client(
    chosen: Chosen, transport: "AnyTransport" = "httpx", budget: "BudgetInput | None" = None
) -> "LLM":
    """Its client. No retry where no file asks for it: exit code 75 tells the caller to try again. budget: over the files'."""
    from llm_pure.client.from_settings import client_options
    from llm_pure.client.llm import LLM

    arguments = client_options(chosen.setup)
    arguments["retry"] = chosen.setup.retry or NO_RETRY
    if budget is not None:
        arguments["budget"] = budget
    return LLM(chosen.config, transport, **arguments)


def _setup(
    loaded: LoadedConfig, registry: Registry, wanted: str | None
) -> LLMResult[ModelSettings]:
    configuration = loaded.configuration
    found = configuration.find(wanted)
    if found is not None:
        _tell(loaded, found)
        return configuration.setup(wanted)
    name = wanted or ""
    api_type, colon, model = name.partition(":")
    if not colon and name not in registry.entries:
        return Failure(_bare(registry, configuration, name))
    provider = find_provider(api_type, registry)
    if isinstance(provider, Failure):
        return provider
    if not model:
        message = f"{name!r} names no model: write {api_type}:MODEL"
        return Failure(InvalidConfiguration(message=message, field="model"))
    config = LLMConfig(api_type=api_type, model=model)
    like, known = configuration.find(api_type), configuration.get(api_type)
    if like is not None and isinstance(known, Success) and known.unwrap().api_type == api_type:
        _tell(loaded, like)
        # how the service is reached, and nothing of what the file's own model is
        config = msgspec.structs.replace(
            known.unwrap(),
            model=model,
            pricing_plan=None,
            context_length=None,
            input_modalities=None,
        )
    return Success(configuration.setup_for(name, config))


def _tell(loaded: LoadedConfig, name: str) -> None:
    """Nobody is to wonder where a key went to, or why."""
    path = loaded.sources.get(f"models/{name}") or loaded.sources.get(name)
    print_note(f"[{name} of {path}]")


def _bare(registry: Registry, configuration: ConfigFile, wanted: str) -> InvalidConfiguration:
    """A name without a provider: a provider or a configured model that is misspelt, or a model that many serve."""
    from difflib import get_close_matches

    names = configuration.names()
    configured = f"; configured are {', '.join(names)}" if names else ""
    return InvalidConfiguration(
        message=f"{wanted!r} does not say whose model it is: write PROVIDER:MODEL, such as openai:{wanted}; "
        f"providers are {', '.join(registry.names())}{configured}",
        field="model",
        suggestions=(*get_close_matches(wanted, names, n=3), *registry.near(wanted)),
    )
