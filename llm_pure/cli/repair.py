"""`llm-pure repair`: repair tool arguments that are not valid JSON; the edits go to standard error."""

from argparse import Namespace

import msgspec

from llm_pure.cli.exit_codes import DATA, OK, CommandFailed
from llm_pure.cli.files import read_text
from llm_pure.cli.output import out_json, print_note
from llm_pure.output.code import repair_code
from llm_pure.output.json_repair import Exact, Repaired, Unrepairable, repair


def run(options: Namespace) -> int:
    """Print the object; 65 if the repair would have to guess, 66 if the file does not exist."""
    text = read_text(options.file)
    result = repair_code(text) if options.code else repair(text)
    if options.json:
        outcome = type(result).__name__.lower()
        out_json({"outcome": outcome, **msgspec.to_builtins(result)}, indent=2)
        return DATA if isinstance(result, Unrepairable) else OK
    match result:
        case Exact(value=value):
            out_json(value)
            print_note("exact: the input is valid JSON")
        case Repaired(value=value, edits=edits, method=method):
            out_json(value)
            print_note(f"repaired ({method}): {len(edits)} edit{'s' if len(edits) != 1 else ''}")
            for edit in edits:
                print_note(f"  at {edit.offset}: {_short(edit.before)} -> {_short(edit.after)}")
        case Unrepairable(reason=reason):
            raise CommandFailed(f"unrepairable: {reason}", DATA)
    return OK


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
