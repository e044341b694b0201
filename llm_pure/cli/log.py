"""`llm-pure log`: exchanges that were kept, and one of them as a test's cassette."""

from argparse import Namespace
from pathlib import Path

import msgspec

from llm_pure.cli.cassette_show import show
from llm_pure.cli.exit_codes import CANNOT_WRITE, DATA, NO_INPUT, OK, USAGE
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.client.plugins import load_registry
from llm_pure.replay.cassette_files import load_cassette, save_cassette
from llm_pure.replay.checks.check import check_interaction, record_line
from llm_pure.replay.traffic_log import entries, find_entry, folder_of
from llm_pure.types.result import Failure


def run(options: Namespace) -> int:
    """The list, or one exchange; 66 when there is no such one."""
    folder = folder_of(options.folder)
    if options.action == "list":
        return _list(folder)
    if not options.id:
        print_note("log show needs an ID; `llm-pure log` lists them")
        return USAGE
    found = find_entry(folder, options.id)
    if len(found) != 1:
        what = "several exchanges begin" if found else "no exchange begins"
        print_note(f"{what} with {options.id!r} in {folder}")
        return NO_INPUT
    return _show(found[0], options.as_cassette)


def _list(folder: Path) -> int:
    registry = load_registry()
    count = 0
    for path in entries(folder):
        loaded = load_cassette(path)
        if isinstance(loaded, Failure):
            continue
        for interaction in loaded.unwrap().interactions:
            count += 1
            told = msgspec.structs.replace(check_interaction(interaction, registry), file=path.stem)
            took = f"{sum(interaction.delays_ms) / 1000:.1f} s" if interaction.delays_ms else ""
            line = record_line(told).removesuffix(f"  {path.stem}#0")
            out(f"{path.stem}  {interaction.response.status}  {line}  {took}".rstrip())
    if not count:
        print_note(
            f"nothing is kept in {folder}; LLM_PURE_LOG={folder} switches the log on for a process"
        )
    return OK


def _show(path: Path, as_cassette: str | None) -> int:
    loaded = load_cassette(path)
    if isinstance(loaded, Failure):
        print_error(loaded.failure())
        return DATA
    if as_cassette is None:
        show(loaded.unwrap())
        return OK
    saved = save_cassette(as_cassette, loaded.unwrap())
    if isinstance(saved, Failure):
        print_error(saved.failure())
        return CANNOT_WRITE
    print_note(f"written: {as_cassette}")
    return OK
