"""How time and memory grow with events, items, calls, choices, parts, citations, extra keys, texts and recordings.

The exponent of a power of the size over the last tenfold step: 1 is linear, 2 quadratic. The goal is at most 1.1, for the time
without Python's garbage collector and for the peak of memory: they depend on our code. The time with the collector is shown
beside them and has no goal. A call that keeps many new objects starts full collections, each of which walks all objects of
the process; a program collects as often as its own objects, settings and `gc.freeze` make it, and not at all before some
ten thousand objects, so a short answer costs none and a long one a few, which looks like growth and is none of ours.
Answers and requests are measured from 1,000 to 10,000 items. Beyond that the machine is measured: each new object needs fresh
memory, and the caches are full, so that msgspec alone, which is linear, has 1.15 to 1.25 from 4,000 to 160,000 (the last row).
So a row above 1.05 has the exponent of its floor beside it, the least that reads the same input: msgspec decodes its JSON, `re`
cuts its text into words. What the floor has is the machine's.
The shapes are those of tests/support/growth_shapes.py; a coarse test looks at them too.
"""

from llm_pure.bench.report import Record, Report
from tests.support.growth_shapes import (
    ANSWERS,
    BUILDS,
    SHAPES,
    bare_decode,
    floor,
    growth,
    last_step,
    memory_growth,
)

GOAL = 1.1
ENOUGH_S, QUICK_ENOUGH_S = 0.2, 0.03
ITEMS, LETTERS = 10_000, 256_000
"""The largest sizes, of objects and of texts."""
WITH_FLOOR = 1.05
"""The floor is measured where the time has a larger exponent."""
ENOUGH_FLOOR_S = 0.0005
"""A floor that takes less has no exponent that can be measured."""
CONTROL = "msgspec alone, 160,000 items"


def run(quick: bool = False) -> list[Report]:
    """One table: a row for each shape."""
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    enough_s = QUICK_ENOUGH_S if quick else ENOUGH_S
    for name, shape in (*SHAPES.items(), (CONTROL, bare_decode)):
        makes_objects = name in ANSWERS or name in BUILDS
        limit = ITEMS if makes_objects else LETTERS
        exponent, seconds, size = growth(shape, enough_s=enough_s, limit=limit)
        collecting = memory = bare = None
        if exponent > WITH_FLOOR and name != CONTROL:
            bare, bare_s = last_step(floor(shape), size)
            bare = bare if bare_s > ENOUGH_FLOOR_S else None
        if makes_objects:
            collecting, _, _ = growth(shape, enough_s=enough_s, limit=limit, collecting=True)
            memory = memory_growth(shape, min(size, ITEMS))
        is_met = name == CONTROL or (exponent <= GOAL and (memory is None or memory <= GOAL))
        rows.append(
            (
                name,
                "" if is_met else f"above {GOAL}",
                f"{size:,}",
                f"{seconds * 1000:.0f}",
                *[
                    f"{value:.2f}" if value else "-"
                    for value in (exponent, bare, collecting, memory)
                ],
            )
        )
        records.append(
            {
                "bench": "growth",
                "shape": name,
                "size": size,
                "seconds": seconds,
                "time_exponent": exponent or None,
                "time_exponent_of_floor": bare,
                "time_exponent_collecting": collecting or None,
                "memory_exponent": memory,
                "met": is_met,
            }
        )
    head = ("shape", "goal", "size", "ms", "time", "floor", "with gc", "memory")
    missed = sum(not record["met"] for record in records)
    title = f"Growth, exponents of time and memory: {len(records)} shapes, {missed} above {GOAL}"
    return [Report(title=title, head=head, rows=tuple(rows), records=tuple(records))]
