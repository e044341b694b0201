"""The committed baseline, the page that is made of it, and the figures in README and docs."""

import re
from pathlib import Path

import msgspec
import pytest

from bench import baseline as baseline_command
from bench.baseline import figures, with_figures
from llm_pure.bench.baseline import (
    Baseline,
    Figure,
    Worse,
    parse_baseline,
    ratios,
    render_baseline,
    worse,
)
from llm_pure.bench.measurement import Measured
from llm_pure.bench.page import render_page
from llm_pure.bench.plot import plot

ROOT = Path(__file__).parents[2]
FILE = ROOT / "bench" / "baseline.json"
BASELINE = parse_baseline(FILE.read_bytes())

ROW = Measured(
    kind="streams",
    dialect="openai_chat",
    length="long",
    who="bare msgspec",
    calls=1,
    of_calls=1,
    events=100,
    size=2900,
    us_per_call=55.0,
    us_per_event=0.55,
)
OURS = msgspec.structs.replace(
    ROW, who="llm-pure", us_per_call=110.0, us_per_event=1.1, ratio=2.0, ratio_low=1.9, ratio_high=2.1
)  # fmt: skip
PEER = msgspec.structs.replace(OURS, who="peer <1>", ratio=100.0)
ANSWER = msgspec.structs.replace(OURS, kind="answers", length="all", us_per_event=None, ratio=3.0)
CHUNK = Figure(
    page="README.md",
    label="one stream chunk, bytes to events",
    values=("1.1 µs", "59 µs", "305 µs"),
    source="make bench, 2026-11-21",
)

FIGURE = re.compile(
    r"\d\s?(?:µs|us|MB/s)\b|\d\s?x?\s(?:times\s)?(?:faster|slower|as fast)\b|ms of CPU|calls per second"
    r"|\d(?:\.\d+)?x (?:of|the) "
)
"""A speed: a time of microseconds, a throughput, a comparison."""


def figure_lines(page: str, text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The lines of a page that hold a speed: (first cell or line, other cells). In the README's section Speed, every row."""
    lines: list[tuple[str, tuple[str, ...]]] = []
    section = ""
    for line in text.splitlines():
        section = line.removeprefix("## ") if line.startswith("## ") else section
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        is_row = line.startswith("|") and bool(cells[0].strip("- "))
        if FIGURE.search(line) or (is_row and (page, section) == ("README.md", "Speed")):
            lines.append(
                (cells[0], tuple([cell for cell in cells[1:] if cell])) if is_row else (line, ())
            )
    return lines


def pages() -> list[str]:
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    names = [file.relative_to(ROOT).as_posix() for file in files]
    return [name for name in names if name != "docs/benchmarks.md" and "docs/changes/" not in name]


@pytest.mark.parametrize("page", pages())
def test_a_speed_on_a_page_is_one_of_the_baseline(page: str) -> None:
    known = {figure.label: figure.values for figure in BASELINE.figures if figure.page == page}
    lines = figure_lines(page, (ROOT / page).read_text("utf-8"))
    assert dict(lines) == known


@pytest.mark.parametrize(
    ("page", "text", "lines"),
    [
        ("docs/a.md", "It takes 46 µs.", [("It takes 46 µs.", ())]),
        ("docs/a.md", "It is 30 times faster.", [("It is 30 times faster.", ())]),
        ("docs/a.md", "1.9x of msgspec", [("1.9x of msgspec", ())]),
        ("docs/a.md", "| a chunk | 1 µs | |", [("a chunk", ("1 µs",))]),
        ("docs/a.md", "It waits 30 s, ten times.", []),
        ("README.md", "## Speed\n| import | 55 ms |\n|---|---|\n", [("import", ("55 ms",))]),
        ("README.md", "## Use\n| import | 55 ms |\n", []),
    ],
)
def test_speeds_on_a_page_are_noticed(
    page: str, text: str, lines: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert figure_lines(page, text) == lines


def test_the_page_of_benchmarks_is_made_of_the_baseline() -> None:
    assert (ROOT / "docs" / "benchmarks.md").read_text("utf-8") == render_page(BASELINE)
    plotted = ROOT / "docs" / "benchmarks.svg"
    assert plotted.exists() == bool(BASELINE.rows)


def test_the_file_is_what_is_written() -> None:
    assert render_baseline(BASELINE) == FILE.read_bytes()


@pytest.mark.parametrize(
    "baseline", [Baseline(), Baseline(rows=(ROW, OURS), figures=(CHUNK,), date="2026-11-30")]
)
def test_a_baseline_is_read_as_it_was_written(baseline: Baseline) -> None:
    assert parse_baseline(render_baseline(baseline)) == baseline


def test_ratios_are_those_of_this_library() -> None:
    assert ratios((ROW, OURS, PEER, ANSWER)) == {
        "streams openai_chat long": 2.0,
        "answers openai_chat all": 3.0,
    }


@pytest.mark.parametrize(
    ("before", "now", "changes"),
    [
        ({"a": 2.0}, {"a": 2.5}, ()),
        ({"a": 2.0}, {"a": 2.51}, (Worse(name="a", before=2.0, now=2.51),)),
        ({"a": 2.0}, {"a": 1.0, "b": 9.0}, ()),
    ],
    ids=["at the limit", "above it", "better, and a new group"],
)
def test_a_ratio_above_the_limit_is_worse(
    before: dict[str, float], now: dict[str, float], changes: tuple[Worse, ...]
) -> None:
    assert worse(before, now) == changes


def test_a_worse_ratio_is_described() -> None:
    assert (
        str(Worse(name="streams a long", before=2.0, now=3.0))
        == "streams a long: 2x before, 3x now, 1.50 times"
    )


@pytest.mark.parametrize(
    ("rows", "measurements", "code", "last"),
    [
        ((), [], 1, "bench/baseline.json has no rows: `make bench-page` writes them"),
        ((OURS,), [2.5], 0, "1 ratios, 0 worse by more than 25 %"),
        ((OURS,), [3.0, 2.0], 0, "1 ratios, 0 worse by more than 25 %"),
        ((OURS,), [3.0, 2.6], 1, "1 ratios, 1 worse by more than 25 %"),
    ],
    ids=["no baseline", "at the limit", "worse once", "worse twice"],
)
def test_a_check_fails_if_a_ratio_is_worse_twice(
    rows: tuple[Measured, ...],
    measurements: list[float],
    code: int,
    last: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "baseline.json"
    file.write_bytes(render_baseline(Baseline(rows=rows)))
    left = list(measurements)

    def measured(rounds: int, *, peers: bool) -> tuple[Measured, ...]:
        assert (rounds, peers) == (9, False)
        return (msgspec.structs.replace(OURS, ratio=left.pop(0)),)

    monkeypatch.setattr(baseline_command, "FILE", file)
    monkeypatch.setattr(baseline_command, "measured", measured)
    assert baseline_command.check(9) == code
    assert left == []
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_the_page_shows_each_row_with_date_and_machine() -> None:
    rows = (ROW, OURS, ANSWER)
    page = render_page(
        Baseline(date="2026-11-30", machine="CPython", packages="msgspec 1", rows=rows)
    )
    assert page.partition("## Numbers\n")[2] == NUMBERS


def test_the_plot_has_a_bar_for_each_row_with_a_ratio_and_escapes_names() -> None:
    drawn = plot((ROW, OURS, PEER, ANSWER), "a & b")
    assert drawn.count("<rect") == 3
    assert "a &amp; b" in drawn
    assert "peer &lt;1&gt;" in drawn
    assert "bare msgspec" not in drawn


def test_figures_come_from_the_records_of_a_run_and_stay_without_them() -> None:
    records = [
        {"bench": "stream", "dialect": "openai_chat", "who": who, "us_per_event": us}
        for who, us in (("llm-pure", 1.0721), ("openai", 59.394), ("litellm", 305.15))
    ]
    changed = msgspec.structs.replace(
        CHUNK, values=("1.07 µs", "59.4 µs", "305 µs"), source="make bench, 2026-12-01"
    )
    baseline = Baseline(figures=(CHUNK,))
    assert figures(records, baseline, "make bench, 2026-12-01").figures == (changed,)
    assert figures(records[:2], baseline, "make bench, 2026-12-01").figures == (CHUNK,)


def test_figures_are_written_into_the_rows_of_a_page() -> None:
    page = "# A\n\n| one stream chunk, bytes to events | 9 µs | 9 µs | 9 µs |\n| other | 1 | |\n"
    assert with_figures(page, (CHUNK,)) == page.replace(
        "9 µs | 9 µs | 9 µs", "1.1 µs | 59 µs | 305 µs"
    )


NUMBERS = """\

Of 2026-11-30, by `make bench-page`. CPython. msgspec 1.

![How many times the lower bound each takes](benchmarks.svg)

### Streams

| dialect | length | who | us an event | us a call | times the first |
| --- | --- | --- | --- | --- | --- |
| openai_chat | long | bare msgspec | 0.55 | 55.0 | 1 |
| openai_chat | long | llm-pure | 1.10 | 110 | 2.00 |

### Complete answers

| dialect | who | us a call | times the first |
| --- | --- | --- | --- |
| openai_chat | llm-pure | 110 | 3.00 |
"""
