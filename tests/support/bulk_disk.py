"""A run on a disk that becomes full: it stops with exit code 73, and goes on once there is space. Needs root, to mount it.

    python -m tests.support.bulk_disk --megabytes 3 --rows 6000

No row may be sent twice: what was in flight when the disk was full is in the log too. Exit 1 otherwise.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from llm_pure.bulk import open_run
from tests.support.bulk_kills import ROOT, counting_service, counts_of


def main() -> int:
    """Print what happened."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=3)
    parser.add_argument("--rows", type=int, default=6000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, counting_service(0.02) as url:
        disk = Path(folder, "disk")
        disk.mkdir()
        size = f"size={options.megabytes}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)], check=True)
        try:
            return _run(folder, disk, url, options)
        finally:
            subprocess.run(["umount", str(disk)], check=True)


def _run(folder: str, disk: Path, url: str, options: argparse.Namespace) -> int:
    source = Path(folder, "rows.jsonl")
    lines = [json.dumps({"prompt": f"Is {row} prime?"}) + "\n" for row in range(options.rows)]
    source.write_text("".join(lines))
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url, "HOME": folder,
    }  # fmt: skip
    command = [
        sys.executable, "-m", "llm_pure", "batch", "run", str(source), "-m", "openai:gpt-4o-mini", "-o", str(disk / "run"),
        "--concurrency", "64", "--no-output",
    ]  # fmt: skip
    first = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    answered, sends = (
        open_run(disk / "run").unwrap().states().states.count(1),
        counts_of(url)["sends"],
    )
    print(first.stderr.strip().splitlines()[-4:])
    print(f"exit {first.returncode}: {answered} answers in the log, {sends} sends")
    resized = f"remount,size={options.megabytes * 20}m"
    subprocess.run(["mount", "-o", resized, str(disk)], check=True)
    second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    total = counts_of(url)["sends"]
    print(f"with more space: exit {second.returncode}, {total} sends of {options.rows} rows")
    is_right = (first.returncode, second.returncode, total) == (73, 0, options.rows)
    return 0 if is_right and answered == sends else 1


if __name__ == "__main__":
    raise SystemExit(main())
