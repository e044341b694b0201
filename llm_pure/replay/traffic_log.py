"""The log: every exchange of this process with a service kept as a cassette of its own, when it is switched on.

LLM_PURE_LOG=~/llm-log python program.py       # or LLM_PURE_LOG=on, for the folder of `default_folder`
llm-pure log                                   # what was asked, and how it ended
llm-pure log show ID --as-cassette tests/cassettes/incident.yaml

What a test may not record is starred out here, as the log of an incident is worth more than its odd strings.
"""

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock

from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.cassette_files import find_cassettes, save_cassette
from llm_pure.replay.recorder import AsyncRecordTransport, RecordTransport
from llm_pure.replay.secrets.redaction import (
    Redaction,
    cookies_in,
    credentials_in,
    redact_interaction,
)
from llm_pure.replay.secrets.scan import high_entropy_texts
from llm_pure.transports.base import AsyncTransport, Transport
from llm_pure.transports.override import TRAFFIC_LOG_ENV
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success

_ON = ("1", "on", "true", "yes")
_log = logging.getLogger("llm_pure")


def default_folder() -> Path:
    """$XDG_STATE_HOME/llm-pure/log, or ~/.local/state in its place."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state, "llm-pure", "log")


def folder_of(told: str | None) -> Path:
    """The folder that LLM_PURE_LOG, or an option of the same meaning, names."""
    told = told or os.environ.get(TRAFFIC_LOG_ENV) or ""
    return default_folder() if told.lower() in ("", *_ON) else Path(told).expanduser()


def entries(folder: Path) -> Iterator[Path]:
    """The kept exchanges, the oldest first; an id is a file's name without its suffix."""
    if folder.is_dir():
        yield from find_cassettes(folder)


def find_entry(folder: Path, name: str) -> list[Path]:
    """Those whose id begins like this."""
    return [path for path in entries(folder) if path.stem.startswith(name)]


class TrafficLog:
    """Where recorders put what they send: one file for each exchange, written when it is over. It answers nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._secrets: set[str] = set()
        self._lock = Lock()
        self._begun = 0

    def take(self, request: HttpRequest) -> LLMResult[Interaction | None]:
        """Everything is sent."""
        return Success(None)

    def begin(self, request: HttpRequest) -> int:
        """A request is about to be sent."""
        with self._lock:
            self._secrets |= credentials_in(request)
            self._begun += 1
            return self._begun

    def keep(self, number: int, interaction: Interaction) -> LLMResult[Interaction]:
        """Written without secrets, and without what may be one. A disk that is full harms no call: it is logged."""
        with self._lock:
            self._secrets |= cookies_in(interaction.response.headers)
            known = tuple(sorted(self._secrets))
        plain = redact_interaction(interaction, Redaction(secrets=known))
        more = tuple(high_entropy_texts(plain))
        if more:
            plain = redact_interaction(plain, Redaction(secrets=more))
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}-{secrets.token_hex(3)}.yaml"
        told = Cassette(
            interactions=(plain,), recorded_from=f"a log of {now:%Y-%m-%d %H:%M:%S} UTC"
        )
        saved = save_cassette(self.folder / name, told, private=True)
        if isinstance(saved, Failure):
            _log.warning("%s", saved.failure().message)
        return Success(plain)


class TrafficLogOverride:
    """Each transport that a client opens by name is kept a log of."""

    def __init__(self, folder: Path) -> None:
        self.tape = TrafficLog(folder)

    def open_sync(self, make: Callable[[], LLMResult[Transport]]) -> RecordTransport:
        """A recorder around what `make` opens."""
        return RecordTransport(self.tape, make)

    def open_async(self, make: Callable[[], LLMResult[AsyncTransport]]) -> AsyncRecordTransport:
        """The same, async."""
        return AsyncRecordTransport(self.tape, make)


@lru_cache(maxsize=8)
def enable_traffic_log(folder: str) -> TrafficLogOverride:
    """The log of this folder, the same one for the whole process."""
    return TrafficLogOverride(folder_of(folder))
