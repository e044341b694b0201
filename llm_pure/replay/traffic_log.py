"""The traffic log: every exchange of this process is saved as a cassette of its own, if the log is switched on.

LLM_PURE_LOG=~/llm-log python program.py       # or LLM_PURE_LOG=on for `default_folder`
llm-pure log                                   # the requests and how they ended
llm-pure log show ID --as-cassette tests/cassettes/incident.yaml

Text that a recorder would refuse as a possible secret is masked here: the log of an incident is worth more.
"""

import logging
import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import msgspec

from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.cassette_files import find_cassettes, save_cassette
from llm_pure.replay.recorder import RecordingOverride
from llm_pure.replay.secrets.redaction import (
    Redaction,
    cookies_in,
    credentials_in,
    long_credentials,
    redact_interaction,
)
from llm_pure.replay.secrets.scan import high_entropy_texts
from llm_pure.transports.override import TRAFFIC_LOG_ENV
from llm_pure.transports.sockets import ForkSafeLock
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import LLMResult, Success, error_of

_ON = ("1", "on", "true", "yes")
_log = logging.getLogger("llm_pure")


def default_folder() -> Path:
    """Return $XDG_STATE_HOME/llm-pure/log; XDG_STATE_HOME defaults to ~/.local/state."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state, "llm-pure", "log")


def folder_of(value: str | None) -> Path:
    """Return the folder that an option or else LLM_PURE_LOG names."""
    value = value or os.environ.get(TRAFFIC_LOG_ENV) or ""
    return default_folder() if value.lower() in ("", *_ON) else Path(value).expanduser()


def entries(folder: Path) -> Iterator[Path]:
    """Yield the logged exchanges, oldest first. An id is the name of a file without its suffix."""
    if folder.is_dir():
        yield from find_cassettes(folder)


def find_entry(folder: Path, name: str) -> list[Path]:
    """Return the logged exchanges whose id starts with `name`."""
    return [path for path in entries(folder) if path.stem.startswith(name)]


class TrafficLog:
    """A sink for recorders that writes one file for each exchange when it ends. It answers no request."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._secrets: set[str] = set()
        self._lock = ForkSafeLock()
        self._started = 0

    def match(self, request: HttpRequest) -> LLMResult[Interaction | None]:
        """Return None: every request is sent."""
        return Success(None)

    def learn_secrets(self, secrets: Iterable[str]) -> None:
        """Mask these texts in all that is written from now on."""
        with self._lock:
            self._secrets |= long_credentials(secrets)

    def start(self, request: HttpRequest) -> int:
        """Return a number for a request that is about to be sent."""
        with self._lock:
            self._secrets |= credentials_in(request)
            self._started += 1
            return self._started

    def record(self, number: int, interaction: Interaction) -> LLMResult[Interaction]:
        """Write the exchange without secrets and possible secrets. A write error is only logged: the call succeeds."""
        with self._lock:
            self._secrets |= cookies_in(interaction.response.headers)
            known = tuple(sorted(self._secrets))
        redacted = redact_interaction(interaction, Redaction(secrets=known))
        suspicious = tuple(high_entropy_texts(redacted))
        if len(suspicious) > SUSPICIOUS_LIMIT:  # each is looked for in all of the exchange
            redacted = _without_bodies(redacted)
            suspicious = tuple(high_entropy_texts(redacted))
        if suspicious:
            redacted = redact_interaction(redacted, Redaction(secrets=suspicious))
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}-{secrets.token_hex(3)}.yaml"
        recorded_from = f"a log of {now:%Y-%m-%d %H:%M:%S} UTC"
        cassette = Cassette(interactions=(redacted,), recorded_from=recorded_from)
        error = error_of(save_cassette(self.folder / name, cassette, private=True))
        if error is not None:
            _log.warning("%s", error.message)
        return Success(redacted)


SUSPICIOUS_LIMIT = 1_000
"""Maximum texts of an exchange that may be keys. With more of them it is logged without its bodies."""


def _without_bodies(interaction: Interaction) -> Interaction:
    request, response = interaction.request, interaction.response
    note = f"not logged: more than {SUSPICIOUS_LIMIT} texts that look like keys".encode()
    return msgspec.structs.replace(
        interaction,
        request=msgspec.structs.replace(request, body=note),
        response=msgspec.structs.replace(response, body=note),
        sizes=(),
        delays_ms=(),
    )


@lru_cache(maxsize=8)
def enable_traffic_log(folder: str) -> RecordingOverride:
    """Return the override that logs to a folder, the same for the whole process."""
    return RecordingOverride(TrafficLog(folder_of(folder)))
