"""Inputs of a run: JSON lines are read in place; CSV, Parquet, standard input and iterators are written to `rows.jsonl`.

`index.bin` has the position and the id of every row, so that nothing is hashed again to go on with a run.
"""

import csv
import gzip
import os
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from importlib import import_module
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import IO, Any, TypeAlias

import msgspec

from llm_pure.bulk.identity import DIGEST_BYTES, item_id, with_ordinal
from llm_pure.bulk.requests import REQUEST_KEY, request_fields
from llm_pure.bulk.rows import ERROR_KEY, ID_KEY, UTF16_MARKS, RowForm, read_row
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected
from llm_pure.types.request import ChatRequest

RowsInput: TypeAlias = str | os.PathLike[str] | Iterable[str | Mapping[str, Any] | ChatRequest]
"""A path ("-" is standard input), or rows: prompts, mappings of columns, requests."""

GZIP = ".gz"
SPOOL = "rows.jsonl"
INDEX = "index.bin"

_MAGIC = b"llm-pure index 1"
_OFFSET = struct.Struct(">Q")
_RECORD = struct.Struct(f">Q{DIGEST_BYTES}s")
_FLAG_BITS = 56
DUPLICATE, COPY, REPEATED = 1, 2, 4
"""Flags of a row: its custom_id is an earlier row's; it is equal to an earlier row and shares its answer; it is equal to
one and sent all the same."""

_LINES_A_READ = 1024


class Indexed(msgspec.Struct, frozen=True, kw_only=True):
    """What indexing saw of the input."""

    rows: int
    unreadable: int
    size: int
    blake2b: str
    batch_lines: bool = False
    """The first readable row is a line of OpenAI's batches."""


def form_of(path: str) -> str:
    """Return "csv" or "parquet" by the name's end, else "jsonl"; with ".gz" for a compressed file."""
    name = path.lower().removesuffix(GZIP)
    kinds = {"csv": "csv", "tsv": "csv", "parquet": "parquet", "pq": "parquet"}
    return kinds.get(name.rpartition(".")[2], "jsonl") + path.lower()[len(name) :]


def hash_file(path: Path) -> tuple[int, str]:
    """Return (size, blake2b) of a file. Raises OSError."""
    digest, size = blake2b(digest_size=DIGEST_BYTES), 0
    with path.open("rb") as file:
        while chunk := file.read(1024 * 1024):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def spool_rows(rows: Iterable[Any], path: Path) -> tuple[int, str]:
    """Write rows as JSON lines; return (size, blake2b). Raises OSError."""
    digest, size = blake2b(digest_size=DIGEST_BYTES), 0
    with _private(path) as file:
        for row in rows:
            line = row_line(row)
            file.write(line)
            digest.update(line)
            size += len(line)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def row_line(row: Any) -> bytes:
    """Return the JSON line of a row, or one with the reason why it has none."""
    try:
        match row:
            case bytes():  # a line of standard input, as it is
                return row.rstrip(b"\r\n") + b"\n"
            case str():
                value: Any = {"prompt": row}
            case ChatRequest():
                value = {REQUEST_KEY: request_fields(row)}
            case Mapping():
                value = dict(row)
            case _:
                value = {
                    ERROR_KEY: f"a row is a text, a mapping or a ChatRequest, not {type(row).__name__}"
                }
        return msgspec.json.encode(value, enc_hook=str) + b"\n"
    except Rejected as rejected:
        reason = rejected.error.message
    except UnicodeEncodeError as error:
        reason = _encoding_reason(error)
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        reason = f"the row has no JSON: {error}"
    custom_id = row.get(ID_KEY) if isinstance(row, Mapping) else None
    named = {ID_KEY: custom_id} if isinstance(custom_id, str) and custom_id.isascii() else {}
    text = reason.encode("ascii", "backslashreplace").decode()
    return msgspec.json.encode({ERROR_KEY: text, **named}) + b"\n"


def _encoding_reason(error: UnicodeEncodeError) -> str:
    """Why a text has no JSON: a byte of a file in another encoding, or half a surrogate."""
    code = ord(error.object[error.start])
    if 0xDC80 <= code <= 0xDCFF:
        return f"the row has the byte 0x{code - 0xDC00:02X}, which is no UTF-8: convert the file to UTF-8"
    return f"the row has no JSON: {error}"


def read_stdin() -> Iterator[bytes]:
    """Yield the lines of standard input."""
    yield from sys.stdin.buffer


def open_plain(path: Path) -> IO[bytes]:
    """Open a file, one whose name ends in .gz decompressed. Raises OSError."""
    return gzip.open(path) if path.suffix.lower() == GZIP else path.open("rb")  # type: ignore[return-value]


def read_rows_of(path: Path, form: str, columns: tuple[str, ...] | None) -> Iterator[Any]:
    """Yield the rows of a file that is not read in place. columns: of the template. Raises OSError and Rejected."""
    try:
        match form.removesuffix(GZIP):
            case "csv":
                yield from read_csv(path)
            case "parquet":
                yield from read_parquet(path, columns)
            case _:
                with open_plain(path) as lines:
                    yield from lines
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        message = f"{path} cannot be decompressed: {error}"
        raise Rejected(InvalidConfiguration(message=message, field="file")) from None


_CSV_END = "\ue000the end of the file\ue000"
"""A line after the last one: a row of its own, unless a quote is open."""


def read_csv(path: Path) -> Iterator[Any]:
    """Yield the rows of a CSV file (of a .tsv file with tabs) by its header. Raises OSError and Rejected."""
    csv.field_size_limit(2**31 - 1)  # a C long, which has 32 bits on Windows
    delimiter = "\t" if path.name.lower().removesuffix(GZIP).endswith(".tsv") else ","
    with open_plain(path) as start:
        is_utf16 = start.read(2) in UTF16_MARKS  # as Excel writes "Unicode text"
    encoding = "utf-16" if is_utf16 else "utf-8-sig"
    with TextIOWrapper(open_plain(path), encoding, "surrogateescape", newline="") as file:
        reader = csv.DictReader(chain(file, (_CSV_END,)), delimiter=delimiter)
        _check_header(reader, path)
        while True:
            start_line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield {ERROR_KEY: f"invalid CSV: {error}"}
                continue
            values = [*chain.from_iterable([v] if isinstance(v, str) else v or () for v in row.values())]  # fmt: skip
            if values == [_CSV_END]:
                return
            if values and values[-1].endswith(_CSV_END):
                yield {ERROR_KEY: f"a quote of line {start_line} is not closed: it takes the rest of the file"}  # fmt: skip
            elif None in row:
                yield {ERROR_KEY: "the row has more fields than the header"}
            else:
                yield row


def _check_header(reader: "csv.DictReader[str]", path: Path) -> None:
    """Raise Rejected if two columns have one name: the second would replace the first."""
    try:
        names = [name for name in reader.fieldnames or () if name != _CSV_END]
    except csv.Error:  # of the first line; the rows say it
        return
    if names and names[-1].endswith(_CSV_END):
        message = f"{path} has a quote in its first line that is not closed"
        raise Rejected(InvalidConfiguration(message=message, field="input", remedy="close it"))
    repeated = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if repeated:
        message = f"{path} has several columns with the name {repeated[0]!r}"
        remedy = "rename all but one of them in the file's first line"
        raise Rejected(InvalidConfiguration(message=message, field="input", remedy=remedy))


def read_parquet(path: Path, columns: tuple[str, ...] | None) -> Iterator[Any]:
    """Yield the rows of a Parquet file, one record batch in memory at a time. Raises Rejected.

    columns: of the template, which the file must have; beside them binary columns, such as pictures, stay where they are.
    """
    parquet, arrow = import_parquet(), import_module("pyarrow")
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            missing = [name for name in columns or () if name not in names]
            if missing:
                message = f"{path} has no column {missing[0]!r}; its columns are {', '.join(names)}"
                raise Rejected(InvalidConfiguration(message=message, field="prompt"))
            chosen = [
                field.name
                for field in file.schema_arrow
                if columns is None or field.name in columns or "binary" not in str(field.type)
            ]
            for batch in file.iter_batches(batch_size=_LINES_A_READ, columns=chosen):
                plain = [_in_microseconds(column, arrow) for column in batch.columns]
                yield from arrow.Table.from_arrays(plain, batch.schema.names).to_pylist()
    except Exception as error:
        is_pyarrow = type(error).__module__.split(".")[0] == "pyarrow"
        if not is_pyarrow and not isinstance(error, OSError | ValueError | OverflowError):
            raise
        message = f"{path} cannot be read as Parquet: {str(error).rstrip('.')}"
        remedy = "a file's kind is taken from the end of its name: .jsonl, .csv, .tsv or .parquet"
        raise Rejected(InvalidConfiguration(message=message, field="file", remedy=remedy)) from None


def _in_microseconds(column: Any, arrow: Any) -> Any:
    """The column without nanoseconds, which pandas writes and Python's times do not have."""
    kind = column.type
    if getattr(kind, "unit", "") != "ns":
        return column
    name = str(kind).partition("[")[0]  # "timestamp", "time64" or "duration"
    coarse = arrow.timestamp("us", kind.tz) if name == "timestamp" else getattr(arrow, name)("us")
    return column.cast(coarse, safe=False)


def import_parquet() -> Any:
    """Return pyarrow.parquet. Raises Rejected if the extra is not installed."""
    try:
        return import_module("pyarrow.parquet")  # by name: an extra, without types
    except ImportError:
        message = 'Parquet needs the extra "parquet": pip install "llm-pure[parquet]"'
        raise Rejected(InvalidConfiguration(message=message, field="input")) from None


def write_index(
    source: Path, target: Path, form: RowForm, prefix: bytes, *, dedupe: bool = False
) -> Indexed:
    """Read every row once and write its position and id. Raises OSError.

    Keeps the set of ids in memory, and of the rows with a `custom_id` one more set.
    """
    seen: set[bytes] = set()
    repeated: dict[bytes, int] = {}
    custom_ids: set[bytes] = set()
    digest, offset, rows, unreadable, blanks = blake2b(digest_size=DIGEST_BYTES), 0, 0, 0, []
    batch_lines = False
    with source.open("rb") as lines, _private(target) as index:
        index.write(_MAGIC)
        for line in lines:
            digest.update(line)
            start, offset = offset, offset + len(line)
            blanks.append((start, line))
            if not line.strip():
                continue  # an empty row, unless it is at the end of the file
            for row_offset, row_line in blanks:
                row = read_row(rows, row_line, form)
                flags = 0
                if row.has_custom_id:
                    name = blake2b(row.custom_id.encode("utf-8", "replace"), digest_size=8).digest()
                    flags = DUPLICATE if name in custom_ids else 0
                    custom_ids.add(name)
                if row.error is None and not rows:
                    batch_lines = "body" in row.columns
                first = item_id(prefix, row.key)
                ordinal = 0
                if first in seen:
                    ordinal = repeated[first] = repeated.get(first, 0) + 1
                else:
                    seen.add(first)
                if ordinal and dedupe and not flags and row.error is None:
                    flags, ordinal = COPY, 0
                flags |= REPEATED if ordinal else 0
                unreadable += row.error is not None or bool(flags & DUPLICATE)
                index.write(
                    _RECORD.pack(row_offset | flags << _FLAG_BITS, with_ordinal(first, ordinal))
                )
                rows += 1
            blanks.clear()
        index.write(_OFFSET.pack(blanks[0][0] if blanks else offset))
        index.flush()
        os.fsync(index.fileno())
    return Indexed(
        rows=rows,
        unreadable=unreadable,
        size=offset,
        blake2b=digest.hexdigest(),
        batch_lines=batch_lines,
    )


class RowIndex:
    """Positions and ids of all rows, from `index.bin`, which is mapped into memory."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, and ValueError for a file that is no index."""
        import mmap  # imported late: start-up

        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        count, rest = divmod(len(self._map) - len(_MAGIC) - 8, _RECORD.size)
        if self._map[: len(_MAGIC)] != _MAGIC or rest:
            raise ValueError(f"{path} is no index of rows")
        self._count = count
        self._rows_by_id: dict[bytes, list[int]] | None = None
        self._has_copies: bool | None = None

    def __len__(self) -> int:
        return self._count

    def digest(self) -> str:
        """Return a hash of up to a thousand ids from all over the index."""
        digest = blake2b(digest_size=DIGEST_BYTES)
        for row in range(0, self._count, max(1, self._count // 1000)):
            digest.update(self.id(row))
        return digest.hexdigest()

    def id(self, row: int) -> bytes:
        """Return the row's id."""
        start = len(_MAGIC) + row * _RECORD.size + 8
        return self._map[start : start + DIGEST_BYTES]

    def span(self, row: int) -> tuple[int, int, int]:
        """Return (offset in the input, length, flags) of the row's line."""
        start = len(_MAGIC) + row * _RECORD.size
        (value,) = _OFFSET.unpack_from(self._map, start)
        (following,) = _OFFSET.unpack_from(self._map, start + _RECORD.size)
        mask = (1 << _FLAG_BITS) - 1
        return value & mask, (following & mask) - (value & mask), value >> _FLAG_BITS

    def flags(self, row: int) -> int:
        """Return the row's flags."""
        return self._map[len(_MAGIC) + row * _RECORD.size]

    def ids(self) -> Iterator[bytes]:
        """Yield the id of each row, in order."""
        for row in range(self._count):
            yield self.id(row)

    def rows_of(self, name: str, hint: int) -> Sequence[int]:
        """Return the rows with this id (32 hexadecimal digits): one, several if equal rows share it, or none.

        hint: where it was; while that is right, no table of all ids is needed.
        """
        try:
            item = bytes.fromhex(name)
        except ValueError:
            return ()
        if 0 <= hint < self._count and self.id(hint) == item and not self._copies():
            return (hint,)
        if self._rows_by_id is None:
            table: dict[bytes, list[int]] = {}
            for row in range(self._count):
                table.setdefault(self.id(row), []).append(row)
            self._rows_by_id = table
        return self._rows_by_id.get(item, ())

    def equal_rows(self, row: int) -> Sequence[int]:
        """Return the rows with this row's id: itself, and others if equal rows share it."""
        return self.rows_of(self.id(row).hex(), row) if self._copies() else (row,)

    def are_at(self, names: list[str], hints: list[int]) -> bool:
        """Return true if each of these ids is that of the row at its hint and of no other. For many at a time."""
        size, digest, start, rows = _RECORD.size, DIGEST_BYTES, len(_MAGIC) + 8, self._map
        if self._copies() or min(hints, default=0) < 0:
            return False
        ids = b"".join([rows[(at := start + hint * size) : at + digest] for hint in hints])
        return ids.hex(",", digest) == ",".join(names)

    def _copies(self) -> bool:
        if self._has_copies is None:
            flags = self._map[len(_MAGIC) : -8 : _RECORD.size]
            self._has_copies = any(value & COPY for value in set(flags))
        return self._has_copies
