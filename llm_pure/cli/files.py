"""Files that commands read and write: whole or not at all, and none is lost by mistake."""

import os
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from llm_pure.cli.exit_codes import CANNOT_WRITE, NO_INPUT, OK
from llm_pure.cli.output import print_note


def read_file(path: str) -> bytes | int:
    """The bytes, or the exit code once the fault is told; "-" is standard input."""
    try:
        if path == "-":
            return sys.stdin.buffer.read()
        return Path(path).read_bytes()
    except OSError as fault:
        print_note(f"{path}: {fault.strerror}")
        return NO_INPUT


def writable(paths: Iterable[Path], *, force: bool) -> int:
    """Before something is paid for: OK, or the exit code once it is told why its files could not be written."""
    for path in paths:
        if not path.parent.is_dir():
            print_note(f"{path}: there is no folder {path.parent}")
            return CANNOT_WRITE
        if path.is_dir():
            print_note(f"{path} is a folder")
            return CANNOT_WRITE
        if path.exists() and not force:
            print_note(f"{path} is there already; --force writes over it")
            return CANNOT_WRITE
    return OK


def unused(path: Path) -> Path:
    """The path, or the first of its name with a number behind it that is not there."""
    found, number = path, 0
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def write_file(path: Path, data: bytes, *, force: bool) -> int:
    """Write beside, then move into place; the exit code. Without force a file that is there stays as it is."""
    folder = path.parent
    try:
        handle, beside = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
    except OSError as fault:
        print_note(f"{folder}: {fault.strerror}")
        return CANNOT_WRITE
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if force:
            os.replace(beside, path)
        else:
            os.link(beside, path)  # fails where there is a file, also one that came this moment
    except FileExistsError:
        print_note(f"{path} is there already; --force writes over it")
        return CANNOT_WRITE
    except OSError as fault:
        print_note(f"{path}: {fault.strerror}")
        return CANNOT_WRITE
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)
    os.chmod(path, 0o666 & ~_umask())
    print_note(f"{path}: {len(data):,} bytes")
    return OK


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
