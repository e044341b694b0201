"""A run as a directory: `run.json`, `index.bin`, `log/`, outputs. Mode 0700; no key is in it.

Everything but the logs is written to a temporary name and renamed, `run.json` last: a run exists once it does.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Any
from weakref import finalize

import msgspec

from llm_pure.adapters import registry as default_registry
from llm_pure.bulk.entries import Entry
from llm_pure.bulk.identity import item_id
from llm_pure.bulk.input_files import (
    COPY,
    DUPLICATE,
    INDEX,
    REPEATED,
    SPOOL,
    RowIndex,
    hash_file,
)
from llm_pure.bulk.joining import RowResult, row_result
from llm_pure.bulk.log_files import (
    LogReader,
    LogWriter,
    fold_logs,
    log_paths,
    next_start,
    remove_spares,
    scan_entries,
)
from llm_pure.bulk.planning import SHARD_ROWS, Shard
from llm_pure.bulk.row_states import NO_LINE, RowStates
from llm_pure.bulk.rows import Row, RowForm, read_row
from llm_pure.bulk.run_configs import load_config
from llm_pure.bulk.run_lock import RunLock, is_running, lock_run
from llm_pure.bulk.run_spec import (
    InputFile,
    RunSpec,
    config_settings,
    difference,
    id_prefix,
    row_form,
)
from llm_pure.bulk.typed_values import typed_value
from llm_pure.core.registry import Registry
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import Failure, LLMResult

SPEC = "run.json"
SNAPSHOT = "states.bin"
SNAPSHOT_LINES = 50_000
"""So many new lines make a new snapshot."""

Schema = type[Any] | Mapping[str, Any]
"""Of typed answers: a Python type, or a JSON Schema."""


class InputChanged(OSError):
    """A row of the input is not the row that was planned."""


class Run:
    """An open run. Reading needs no lock and no configuration; sending needs both."""

    def __init__(
        self,
        directory: Path,
        spec: RunSpec,
        *,
        config: LLMConfig | None = None,
        kind: Schema | None = None,
        registry: Registry | None = None,
    ) -> None:
        """kind: the Python type of typed answers. Raises OSError, ValueError and Rejected for a damaged directory."""
        self.directory = directory
        self.spec = spec
        self.index = RowIndex(directory / INDEX)
        self.kind: Schema | None = spec.schema if kind is None else kind
        self.registry = registry or default_registry
        self._config = config
        provider = self.registry.get(spec.api_type).value_or(None)
        self.form: RowForm = ok(row_form(spec, "" if provider is None else provider.dialect))
        self._prefix = id_prefix(spec)
        self._input: int | None = None
        self._closing: finalize[..., Run] | None = None

    def __len__(self) -> int:
        return len(self.index)

    def __repr__(self) -> str:
        return f"Run({str(self.directory)!r}, rows={len(self)})"

    @property
    def input_path(self) -> Path:
        """The JSON lines of the rows: the input, or its copy in the run."""
        return self.directory / SPOOL if self.spec.input.spooled else Path(self.spec.input.path)

    @returns_failure
    def config(self) -> LLMConfig:
        """Return the configuration to send with: the one that was passed, else the one of the run's name here.

        Fails with InvalidConfiguration if the name is unknown, or now means another model or other settings.
        """
        config = self._config or ok(load_config(self.spec))
        now = msgspec.structs.replace(
            self.spec,
            api_type=config.api_type,
            model=config.model,
            settings=config_settings(config),
        )
        changed = difference(self.spec, now)
        if changed is not None:
            raise Rejected(changed)
        self._config = config
        return config

    @returns_failure
    def check_input(self) -> None:
        """Fails with InvalidConfiguration if the input is gone or has changed since the run was planned."""
        if not self.spec.input.spooled:
            ok(self.check_original())

    @returns_failure
    def check_original(self) -> None:
        """Fails with InvalidConfiguration if the file that the rows were read from is gone or has changed."""
        remedy = f"if it was moved, name it once, with the options of the run: llm-pure batch run PATH -o {quote(str(self.directory))}"
        now = examine(self.spec.input.path, self.spec.input.form, remedy)
        changed = difference(self.spec, msgspec.structs.replace(self.spec, input=now))
        if changed is not None:
            raise Rejected(changed)

    def row(self, number: int) -> Row:
        """Return a row, read from the input now. Raises OSError if the input is gone or its row is another."""
        if self._input is None:
            self._input = os.open(self.input_path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            self._closing = finalize(self, os.close, self._input)  # if nobody calls `close`
        offset, length, flags = self.index.span(number)
        row = read_row(number, _read_at(self._input, length, offset), self.form)
        if not flags & REPEATED and item_id(self._prefix, row.key) != self.index.id(number):
            raise InputChanged(
                errno.ESTALE, "the input was changed while it is used", str(self.input_path)
            )
        if flags & DUPLICATE:
            message = f"row {number + 1}: custom_id {row.custom_id!r} is an earlier row's"
            error = InvalidRequest(message=message, param="custom_id")
            return msgspec.structs.replace(row, request=None, error=error)
        return row

    def is_copy(self, number: int) -> bool:
        """True if the row is equal to an earlier one and shares its answer (`dedupe`)."""
        return bool(self.index.flags(number) & COPY)

    def states(self, paths: Sequence[Path] | None = None) -> RowStates:
        """Return the states of all rows, from the logs as they are now. Takes no lock.

        What many lines say is kept in a snapshot beside them, so that the next look at a million rows is a short one.
        """
        paths = log_paths(self.directory) if paths is None else paths
        states = RowStates(len(self.index), self.index.rows_of, self.index.are_at)
        read = self._restore(states, paths)
        ends, lines = fold_logs(states, paths, read)
        if lines >= SNAPSHOT_LINES:
            self.save_snapshot(
                states, [(path.name, end) for path, end in zip(paths, ends, strict=True)]
            )
        return states

    def _restore(self, states: RowStates, paths: Sequence[Path]) -> list[int]:
        """Take over the snapshot; return how far each log was read. Logs that were added must come after those it has."""
        try:
            data = (self.directory / SNAPSHOT).read_bytes()
        except OSError:
            return []
        files = states.restore(data, self._plan_name())
        names = [path.name for path in paths]
        is_current = names[: len(files)] == [name for name, _ in files] and all(
            path.stat().st_size >= size for path, (_, size) in zip(paths, files, strict=False)
        )
        if not is_current:
            states.reset()
            return []
        return [size for _, size in files]

    def save_snapshot(self, states: RowStates, files: Sequence[tuple[str, int]]) -> None:
        """Keep what the logs say up to these sizes. A snapshot that cannot be written is done without."""
        data = states.snapshot(self._plan_name(), files)
        with suppress(OSError):
            write_atomically(self.directory / SNAPSHOT, lambda file: file.write(data), sync=False)

    def _plan_name(self) -> str:
        return f"{self.spec.created} {self.spec.input.blake2b} {self.index.digest()}"

    def shards(self, *, passing: bool = True, shard_rows: int = SHARD_ROWS) -> Iterator[Shard]:
        """Yield the shards that have rows to send. passing: also rows whose errors may pass."""
        states = self.states()
        for start in range(0, len(self), shard_rows):
            stop = min(start + shard_rows, len(self))
            rows = [
                row
                for row in range(start, stop)
                if states.is_open(row, passing=passing) and not self.is_copy(row)
            ]
            if rows:
                yield Shard(number=start // shard_rows, start=start, stop=stop, rows=tuple(rows))

    def entries(self) -> Iterator[Entry]:
        """Yield the entries of all logs, in order."""
        return scan_entries(log_paths(self.directory))

    def results(self) -> Iterator[RowResult]:
        """Yield the result of each row that has ended, in input order; one row is in memory at a time.

        `value` is the typed answer, of a run with a schema. May be called at any time, also while the run is under way.
        """
        paths = log_paths(self.directory)
        states = self.states(paths)
        reader = LogReader(paths)
        try:
            for number in range(len(self)):
                position = states.lines[number]
                entry = None if position == NO_LINE else reader.read(position)
                if entry is None:
                    continue
                result = row_result(self.row(number), entry)
                yield result if self.kind is None else self._typed(result)
        finally:
            reader.close()

    def _typed(self, result: RowResult) -> RowResult:
        value = result.result.bind(
            lambda completion: typed_value(self.spec.schema, self.kind, completion)
        )
        if isinstance(value, Failure):
            return msgspec.structs.replace(result, result=value)
        return msgspec.structs.replace(result, value=value.unwrap())

    def is_running(self) -> bool:
        """True if a process is working on the run now. Takes no lock."""
        return is_running(self.directory)

    def lock(self) -> LLMResult[RunLock]:
        """Take the run's lock, as a context manager. Fails with InvalidConfiguration if another process has it."""
        return lock_run(self.directory)

    @returns_failure
    def open_log(
        self, worker: str, *, start: int | None = None, secrets: Sequence[str] = (), calls: int = 0
    ) -> LogWriter:
        """Open a new log file. start: the number of this start, if several workers share it.

        Fails with InvalidConfiguration (field "directory") if the disk is full or the directory cannot be written.
        """
        try:
            if start is None:  # else other workers live, and have theirs
                remove_spares(self.directory)
            number = next_start(self.directory) if start is None else start
            return LogWriter(self.directory, worker, number, secrets=secrets, calls=calls)
        except OSError as error:
            raise Rejected(directory_error(self.directory, error)) from None

    def close(self) -> None:
        """Close the input. Reading a row opens it again."""
        if self._closing is not None:
            self._closing()
        self._input = self._closing = None


def _read_at(descriptor: int, length: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        data = os.pread(descriptor, length, offset)
        while len(data) < length:
            more = os.pread(descriptor, length - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data
    os.lseek(descriptor, offset, os.SEEK_SET)  # pragma: no cover
    return os.read(descriptor, length)  # pragma: no cover


def write_atomically(path: Path, write: Callable[[Any], object], *, sync: bool = True) -> None:
    """Write a file under a temporary name, flush it, and rename it. Raises OSError, and then the old file is as it was.

    What is no file, such as a pipe or /dev/stdout, is written to; a link stays, and its file is replaced.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            write(stream)
        return
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def output_error(path: Path, error: OSError) -> InvalidConfiguration:
    """Return the error of a file with results that cannot be written."""
    message = f"{path} cannot be written: {error.strerror or error}"
    remedy = "name a file that can be written, in a folder that exists"
    return InvalidConfiguration(message=message, field="directory", remedy=remedy)


def directory_error(path: Path, error: OSError) -> InvalidConfiguration:
    """Return the error of a run whose files cannot be written."""
    message = f"the run {path} cannot be written: {error.strerror or error}"
    if isinstance(error, FileExistsError | NotADirectoryError):
        message = f"the run {path} cannot be a folder: there is a file"
    return InvalidConfiguration(message=message, field="directory")


def require_not_input(run: "Run", path: Path) -> None:
    """Raise Rejected if a file to write is the run's input."""
    with suppress(OSError):
        if path.samefile(run.spec.input.path):
            message = f"{path} is the run's input"
            remedy = "write to another file"
            raise Rejected(InvalidConfiguration(message=message, field="directory", remedy=remedy))


def examine(name: str, form: str, remedy: str = "") -> InputFile:
    """Return an input file with the hash of its bytes. Raises Rejected if it cannot be read."""
    path = Path(name).absolute()
    try:
        size, digest = hash_file(path)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        reason = getattr(error, "strerror", None) or error
        message = f"the input {name} cannot be read: {reason}"
        raise Rejected(InvalidConfiguration(message=message, field="file", remedy=remedy)) from None
    return InputFile(path=str(path), form=form, size=size, blake2b=digest, spooled=form != "jsonl")
