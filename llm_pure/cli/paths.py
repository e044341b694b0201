"""PATH arguments: those that are not there end a command."""

from pathlib import Path

from llm_pure.cli.output import print_note


def all_there(paths: list[str]) -> bool:
    """Is each of these there? Those that are not are told."""
    missing = [path for path in paths if not Path(path).exists()]
    for path in missing:
        print_note(f"no such file or folder: {path}")
    return not missing
