"""`llm-pure cassette`: check, show, compare, scan and redact recorded traffic."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from llm_pure.adapters import registry
from llm_pure.cli.exit_codes import DATA, FINDINGS, OK, value_or_exit
from llm_pure.cli.files import require_paths
from llm_pure.cli.output import colors, out, print_error, print_note
from llm_pure.client.price_data import load_prices
from llm_pure.pricing.costs import PricingContext, cost_of
from llm_pure.replay.cassette import NO_CASSETTE, Cassette
from llm_pure.replay.cassette_files import find_cassettes, load_cassette, save_cassette
from llm_pure.replay.checks.check import check_paths, report_lines
from llm_pure.replay.checks.check_record import CheckRecord, exit_code_of, record_json
from llm_pure.replay.checks.diff import diff_cassettes
from llm_pure.replay.checks.show import show_lines
from llm_pure.replay.secrets.redaction import Redaction, redact_cassette
from llm_pure.replay.secrets.scan import scan_interaction, scan_paths
from llm_pure.types.completion import Completion
from llm_pure.types.result import Failure, error_of


def check(options: Namespace) -> int:
    """Print a line for each interaction as it is parsed; 65 if one cannot be parsed."""
    require_paths(*options.paths)
    code = OK

    def records() -> Iterator[CheckRecord]:
        nonlocal code
        for record in check_paths(options.paths, registry):
            if exit_code_of(record) != OK:
                code = DATA
            yield record

    if options.json:
        for record in records():
            out(record_json(record).decode())
    else:
        red = colors(sys.stdout).red
        for line in report_lines(records()):
            out(red(line) if line.startswith("FAIL") else line)
    return code


def show(options: Namespace) -> int:
    """Print request, events, completion and usage of each interaction; 65 if a file cannot be read."""
    require_paths(*options.paths)
    code = OK
    for file in _files(options):
        loaded = load_cassette(file)
        if isinstance(loaded, Failure):
            print_error(loaded.failure())
            code = DATA
        else:
            print_cassette(loaded.unwrap(), index=options.index, full_bodies=options.full_bodies)
    return code


def print_cassette(
    cassette: Cassette, *, index: int | None = None, full_bodies: bool = False
) -> None:
    """Print the interactions of a cassette, or the one at `index`. full_bodies: do not shorten bodies."""
    color = colors(sys.stdout)
    price = _cost_formatter()
    for number, interaction in enumerate(cassette.interactions):
        if index is None or number == index:
            out(color.bold(f"{cassette.name}: interactions[{number}]"))
            for line in show_lines(interaction, registry, full=full_bodies, price=price):
                out(line if line.startswith(" ") else color.blue(line))
            out("")


def _cost_formatter() -> Callable[[Completion], str]:
    """Return a function that formats the cost of a completion by today's prices."""
    prices = load_prices()
    now = datetime.now(UTC)

    def format_cost(completion: Completion) -> str:
        if isinstance(prices, Failure):
            return ""
        context = PricingContext(api_type=completion.provider)
        cost = cost_of(prices.unwrap(), context, completion, now)
        return cost.map(
            lambda known: f"${known.total_usd:f} by the price of {known.price}"
        ).value_or("not known")

    return format_cost


def diff(options: Namespace) -> int:
    """Print a line for each JSON path that differs; 1 if there is one, 65 if a file cannot be read."""
    require_paths(options.old, options.new)
    old, new = _files_by_name(options.old), _files_by_name(options.new)
    changes = 0
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            out(f"{'removed' if name in old else 'added':8} {name}")
            changes += 1
            continue
        before = value_or_exit(load_cassette(old[name]), DATA)
        after = value_or_exit(load_cassette(new[name]), DATA)
        for difference in diff_cassettes(before, after):
            out(f"{difference}  {new[name]}" if name else str(difference))
            changes += 1
    print_note(f"{changes} changes" if changes else "no change")
    return FINDINGS if changes else OK


def _files_by_name(path: str) -> dict[str, Path]:
    """Return the cassettes of a folder by their relative paths; a single file has the name ""."""
    root = Path(path)
    if not root.is_dir():
        return {"": root}
    return {file.relative_to(root).as_posix(): file for file in find_cassettes(root)}


def scan(options: Namespace) -> int:
    """Print a line for each possible secret; 1 if there is one."""
    require_paths(*options.paths)
    count = 0
    for finding in scan_paths(options.paths, _redaction(options, allowed=options.allow)):
        count += 1
        out(str(finding))
    print_note(f"{count} findings" if count else "no secrets found")
    return FINDINGS if count else OK


def redact(options: Namespace) -> int:
    """Print a line for each file that changes; 1 if a possible secret is left, 65 if a file cannot be read or written."""
    require_paths(*options.paths)
    redaction = _redaction(options)
    codes = [_redact(file, redaction, dry_run=options.dry_run) for file in list(_files(options))]
    return max(codes, default=OK)


def _redact(file: Path, redaction: Redaction, *, dry_run: bool) -> int:
    loaded = load_cassette(file)
    if isinstance(loaded, Failure):
        if loaded.failure().code == NO_CASSETTE:
            return OK
        print_error(loaded.failure())
        return DATA
    redacted = redact_cassette(loaded.unwrap(), redaction)
    if redacted != loaded.unwrap():
        out(f"{'would change' if dry_run else 'changed'} {file}")
        error = None if dry_run else error_of(save_cassette(file, redacted))
        if error is not None:
            print_error(error)
            return DATA
    code = OK
    for index, interaction in enumerate(redacted.interactions):
        for finding in scan_interaction(interaction, redaction):
            print_note(f"{file}: interactions[{index}].{finding}")
            code = FINDINGS
    return code


def _redaction(options: Namespace, allowed: list[str] | None = None) -> Redaction:
    return Redaction(
        secret_names=tuple(options.secret_name),
        paths=tuple(options.path),
        allowed=tuple(allowed or ()),
    )


def _files(options: Namespace) -> Iterator[Path]:
    for path in options.paths:
        yield from find_cassettes(Path(path))
