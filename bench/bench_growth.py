"""How time and memory grow with events, items, calls, choices, parts, citations, extra keys, texts and recordings.

The exponent of a power of the size, from one size to four times that: 1 is linear, 2 quadratic. The goal is at most 1.1.
The shapes are those of tests/support/growth_shapes.py; a coarse test looks at them too.
"""

from bench.report import Record, Report
from tests.support.growth_shapes import ANSWERS, BUILDS, SHAPES, growth, memory_growth

GOAL = 1.1
ENOUGH_S, QUICK_ENOUGH_S = 0.2, 0.03


def run(quick: bool = False) -> list[Report]:
    """One table: a row for each shape."""
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    for name, shape in SHAPES.items():
        exponent, seconds, size = growth(shape, enough_s=QUICK_ENOUGH_S if quick else ENOUGH_S)
        memory = (
            memory_growth(shape, min(size, 4_000)) if name in ANSWERS or name in BUILDS else None
        )
        is_met = exponent <= GOAL and (memory is None or memory <= GOAL)
        rows.append(
            (
                name,
                "" if is_met else f"above {GOAL}",
                f"{size:,}",
                f"{seconds * 1000:.0f}",
                f"{exponent:.2f}" if exponent else "-",
                "-" if memory is None else f"{memory:.2f}",
            )
        )
        records.append(
            {
                "bench": "growth",
                "shape": name,
                "size": size,
                "seconds": seconds,
                "time_exponent": exponent or None,
                "memory_exponent": memory,
                "met": is_met,
            }
        )
    head = ("shape", "goal", "size", "ms", "time", "memory")
    missed = sum(not record["met"] for record in records)
    title = f"Growth, exponents of time and memory: {len(records)} shapes, {missed} above {GOAL}"
    return [Report(title=title, head=head, rows=tuple(rows), records=tuple(records))]
