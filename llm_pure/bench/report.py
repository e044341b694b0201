"""The result of a measurement: a table to read, and one record per row for --json."""

from collections.abc import Mapping, Sequence

import msgspec

Record = Mapping[str, str | int | float | bool | None]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One table."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """As many cells as `head`, as text."""
    records: tuple[Record, ...]
    """The same as numbers."""
    words: int = 2
    """The first columns, which hold words and are set to the left; numbers are set to the right."""


def table(report: Report) -> str:
    """Return the report as text."""
    lines = [report.head, *report.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(report.head))]
    ruled = [lines[0], tuple("-" * width for width in widths), *lines[1:]]
    return "\n".join([report.title, "", *[_line(cells, widths, report.words) for cells in ruled]])


def _line(cells: Sequence[str], widths: Sequence[int], words: int) -> str:
    placed = [
        cell.ljust(width) if column < words else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(placed).rstrip()


def times(ratio: float) -> str:
    """Return 3.10x, 31x: two digits that count."""
    return f"{ratio:.2f}x" if ratio < 10 else f"{ratio:.0f}x"


def met(is_met: bool, goal: str) -> str:
    """A goal, and whether this run meets it."""
    return f"{goal}: {'met' if is_met else 'MISSED'}"
