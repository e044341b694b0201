"""A committed measurement, compared with a new one: which ratios have become worse. Pure.

Ratios are compared, not times: a ratio holds on another machine and under load, roughly; a time does not.
"""

from collections.abc import Iterable, Mapping

import msgspec

from llm_pure.bench.contests import OURS
from llm_pure.bench.measurement import Measured

LIMIT = 1.25
"""A ratio may be so many times that of the baseline."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of one row of a page, which a bench of the repository printed."""

    page: str
    label: str
    """The first cell of the row."""
    values: tuple[str, ...]
    """The other cells, as printed."""
    source: str
    """The bench, and the date of its run."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The measurement that stands. Without rows nothing was measured yet."""

    date: str = ""
    machine: str = ""
    packages: str = ""
    rows: tuple[Measured, ...] = ()
    figures: tuple[Figure, ...] = ()


class Worse(msgspec.Struct, frozen=True, kw_only=True):
    """A ratio that is worse than in the baseline."""

    name: str
    before: float
    now: float

    def __str__(self) -> str:
        times = self.now / self.before
        return f"{self.name}: {self.before:.3g}x before, {self.now:.3g}x now, {times:.2f} times"


def ratios(rows: Iterable[Measured]) -> Mapping[str, float]:
    """Return group -> how many times the floor this library takes."""
    return {
        f"{row.kind} {row.dialect} {row.length}": row.ratio
        for row in rows
        if row.who == OURS and row.ratio is not None
    }


def worse(before: Mapping[str, float], now: Mapping[str, float]) -> tuple[Worse, ...]:
    """Return the ratios that are worse by more than the limit. A group that only one of both has is none of these.

    >>> worse({"a": 2.0, "b": 2.0, "c": 1.0}, {"a": 2.5, "b": 2.51})
    (Worse(name='b', before=2.0, now=2.51),)
    """
    return tuple(
        [
            Worse(name=name, before=before[name], now=ratio)
            for name, ratio in now.items()
            if name in before and ratio > LIMIT * before[name]
        ]
    )


def parse_baseline(data: bytes) -> Baseline:
    """Parse bench/baseline.json. Raises msgspec.ValidationError."""
    return msgspec.json.decode(data, type=Baseline)


def render_baseline(baseline: Baseline) -> bytes:
    """Return the file: a line for each row, so that a change shows what changed."""
    fields = msgspec.to_builtins(baseline)
    lines = []
    for name, value in fields.items():
        if isinstance(value, list | tuple):
            rows = [msgspec.json.encode(row).decode() for row in value]
            text = "[\n  " + ",\n  ".join(rows) + "\n]" if rows else "[]"
        else:
            text = msgspec.json.encode(value).decode()
        lines.append(f'"{name}": {text}')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()
