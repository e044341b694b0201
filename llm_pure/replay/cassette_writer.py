"""Play and record one cassette, as its mode says. Recorded interactions are redacted.

Nothing is written before `save`, and nothing at all if a recorded interaction may contain a secret.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, get_args

import msgspec

from llm_pure.replay.cassette import Cassette, Interaction, parse_cassette
from llm_pure.replay.cassette_files import PATH_ERRORS, file_error, read_file, save_cassette
from llm_pure.replay.matching import EXACT, MatchRules
from llm_pure.replay.recording_index import (
    MAX_REPORTED,
    CassetteLocation,
    RecordingIndex,
    UnmatchedRequest,
)
from llm_pure.replay.secrets.redaction import (
    Redaction,
    cookies_in,
    credentials_in,
    long_credentials,
    redact_interaction,
)
from llm_pure.replay.secrets.scan import scan_text
from llm_pure.transports.sockets import ForkSafeLock
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import Failure, LLMResult, Success

Mode = Literal["none", "once", "new_episodes", "all", "rewrite"]
"""What is recorded, with pytest-recording's meanings.

none: nothing; a request without a recording is a miss. once: everything if there is no cassette yet, else as none.
new_episodes: requests without a recording. all: everything, added to the cassette. rewrite: everything, replacing it.
"""

MODES: tuple[Mode, ...] = get_args(Mode)

REFUSED = "secret_refused"
"""Error code for an interaction that may contain a secret and was not written."""


class CassetteRecorder:
    """Records to and replays from one cassette; `open_cassette` creates it. Safe for transports, threads and tasks."""

    needs_credentials = False
    """Recordings need none. What has to be sent does, see `recorder.RecordTransport`."""
    how_to_record: str | None = None
    """What the error of a miss recommends; by default a call of `open_cassette`."""

    def __init__(
        self,
        path: Path,
        mode: Mode,
        cassette: Cassette,
        *,
        content: bytes | None,
        matching: MatchRules,
        again: bool,
    ) -> None:
        self.path = path
        self.mode = mode
        self._content = content
        self._redaction = matching.redaction
        self._index = RecordingIndex([cassette] if self.can_play else [], matching, again=again)
        self._lock = ForkSafeLock()
        self._started = 0
        self._requests = 0
        self._new: dict[int, Interaction] = {}
        self._secrets: set[str] = set()
        self._refused: list[str] = []

    @property
    def can_play(self) -> bool:
        """Whether recordings are used."""
        exists = self._content is not None
        return self.mode in ("none", "new_episodes") or (self.mode == "once" and exists)

    @property
    def can_record(self) -> bool:
        """Whether requests may reach the network."""
        return self.mode in ("new_episodes", "all", "rewrite") or not self.can_play

    @property
    def requests(self) -> int:
        """How many requests came so far, replayed and sent and missed."""
        return self._requests

    @property
    def misses(self) -> tuple[UnmatchedRequest, ...]:
        """Requests so far that no recording matched and that were not to be recorded."""
        return self._index.misses

    @property
    def unused(self) -> tuple[CassetteLocation, ...]:
        """Recordings that no request has used so far."""
        return self._index.unused

    @property
    def recorded(self) -> tuple[Interaction, ...]:
        """Interactions recorded and not written yet, in the order of the requests."""
        with self._lock:
            return self._unwritten()

    def match(self, request: HttpRequest) -> LLMResult[Interaction | None]:
        """Return the recording for a request, None if the request is to be sent, or the error of a miss."""
        with self._lock:
            self._requests += 1
        if not self.can_play:
            return Success(None)
        if self.can_record:
            return Success(self._index.find(request))
        return self._index.match(request, self.how_to_record)

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
        """Keep the redacted interaction of a request by its number, until `save`.

        Fails with InvalidConfiguration if it may still contain a secret.
        """
        with self._lock:
            self._secrets |= cookies_in(interaction.response.headers)
            redaction = self._full_redaction()
        redacted = redact_interaction(interaction, redaction)
        findings = [str(finding) for finding in scan_text(redacted, redaction)]
        with self._lock:
            self._refused += findings
            if not findings:
                self._new[number] = redacted
        return Failure(self._refusal(findings)) if findings else Success(redacted)

    def save(self) -> LLMResult[Path]:
        """Write new interactions to the cassette. With several writers the file is merged under a lock."""
        with self._lock:
            if self._refused:
                return Failure(self._refusal(self._refused))
            redaction = self._full_redaction()
            new = tuple([redact_interaction(entry, redaction) for entry in self._unwritten()])
            if not new and self.mode != "rewrite":
                return Success(self.path)
            with lock_folder(self.path.parent) as locked:
                saved = locked.bind(lambda _: self._write(new))
            if not isinstance(saved, Failure):
                self._new.clear()
            return saved

    def _unwritten(self) -> tuple[Interaction, ...]:
        return tuple([self._new[number] for number in sorted(self._new)])

    @returns_failure
    def _write(self, new: tuple[Interaction, ...]) -> Path:
        content = read_file(self.path).value_or(None)
        # with another content, another worker was first
        rewrites = self.mode == "rewrite" and content == self._content
        if rewrites and not new:
            return _remove(self.path)
        cassette = Cassette()
        if content is not None and not rewrites:
            cassette = ok(parse_cassette(content, name=str(self.path)))
        merged = msgspec.structs.replace(cassette, interactions=(*cassette.interactions, *new))
        return ok(save_cassette(self.path, merged))

    def _full_redaction(self) -> Redaction:
        secrets = (*self._redaction.secrets, *sorted(self._secrets))
        return msgspec.structs.replace(self._redaction, secrets=secrets)

    def _refusal(self, findings: list[str]) -> LLMError:
        more = len(findings) - MAX_REPORTED
        rest = f"; and {more} more" if more > 0 else ""
        return InvalidConfiguration(
            message=f"refusing to write {self.path}: possible secret in "
            f"{'; '.join(findings[:MAX_REPORTED])}{rest}. Remove it with Redaction(paths=...) or "
            "Redaction(secrets=...), or allow it with Redaction(allowed=...)",
            field="cassette",
            code=REFUSED,
        )


@returns_failure
def open_cassette(
    path: Path | str,
    mode: Mode = "none",
    *,
    matching: MatchRules = EXACT,
    redaction: Redaction | None = None,
    again: bool = False,
) -> CassetteRecorder:
    """Open a cassette file for replay and recording. A missing file is an empty cassette.

    redaction: what to redact besides the defaults, for writing and for matching. again: after the last recording of a
    request repeat it, instead of failing. Fails with InvalidConfiguration for an unknown mode or an unreadable file, and
    with ProtocolError for a file that is not a cassette, unless it is to be rewritten.
    """
    if mode not in MODES:
        message = f"unknown mode {mode!r}; known modes: {', '.join(MODES)}"
        raise Rejected(InvalidConfiguration(message=message, field="mode"))
    if redaction is not None:
        matching = msgspec.structs.replace(matching, redaction=redaction)
    file = Path(path)
    cassette = Cassette(name=str(path))
    content = ok(read_file(file)) if os.path.exists(file) else None
    if content is not None:
        parsed = parse_cassette(content, name=str(path))
        cassette = parsed.value_or(cassette) if mode == "rewrite" else ok(parsed)
    return CassetteRecorder(file, mode, cassette, content=content, matching=matching, again=again)


def _remove(path: Path) -> Path:
    try:
        path.unlink(missing_ok=True)
    except PATH_ERRORS as error:
        raise Rejected(file_error("remove", path, error)) from None
    return path


LOCK_WAIT_S = 30.0
"""How long a writer waits for the lock of a folder."""

_POLL_S = 0.01


@contextmanager
def lock_folder(folder: Path, wait_s: float = LOCK_WAIT_S) -> Iterator[LLMResult[None]]:
    """Hold the lock of a folder among all processes of this machine; creates the folder.

    Yields a Failure with InvalidConfiguration if the lock is not free within `wait_s`. The lock ends with its process,
    however that ends, and leaves no file in the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _open_lock(folder)
    except PATH_ERRORS as error:
        yield Failure(file_error("lock", folder, error))
        return
    try:
        end_s = time.monotonic() + wait_s
        while not _try_lock(handle):
            if time.monotonic() > end_s:
                message = f"cannot lock {folder}: another process held it {wait_s:g} s"
                yield Failure(InvalidConfiguration(message=message, field="cassette"))
                return
            time.sleep(_POLL_S)
        yield Success(None)
    finally:
        os.close(handle)


def _open_lock(folder: Path) -> int:
    if os.name == "posix":
        return os.open(folder, os.O_RDONLY)
    # Where folders cannot be opened: a file of its own in the system's temporary folder.
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
