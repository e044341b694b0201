"""The ratios that stand: `python -m bench.baseline check` compares with them, `write` measures them anew.

check: measure cassettes/ and the long streams of samples.py without peers; exit 1 if a ratio is more than 25 % worse than in
baseline.json, twice in a row. write: measure with the peers that are installed, and write baseline.json, docs/benchmarks.md
and docs/benchmarks.svg. figures FILE: take the numbers of the README from the records of `make bench ARGS=--json`, and write them into both.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench import samples
from llm_pure.adapters import registry
from llm_pure.bench.baseline import (
    Baseline,
    Figure,
    parse_baseline,
    ratios,
    render_baseline,
    worse,
)
from llm_pure.bench.contests import (
    Contest,
    answer_contests,
    build_contests,
    stream_contests,
    token_contests,
)
from llm_pure.bench.machine import machine_lines
from llm_pure.bench.measurement import Measured, measure
from llm_pure.bench.page import render_page
from llm_pure.bench.plot import plot
from llm_pure.bench.recordings import StreamCase, first_event_bytes, read_recordings
from llm_pure.bench.timing import QUICK_ROUNDS, REAL, ROUNDS
from llm_pure.client.tokenizers import load_token_counter, raw_encoder

ROOT = Path(__file__).parents[1]
FILE = ROOT / "bench" / "baseline.json"
PAGE, PLOT = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "benchmarks.svg"
README = ROOT / "README.md"
MODEL = "gpt-4o"
_TEXT_LENGTHS = (8, 60, 300, 3000)


def contests(*, peers: bool) -> Iterator[Contest]:
    """Everything that the baseline holds."""
    folder = (ROOT / "cassettes",)
    recorded = read_recordings(folder, registry, "streams").streams
    yield from stream_contests([*recorded, *_long_streams()], peers=peers)
    yield from answer_contests(read_recordings(folder, registry, "answers").answers)
    yield from build_contests(read_recordings(folder, registry, "build").requests)
    counter = load_token_counter(MODEL).unwrap()
    encode = raw_encoder(counter.tokenizer.encoding).unwrap()
    yield from token_contests(_texts(), counter, encode, model=MODEL, peers=peers)


def _long_streams() -> Iterator[StreamCase]:
    """The shipped recordings are short."""
    for stream in samples.STREAMS.values():
        sample = stream(samples.DELTAS)
        provider = registry.get(sample.provider).unwrap()
        first = first_event_bytes(provider, sample.head, sample.body)
        yield StreamCase(provider=provider, sample=sample, first_bytes=first)


def _texts() -> list[str]:
    """Texts of these numbers of words."""
    words = samples.words()
    return ["".join([next(words) for _ in range(length)]) for length in _TEXT_LENGTHS]


def measured(rounds: int, *, peers: bool) -> tuple[Measured, ...]:
    """Measure all contests, with a line on stderr for each."""
    rows: list[Measured] = []
    for contest in contests(peers=peers):
        print(f"{contest.kind} {contest.dialect} {contest.length}", file=sys.stderr, flush=True)
        rows += measure(contest, rounds, REAL)
    return tuple(rows)


def check(rounds: int) -> int:
    """Exit code 1 if a ratio is worse than the baseline's by more than the limit, in two measurements."""
    before = ratios(parse_baseline(FILE.read_bytes()).rows)
    if not before:
        print("bench/baseline.json has no rows: `make bench-page` writes them")
        return 1
    suspects = {
        change.name: change for change in worse(before, ratios(measured(rounds, peers=False)))
    }
    if suspects:
        print(*suspects.values(), "measuring again", sep="\n", flush=True)
        again = worse(before, ratios(measured(rounds, peers=False)))
        suspects = {change.name: change for change in again if change.name in suspects}
    for change in suspects.values():
        print(f"WORSE  {change}")
    print(f"{len(before)} ratios, {len(suspects)} worse by more than 25 %")
    return 1 if suspects else 0


def write(rounds: int) -> None:
    """Measure, and write baseline, page and plot."""
    machine, packages = machine_lines()
    baseline = msgspec.structs.replace(
        parse_baseline(FILE.read_bytes()),
        date=datetime.now(UTC).date().isoformat(),
        machine=machine,
        packages=packages,
        rows=measured(rounds, peers=True),
    )
    _write(baseline)
    PLOT.write_text(plot(baseline.rows, "CPU time, times the lower bound (logarithmic)"), "utf-8")


def _write(baseline: Baseline) -> None:
    FILE.write_bytes(render_baseline(baseline))
    PAGE.write_text(render_page(baseline), "utf-8")


Cell = tuple[tuple[Mapping[str, str | int], str, str], ...]
"""The numbers of a cell: the fields of the record of each, the field with the number, the number's form."""


def _load_cells(mode: str) -> tuple[Cell, ...]:
    names = (("llm_pure httpx", "llm_pure aiohttp"), ("openai",), ("litellm",))
    return tuple(
        [
            tuple(
                [
                    (
                        {"bench": "load", "name": name, "mode": mode, "level": 500},
                        "calls_s",
                        "{:,.0f}",
                    )
                    for name in cell
                ]
            )
            for cell in names
        ]
    )


FIGURES: Mapping[str, tuple[Cell, ...]] = {
    "one stream chunk, bytes to events": tuple(
        [
            (
                (
                    {"bench": "stream", "dialect": "openai_chat", "who": who},
                    "us_per_event",
                    "{:.3g} µs",
                ),
            )
            for who in ("llm-pure", "openai", "litellm")
        ]
    ),
    "one call, without the network": tuple(
        [(({"bench": "call", "name": name}, "us", "{:.0f} µs"),) for name in ("llm_pure", "openai")]
    ),
    "calls per second, 500 at once: httpx, aiohttp": _load_cells("whole"),
    "the same, each response a stream of 200 events": _load_cells("stream"),
    "import, including the client": tuple(
        [
            (({"bench": "import", "who": who}, "ms", "{:,.0f} ms"),)
            for who in ("llm_pure, with its client", "openai", "litellm")
        ]
    ),
}
"""First cell of a row in the README's table -> its other cells. An empty last cell has none."""


def figures(records: Sequence[Mapping[str, Any]], baseline: Baseline, source: str) -> Baseline:
    """Return the baseline with the README's figures from these records; a figure without all of its records stays."""
    rows = []
    for figure in baseline.figures:
        cells = [_cell(cell, records) for cell in FIGURES.get(figure.label, ())]
        if cells and all(cells):
            figure = msgspec.structs.replace(figure, values=tuple(cells), source=source)
        rows.append(figure)
    return msgspec.structs.replace(baseline, figures=tuple(rows))


def _cell(cell: Cell, records: Sequence[Mapping[str, Any]]) -> str:
    """Return the numbers of a cell; "" if one has no record."""
    numbers = [
        next((form.format(row[field]) for row in records if fields.items() <= row.items()), "")
        for fields, field, form in cell
    ]
    return ", ".join(numbers) if all(numbers) else ""


def with_figures(page: str, figures: Iterable[Figure]) -> str:
    """Return a page whose table rows have these figures."""
    rows = {figure.label: figure.values for figure in figures}
    lines = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] in rows:
            values = [*rows[cells[0]], *[""] * len(cells)][: len(cells) - 1]
            line = "".join([f"| {cell} " if cell else "| " for cell in (cells[0], *values)]) + "|"
        lines.append(line)
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.baseline", description=__doc__)
    parser.add_argument("action", choices=("check", "write", "figures"))
    parser.add_argument(
        "file", nargs="?", type=Path, help="for figures: records of make bench ARGS=--json"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    if options.action == "check":
        return check(rounds)
    if options.action == "write":
        write(rounds)
    elif options.file is None:
        parser.error("figures needs a file")
    else:
        records = [
            msgspec.json.decode(line)
            for line in options.file.read_bytes().splitlines()
            if line[:1] == b"{"
        ]
        source = f"make bench, {datetime.now(UTC).date().isoformat()}"
        baseline = figures(records, parse_baseline(FILE.read_bytes()), source)
        _write(baseline)
        of_readme = [figure for figure in baseline.figures if figure.page == "README.md"]
        README.write_text(with_figures(README.read_text("utf-8"), of_readme), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
