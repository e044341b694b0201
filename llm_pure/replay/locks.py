"""One writer at a time for the cassettes of a folder, among all processes of this machine."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

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
        yield Failure(_fault(f"cannot lock {folder}: {fault.strerror or fault}"))
        return
    try:
        end = time.monotonic() + wait_s
        while not _try_lock(handle):
            if time.monotonic() > end:
                yield Failure(_fault(f"cannot lock {folder}: another process held it {wait_s:g} s"))
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


def _fault(message: str) -> InvalidConfiguration:
    return InvalidConfiguration(message=message, field="cassette")
