"""`llm-pure repair [FILE]`: tool arguments that are not quite JSON -> JSON, and what was changed on standard error."""

import sys
from argparse import Namespace
from pathlib import Path

import msgspec

from llm_pure.cli.exit_codes import DATA, NO_INPUT, OK
from llm_pure.cli.output import out, print_note
from llm_pure.output.code import repair_code
from llm_pure.output.json_repair import Edit, Exact, Repaired, Unrepairable, repair


def run(options: Namespace) -> int:
    """Print the object; 65 when there is none without guessing, 66 when there is no such file."""
    try:
        data = Path(options.file).read_bytes() if options.file else sys.stdin.buffer.read()
    except OSError as fault:
        print_note(f"{options.file}: {fault.strerror}")
        return NO_INPUT
    text = data.decode("utf-8", "replace")
    got = repair_code(text) if options.code else repair(text)
    if options.json:
        kind = type(got).__name__.lower()
        told = {"outcome": kind, **msgspec.to_builtins(got)}
        out(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
        return DATA if isinstance(got, Unrepairable) else OK
    match got:
        case Exact(value=value):
            out(msgspec.json.encode(value).decode())
            print_note("exact: it was JSON")
        case Repaired(value=value, edits=edits, method=method):
            out(msgspec.json.encode(value).decode())
            print_note(f"repaired ({method}): {len(edits)} edit{'s' if len(edits) != 1 else ''}")
            for edit in edits:
                print_note(edit_line(edit))
        case Unrepairable(reason=reason):
            print_note(f"unrepairable: {reason}")
            return DATA
    return OK


def edit_line(edit: Edit) -> str:
    """One edit, short enough for a line."""
    return f"  at {edit.offset}: {_short(edit.before)} -> {_short(edit.after)}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
