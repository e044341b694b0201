"""Files of the commands: read them, check paths, write output files completely or not at all."""

import glob
import os
import sys
import tempfile
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from llm_pure.cli.exit_codes import CANNOT_WRITE, NO_INPUT, CommandFailed
from llm_pure.cli.output import print_note


def read_file(path: str | None) -> bytes:
    """Return the bytes of a file; None and "-" are standard input. Fails with exit code 66."""
    try:
        return sys.stdin.buffer.read() if path in (None, "-") else Path(path).read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}", NO_INPUT) from None
    except ValueError as error:  # a NUL in the path
        raise CommandFailed(f"{path!r}: {error}", NO_INPUT) from None


def read_text(path: str | None) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with a byte order mark, as PowerShell writes it. Fails with exit code 66.

    Other bytes are replaced, which a note says.
    """
    data = read_file(path)
    is_utf_16 = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    encoding = "utf-16" if is_utf_16 else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        name = "standard input" if path in (None, "-") else path
        print_note(f"{name} is not in UTF-8: bytes that mean nothing there are replaced")
        return data.decode(encoding, "replace")


def expand_paths(paths: Iterable[str]) -> list[str]:
    """Return the files of paths: of a folder all text files below it, of a pattern such as "docs/**/*.md" all that match.

    Hidden files and folders below a folder are left out, and files with a NUL among their first bytes, which a note counts.
    Fails with exit code 66 if a folder or a pattern has no text file.
    """
    files: list[str] = []
    for path in paths:
        matching = _matching(path)
        if not matching:
            raise CommandFailed(f"{path}: no text file there", NO_INPUT)
        files += matching
    return files


def _matching(path: str) -> list[str]:
    if path == "-" or "\0" in path or Path(path).is_file():
        return [path]
    if Path(path).is_dir():
        candidates = [
            file
            for file in sorted(Path(path).rglob("*"))
            if not any(name.startswith(".") for name in file.relative_to(path).parts)
        ]
    elif glob.has_magic(path):
        candidates = [Path(file) for file in sorted(glob.glob(path, recursive=True))]
    else:
        return [path]  # the caller reports that it does not exist
    files = [file for file in candidates if file.is_file()]
    texts = [str(file) for file in files if not _is_binary(file)]
    if len(texts) < len(files):
        print_note(f"{path}: {len(files) - len(texts)} binary files left out")
    return texts


def _is_binary(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"\0" in file.read(8192)
    except OSError:
        return False  # the caller reports why it cannot be read


def read_piped() -> str:
    """Return the text that is piped in, stripped; "" on a terminal."""
    return "" if sys.stdin.isatty() else read_text(None).strip()


def require_paths(*paths: str) -> None:
    """Fails with exit code 66 if a file or folder does not exist."""
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        lines = [f"no such file or folder: {path}" for path in missing]
        raise CommandFailed("\n".join(lines), NO_INPUT)


def require_files(*paths: str) -> None:
    """Fails with exit code 66 if a path is not a file."""
    for path in paths:
        if not Path(path).is_file():
            raise CommandFailed(f"no such file: {path}", NO_INPUT)


def require_writable(paths: Iterable[Path], *, force: bool) -> None:
    """Check output files before anything is paid for. Fails with exit code 73; an existing file needs `force`."""
    for path in paths:
        if not path.parent.is_dir():
            raise CommandFailed(f"{path}: folder {path.parent} does not exist", CANNOT_WRITE)
        if path.is_dir():
            raise CommandFailed(f"{path} is a folder", CANNOT_WRITE)
        if path.exists() and not force:
            raise CommandFailed(_exists(path), CANNOT_WRITE)


def unused_path(path: Path) -> Path:
    """Return the path, or the first path with a number after its name that does not exist."""
    unused, number = path, 0
    while unused.exists():
        number += 1
        unused = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return unused


def write_file(path: Path, data: bytes, *, force: bool) -> None:
    """Write a temporary file and move it into place. Fails with exit code 73; an existing file needs `force`."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise CommandFailed(f"{path.parent}: {error.strerror}", CANNOT_WRITE) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if force:
            os.replace(temporary, path)
        else:
            os.link(temporary, path)  # fails if the file exists, even one created meanwhile
    except FileExistsError:
        raise CommandFailed(_exists(path), CANNOT_WRITE) from None
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}", CANNOT_WRITE) from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    os.chmod(path, 0o666 & ~_umask())
    print_note(f"{path}: {len(data):,} bytes")


def _exists(path: Path) -> str:
    return f"{path} already exists; --force overwrites it"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
