"""A loopback server that answers for the providers of the pages, and the environment that leads to it.

The blocks run as printed: the variables that the library and the official packages read for keys and base URLs point to
this server. `answers.json` has what the model says, by the words of the question.
"""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

from llm_pure.types.http import HttpRequest
from tests.support.batches import FakeBatches
from tests.support.batches.jobs import FakeJob, FakeRow
from tests.support.pytest_process import without_plugins
from tests.support.services import answers, server
from tests.support.services.exchange import Asked, Reply, Service
from tests.support.services.table import SERVICES

ROOT = Path(__file__).parents[2]
ANSWERS = Path(__file__).parent / "answers.json"

PATHS = {
    "ANTHROPIC_BASE_URL": "anthropic",
    "GOOGLE_GEMINI_BASE_URL": "gemini",
    "GROQ_BASE_URL": "groq",
    "OLLAMA_HOST": "ollama",
    "OPENAI_BASE_URL": "openai",
}
"""Variable of a base URL -> service of tests/support/services."""

KEYS = ("ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GROQ_API_KEY", "OPENAI_API_KEY")

MEDIA = ("generations", "edits", "speech", "transcriptions", "moderations")
"""Ends of OpenAI's paths that its media API answers."""


@cache
def _fixtures() -> list[dict[str, Any]]:
    return list(msgspec.json.decode(ANSWERS.read_bytes())["fixtures"])


def _service(name: str) -> Service | None:
    """OpenAI's chat, responses and media below one base URL; the others as in tests/support/services."""
    return _openai if name == "openai" else SERVICES.get(name)


def _openai(request: Asked) -> Reply:
    if request.path.startswith(("/files", "/batches")):
        return _batch_reply(request)
    match request.path.rsplit("/", 1)[-1]:
        case "responses":
            return SERVICES["responses"](request)
        case end if end in MEDIA:
            return SERVICES["openai_media"](request)
        case _:
            return SERVICES["openai"](request)


class _Batches(FakeBatches):
    """Jobs that are under way until they are looked at again."""

    def add_job(self, prefix: str, rows: list[FakeRow], **fields: Any) -> FakeJob:
        """Create a job that ends at the first poll."""
        job = super().add_job(prefix, rows, **fields)
        job.polls = 1
        return job


@cache
def _batches() -> _Batches:
    return _Batches("files")


def _batch_reply(request: Asked) -> Reply:
    """OpenAI's files and batches, as long as the page lasts."""
    sent = HttpRequest(
        request.method,
        f"https://fake.test{request.path}?{request.query}",
        tuple(request.headers.items()),
        request.raw,
    )
    response = _batches().handle(sent)
    return Reply(
        pieces=(response.body,),
        content_type=response.headers[0][1],
        status=response.status,
    )


def _commands(folder: Path) -> str:
    """A folder with the commands of the pages, as an installation of this very tree makes them."""
    folder.mkdir()
    for name, module in {"llm-pure": "llm_pure", "pytest": "pytest", "python": ""}.items():
        arguments = f"-m {module}" if module else ""
        script = folder / name
        script.write_text(
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments} "$@"\n', "utf-8"
        )
        script.chmod(0o755)
    return str(folder)


@contextmanager
def scripted_service(home: Path) -> Iterator[dict[str, str]]:
    """Serve the answers; yield the environment of a page: its keys, base URLs and an empty home folder."""
    answered = patch.object(answers, "_fixtures", _fixtures)
    routed = patch.object(server, "_service", _service)
    _batches.cache_clear()
    with answered, routed, server.serve() as url:
        yield {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "PATH": f"{_commands(home / 'bin')}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "PYTEST_ADDOPTS": " ".join(without_plugins("anyio", "recording")),
            **{name: f"{url}/{path}" for name, path in PATHS.items()},
            **dict.fromkeys(KEYS, "a-key-of-no-service"),
        }
