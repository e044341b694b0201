"""A bulk run over loopback: CPU and rows a second of the process, with log, ids and budget, beside its peers.

Each contestant runs in a process of its own, one after the other, in several rounds. A peer is measured if its package is
in this environment, or in one of the interpreters in $BENCH_BULK_PEERS, with ":" between them: curator and async-batch-llm
need different versions of the openai package.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench.bench_load import served
from bench.bulk_contestants import CONTESTANTS
from llm_pure.bench.report import Record, Report, met, times

ROWS, CONCURRENCY, ROUNDS = 5000, 256, 3

MAX_CPU_MS = 1.0
"""A row, at 256 in flight."""

OURS = "llm_pure bulk"
GOALS = {"curator": 5.0, "async-batch-llm": 4.0}
"""So many times the peer's rows per CPU second, of the process with its start."""

_SCRIPT = Path(__file__).with_name("bulk_contestants.py")


def run(quick: bool) -> list[Report]:
    """A quick run has one round of fewer rows."""
    rows, rounds = (1000, 1) if quick else (ROWS, ROUNDS)
    seen: dict[str, list[dict[str, float]]] = {}
    with served() as url:
        for _ in range(rounds):
            for name, (package, _function) in CONTESTANTS.items():
                python = _python_with(package)
                if python is not None:
                    seen.setdefault(name, []).append(_measured(python, name, url, rows))
    return [_report(seen, rows, rounds)]


def _python_with(package: str) -> str | None:
    """The first interpreter that has this package."""
    for python in (sys.executable, *os.environ.get("BENCH_BULK_PEERS", "").split(os.pathsep)):
        command = f"import importlib.util as u; raise SystemExit(u.find_spec({package!r}) is None)"
        if (
            python
            and subprocess.run([python, "-c", command], check=False, capture_output=True).returncode
            == 0
        ):
            return python
    return None


def _measured(python: str, name: str, url: str, rows: int) -> dict[str, float]:
    command = [python, str(_SCRIPT), name, url, str(rows), str(CONCURRENCY)]
    # compiled like installed packages, of which the peers are
    environment = {
        **os.environ,
        "PYTHONPATH": str(_SCRIPT.parent.parent),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    if python != sys.executable:
        environment.pop("PYTHONPATH")
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-2000:]}")
    line: dict[str, float] = json.loads(
        [text for text in done.stdout.splitlines() if text.startswith("{")][-1]
    )
    return line


def _report(seen: dict[str, list[dict[str, float]]], rows: int, rounds: int) -> Report:
    records: list[Record] = []
    lines: list[tuple[str, ...]] = []
    for name, measured in seen.items():
        cpu_ms = median([_cpu_ms(line) for line in measured])
        rows_s = median([line["rows"] / line["seconds"] for line in measured])
        answered = min(line["answered"] for line in measured)
        process_ms = median([1000 * line["process_cpu_s"] / line["rows"] for line in measured])
        ratio, process_ratio = [
            median([line[key] / ours[key] for line, ours in zip(measured, seen[OURS], strict=True)])
            for key in ("cpu_s", "process_cpu_s")
        ]
        goal = met(cpu_ms <= MAX_CPU_MS, f"at most {MAX_CPU_MS:g} ms") if "llm_pure" in name else ""
        if name in GOALS:
            goal = met(process_ratio >= GOALS[name], f"at least {GOALS[name]:g}x")
        lines.append(
            (
                name,
                f"{cpu_ms:.2f}",
                times(ratio),
                f"{1000 / process_ms:.0f}",
                times(process_ratio),
                f"{rows_s:.0f}",
                f"{answered:.0f}",
                goal,
            )
        )
        records.append(
            {
                "bench": "bulk",
                "name": name,
                "cpu_ms": cpu_ms,
                "ours_is_faster": ratio,
                "process_rows_s": 1000 / process_ms,
                "process_ours_is_faster": process_ratio,
                "rows_s": rows_s,
                "answered": answered,
            }
        )
    return Report(
        title=f"Bulk run of {rows} rows, {CONCURRENCY} in flight, over loopback (median of {rounds})",
        head=(
            "contestant",
            "CPU ms a row",
            "ours is faster",
            "rows per CPU s with start",
            "ours is faster",
            "rows/s",
            "answered",
            "goal",
        ),
        rows=tuple(lines),
        records=tuple(records),
    )


def _cpu_ms(line: dict[str, float]) -> float:
    return 1000 * line["cpu_s"] / line["rows"]
