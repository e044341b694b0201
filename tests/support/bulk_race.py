"""Processes with runs of their own share a budget, or a rate, by one file of leases.

    python -m tests.support.bulk_race budget --processes 8 --rows 200
    python -m tests.support.bulk_race rate --processes 4 --rpm 600 --seconds 120

Budget: covers a third of all rows; what the service answered must cost at most that, each run that has rows left ends with 4, and more
money finishes all. Rate: the service refuses beyond the limit, in any minute; at most 1 % of its answers after the first minute
are 429. Prints what it saw; exit 1 if a law is broken.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.support.bulk_kills import COST, ROOT, counting_service, counts_of


def _start(folder: str, url: str, name: str, rows: int, *options: str) -> "subprocess.Popen[bytes]":
    source = Path(folder, f"{name}.jsonl")
    lines = [json.dumps({"prompt": f"{name}: is {row} prime?"}) + "\n" for row in range(rows)]
    source.write_text("".join(lines))
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url, "HOME": folder,
    }  # fmt: skip
    command = [
        sys.executable, "-m", "llm_pure", "batch", "run", str(source), "-m", "openai:gpt-4o-mini",
        "-o", str(Path(folder, "runs", name)), "--concurrency", "16", "--max-tokens", "100", "--no-output",
        "--leases", str(Path(folder, "leases.db")), *options,
    ]  # fmt: skip
    return subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.DEVNULL)


def race_for_budget(
    processes: int, rows: int, delay_s: float = 0.02, *, finish: bool = True
) -> dict[str, Any]:
    """Let the processes spend a third of what they need. finish: then give them the rest."""
    limit = COST * processes * rows / 3
    with tempfile.TemporaryDirectory() as folder, counting_service(delay_s) as url:
        parts = []
        for usd in (limit, COST * processes * rows * 2)[: 1 + finish]:
            names = [f"run{number}" for number in range(processes)]
            running = [_start(folder, url, name, rows, "--max-cost", f"{usd:f}") for name in names]
            codes = [process.wait() for process in running]
            parts.append({"limit_usd": usd, "codes": codes, "answered": counts_of(url)["answered"]})
        sends = counts_of(url)["sends"]
    first, last = parts[0], parts[-1]
    spent: Decimal = first["answered"] * COST
    checks = {
        "spent <= limit": spent <= limit,
        "most of the limit is spent": spent >= limit * Decimal("0.8"),
        "each run that has rows left ends with 4": 4 in first["codes"]
        and set(first["codes"]) <= {0, 4},
        "more money finishes all": not finish or set(last["codes"]) == {0},
        "each row is sent once": sends == (processes * rows if finish else first["answered"]),
    }
    return {
        "parts": parts,
        "spent_usd": spent,
        "sends": sends,
        "problems": [name for name, holds in checks.items() if not holds],
    }


def race_for_rate(processes: int, rpm: int, seconds: float) -> dict[str, Any]:
    """Let the processes send as many rows as the rate allows in so many seconds."""
    rows = max(1, int(rpm * seconds / 60 / processes))
    with tempfile.TemporaryDirectory() as folder, counting_service(0.02, "--rpm", str(rpm)) as url:
        names = [f"run{number}" for number in range(processes)]
        running = [_start(folder, url, name, rows, "--rpm", str(rpm)) for name in names]
        codes = [process.wait() for process in running]
        counts = counts_of(url)
    refused = counts["statuses"].get("429", 0)
    checks = {
        "all are answered": counts["answered"] == processes * rows,
        "at most 1 % are refused": refused <= 0.01 * counts["sends"],
        "all runs end with 0": set(codes) == {0},
    }
    return {
        "rows": rows * processes,
        "refused": refused,
        "codes": codes,
        "problems": [name for name, holds in checks.items() if not holds],
    }


def main() -> int:
    """Print the outcome."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("budget", "rate"))
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--rpm", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    if options.what == "budget":
        outcome = race_for_budget(options.processes, options.rows)
    else:
        outcome = race_for_rate(options.processes, options.rpm, options.seconds)
    print(json.dumps(outcome, indent=1, default=str))
    return 1 if outcome["problems"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
