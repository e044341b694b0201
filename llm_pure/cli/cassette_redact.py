"""`llm-pure cassette redact`: cassettes written anew without secrets."""

from argparse import Namespace
from pathlib import Path

from llm_pure.cli.cassette_scan import FOUND
from llm_pure.cli.exit_codes import DATA, NO_INPUT, OK
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.cli.paths import all_there
from llm_pure.replay.cassette import NO_CASSETTE
from llm_pure.replay.cassette_files import find_cassettes, load_cassette, save_cassette
from llm_pure.replay.secrets.redaction import Redaction, redact_cassette
from llm_pure.replay.secrets.scan import scan_interaction
from llm_pure.types.result import Failure


def run(options: Namespace) -> int:
    """A line for each file that changes; 1 when one holds something that may be a secret still, 65 for a bad file."""
    if not all_there(options.paths):
        return NO_INPUT
    redaction = Redaction(secret_names=tuple(options.secret_name), paths=tuple(options.path))
    files = [file for path in options.paths for file in find_cassettes(Path(path))]
    return max([_redact(file, redaction, options.dry_run) for file in files], default=OK)


def _redact(file: Path, redaction: Redaction, dry_run: bool) -> int:
    loaded = load_cassette(file)
    if isinstance(loaded, Failure):
        if loaded.failure().code == NO_CASSETTE:
            return OK
        print_error(loaded.failure())
        return DATA
    before = loaded.unwrap()
    after = redact_cassette(before, redaction)
    if after != before:
        out(f"{'would change' if dry_run else 'changed'} {file}")
        saved = None if dry_run else save_cassette(file, after)
        if isinstance(saved, Failure):
            print_error(saved.failure())
            return DATA
    code = OK
    for index, interaction in enumerate(after.interactions):
        for finding in scan_interaction(interaction, redaction):
            print_note(f"{file}: interactions[{index}].{finding}")
            code = FOUND
    return code
