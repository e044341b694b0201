"""Cassettes on disk: find, load, and save atomically."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from llm_pure.replay.cassette import Cassette, parse_cassette, render_cassette
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

SUFFIXES = (".yaml", ".yml")

_PACKAGE = Path(__file__).parents[1]


def builtin_cassettes() -> Path:
    """Return the folder of the bundled cassettes: inside the package when installed, beside it in a checkout."""
    inside = _PACKAGE / "cassettes"
    return inside if inside.is_dir() else _PACKAGE.parent / "cassettes"


def find_cassettes(root: Path) -> Iterator[Path]:
    """Yield every YAML file below a folder in the order of names, without hidden ones; a file yields itself."""
    if not os.path.isdir(root):  # false too for a path that no file can have
        yield root
        return
    for folder, folders, names in os.walk(root):
        folders[:] = sorted([name for name in folders if not name.startswith(".")])
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(folder, name)


PATH_ERRORS = (OSError, ValueError)
"""Raised for a path that cannot be used; a ValueError for one with a NUL or a lone surrogate in it."""


def file_error(action: str, path: Path, error: OSError | ValueError) -> InvalidConfiguration:
    """Return the error for a cassette file that cannot be read, written, removed or locked; ValueError: its path is none."""
    reason = error.strerror if isinstance(error, OSError) else None
    message = f"cannot {action} {path}: {reason or error}".encode("utf-8", "backslashreplace")
    return InvalidConfiguration(message=message.decode(), field="cassette")


def read_file(path: Path) -> LLMResult[bytes]:
    """Read a file. Fails with InvalidConfiguration."""
    try:
        return Success(path.read_bytes())
    except PATH_ERRORS as error:
        return Failure(file_error("read", path, error))


def load_cassette(path: Path | str) -> LLMResult[Cassette]:
    """Load the cassette in a file; its `name` is the path as passed."""
    return read_file(Path(path)).bind(lambda data: parse_cassette(data, name=str(path)))


def save_cassette(
    path: Path | str, cassette: Cassette, *, private: bool = False
) -> LLMResult[Path]:
    """Write a cassette atomically: readers see the old file or the new one. Creates missing folders.

    Does not redact: pass the result of `redact_cassette`. private: readable by this user only (mode 0600).
    Fails with InvalidConfiguration if the file cannot be written.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, prefix=f".{target.name}.", delete=False, encoding="utf-8",
            newline="\n",
        ) as temporary:  # fmt: skip
            try:
                temporary.write(render_cassette(cassette))
                temporary.flush()
                os.fsync(temporary.fileno())
                os.chmod(temporary.name, 0o600 if private else 0o644)
                os.replace(temporary.name, target)
            except BaseException:
                os.unlink(temporary.name)
                raise
    except PATH_ERRORS as error:
        return Failure(file_error("write", target, error))
    return Success(target)
