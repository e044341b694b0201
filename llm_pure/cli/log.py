"""`llm-pure log`: list kept exchanges, show one, or write one as a cassette for a test."""

from argparse import Namespace
from pathlib import Path

import msgspec

from llm_pure.adapters import registry
from llm_pure.cli.cassette import print_cassette
from llm_pure.cli.exit_codes import (
    CANNOT_WRITE,
    DATA,
    NO_INPUT,
    OK,
    USAGE,
    CommandFailed,
    value_or_exit,
)
from llm_pure.cli.output import out, print_note
from llm_pure.replay.cassette import Cassette
from llm_pure.replay.cassette_files import load_cassette, save_cassette
from llm_pure.replay.checks.check import check_interaction, record_line
from llm_pure.replay.traffic_log import entries, find_entry, folder_of


def run(options: Namespace) -> int:
    """List the exchanges, or show one; 66 unless exactly one id begins with ID."""
    folder = folder_of(options.folder)
    if options.action == "list":
        return _list(folder)
    if not options.id:
        raise CommandFailed("log show needs an ID; `llm-pure log` lists them", USAGE)
    matches = find_entry(folder, options.id)
    if len(matches) != 1:
        count = "several ids begin" if matches else "no id begins"
        raise CommandFailed(f"{count} with {options.id!r} in {folder}", NO_INPUT)
    cassette = value_or_exit(load_cassette(matches[0]), DATA)
    if options.as_cassette is None:
        print_cassette(cassette)
    else:
        value_or_exit(save_cassette(options.as_cassette, cassette), CANNOT_WRITE)
        print_note(f"written: {options.as_cassette}")
    return OK


def _list(folder: Path) -> int:
    count = 0
    for path in entries(folder):
        cassette = load_cassette(path).value_or(Cassette())
        for interaction in cassette.interactions:
            count += 1
            record = check_interaction(interaction, registry)
            record = msgspec.structs.replace(record, file=path.stem)
            took = f"{sum(interaction.delays_ms) / 1000:.1f} s" if interaction.delays_ms else ""
            line = record_line(record).removesuffix(f"  {path.stem}#0")
            out(f"{path.stem}  {interaction.response.status}  {line}  {took}".rstrip())
    if not count:
        print_note(f"no exchanges in {folder}; LLM_PURE_LOG={folder} keeps those of a process")
    return OK
