"""`llm-pure config check`: what would be used for each model and why. No network, no secret."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

import msgspec

from llm_pure.cli.diagnosis import Diagnosis, Finding, broken, diagnose
from llm_pure.cli.exit_codes import CONFIGURATION, NO_INPUT, OK
from llm_pure.cli.output import ink, out, print_error, print_note
from llm_pure.settings.config_file import ModelSettings
from llm_pure.settings.loading import LoadedConfig, config_file_paths, load_config_files
from llm_pure.types.errors import describe
from llm_pure.types.redact import redact
from llm_pure.types.result import Failure, LLMResult


def run(options: Namespace) -> int:
    """`config check [FILE]`: 0 when every model can be used, 78 when one cannot, 66 when the file is not there."""
    paths = None if options.file is None else (Path(options.file),)
    if paths is not None and not paths[0].is_file():
        print_note(f"no such file: {paths[0]}")
        return NO_INPUT
    loaded = load_config_files(paths)
    if isinstance(loaded, Failure):
        print_error(loaded.failure())
        return CONFIGURATION
    found = loaded.unwrap()
    if not found.files:
        print_note(f"no configuration file; looked for {', '.join(map(str, config_file_paths()))}")
        return NO_INPUT
    for path in found.files:
        out(f"file {path}")
    if found.configuration.ignored:
        out(f"left alone: {', '.join(found.configuration.ignored)}")
    return told(diagnosed(found))


def diagnosed(loaded: LoadedConfig) -> Iterable[Diagnosis]:
    """Every model of the files, the default first."""
    configuration = loaded.configuration
    default = configuration.llm
    if isinstance(default, Failure):
        yield Diagnosis("llm", (), default.failure())
    elif default is not None:
        made = diagnose("llm", default.unwrap(), os.environ, said_by=str(loaded.sources["llm"]))
        yield _with_setup(loaded, made, configuration.setup())
    for name, config in configuration.models.models.items():
        said_by = str(loaded.sources[f"models/{name}"])
        made = diagnose(name, config, os.environ, said_by=said_by)
        yield _with_setup(loaded, made, configuration.setup(name))
    yield from broken(configuration.models)


def _with_setup(loaded: LoadedConfig, made: Diagnosis, got: LLMResult[ModelSettings]) -> Diagnosis:
    """With what the files say beside the model; a fallback that cannot be used makes it one that cannot either."""
    if isinstance(got, Failure):
        return msgspec.structs.replace(made, error=made.error or got.failure())
    setup, sources = got.unwrap(), loaded.sources
    said: list[tuple[str, str, str]] = []  # what, value, the place in the files
    names = loaded.configuration.fallbacks.get(made.name, ())
    if names:
        said.append(("fallbacks", ", ".join(names), f"fallbacks/{made.name}"))
    if setup.cost_control.max_budget is not None:
        said.append(("budget", f"{setup.cost_control.max_budget} USD", "cost_control"))
    if setup.compress.type not in ("", "no_compress"):
        cut = setup.compress
        value = f"{cut.type}, to {cut.threshold} of {cut.max_token} tokens at most"
        said.append(("compress", value, "compress"))
    if setup.retry is not None:
        said.append(("retry", f"{setup.retry.max_attempts} attempts", "retry"))
    if setup.limit is not None:
        each = (setup.limit.requests_per_minute, setup.limit.tokens_per_minute)
        value = ", ".join(
            f"{most:g} {what}"
            for most, what in zip(each, ("requests", "tokens"), strict=True)
            if most is not None
        )
        said.append(("limit", f"{value} a minute", "limit"))
    findings = [
        Finding(what, value, str(sources.get(place) or sources.get(f"models/{made.name}") or ""))
        for what, value, place in said
    ]
    return msgspec.structs.replace(made, findings=(*made.findings, *findings))


def told(models: Iterable[Diagnosis]) -> int:
    """Prints each model; the exit code."""
    colour = ink(sys.stdout)
    code = OK
    for model in models:
        state = colour.green("ready") if model.error is None else colour.red("cannot be used")
        out(f"{colour.bold(model.name)}: {state}")
        for finding in model.findings:
            why = colour.dim(f"  ({finding.why})") if finding.why else ""
            out(f"  {finding.what:<9} {redact(finding.value)}{why}")
        if model.error is not None:
            out(f"  {redact(describe(model.error))}")
            code = CONFIGURATION
    return code
