"""`llm-pure config check` and `llm-pure doctor`: the settings of each model and their sources. No network, no secrets."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from llm_pure.adapters import registry
from llm_pure.cli.diagnosis import (
    ModelReport,
    SettingReport,
    diagnose,
    invalid_models,
    models_from_environment,
    transports,
)
from llm_pure.cli.exit_codes import (
    CONFIGURATION,
    DATA,
    NO_INPUT,
    OK,
    CommandFailed,
    value_or_exit,
)
from llm_pure.cli.files import require_files
from llm_pure.cli.output import colors, out, print_note
from llm_pure.settings.config_file import ConfigFile, ModelSettings
from llm_pure.settings.config_parser import read_yaml
from llm_pure.settings.loading import LoadedConfig, config_file_paths, load_config_files
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, describe
from llm_pure.types.redact import redact
from llm_pure.types.result import Failure, LLMResult


def check(options: Namespace) -> int:
    """Print each model of a file, or of all files; 78 if one cannot be used, 66 if there is no file."""
    if options.file is not None:
        require_files(options.file)
    paths = None if options.file is None else (Path(options.file),)
    loaded = value_or_exit(load_config_files(paths), CONFIGURATION)
    if not loaded.files:
        searched = ", ".join(map(str, config_file_paths()))
        raise CommandFailed(f"no configuration file; searched {searched}", NO_INPUT)
    for path in loaded.files:
        out(f"file {path}")
    if loaded.configuration.ignored:
        out(f"ignored sections: {', '.join(loaded.configuration.ignored)}")
    code = _print_models(_models_of_files(loaded))
    return max(code, _print_gateway(loaded.configuration)) if "serve" in loaded.sources else code


def _print_gateway(configuration: ConfigFile) -> int:
    """Print the keys and aliases of the section `serve`; return the exit code."""
    from llm_pure.gateway.client_keys import parse_client_keys  # imported late: start-up
    from llm_pure.gateway.key_access import check_keys

    color = colors(sys.stdout)
    keys = parse_client_keys(configuration.serve.keys)
    error = keys.bind(lambda parsed: check_keys(parsed, configuration)).swap().value_or(None)
    names = configuration.names()
    unknown = [name for name in configuration.serve.aliases.values() if name not in names]
    if error is None and unknown:
        message = f"serve/aliases: there is no model {unknown[0]!r}"
        error = InvalidConfiguration(message=message, field="serve/aliases")
    state = color.green("ready") if error is None else color.red("cannot be used")
    out(f"{color.bold('serve')}: {state}")
    if error is not None:
        out(f"  {redact(describe(error))}")
        return CONFIGURATION
    parsed = keys.unwrap()
    out(f"  keys      {', '.join([key.name for key in parsed.keys]) or 'none: this machine only'}")
    for note in parsed.notes:
        out(f"  {note}")
    return OK


def import_litellm(options: Namespace) -> int:
    """Print a config.yaml of litellm's proxy as a configuration file; what has no place there goes to standard error."""
    import yaml  # imported late: start-up

    from llm_pure.gateway.litellm_config import import_litellm as convert

    require_files(options.file)
    text = Path(options.file).read_text("utf-8", "replace")
    tree = value_or_exit(read_yaml(text, options.file), CONFIGURATION)
    fields = set(LLMConfig.__struct_fields__) - {"default_fields"}
    imported = convert(tree, frozenset(registry.names()), fields)
    for line in imported.left_out:
        print_note(f"left out: {redact(line)}")
    if not imported.sections["models"]:
        raise CommandFailed(f"{options.file} has no model that can be imported", DATA)
    out(yaml.safe_dump(imported.sections, sort_keys=False, allow_unicode=True), end="")
    return OK


def doctor(options: Namespace) -> int:
    """Print files, transports and models; without configured models, the providers with a key in the environment."""
    del options
    loaded = value_or_exit(load_config_files(), CONFIGURATION)
    for path in config_file_paths():
        out(f"file {path}: {'read' if path in loaded.files else 'not found'}")
    for transport in transports():
        out(f"transport {transport.name}: {transport.value}")
    models = list(_models_of_files(loaded))
    if not models:
        models = [
            diagnose(name, config, os.environ, source="the environment", registry=registry)
            for name, config in models_from_environment(os.environ, registry)
        ]
    if not models:
        message = (
            "no model is configured, and the environment has no provider's key: export one, such as OPENAI_API_KEY "
            "(`llm-pure providers` lists them), or write a model into llm-pure.yaml"
        )
        raise CommandFailed(message, CONFIGURATION)
    return _print_models(models)


def _models_of_files(loaded: LoadedConfig) -> Iterator[ModelReport]:
    """Yield every model of the files, the default model first."""
    configuration = loaded.configuration
    default = configuration.llm
    if isinstance(default, Failure):
        yield ModelReport("llm", (), default.failure())
    elif default is not None:
        report = diagnose("llm", default.unwrap(), os.environ, source=str(loaded.sources["llm"]))
        yield _add_settings(loaded, report, configuration.setup())
    for name, config in configuration.models.models.items():
        source = str(loaded.sources[f"models/{name}"])
        report = diagnose(name, config, os.environ, source=source)
        yield _add_settings(loaded, report, configuration.setup(name))
    yield from invalid_models(configuration.models)


def _add_settings(
    loaded: LoadedConfig, report: ModelReport, settings: LLMResult[ModelSettings]
) -> ModelReport:
    """Add fallbacks, budget, compression, retry and limit. A model with an invalid fallback cannot be used."""
    if isinstance(settings, Failure):
        return msgspec.structs.replace(report, error=report.error or settings.failure())
    values = settings.unwrap()
    fallbacks = loaded.configuration.fallbacks.get(report.name, ())
    budget, compress = values.cost_control.max_budget, values.compress
    retry, limit = values.retry, values.limit
    limits = [] if limit is None else [
        f"{value:g} {unit}"
        for value, unit in (
            (limit.requests_per_minute, "requests"),
            (limit.tokens_per_minute, "tokens"),
        )
        if value is not None
    ]  # fmt: skip
    rows = [
        (bool(fallbacks), "fallbacks", ", ".join(fallbacks), f"fallbacks/{report.name}"),
        (budget is not None, "budget", f"{budget} USD", "cost_control"),
        (
            compress.type not in ("", "no_compress"),
            "compress",
            f"{compress.type}, to at most {compress.threshold} of {compress.max_token} tokens",
            "compress",
        ),
        (retry is not None, "retry", f"{retry and retry.max_attempts} attempts", "retry"),
        (limit is not None, "limit", f"{', '.join(limits)} per minute", "limit"),
    ]  # fmt: skip
    model_source = loaded.sources.get(f"models/{report.name}", "")
    added = [
        SettingReport(name, value, str(loaded.sources.get(section) or model_source))
        for is_set, name, value, section in rows
        if is_set
    ]
    return msgspec.structs.replace(report, settings=(*report.settings, *added))


def _print_models(models: Iterable[ModelReport]) -> int:
    """Print each model; return the exit code."""
    color = colors(sys.stdout)
    code = OK
    for model in models:
        state = color.green("ready") if model.error is None else color.red("cannot be used")
        out(f"{color.bold(model.name)}: {state}")
        for setting in model.settings:
            source = color.dim(f"  ({setting.source})") if setting.source else ""
            out(f"  {setting.name:<9} {redact(setting.value)}{source}")
        if model.error is not None:
            out(f"  {redact(describe(model.error))}")
            code = CONFIGURATION
    return code
