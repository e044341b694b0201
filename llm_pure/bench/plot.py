"""Measurements -> an SVG of bars: how many times the floor each contestant takes, on a logarithmic axis. Pure."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from llm_pure.bench.measurement import Measured

_LABEL, _BAR, _NUMBER = 250, 420, 80
"""Widths of the columns, in pixels."""
_ROW, _TITLE, _TOP = 18, 26, 34
_OURS, _PEER = "#2f6f9f", "#b0b7bf"
_STYLE = 'font-family="sans-serif" font-size="12" fill="#6a737d"'
_OWN_NAME = "llm-pure"


def plot(rows: Sequence[Measured], title: str) -> str:
    """Return the SVG. Rows without a ratio, which are the floors, have no bar; 1 is at the left.

    The text is gray, to be read on light and on dark pages.
    """
    bars = [row for row in rows if row.ratio is not None]
    top = max([row.ratio or 1 for row in bars], default=1)
    scale = _BAR / max(math.log10(max(top, 10)), 1)
    body = list(_groups(bars, scale))
    height = _TOP + sum([size for size, _ in body]) + 10
    width = _LABEL + _BAR + _NUMBER
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {_STYLE}>',
        f'<text x="0" y="16" font-size="14">{escape(title)}</text>',
    ]
    y = _TOP
    for size, line in body:
        lines.append(f'<g transform="translate(0 {y})">{line}</g>')
        y += size
    return "\n".join([*lines, "</svg>", ""])


def _groups(bars: Sequence[Measured], scale: float) -> Iterator[tuple[int, str]]:
    """Yield (height, content) of each line: a group's name, then its bars."""
    current = ""
    for row in bars:
        length = "" if row.length == "all" else f", {row.length}"
        group = f"{row.kind}: {row.dialect}{length}"
        if group != current:
            yield _TITLE, f'<text x="0" y="18" font-weight="bold">{escape(group)}</text>'
            current = group
        yield _ROW, _bar(row, scale)


def _bar(row: Measured, scale: float) -> str:
    ratio = row.ratio or 1
    width = max(1.0, math.log10(max(ratio, 1)) * scale)
    color = _OURS if row.who.startswith(_OWN_NAME) else _PEER
    return (
        f'<text x="12" y="13">{escape(row.who)}</text>'
        f'<rect x="{_LABEL}" y="3" width="{width:.1f}" height="12" fill="{color}"/>'
        f'<text x="{_LABEL + width + 6:.1f}" y="13">{ratio:.3g}x</text>'
    )
