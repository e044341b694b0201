"""`llm-pure tokens`: count the tokens of files for a model. Sends nothing."""

from argparse import Namespace
from pathlib import Path

import msgspec

from llm_pure.cli.exit_codes import CONFIGURATION, OK, CommandFailed, value_or_exit
from llm_pure.cli.files import expand_paths, read_text
from llm_pure.cli.output import out, out_json, print_failure, print_note
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.settings.loading import load_config_files
from llm_pure.tokens import count_text, window_for
from llm_pure.types.rejection import ok, returns_failure


def run(options: Namespace) -> int:
    """Print a line for each file; 66 if a file does not exist."""
    name, plan = value_or_exit(_model_and_plan(options.model, options.config))
    counter = value_or_exit(load_token_counter(name, plan), CONFIGURATION)
    window = window_for(name, plan)
    code, total = OK, 0
    files = expand_paths(options.files) if options.files else ["-"]
    for path in files:
        try:
            text = read_text(path)
        except CommandFailed as failed:
            code = print_failure(failed)
            continue
        count = count_text(counter, text)
        total += count.tokens
        if options.json:
            out_json({"file": path, "model": name, **msgspec.structs.asdict(count)})
            continue
        out(f"{count.tokens:>9}  {path}" if options.files else str(count.tokens))
        if path == files[-1]:
            share = f"; {total / window.context:.1%} of the context window" if window else ""
            print_note(f"{name}: {count.method}, {count.encoding}{share}")
    if len(files) > 1 and not options.json:
        out(f"{total:>9}  total")
    return code


@returns_failure
def _model_and_plan(name: str, file: str | None) -> tuple[str, str | None]:
    """Return model and pricing plan of a name in the files, of PROVIDER:MODEL, or of a model's bare name.

    A tag of `ollama`, as in gpt-oss:20b, is part of a bare name.
    """
    from llm_pure.adapters import registry  # imported late: start-up

    loaded = ok(load_config_files(None if file is None else (Path(file),)))
    if name in loaded.configuration.names():
        config = ok(loaded.configuration.get(name))
        return config.model, config.pricing_plan
    provider, colon, model = name.partition(":")
    return (model if colon and provider in registry else name), None
