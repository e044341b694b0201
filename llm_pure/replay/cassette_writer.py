"""A tape: one cassette that is played, recorded, or both, as its mode says. What is put on it has no secret in it.

Nothing is written before `save`, and nothing at all when something on it may be a secret.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Literal, get_args

import msgspec

from llm_pure.replay.cassette import Cassette, Interaction, parse_cassette
from llm_pure.replay.cassette_files import read_file, save_cassette
from llm_pure.replay.matching import EXACT, MatchRules
from llm_pure.replay.recording_index import CassetteLocation, RecordingIndex, UnmatchedRequest
from llm_pure.replay.secrets.redaction import (
    Redaction,
    cookies_in,
    credentials_in,
    redact_interaction,
)
from llm_pure.replay.secrets.scan import scan_text
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success

Mode = Literal["none", "once", "new_episodes", "all", "rewrite"]
"""What is recorded, as pytest-recording has it.

none: nothing; what was not recorded is a miss. once: everything, if there is no cassette yet, else as none.
new_episodes: what was not recorded yet. all: everything, added to what is there. rewrite: everything, in its place.
"""

MODES: tuple[Mode, ...] = get_args(Mode)

REFUSED = "secret_refused"
"""The `code` of the error for an exchange that may hold a secret, and was not written."""

_TOLD = 5


class CassetteRecorder:
    """For any number of transports, threads and tasks; `open_cassette` makes one."""

    def __init__(
        self,
        path: Path,
        mode: Mode,
        kept: Cassette,
        *,
        content: bytes | None,
        matching: MatchRules,
        again: bool,
    ) -> None:
        self.path = path
        self.mode = mode
        self._content = content
        self._redaction = matching.redaction
        self._shelf = RecordingIndex([kept] if self.plays else [], matching, again=again)
        self._lock = Lock()
        self._begun = 0
        self._new: dict[int, Interaction] = {}
        self._secrets: set[str] = set()
        self._refused: list[str] = []

    @property
    def plays(self) -> bool:
        """Are recordings given?"""
        return self.mode in ("none", "new_episodes") or (self.mode == "once" and self._exists)

    @property
    def records(self) -> bool:
        """May a request reach the network?"""
        return self.mode in ("new_episodes", "all", "rewrite") or not self.plays

    @property
    def misses(self) -> tuple[UnmatchedRequest, ...]:
        """Every request so far that no recording answered and that was not to be recorded."""
        return self._shelf.misses

    @property
    def unused(self) -> tuple[CassetteLocation, ...]:
        """Every recording that was not asked for so far."""
        return self._shelf.unused

    @property
    def recorded(self) -> tuple[Interaction, ...]:
        """What was recorded so far and is not saved yet, in the order of the requests."""
        with self._lock:
            return tuple([self._new[number] for number in sorted(self._new)])

    def take(self, request: HttpRequest) -> LLMResult[Interaction | None]:
        """The recording that answers; None when the request is to be sent; else the miss."""
        if not self.plays:
            return Success(None)
        if self.records:
            return Success(self._shelf.find(request))
        return self._shelf.match(request).map(_any)

    def begin(self, request: HttpRequest) -> int:
        """A request is about to be sent: its number, for `keep`."""
        with self._lock:
            self._secrets |= credentials_in(request)
            self._begun += 1
            return self._begun

    def keep(self, number: int, interaction: Interaction) -> LLMResult[Interaction]:
        """An exchange is over: what of it is kept, without secrets. InvalidConfiguration when one may be left in it."""
        with self._lock:
            self._secrets |= cookies_in(interaction.response.headers)
            redaction = self._whole_redaction()
        plain = redact_interaction(interaction, redaction)
        found = [str(one) for one in scan_text(plain, redaction)]
        with self._lock:
            self._refused += found
            if not found:
                self._new[number] = plain
        return Failure(self._refusal(found)) if found else Success(plain)

    def save(self) -> LLMResult[Path]:
        """Write what was recorded since the last time. Of several that write one file none loses another's work."""
        with self._lock:
            if self._refused:
                return Failure(self._refusal(self._refused))
            redaction = self._whole_redaction()
            new = tuple(
                [redact_interaction(self._new[number], redaction) for number in sorted(self._new)]
            )
            if not new and self.mode != "rewrite":
                return Success(self.path)
            with lock_folder(self.path.parent) as locked:
                saved = locked.bind(lambda _: self._save(new))
            if not isinstance(saved, Failure):
                self._new.clear()
            return saved

    def _save(self, new: tuple[Interaction, ...]) -> LLMResult[Path]:
        content = _content(self.path)
        if self.mode == "rewrite" and content == self._content:  # else another worker was first
            if not new:
                return _removed(self.path)
            return save_cassette(self.path, Cassette(interactions=new))
        if content is None:
            return save_cassette(self.path, Cassette(interactions=new))
        there = parse_cassette(content, name=str(self.path))
        return there.bind(
            lambda cassette: save_cassette(
                self.path,
                msgspec.structs.replace(cassette, interactions=(*cassette.interactions, *new)),
            )
        )

    @property
    def _exists(self) -> bool:
        return self._content is not None

    def _whole_redaction(self) -> Redaction:
        given = self._redaction
        return msgspec.structs.replace(given, secrets=(*given.secrets, *sorted(self._secrets)))

    def _refusal(self, found: list[str]) -> LLMError:
        told = "; ".join(found[:_TOLD])
        more = f"; and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        return InvalidConfiguration(
            message=f"{self.path} is not written, as this may be a secret: {told}{more}. Take it out with "
            "Redaction(paths=...) or Redaction(secrets=...), or let it be with Redaction(allowed=...)",
            field="cassette",
            code=REFUSED,
        )


def open_cassette(
    path: Path | str,
    mode: Mode = "none",
    *,
    matching: MatchRules = EXACT,
    redaction: Redaction | None = None,
    again: bool = False,
) -> LLMResult[CassetteRecorder]:
    """The cassette in this file, to be played and recorded. A file that is not there is an empty one.

    redaction: what is taken out beside the defaults, when writing and when comparing. again: when all recordings of a
    request were given, the last one is given again. Fails when the file cannot be read or is no cassette, unless it is
    to be written anew.
    """
    target = Path(path)
    if mode not in MODES:
        message = f"there is no mode {mode!r}; known are {', '.join(MODES)}"
        return Failure(InvalidConfiguration(message=message, field="mode"))
    if redaction is not None:
        matching = msgspec.structs.replace(matching, redaction=redaction)
    kept = Cassette(name=str(path))
    content: bytes | None = None
    if target.exists():
        read = read_file(target)
        if isinstance(read, Failure):
            return read
        content = read.unwrap()
        parsed = parse_cassette(content, name=str(path))
        if not isinstance(parsed, Failure):
            kept = parsed.unwrap()
        elif mode != "rewrite":
            return parsed
    return Success(
        CassetteRecorder(target, mode, kept, content=content, matching=matching, again=again)
    )


def _any(interaction: Interaction) -> Interaction | None:
    return interaction


def _content(path: Path) -> bytes | None:
    read = read_file(path)
    return None if isinstance(read, Failure) else read.unwrap()


def _removed(path: Path) -> LLMResult[Path]:
    try:
        path.unlink(missing_ok=True)
    except OSError as fault:
        message = f"cannot remove {path}: {fault.strerror or os.fspath(path)}"
        return Failure(InvalidConfiguration(message=message, field="cassette"))
    return Success(path)


WAIT_S = 30.0
"""How long a writer waits for the others."""

_POLL_S = 0.01


@contextmanager
def lock_folder(folder: Path, wait_s: float = WAIT_S) -> Iterator[LLMResult[None]]:
    """Nobody else has this folder's lock inside of the block; InvalidConfiguration when it is not to be had.

    The folder is made. The lock ends with its process, however that ends, and leaves no file in the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _opened(folder)
    except OSError as fault:
        yield Failure(_lock_error(f"cannot lock {folder}: {fault.strerror or fault}"))
        return
    try:
        end = time.monotonic() + wait_s
        while not _try_lock(handle):
            if time.monotonic() > end:
                yield Failure(
                    _lock_error(f"cannot lock {folder}: another process held it {wait_s:g} s")
                )
                return
            time.sleep(_POLL_S)
        yield Success(None)
    finally:
        os.close(handle)


def _opened(folder: Path) -> int:
    if os.name == "posix":
        return os.open(folder, os.O_RDONLY)
    # where folders cannot be opened: a file of its own beside all other temporary ones
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:32]
    return os.open(Path(tempfile.gettempdir(), f"llm-pure-{name}.lock"), os.O_CREAT | os.O_RDWR)


def _try_lock(handle: int) -> bool:
    if os.name == "posix":
        import fcntl

        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False
    import importlib

    msvcrt = importlib.import_module("msvcrt")
    with suppress(OSError):
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        return True
    return False


def _lock_error(message: str) -> InvalidConfiguration:
    return InvalidConfiguration(message=message, field="cassette")
