"""A loopback server that answers for the providers of the pages, and the environment that leads to it.

The blocks run as printed: the variables that the library and the official packages read for keys and base URLs point to
this server. `answers.json` has what the model says, by the words of the question.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

from tests.support.services import answers, server

ROOT = Path(__file__).parents[2]
ANSWERS = Path(__file__).parent / "answers.json"

PATHS = {
    "ANTHROPIC_BASE_URL": "anthropic",
    "GEMINI_BASE_URL": "gemini",
    "GROQ_BASE_URL": "groq",
    "MISTRAL_BASE_URL": "mistral",
    "OLLAMA_BASE_URL": "ollama",
    "OPENAI_BASE_URL": "openai",
}
"""Variable of a base URL -> service of tests/support/services."""

KEYS = ("ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "OPENAI_API_KEY")


@cache
def _fixtures() -> list[dict[str, Any]]:
    return list(msgspec.json.decode(ANSWERS.read_bytes())["fixtures"])


def _commands(folder: Path) -> str:
    """A folder with the commands of the pages, as an installation of this very tree makes them."""
    folder.mkdir()
    for name, module in {"llm-pure": "llm_pure", "pytest": "pytest", "python": ""}.items():
        arguments = f"-m {module}" if module else ""
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n', "utf-8")
        script.chmod(0o755)
    return str(folder)


@contextmanager
def scripted_service(home: Path) -> Iterator[dict[str, str]]:
    """Serve the answers; yield the environment of a page: its keys, base URLs and an empty home folder."""
    with patch.object(answers, "_fixtures", _fixtures), server.serve() as url:
        yield {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "PATH": f"{_commands(home / 'bin')}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            **{name: f"{url}/{path}" for name, path in PATHS.items()},
            **{name: "a-key-of-no-service" for name in KEYS},
        }
