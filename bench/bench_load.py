"""Many calls at once over loopback: calls a second, CPU a call and peak memory, for each transport and its peers.

The service thinks for 20 ms and keeps connections alive. Each contestant runs in a process of its own, one after the
other, in several rounds; CPU is that process's, and the median over the rounds is told. Ratios are taken within a round.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from statistics import median

import msgspec

from bench.load_contestants import CONTESTANTS
from llm_pure.bench.report import Report, met, times

LEVELS = (1, 16, 50, 500)

CALLS = 10_000
"""After a tenth of them, so many more leave memory as it was."""

_GROWTH_MB = 1.0


class Row(msgspec.Struct, frozen=True):
    """One contestant at one level in one mode; one number for each round."""

    name: str
    mode: str
    level: int
    calls_s: tuple[float, ...]
    cpu_ms: tuple[float, ...]
    peak_mb: tuple[float, ...]


def run(quick: bool) -> list[Report]:
    """whole: the answer in one piece; stream: in 200 events. A quick run has one round, and no streams."""
    modes = ("whole",) if quick else ("whole", "stream")
    rounds, seconds = (1, 1.0) if quick else (3, 1.5)
    levels = (16, 500) if quick else LEVELS
    names = [name for name, (package, _) in CONTESTANTS.items() if find_spec(package)]
    with served() as url:
        rows = [row for mode in modes for row in _rows(names, url, seconds, mode, levels, rounds)]
        held = _held([name for name in names if name.startswith("llm_pure")], url, modes)
    _progress("")
    return [_report(rows, rounds), _goals(rows), held]


@contextmanager
def served() -> Iterator[str]:
    """The service's address, while it runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.load_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        finally:
            server.stdin.close()


def _rows(
    names: list[str], url: str, seconds: float, mode: str, levels: tuple[int, ...], rounds: int
) -> list[Row]:
    seen: dict[tuple[str, int], list[dict[str, float]]] = {}
    for number in range(rounds):
        for name in names:
            _progress(f"load, {mode}, round {number + 1} of {rounds}: {name}")
            for level, line in zip(
                levels, _measured(name, url, seconds, mode, levels), strict=True
            ):
                seen.setdefault((name, level), []).append(line)
    return [
        Row(
            name,
            mode,
            level,
            tuple([line["calls"] / line["seconds"] for line in lines]),
            tuple([1000 * line["cpu_s"] / line["calls"] for line in lines]),
            tuple([line["peak_mb"] for line in lines]),
        )
        for (name, level), lines in seen.items()
    ]


def _measured(
    name: str, url: str, seconds: float, mode: str, levels: tuple[int, ...]
) -> list[dict[str, float]]:
    return _child("bench.load_client", name, url, str(seconds), mode, *map(str, levels))


def _progress(text: str) -> None:
    """It takes minutes, and the table comes at its end."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _child(module: str, *asked: str) -> list[dict[str, float]]:
    """The JSON lines that a fresh process prints."""
    command = [sys.executable, "-m", module, *asked]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{asked[0]}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _held(names: list[str], url: str, modes: tuple[str, ...]) -> Report:
    """The most memory held, after a tenth of the calls and after all of them."""
    lines: list[tuple[str, ...]] = []
    records: list[dict[str, str | float | bool]] = []
    for name in names:
        for mode in modes:
            _progress(f"memory, {mode}: {name}")
            (told,) = _child("bench.load_memory", name, url, str(CALLS), mode)
            few_mb, many_mb = told["few"] / 1e6, told["many"] / 1e6
            is_met = many_mb - few_mb <= _GROWTH_MB
            goal = met(is_met, f"at most {_GROWTH_MB:g} MB more")
            lines.append((name, mode, f"{few_mb:.1f}", f"{many_mb:.1f}", goal))
            records.append(
                {"bench": "held", "name": name, "mode": mode, "few_mb": few_mb, "many_mb": many_mb}
            )
    return Report(
        title=f"Memory held, in MB, after {CALLS // 10} calls and after {CALLS} more",
        head=("contestant", "answer", "few", "many", "goal"),
        rows=tuple(lines),
        records=tuple(records),
    )


def _report(rows: list[Row], rounds: int) -> Report:
    return Report(
        title=f"Calls at once over loopback, 20 ms of think time (median of {rounds})",
        head=("contestant", "answer", "at once", "calls/s", "CPU ms a call", "peak MB"),
        rows=tuple(
            [
                (
                    row.name,
                    row.mode,
                    str(row.level),
                    f"{median(row.calls_s):.0f}",
                    f"{median(row.cpu_ms):.2f}",
                    f"{median(row.peak_mb):.0f}",
                )
                for row in rows
            ]
        ),
        records=tuple(
            [
                {
                    "bench": "load",
                    "name": row.name,
                    "mode": row.mode,
                    "level": row.level,
                    "calls_s": median(row.calls_s),
                    "cpu_ms": median(row.cpu_ms),
                    "peak_mb": median(row.peak_mb),
                }
                for row in rows
            ]
        ),
    )


def _goals(rows: list[Row]) -> Report:
    """What was promised, as ratios within each round."""
    found = {(row.name, row.level): row for row in rows if row.mode == "whole"}
    wanted = (
        ("CPU", ("llm_pure aiohttp", 500), ("bare aiohttp", 500), "at most", 1.6),
        ("CPU", ("llm_pure httpx", 500), ("llm_pure httpx", 16), "at most", 1.3),
        ("calls/s", ("llm_pure aiohttp", 500), ("openai", 500), "at least", 20.0),
        ("calls/s", ("llm_pure httpx", 500), ("openai", 500), "at least", 5.0),
    )
    lines: list[tuple[str, ...]] = []
    records: list[dict[str, str | float | bool]] = []
    for what, ours, base, sense, goal in wanted:
        if ours not in found or base not in found:
            continue
        mine, other = found[ours], found[base]
        pairs = zip(
            mine.cpu_ms if what == "CPU" else mine.calls_s,
            other.cpu_ms if what == "CPU" else other.calls_s,
            strict=True,
        )
        ratio = median([one / two for one, two in pairs])
        is_met = ratio <= goal if sense == "at most" else ratio >= goal
        name = f"{what} of {ours[0]} at {ours[1]} against {base[0]} at {base[1]}"
        lines.append((name, times(ratio), met(is_met, f"{sense} {goal}x")))
        records.append({"bench": "load", "goal": name, "ratio": ratio, "met": is_met})
    return Report(
        title="Goals under load",
        head=("what", "ratio", "goal"),
        rows=tuple(lines),
        records=tuple(records),
    )
