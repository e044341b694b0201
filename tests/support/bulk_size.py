"""A run of a million rows: memory of planning, time of `status`, from the logs alone and with a snapshot.

    python -m tests.support.bulk_size 1000000

Planning is measured in a process of its own, beside one that holds a set of as many ids. Exit 1 above 120 MB beyond that
set, or if `status` takes two seconds of CPU time, with or without the snapshot.
"""

import json
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from llm_pure import Completion, Usage, assistant
from llm_pure.bulk import Done, GaveUp, open_run
from llm_pure.bulk.run_status import run_status
from llm_pure.types.errors import RateLimited

MAX_MB = 120
MAX_STATUS_S = 2.0
ERROR_EVERY = 100
ERROR = RateLimited(message="too many requests")

_MEMORY = "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
_START = "import os, resource; from llm_pure.bulk import open_run; from llm_pure import LLMConfig"
_PLAN = f"{_START}; open_run({{run!r}}, {{rows!r}}, config=LLMConfig(api_type='openai', model='gpt-4o-mini')).unwrap(); {_MEMORY}"
_SET = f"{_START}; ids = {{{{os.urandom(16) for _ in range({{count}})}}}}; {_MEMORY}"


def _megabytes(program: str) -> float:
    return float(
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
    )


def _fill(directory: Path, count: int) -> None:
    """The log of a run whose rows are all answered."""
    run = open_run(directory).unwrap()
    log = run.open_log("local").unwrap()
    completion = Completion(
        id="chatcmpl-1",
        model="gpt-4o-mini",
        provider="openai",
        message=assistant("x" * 60),
        finish_reason="stop",
        usage=Usage(100, 50, raw={"prompt_tokens": 100, "completion_tokens": 50}),
    )
    for row in range(count):
        log.write(
            GaveUp(id=run.index.id(row).hex(), row=row, custom_id=f"c{row}", error=ERROR)
            if row % ERROR_EVERY == 0
            else Done(
                id=run.index.id(row).hex(),
                row=row,
                custom_id=f"c{row}",
                cost_usd=Decimal(row % 997) / 1_000_000,
                completion=completion,
            )
        )
    log.close()


def main(count: int) -> int:
    """Print what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        rows, directory = Path(folder, "rows.jsonl"), Path(folder, "run")
        with rows.open("w") as file:
            for row in range(count):
                file.write(
                    json.dumps({"custom_id": f"c{row}", "prompt": f"Is {row} prime? {'x' * 100}"})
                    + "\n"
                )
        empty, ids = _megabytes(_SET.format(count=0)), _megabytes(_SET.format(count=count))
        plan = _megabytes(_PLAN.format(run=str(directory), rows=str(rows)))
        _fill(directory, count)
        times = []
        for _ in range(2):
            began_s = time.process_time()
            status = run_status(open_run(directory).unwrap())
            times.append(time.process_time() - began_s)
            if (status.counts.ended, status.counts.passing) != (count, -(-count // ERROR_EVERY)):
                raise SystemExit(f"{status.counts.answered} of {count} rows are answered")
    print(f"planning: {plan - empty:.0f} MB, of which the set of ids {ids - empty:.0f} MB")
    print(f"status: {times[0]:.2f} s from the log, {times[1]:.2f} s with the snapshot")
    return 1 if plan - ids > MAX_MB or max(times) > MAX_STATUS_S else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1])))
