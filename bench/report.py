"""What a bench says: a table to read, and one record per row for --json."""

from collections.abc import Mapping, Sequence

import msgspec

Record = Mapping[str, str | int | float | bool | None]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One bench's result. rows: as many cells as `head`, text already; records: the same as numbers."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    records: tuple[Record, ...]


def table(report: Report) -> str:
    """The report as text; the first columns that hold words are set to the left, numbers to the right."""
    lines = [report.head, *report.rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(report.head))]
    ruled = [lines[0], tuple("-" * width for width in widths), *lines[1:]]
    return "\n".join([report.title, "", *[_line(cells, widths) for cells in ruled]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    placed = [
        cell.ljust(width) if place < _WORDS else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(placed).rstrip()


_WORDS = 2


def times(ratio: float) -> str:
    """3.1x, 31x: two digits that count."""
    return f"{ratio:.2f}x" if ratio < 10 else f"{ratio:.0f}x"


def met(is_met: bool, goal: str) -> str:
    """A goal, and whether this run meets it."""
    return f"{goal}: {'met' if is_met else 'MISSED'}"
