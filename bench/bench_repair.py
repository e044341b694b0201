"""Broken tool arguments: how many are read as they were meant, and how many as something else.

Not time but outcomes, so the numbers are the same on every machine; json-repair alone stands beside. The corpus is
seeded: tests/support/broken_arguments.py. "recovered" counts among those whose meaning is whole, "false" among all: a
value that is not what was meant, also one made up for arguments that were cut off.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from llm_pure.bench.report import Record, Report
from llm_pure.output.json_repair import Unrepairable, repair
from tests.support.broken_arguments import HELD_OUT, Broken, corpus

Reader = Callable[[Broken], dict[str, Any] | None]


def by_ladder(one: Broken) -> dict[str, Any] | None:
    """llm-pure's answer; None where it says Unrepairable."""
    got = repair(one.text)
    return None if isinstance(got, Unrepairable) else got.value


def by_library(one: Broken) -> dict[str, Any] | None:
    """json-repair's answer; None where it is no object, or an empty one.

    With stream_stable it keeps white space at the end of texts, which makes it better here than it is by default.
    """
    value = import_module("json_repair").loads(one.text, stream_stable=True)
    return value if isinstance(value, dict) and value else None


def rates(broken: Sequence[Broken], read: Reader) -> tuple[int, int, int]:
    """(recovered, falsely repaired, whose meaning is whole)."""
    answers = [(one.meant, read(one)) for one in broken]
    recovered = sum(meant is not None and got == meant for meant, got in answers)
    false = sum(got is not None and got != meant for meant, got in answers)
    return recovered, false, sum(meant is not None for meant, _ in answers)


def run(quick: bool = False) -> list[Report]:
    """One table for each corpus."""
    return [
        _report("tuned on", corpus()),
        _report("held out", corpus(seed=7, goods=HELD_OUT)),
    ]


def _report(name: str, broken: Sequence[Broken]) -> Report:
    kinds = dict.fromkeys([one.how for one in broken])
    groups = [(how, [one for one in broken if one.how == how]) for how in kinds]
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    for how, group in [*groups, ("all", list(broken))]:
        ours, theirs = rates(group, by_ladder), rates(group, by_library)
        cells = [f"{recovered}/{whole}" for recovered, _, whole in (ours, theirs)]
        rows.append(
            (how, str(len(group)), cells[0], cells[1], f"{ours[1]}/{len(group)}", f"{theirs[1]}/{len(group)}")
        )  # fmt: skip
        records.append(
            {
                "bench": "repair",
                "corpus": name,
                "how": how,
                "count": len(group),
                "whole": ours[2],
                "recovered": ours[0],
                "recovered_json_repair": theirs[0],
                "false": ours[1],
                "false_json_repair": theirs[1],
            }
        )
    head = ("broken by", "count", "recovered", "json-repair", "false", "json-repair")
    title = f"Broken tool arguments, {name}: {len(broken)}"
    return Report(title=title, head=head, rows=tuple(rows), records=tuple(records))
