"""The configuration of a gateway that a command starts: the files', or one model of them under every name."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from llm_pure.cli.exit_codes import CONFIGURATION, value_or_exit
from llm_pure.cli.files import require_files
from llm_pure.cli.model_selection import select_model
from llm_pure.settings.config_file import DEFAULT_NAME, ConfigFile, ModelSettings, ModelTable
from llm_pure.settings.loading import load_config_files
from llm_pure.types.result import Success


def load_files(options: Namespace) -> ConfigFile:
    """Return the configuration files, or that of --config."""
    if options.config is not None:
        require_files(options.config)
    paths = None if options.config is None else (Path(options.config),)
    return value_or_exit(load_config_files(paths), CONFIGURATION).configuration


def load_gateway_configuration(options: Namespace) -> ConfigFile:
    """Return the configuration of the files; with -m, that model is served under every name.

    The model is a name of the files or PROVIDER:MODEL, as for `ask`.
    """
    configuration = load_files(options)
    if options.model is None:
        return configuration
    options.base_url = None
    selected = value_or_exit(select_model(options)).settings
    return with_one_model(configuration, selected)


def with_one_model(configuration: ConfigFile, model: ModelSettings) -> ConfigFile:
    """Return the configuration with one model, its fallbacks, and the model as what every other name means."""
    name = configuration.find(model.name)
    if name is None or name == DEFAULT_NAME:
        name = DEFAULT_NAME
        models = {}
    else:
        models = {name: model.config}
    fallbacks = [
        fallback
        for fallback in configuration.fallbacks.get(name, ())
        if fallback in configuration.models.models
    ]
    models |= {fallback: configuration.models.models[fallback] for fallback in fallbacks}
    return msgspec.structs.replace(
        configuration,
        llm=Success(model.config) if name == DEFAULT_NAME else None,
        models=ModelTable(models),
        fallbacks={name: tuple(fallbacks)} if fallbacks else {},
        serve=msgspec.structs.replace(configuration.serve, aliases={"*": name}),
    )


def with_only_key(configuration: ConfigFile, name: str, key: Mapping[str, Any]) -> ConfigFile:
    """Return the configuration for a gateway that only one client may use; a default model serves every name."""
    names = configuration.names()
    any_model = configuration.serve.any_model or DEFAULT_NAME in names or len(names) == 1
    serve = msgspec.structs.replace(configuration.serve, keys={name: key}, any_model=any_model)
    return msgspec.structs.replace(configuration, serve=serve)
