"""`llm-pure tokens`: how many tokens files have, for a model, with nothing sent anywhere."""

import sys
from argparse import Namespace
from pathlib import Path

import msgspec

from llm_pure.cli.exit_codes import CONFIGURATION, NO_INPUT, OK, exit_code
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.settings.loading import load_config_files
from llm_pure.tokens import count_text, window_for
from llm_pure.types.result import Failure, LLMResult, Success


def run(options: Namespace) -> int:
    """A line for each file; 66 when one is not there."""
    found = model_of(options.model, options.config)
    if isinstance(found, Failure):
        print_error(found.failure())
        return exit_code(found.failure())
    name, plan = found.unwrap()
    counter = load_token_counter(name, plan)
    if isinstance(counter, Failure):
        print_error(counter.failure())
        return CONFIGURATION
    window = window_for(name, plan)
    code, total = OK, 0
    for place in options.files or ["-"]:
        text = read_text(place)
        if text is None:
            code = NO_INPUT
            continue
        count = count_text(counter.unwrap(), text)
        total += count.tokens
        if options.json:
            row = {"file": place, "model": name, **msgspec.structs.asdict(count)}
            out(msgspec.json.encode(row).decode())
        else:
            out(f"{count.tokens:>9}  {place}" if options.files else str(count.tokens))
            if place == (options.files or ["-"])[-1]:
                share = f"; {total / window.context:.1%} of the window" if window else ""
                print_note(f"{name}: {count.method}, {count.encoding}{share}")
    if len(options.files) > 1 and not options.json:
        out(f"{total:>9}  total")
    return code


def model_of(name: str, file: str | None = None) -> LLMResult[tuple[str, str | None]]:
    """A model and its pricing plan: of a name in the files, of PROVIDER:MODEL, or of a bare name.

    `ollama` tags such as gpt-oss:20b are part of a bare name.
    """
    from llm_pure.adapters import registry

    loaded = load_config_files(None if file is None else (Path(file),))
    if isinstance(loaded, Failure):
        return loaded
    configuration = loaded.unwrap().configuration
    if name in configuration.names():
        return configuration.get(name).map(lambda config: (config.model, config.pricing_plan))
    first, colon, rest = name.partition(":")
    return Success((rest if colon and first in registry.entries else name, None))


def read_text(place: str) -> str | None:
    """A file, or standard input; None, and a note, when it is not there. Bytes that are no UTF-8 are replaced."""
    if place == "-":
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    try:
        return Path(place).read_bytes().decode("utf-8", "replace")
    except OSError as fault:
        print_note(f"{place}: {fault.strerror}")
        return None
