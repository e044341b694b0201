"""`llm-pure cassette diff`: what a provider changed between two recordings."""

from argparse import Namespace
from pathlib import Path

from llm_pure.cli.exit_codes import DATA, NO_INPUT, OK
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.cli.paths import all_there
from llm_pure.replay.cassette_files import find_cassettes, load_cassette
from llm_pure.replay.checks.diff import diff_cassettes
from llm_pure.types.result import Failure

DIFFERENT = 1


def run(options: Namespace) -> int:
    """A line for each path; 1 when there was one, 65 when a file cannot be read."""
    if not all_there([options.old, options.new]):
        return NO_INPUT
    old, new = _files(options.old), _files(options.new)
    changes = 0
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            out(f"{'removed' if name in old else 'added':8} {name}")
            changes += 1
            continue
        before, after = load_cassette(old[name]), load_cassette(new[name])
        for loaded in (before, after):
            if isinstance(loaded, Failure):
                print_error(loaded.failure())
                return DATA
        for drift in diff_cassettes(before.unwrap(), after.unwrap()):
            out(f"{drift}  {new[name]}" if name else str(drift))
            changes += 1
    print_note(f"{changes} changes" if changes else "no change")
    return DIFFERENT if changes else OK


def _files(given: str) -> dict[str, Path]:
    """Cassettes by their names below a folder; a file is the only one, without a name."""
    root = Path(given)
    if not root.is_dir():
        return {"": root}
    return {file.relative_to(root).as_posix(): file for file in find_cassettes(root)}
