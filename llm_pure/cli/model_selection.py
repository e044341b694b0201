"""Select the model of a command from `-m`, `--config`, `--base-url`, the configuration files and the environment.

The files are those that `config check` and `doctor` read; the environment fills in what they leave open.
"""

import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from llm_pure.adapters import registry
from llm_pure.cli.arguments import DEFAULT_MODEL
from llm_pure.cli.output import print_note
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.policy.retry import NO_RETRY
from llm_pure.settings.config_file import ConfigFile, ModelSettings
from llm_pure.settings.environment import with_env_defaults
from llm_pure.settings.loading import LoadedConfig, load_config_files
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, ok, returns_failure

if TYPE_CHECKING:
    from llm_pure.client.billing import BudgetInput
    from llm_pure.client.llm import LLM

MODEL_ENV = "LLM_PURE_MODEL"
LEDGER_ENV = "LLM_PURE_LEDGER"


class SelectedModel(msgspec.Struct, frozen=True):
    """A provider and the settings to call it with; the environment is already in `settings.config`."""

    provider: Provider
    settings: ModelSettings

    @property
    def config(self) -> LLMConfig:
        """The configuration to call the provider with."""
        return self.settings.config


@returns_failure
def select_model(options: Namespace, default: str | None = None) -> SelectedModel:
    """Return the model of `-m`, else `default`, else the files' default model, else $LLM_PURE_MODEL, else DEFAULT_MODEL.

    The model is a name or api_type in the files, or PROVIDER:MODEL, which takes key and address from the files' first
    model of this provider. A model from a file is reported on standard error. Fails with InvalidConfiguration (field
    "api_type" or "model") if the name is unknown.
    """
    loaded = ok(load_config_files(None if options.config is None else (Path(options.config),)))
    name = options.model or default
    if name is None and loaded.configuration.find() is None:
        name = os.environ.get(MODEL_ENV) or DEFAULT_MODEL
    settings = _settings(loaded, registry, name)
    config = settings.config
    if options.base_url:
        config = msgspec.structs.replace(config, base_url=options.base_url)
    provider = ok(registry.get(config.api_type))
    config = with_env_defaults(config, provider, os.environ)
    return SelectedModel(provider, msgspec.structs.replace(settings, config=config))


def open_client(selected: SelectedModel, budget: "BudgetInput | None" = None) -> "LLM":
    """Create the client of a model. It retries only if a file says so: exit code 75 lets the caller try again.

    budget: replaces the files' budget.
    """
    from llm_pure.client.from_settings import client_options  # imported late: start-up
    from llm_pure.client.llm import LLM

    arguments = client_options(selected.settings)
    arguments["retry"] = selected.settings.retry or NO_RETRY
    if budget is not None:
        arguments["budget"] = budget
    return LLM(selected.config, **arguments)


def _settings(loaded: LoadedConfig, registry: Registry, name: str | None) -> ModelSettings:
    configuration = loaded.configuration
    configured = configuration.find(name)
    if configured is not None:
        _print_source(loaded, configured)
        return ok(configuration.setup(name))
    name = name or ""
    api_type, colon, model = name.partition(":")
    if not colon and name not in registry:
        raise Rejected(_unknown_model(registry, configuration, name))
    ok(registry.get(api_type))
    if not model:
        message = f"{name!r} has no model: write {api_type}:MODEL"
        raise Rejected(InvalidConfiguration(message=message, field="model"))
    config = configuration.unlisted_model(api_type, model)
    sibling = configuration.find(api_type)
    if sibling is not None and config != LLMConfig(api_type=api_type, model=model):
        _print_source(loaded, sibling)
    return configuration.setup_for(name, config)


def _print_source(loaded: LoadedConfig, name: str) -> None:
    """Print which file a model, and so its key, comes from."""
    path = loaded.sources.get(f"models/{name}") or loaded.sources.get(name)
    print_note(f"[{name} of {path}]")


def _unknown_model(
    registry: Registry, configuration: ConfigFile, name: str
) -> InvalidConfiguration:
    """Return the error for a name without a provider, with similar names."""
    from difflib import get_close_matches  # imported late: start-up

    names = configuration.names()
    configured = f"; configured are {', '.join(names)}" if names else ""
    api_type, _, model = name.partition("/")  # as litellm writes it
    example = f"{api_type}:{model}" if api_type in registry else f"openai:{name}"
    return InvalidConfiguration(
        message=f"model {name!r} has no provider: write PROVIDER:MODEL, such as {example}; "
        f"providers are {', '.join(registry.names())}{configured}",
        field="model",
        suggestions=(*get_close_matches(name, names, n=3), *registry.near(name)),
    )
