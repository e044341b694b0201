"""Kill a bulk run at random moments and resume it: no row missing, none twice, sends at most rows + kills x in flight.

    python -m tests.support.bulk_kills 20 --rows 4000 --concurrency 64 [--signal TERM] [--seed 1]

The service counts the requests of each row. With SIGTERM sends are exactly the rows. Prints what it saw; exit 1 if a law is broken.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import msgspec

from llm_pure.bulk import open_run
from llm_pure.bulk.run_status import run_status

ROOT = Path(__file__).parents[2]
COST = Decimal("0.000045")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run with kills came to."""

    rows: int
    kills: int
    concurrency: int
    signal: str
    sends: int
    answered_by_service: int
    results: int
    distinct: int
    ordered: bool
    ledger_usd: Decimal
    service_usd: Decimal
    problems: tuple[str, ...]


def kill_and_resume(
    kills: int, *, rows: int, concurrency: int, delay_s: float, seed: int, number: signal.Signals
) -> Outcome:
    """Run `llm-pure batch run`, send the signal at random moments, resume each time; compare with the service's counts."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, counting_service(delay_s) as url:
        return _run(folder, url, kills, rows, concurrency, delay_s, chance, number)


@contextmanager
def counting_service(delay_s: float, *options: str) -> Iterator[str]:
    """The service in a process of its own; its base URL."""
    command = [
        sys.executable,
        "-m",
        "tests.support.bulk_service",
        "--delay",
        str(delay_s),
        *options,
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        try:
            yield service.stdout.readline().strip()
        finally:
            service.kill()


def counts_of(url: str) -> dict[str, Any]:
    """What the service has counted."""
    with urlopen(url.removesuffix("/v1") + "/counts") as answer:
        counts: dict[str, Any] = json.load(answer)
        return counts


def _run(
    folder: str,
    url: str,
    kills: int,
    rows: int,
    concurrency: int,
    delay_s: float,
    chance: random.Random,
    number: signal.Signals,
) -> Outcome:
    source, run = Path(folder, "rows.jsonl"), Path(folder, "run")
    prompts = [f"Is {index} prime?" for index in range(rows)]
    source.write_text("".join([json.dumps({"prompt": prompt}) + "\n" for prompt in prompts]))
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url, "HOME": folder,
    }  # fmt: skip
    command = [
        sys.executable, "-m", "llm_pure", "batch", "run", str(source), "-m", "openai:gpt-4o-mini", "-o", str(run),
        "--concurrency", str(concurrency), "--max-tokens", "100", "--no-output",
    ]  # fmt: skip
    deaths = 0
    while deaths < kills:
        process = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.DEVNULL)
        before = _log_size(run)
        began_s = time.monotonic()
        while (
            process.poll() is None and _log_size(run) == before and time.monotonic() - began_s < 60
        ):
            time.sleep(0.005)
        time.sleep(chance.random() * max(0.05, rows * delay_s / concurrency / (kills + 1)))
        if process.poll() is not None:
            break  # it was faster than the kills
        process.send_signal(number)
        process.wait()
        deaths += 1
    last = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    opened = open_run(run).unwrap()
    results = list(opened.results())
    status = run_status(opened)
    counts = counts_of(url)
    prompts_seen = [str(result.row.columns["prompt"]) for result in results]
    ledger_usd = status.counts.cost_usd
    service_usd = counts["answered"] * COST
    in_flight = 0 if number == signal.SIGTERM else concurrency
    checks = {
        "the last part exits with 0": last.returncode == 0,
        "no row is missing and none is there twice": Counter(prompts_seen) == Counter(prompts),
        "sends <= rows + kills x in flight": rows <= counts["sends"] <= rows + deaths * in_flight,
        "the ledger lacks at most what was in flight": 0
        <= service_usd - ledger_usd
        <= deaths * in_flight * COST,
        "no more in flight than allowed": counts["most_in_flight"] <= concurrency,
    }
    return Outcome(
        rows=rows,
        kills=deaths,
        concurrency=concurrency,
        signal=number.name,
        sends=counts["sends"],
        answered_by_service=counts["answered"],
        results=len(results),
        distinct=len(set(prompts_seen)),
        ordered=prompts_seen == prompts,
        ledger_usd=ledger_usd,
        service_usd=service_usd,
        problems=tuple([name for name, holds in checks.items() if not holds]),
    )


def _log_size(run: Path) -> int:
    """Bytes of all logs: more than before once the new part answers."""
    return sum(path.stat().st_size for path in (run / "log").glob("*.jsonl"))


def main() -> int:
    """Print the outcome as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kills", type=int)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--signal", choices=("KILL", "TERM", "INT"), default="KILL")
    options = parser.parse_args()
    outcome = kill_and_resume(
        options.kills,
        rows=options.rows,
        concurrency=options.concurrency,
        delay_s=options.delay,
        seed=options.seed,
        number=signal.Signals[f"SIG{options.signal}"],
    )
    print(msgspec.json.format(msgspec.json.encode(outcome), indent=1).decode())
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
