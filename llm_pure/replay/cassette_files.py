"""Cassettes on a disk: finding, loading, and saving them whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from llm_pure.replay.cassette import Cassette, parse_cassette, render_cassette
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

SUFFIXES = (".yaml", ".yml")


def find_cassettes(root: Path) -> Iterator[Path]:
    """Every YAML file below the folder, in the order of their names; a file is found whatever its suffix.

    Hidden folders are left out.
    """
    if not root.is_dir():
        yield root
        return
    for folder, folders, names in os.walk(root):
        folders[:] = sorted([name for name in folders if not name.startswith(".")])
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(folder, name)


def read_file(path: Path) -> LLMResult[bytes]:
    """The bytes, or InvalidConfiguration that says why not."""
    try:
        return Success(path.read_bytes())
    except OSError as fault:
        message = f"cannot read {path}: {fault.strerror or fault}"
        return Failure(InvalidConfiguration(message=message, field="cassette"))


def load_cassette(path: Path | str) -> LLMResult[Cassette]:
    """The cassette in this file; its `name` is the path as it was given."""
    return read_file(Path(path)).bind(lambda data: parse_cassette(data, name=str(path)))


def save_cassette(
    path: Path | str, cassette: Cassette, *, private: bool = False
) -> LLMResult[Path]:
    """Write the cassette as it is; folders are made. A reader sees the old file or the new one, never a half.

    private: for this user's eyes only. Nothing is redacted here: give it what `redact.redact_cassette` returned.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, prefix=f".{target.name}.", delete=False, encoding="utf-8",
            newline="\n",
        ) as half:  # fmt: skip
            try:
                half.write(render_cassette(cassette))
                half.flush()
                os.fsync(half.fileno())
                os.chmod(half.name, 0o600 if private else 0o644)
                os.replace(half.name, target)
            except BaseException:
                os.unlink(half.name)
                raise
    except OSError as fault:
        message = f"cannot write {target}: {fault.strerror or fault}"
        return Failure(InvalidConfiguration(message=message, field="cassette"))
    return Success(target)
