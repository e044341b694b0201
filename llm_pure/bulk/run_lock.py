"""The lock of a run: one driver at a time. It is gone when its process is, however that ended.

Who only looks takes no lock: the file names the process, and whether that lives is seen without it.
"""

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Self

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

FILE = "run.lock"

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The process that holds the lock, or held it last."""

    process: Annotated[int, msgspec.Meta(gt=0)]
    host: str
    started: str = ""
    """Start of the process as the system counts it: another process may get the number later."""
    file: int = 0
    """The number of the lock's file in its file system: a copy of the folder has another."""


class RunLock:
    """A held lock; a context manager that ends it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """End the lock. Once more is harmless."""
        if self._descriptor >= 0:
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def lock_run(directory: Path) -> LLMResult[RunLock]:
    """Take the run's lock. Fails with InvalidConfiguration if another process has it, or the directory cannot be written."""
    path = directory / FILE
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f"the run {directory} cannot be written: {error.strerror}"
        return Failure(InvalidConfiguration(message=message, field="directory"))
    try:
        _lock(descriptor)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, msgspec.json.encode(_this_process(os.fstat(descriptor).st_ino)))
    except BlockingIOError:
        os.close(descriptor)
        owner = read_owner(directory)
        by = "" if owner is None else f" by process {owner.process} of {owner.host}"
        message = f"the run {directory} is under way{by}; a run has one driver at a time"
        run = quote(str(directory))
        remedy = f"watch it: llm-pure batch status {run} --watch; or stop it: llm-pure batch cancel {run}"
        return Failure(
            InvalidConfiguration(message=message, field="directory", code="locked", remedy=remedy)
        )
    except OSError as error:
        os.close(descriptor)
        message = f"the run {directory} cannot be locked: {error.strerror}"
        return Failure(InvalidConfiguration(message=message, field="directory"))
    return Success(RunLock(descriptor))


def read_owner(directory: Path) -> Owner | None:
    """Return the process that the lock's file names, without taking the lock."""
    try:
        return msgspec.json.decode((directory / FILE).read_bytes(), type=Owner)
    except (OSError, *DECODE_ERRORS):
        return None


def is_running(directory: Path) -> bool:
    """True if the process that the lock's file names lives. On another host that cannot be seen: true."""
    owner = read_owner(directory)
    if owner is None:
        return False
    if owner.host != socket.gethostname():
        return True
    if owner.file and owner.file != (directory / FILE).stat().st_ino:
        return False
    try:
        os.kill(owner.process, 0)
    except (ProcessLookupError, OverflowError):  # of a damaged file: no process has such a number
        return False
    except PermissionError:
        pass
    return not owner.started or owner.started == _start_of(owner.process)


def _this_process(file: int) -> Owner:
    process = os.getpid()
    return Owner(process=process, host=socket.gethostname(), started=_start_of(process), file=file)


def _start_of(process: int) -> str:
    """The start of a process in ticks since the boot, "" where the system does not show it."""
    fields: list[Any] = []
    with suppress(OSError, ValueError):
        fields = (
            Path(f"/proc/{process}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        )
    if not fields or fields[0] == "Z":  # dead, and not yet waited for
        return "ended" if fields else ""
    return str(fields[19])
