"""Files that commands read and write: whole or not at all, and none is lost by mistake."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from llm_pure.cli.exits import CANNOT_WRITE, NO_INPUT, OK
from llm_pure.cli.terminal import note


def read_file(path: str) -> bytes | int:
    """The bytes, or the exit code once the fault is told."""
    try:
        return Path(path).read_bytes()
    except OSError as fault:
        note(f"{path}: {fault.strerror}")
        return NO_INPUT


def write_file(path: Path, data: bytes, *, force: bool) -> int:
    """Write beside, then move into place; the exit code. Without force a file that is there stays as it is."""
    folder = path.parent
    try:
        handle, beside = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
    except OSError as fault:
        note(f"{folder}: {fault.strerror}")
        return CANNOT_WRITE
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if force:
            os.replace(beside, path)
        else:
            os.link(beside, path)  # fails where there is a file, also one that came this moment
    except FileExistsError:
        note(f"{path} is there already; --force writes over it")
        return CANNOT_WRITE
    except OSError as fault:
        note(f"{path}: {fault.strerror}")
        return CANNOT_WRITE
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)
    os.chmod(path, 0o666 & ~_umask())
    note(f"{path}: {len(data):,} bytes")
    return OK


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
