"""How far one completion runs through the code; `bench/call_path.py` has what is counted."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_one_completion_takes_at_most_130_calls_in_28_modules_with_60_changes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.call_path"],
        capture_output=True, text=True, check=True, timeout=60, cwd=ROOT,
    )  # fmt: skip
    calls, modules, changes = map(int, re.findall(r"\d+", done.stdout))
    assert calls <= 130
    assert modules <= 28
    assert changes <= 60
