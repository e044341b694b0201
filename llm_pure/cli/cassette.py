"""`llm-pure cassette check`: every recorded interaction, parsed."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from llm_pure.cli.exit_codes import DATA, NO_INPUT, OK
from llm_pure.cli.output import ink, out, print_note
from llm_pure.client.plugins import load_registry
from llm_pure.replay.checks.check import (
    CheckRecord,
    check_paths,
    exit_code_of,
    record_json,
    report_lines,
)


def run(options: Namespace) -> int:
    """A line for each interaction as it is read; 65 when one could not be parsed, 66 when a path is not there."""
    missing = [path for path in options.paths if not Path(path).exists()]
    for path in missing:
        print_note(f"no such file or folder: {path}")
    if missing:
        return NO_INPUT
    failed = False

    def seen() -> Iterator[CheckRecord]:
        nonlocal failed
        for record in check_paths(options.paths, load_registry()):
            failed = failed or exit_code_of(record) != OK
            yield record

    if options.json:
        for record in seen():
            out(record_json(record).decode())
    else:
        colour = ink(sys.stdout)
        for line in report_lines(seen()):
            out(colour.red(line) if line.startswith("FAIL") else line)
    return DATA if failed else OK
