"""Log files of a run: append-only, one writer each, read by anyone at any time.

A line is written by one `os.write` before the next row is sent, so a killed process loses what was in flight and no more; a
thread flushes to the disk every quarter of a second, which is what a power failure may cost.
"""

import errno
import os
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from llm_pure.bulk.entries import (
    Done,
    Entry,
    EntryHead,
    GaveUp,
    decode_entry,
    decode_heads,
    encode_entry,
)
from llm_pure.bulk.row_states import RowStates, is_amount
from llm_pure.types.errors import LLMError
from llm_pure.types.secret_spellings import MIN_SECRET_LENGTH, mask_secrets, three_stars

FOLDER = "log"
SYNC_S = 0.25
"""Seconds between two flushes to the disk."""

SPARE = "spare"
"""File in the log's folder whose space is freed when the disk is full, so that calls in flight can still be logged."""

SPARE_BYTES_PER_CALL = 16 * 1024

OPEN_LOGS = 32
"""So many logs are open for reading at a time: a run of a million rows on a cluster has a thousand, and a process may have few
files open."""

_NAME = re.compile(r"(?P<worker>.+)-(?P<start>\d+)\.jsonl")
_CHUNK = 4 * 1024 * 1024
_HEADS_CHUNK = 128 * 1024
"""Fits into the cache of a core: with 256 KiB reading heads takes a fifth longer, with 4 MiB half as long again."""
_OFFSET_BITS = 40
_FULL = (errno.ENOSPC, errno.EDQUOT)


class LogFull(OSError):
    """The disk is full: nothing more may be sent. What is in flight can still be written."""


def log_paths(directory: Path) -> list[Path]:
    """Return the run's log files in the order in which they were started, by the numbers in their names."""
    numbered = []
    with suppress(FileNotFoundError):
        for path in (directory / FOLDER).iterdir():
            match = _NAME.fullmatch(path.name)
            if match is not None:
                numbered.append((int(match["start"]), match["worker"], path))
    return [path for _, _, path in sorted(numbered)]


def next_start(directory: Path) -> int:
    """Return the number of a start of workers: one more than any before. No clock is read."""
    starts = [
        int(match["start"])
        for path in log_paths(directory)
        if (match := _NAME.fullmatch(path.name))
    ]
    return max(starts, default=0) + 1


class LogWriter:
    """Writes one log file. Not thread-safe, but for the flushes."""

    def __init__(
        self,
        directory: Path,
        worker: str,
        start: int,
        *,
        secrets: Sequence[str] = (),
        calls: int = 0,
    ) -> None:
        """secrets: texts that are masked in every line. calls: how many may be in flight when the disk is full.

        Raises OSError if the file cannot be created.
        """
        folder = directory / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        self.path = folder / f"{worker}-{start:04}.jsonl"
        self._secrets = tuple([secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH])
        self._secret_bytes = [secret.encode() for secret in self._secrets]
        self._spare = folder / f"{SPARE}-{worker}-{start:04}"
        self._descriptor = os.open(
            self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600
        )
        self.size = 0
        """Bytes written."""
        self._dirty = False
        self._closed = threading.Event()
        self.error: OSError | None = None
        """Of a flush to the disk."""
        self.is_full = False
        self.unwritten: list[bytes] = []
        """Lines that even the spare space could not hold."""
        if calls:
            self._reserve(calls * SPARE_BYTES_PER_CALL)
        self._thread = threading.Thread(
            target=self._sync_regularly, name="llm-pure log", daemon=True
        )
        self._thread.start()

    def write(self, entry: Entry) -> int:
        """Append the entry's line; return its offset. Raises LogFull if the disk is full, once it is in the spare space."""
        line, offset = encode_entry(entry), self.size
        if any(secret in line for secret in self._secret_bytes):
            masked = mask_secrets(line.decode(), self._secrets, three_stars)
            line = masked.encode()
        self._append(line)
        return offset

    def sync(self) -> None:
        """Flush to the disk now."""
        if self._dirty:
            self._dirty = False
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Flush and close. Raises OSError if lines could not be written."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._thread.join()
        with suppress(OSError):
            self._spare.unlink()
        try:
            lines, self.unwritten = self.unwritten, []
            for line in lines:
                with suppress(LogFull):
                    self._append(line)
            self.sync()
        finally:
            os.close(self._descriptor)

    def _append(self, line: bytes) -> None:
        try:
            written = os.write(self._descriptor, line)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            written = 0
        if written == len(line):
            self.size += written
            self._dirty = True
            return
        if written:  # half a line would swallow the next one
            os.ftruncate(self._descriptor, self.size)
        if not self.is_full:
            self.is_full = True
            with suppress(OSError):
                self._spare.unlink()
            self._append(line)
        elif len(self.unwritten) < 10_000:
            self.unwritten.append(line)
        raise LogFull(errno.ENOSPC, "no space left on the disk of the run", str(self.path))

    def _reserve(self, size: int) -> None:
        size = min(size, shutil.disk_usage(self.path.parent).free // 4)
        descriptor = os.open(self._spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            if size and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, size)
            else:
                os.write(descriptor, bytes(size))
        except OSError as error:
            if error.errno in _FULL:
                raise
        finally:
            os.close(descriptor)

    def _sync_regularly(self) -> None:
        while not self._closed.wait(SYNC_S):
            try:
                self.sync()
            except OSError as error:
                self.error = error
                return


def remove_spares(directory: Path) -> None:
    """Remove the spare files of killed workers."""
    for path in (directory / FOLDER).glob(f"{SPARE}-*"):
        with suppress(OSError):
            path.unlink()


def scan_lines(path: Path, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line) of a log's complete lines from an offset on, a part of the file in memory at a time."""
    rest = b""
    with path.open("rb") as file:
        file.seek(offset)
        while chunk := file.read(_CHUNK):
            lines = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
            rest = lines.pop()
            for line in lines:
                yield offset, line
                offset += len(line) + 1


def scan_heads(
    path: Path, offset: int = 0
) -> Iterator[tuple[list[EntryHead | None], list[int], int, int]]:
    """Yield the heads of a log's complete lines from an offset on, in parts: (heads, where each begins in the part, offset of the
    part, of the next one)."""
    rest = b""
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        while chunk := file.read(max(_HEADS_CHUNK, len(rest))):
            part = rest + chunk
            heads, starts, size = decode_heads(part)
            rest = part[size:]
            if heads:
                yield heads, starts, offset, offset + size
            offset += size


def position_of(number: int, offset: int) -> int:
    """Return the position of a line: number of its file among all << 40 | offset."""
    return number << _OFFSET_BITS | offset


def fold_logs(
    states: RowStates, paths: Sequence[Path], read: Sequence[int] = ()
) -> tuple[list[int], int]:
    """Fold the lines of these logs; return how far each was read, and the number of lines.

    read: how far the first logs were read before.
    """
    ends: list[int] = []
    lines = 0
    for number, path in enumerate(paths):
        base = number << _OFFSET_BITS
        end = read[number] if number < len(read) else 0
        for heads, starts, offset, following in scan_heads(path, end):
            lines += len(heads)
            states.add_all(heads, starts, base + offset)
            end = following
        ends.append(end)
    return ends, lines


def log_cost_usd(path: Path) -> Decimal:
    """Return what the lines of one log cost together."""
    costs = [
        Decimal(head.cost_usd)
        for heads, *_ in scan_heads(path)
        for head in heads
        if head is not None and head.cost_usd and is_amount(head.cost_usd)
    ]
    return sum(costs, Decimal(0))


def scan_entries(paths: Sequence[Path]) -> Iterator[Entry]:
    """Yield the entries of these logs, in order."""
    for path in paths:
        for _, line in scan_lines(path):
            entry = decode_entry(line)
            if entry is not None:
                yield entry


def first_error(paths: Sequence[Path], kind: str) -> LLMError | None:
    """Return the first error of a kind in these logs."""
    ends = (entry for entry in scan_entries(paths) if isinstance(entry, Done | GaveUp))
    return next((entry.error for entry in ends if entry.error_kind == kind), None)


class LogReader:
    """Reads single ends of rows by their positions."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._files: dict[int, BinaryIO] = {}

    def read(self, position: int) -> Done | GaveUp | None:
        """Return the end of a row at this position."""
        number = position >> _OFFSET_BITS
        file = self._files.get(number)
        if file is None:
            if len(self._files) >= OPEN_LOGS:
                self._files.pop(next(iter(self._files))).close()
            file = self._files[number] = self._paths[number].open("rb")
        file.seek(position & ((1 << _OFFSET_BITS) - 1))
        entry = decode_entry(file.readline().rstrip(b"\n"))
        return entry if isinstance(entry, Done | GaveUp) else None

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
