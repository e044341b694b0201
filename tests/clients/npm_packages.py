"""The npm packages of tests/clients/npm, installed outside the repository: `make test-npm`, or this module as a program.

The versions are those of package-lock.json. The folder is NPM_CLIENTS, or one of the user's cache.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.clients.official import Answer

SOURCE = Path(__file__).parent / "npm"
FILES = ("package.json", "package-lock.json")
TIMEOUT_S = 300


def folder() -> Path:
    """Where the packages are, or would be."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("NPM_CLIENTS") or Path(cache) / "llm-pure" / "npm-clients")


def missing() -> str:
    """Why the packages cannot be used, "" if they can."""
    if shutil.which("node") is None:
        return "node is not installed"
    at = folder()
    if not (at / "node_modules").is_dir():
        return f"{at} has no node_modules: `make test-npm` installs them"
    if any((at / name).read_bytes() != (SOURCE / name).read_bytes() for name in FILES):
        return (
            f"{at} has the packages of another lock file: `make test-npm` installs those of today"
        )
    return ""


def install() -> None:
    """Install the packages of the lock file. No script of a package runs."""
    at = folder()
    at.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(SOURCE / name, at / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=at, check=True, timeout=TIMEOUT_S)


def drive(url: str, rows: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Answer]:
    """Run rows of (mode, model) against a server, one process for all of them."""
    at = folder()
    shutil.copyfile(SOURCE / "drive.mjs", at / "drive.mjs")  # where node finds the packages
    done = subprocess.run(
        ["node", "drive.mjs", url],
        input=json.dumps(rows),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        cwd=at,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"mode"')]
    return {
        (line["mode"], line["model"]): msgspec.convert(line["answer"], Answer) for line in lines
    }


if __name__ == "__main__":
    if missing():
        install()
    print(f"npm packages in {folder()}", file=sys.stderr)
