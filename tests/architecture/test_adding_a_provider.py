"""docs/how-to/add-a-provider.md is followed word for word, in a copy of the repository, and the laws hold for what it makes."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add-a-provider.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KNOWN, _, NEW = PAGE.partition("## A new dialect")


def copy(to: Path) -> None:
    """What the page works on, without the recordings of others. With the bytecode, which Python checks by time and size."""
    for name in ("adapters", "llm_pure", "tests"):
        ignored = shutil.ignore_patterns("*.pyc.*")  # another process writes it just now
        shutil.copytree(ROOT / name, to / name, symlinks=True, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", to)
    (to / "cassettes").mkdir()
    (to / "docs" / "reference").mkdir(parents=True)


def follow(text: str, to: Path) -> list[list[str]]:
    """Write the files and rows of this part of the page; its commands, in order."""
    commands: list[list[str]] = []
    for language, path, body in BLOCK.findall(text):
        match language:
            case "python":
                (to / path).parent.mkdir(exist_ok=True)
                assert not (to / path).exists()
                (to / path).write_text(body, "utf-8")
            case "diff":
                insert(to / path, body)
            case "console":
                commands += [line.removeprefix("$ ").split() for line in body.splitlines()]
    return commands


def insert(file: Path, block: str) -> None:
    """The lines with + below those without, which must be there once."""
    lines = block.splitlines(keepends=True)
    anchor = "".join([line[1:] for line in lines if line.startswith(" ")])
    added = "".join([line[1:] for line in lines if line.startswith("+")])
    text = file.read_text("utf-8")
    assert text.count(anchor) == 1, f"{file.name}: {anchor!r}"
    file.write_text(text.replace(anchor, anchor + added), "utf-8")


def run(command: list[str], at: Path, port: str) -> str:
    """One command of the page, as `make` and the entry point would run it."""
    match command:
        case ["make", "record", only]:
            arguments = ["-m", "tests.support.record", only.removeprefix("ONLY=")]
        case ["llm-pure", *rest]:
            arguments = ["-m", "llm_pure", *rest]
        case [tool, *rest]:
            arguments = ["-m", tool, "-q", "-p", "no:cacheprovider", *rest]
        case _:
            raise AssertionError(command)
    target = None
    if ">" in arguments:
        target = at / arguments[-1]
        arguments = arguments[: arguments.index(">")]
    environ = {**os.environ, "PYTHONPATH": str(at), "LLM_PURE_LOOPBACK_PORT": port}
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=at,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
    if target is not None:
        target.write_text(ran.stdout, "utf-8")
    return ran.stdout


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


@pytest.mark.parametrize(
    ("part", "name", "proof"),
    [(KNOWN, "acme", "`acme` | openai_chat"), (NEW, "zeta", "`zeta` | zeta_lines")],
    ids=["a known dialect", "a new dialect"],
)
def test_the_page_makes_a_provider_for_which_the_laws_hold(
    part: str, name: str, proof: str, tmp_path: Path
) -> None:
    copy(tmp_path)
    commands = follow(part, tmp_path)

    port = free_port()  # one for all: the URL is a part of a cassette's name
    told = [run(command, tmp_path, port) for command in commands]

    assert proof in (tmp_path / "docs" / "reference" / "providers.md").read_text("utf-8")
    assert sorted({path.parent.name for path in (tmp_path / "cassettes").glob("*/*.yaml")}) == [
        name
    ]
    assert "passed" in told[2]


def test_a_service_of_a_known_dialect_is_twenty_lines() -> None:
    (code,) = [body for _, path, body in BLOCK.findall(KNOWN) if path == "adapters/acme.py"]

    assert len([line for line in code.splitlines() if line.strip()]) <= 20
