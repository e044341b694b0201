"""Standard streams that are full or closed end a command in a line and a code, never in a traceback."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def ran(shell: str) -> subprocess.CompletedProcess[str]:
    command = shell.replace("llm-pure", f"'{sys.executable}' -m llm_pure")
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(
    "command", ["providers", "providers --json", "demo", "doctor", "bench", "batch --help"]
)
def test_a_full_disk_is_73_and_one_line(command: str) -> None:
    done = ran(f"llm-pure {command} > {FULL}")
    assert done.returncode == 73
    assert done.stderr == f"cannot write output: {os.strerror(errno.ENOSPC)}\n"


@pytest.mark.parametrize(
    ("command", "code"), [("providers", 0), ("demo", 0), ("ask", 64), ("repair", 65), ("parse openai", 66), ("tokens", 0)]
)  # fmt: skip
def test_closed_streams_are_empty_ones(command: str, code: int) -> None:
    for closed in ("<&-", "<&- >&-", "<&- >&- 2>&-", "< /dev/null 2>&-"):
        done = ran(f"llm-pure {command} {closed}")
        assert done.returncode == code, f"{closed}: {done.stderr}"
        assert "Traceback" not in done.stderr
