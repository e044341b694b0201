"""`llm-pure cassette scan`: secrets that slipped through, each by its file and JSON path."""

from argparse import Namespace

from llm_pure.cli.exit_codes import NO_INPUT, OK
from llm_pure.cli.output import out, print_note
from llm_pure.cli.paths import all_there
from llm_pure.replay.secrets.redaction import Redaction
from llm_pure.replay.secrets.scan import scan_paths

FOUND = 1


def run(options: Namespace) -> int:
    """A line for each finding; 1 when there was one, 66 when a path is not there."""
    if not all_there(options.paths):
        return NO_INPUT
    redaction = Redaction(
        secret_names=tuple(options.secret_name),
        paths=tuple(options.path),
        allowed=tuple(options.allow),
    )
    found = 0
    for finding in scan_paths(options.paths, redaction):
        found += 1
        out(str(finding))
    print_note(f"{found} findings" if found else "nothing was found")
    return FOUND if found else OK
