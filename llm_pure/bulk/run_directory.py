"""A run as a directory: `run.json`, `index.bin`, `log/`, outputs. Mode 0700; no key is in it.

Everything but the logs is written to a temporary name and renamed, `run.json` last: a run exists once it does.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from llm_pure import __version__
from llm_pure.adapters import registry as default_registry
from llm_pure.bulk.entries import Entry
from llm_pure.bulk.input_files import (
    COPY,
    DUPLICATE,
    INDEX,
    SPOOL,
    RowIndex,
    RowsInput,
    form_of,
    hash_file,
    read_csv,
    read_parquet,
    read_stdin,
    spool_rows,
    write_index,
)
from llm_pure.bulk.joining import RowResult, row_result
from llm_pure.bulk.log_files import (
    LogReader,
    LogWriter,
    log_paths,
    next_start,
    remove_spares,
    scan_entries,
    scan_heads,
)
from llm_pure.bulk.planning import SHARD_ROWS, Shard
from llm_pure.bulk.row_states import NO_LINE, RowStates
from llm_pure.bulk.rows import Row, RowForm, read_row
from llm_pure.bulk.run_lock import RunLock, is_running, lock_run
from llm_pure.bulk.run_spec import (
    FORMAT,
    InputFile,
    RunSpec,
    config_settings,
    difference,
    id_prefix,
    request_settings,
    row_form,
)
from llm_pure.bulk.templates import Template, parse_template
from llm_pure.bulk.typed_values import typed_value
from llm_pure.core.registry import Registry
from llm_pure.output.tools import schema_of
from llm_pure.settings.loading import load_configuration
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.redact import url_secrets
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult

SPEC = "run.json"

Schema = type[Any] | Mapping[str, Any]
"""Of typed answers: a Python type, or a JSON Schema."""


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
        self._input: int | None = None

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
        if self.spec.input.spooled:
            return
        now = _examine(self.spec.input.path, self.spec.input.form)
        changed = difference(self.spec, msgspec.structs.replace(self.spec, input=now))
        if changed is not None:
            raise Rejected(changed)

    def row(self, number: int) -> Row:
        """Return a row, read from the input now. Raises OSError if the input is gone."""
        if self._input is None:
            self._input = os.open(self.input_path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        offset, length, flags = self.index.span(number)
        row = read_row(number, _read_at(self._input, length, offset), self.form)
        if flags & DUPLICATE:
            message = f"row {number + 1}: custom_id {row.custom_id!r} is an earlier row's"
            error = InvalidRequest(message=message, param="custom_id")
            return msgspec.structs.replace(row, request=None, error=error)
        return row

    def is_copy(self, number: int) -> bool:
        """True if the row is equal to an earlier one and shares its answer (`dedupe`)."""
        return bool(self.index.flags(number) & COPY)

    def states(self, paths: Sequence[Path] | None = None) -> RowStates:
        """Return the states of all rows, from the logs as they are now. Takes no lock."""
        states = RowStates(len(self.index), self.index.rows_of)
        for head, position in scan_heads(log_paths(self.directory) if paths is None else paths):
            states.add(head, position)
        return states

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
            remove_spares(self.directory)
            number = next_start(self.directory) if start is None else start
            return LogWriter(self.directory, worker, number, secrets=secrets, calls=calls)
        except OSError as error:
            raise Rejected(_directory_error(self.directory, error)) from None

    def close(self) -> None:
        """Close the input. Reading a row opens it again."""
        if self._input is not None:
            os.close(self._input)
            self._input = None


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


@returns_failure
def open_run(
    directory: str | os.PathLike[str],
    rows: RowsInput | None = None,
    *,
    config: LLMConfig | str | None = None,
    prompt: str | None = None,
    system: str | None = None,
    schema: Schema | None = None,
    request: ChatRequest | None = None,
    dedupe: bool = False,
    accept_changes: bool = False,
    config_file: str | None = None,
    base_url: str | None = None,
    config_name: str | None = None,
    registry: Registry | None = None,
) -> Run:
    """Open the run of a directory; with rows, plan it first if it does not exist.

    rows: a path (JSON lines, CSV, Parquet; "-" is standard input), or an iterable of prompts, mappings and ChatRequests.
    config: an LLMConfig, or a name in the configuration files, or PROVIDER:MODEL. prompt: a template such as
    "Classify: {text}". request: settings of every request, such as max_tokens; its messages are not sent. schema: of typed
    answers. dedupe: send equal rows once. config_file, base_url, config_name: noted in `run.json`, by which the command line
    selects the model again.

    An existing run keeps its answers. Fails with InvalidConfiguration that names the difference if rows, prompt, model or
    settings are others than those it was planned with; accept_changes plans again, and rows that are the same keep theirs.
    Without rows the run must exist, and what is not passed is as it was.
    """
    path = Path(directory)
    existing = _read_spec(path)
    if rows is None:
        if existing is None:
            message = f"{path} is no run: it has no {SPEC}"
            raise Rejected(InvalidConfiguration(message=message, field="file"))
        resolved = ok(load_named(config)) if isinstance(config, str) else config
        return _open(path, existing, resolved, schema, registry)
    resolved = ok(load_named(config)) if isinstance(config, str) else config or LLMConfig()
    template = None if prompt is None else ok(parse_template(prompt))
    name = config_name or (config if isinstance(config, str) else None)
    spec = RunSpec(
        library=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        input=InputFile(path="", form="rows", size=0, blake2b=""),
        config=name,
        config_file=config_file,
        base_url=base_url if base_url and not list(url_secrets(base_url)) else None,
        api_type=resolved.api_type,
        model=resolved.model,
        settings=config_settings(resolved),
        prompt=prompt,
        system=system,
        request=request_settings(request),
        schema=None if schema is None else _json_schema(schema),
        dedupe=dedupe,
    )
    try:
        return _plan(
            path, existing, spec, rows, template, resolved, schema, registry, accept_changes
        )
    except OSError as error:
        raise Rejected(_directory_error(path, error)) from None


def _plan(
    path: Path,
    existing: RunSpec | None,
    spec: RunSpec,
    rows: RowsInput,
    template: Template | None,
    config: LLMConfig,
    schema: Schema | None,
    registry: Registry | None,
    accept_changes: bool,
) -> Run:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(OSError):
        path.chmod(0o700)
    spool = path / f"{SPOOL}.{os.getpid()}.new"
    try:
        source = _input(rows, spool)
        spec = msgspec.structs.replace(spec, input=source)
        changed = None if existing is None else difference(existing, spec)
        if existing is not None and changed is None:
            return _open(path, existing, config, schema, registry)
        if changed is not None and not accept_changes:
            raise Rejected(changed)
        with ok(lock_run(path)):
            if source.spooled and source.form != "rows":
                _spool_file(Path(source.path), source.form, template, spool)
            lines = spool if source.spooled else Path(source.path)
            _write_plan(path, spec, lines, registry)
    finally:
        with suppress(FileNotFoundError):
            spool.unlink()
    return _open(path, ok(_spec_result(path)), config, schema, registry)


def _write_plan(path: Path, spec: RunSpec, lines: Path, registry: Registry | None) -> None:
    """Index the rows, then put the new files into place, `run.json` last."""
    provider = (registry or default_registry).get(spec.api_type).value_or(None)
    form = ok(row_form(spec, "" if provider is None else provider.dialect))
    index = path / f"{INDEX}.new"
    indexed = write_index(lines, index, form, id_prefix(spec), dedupe=spec.dedupe)
    source = msgspec.structs.replace(
        spec.input,
        rows=indexed.rows,
        unreadable=indexed.unreadable,
        batch_lines=indexed.batch_lines,
    )
    if not spec.input.spooled:  # what was indexed counts, if the file was written to meanwhile
        source = msgspec.structs.replace(source, size=indexed.size, blake2b=indexed.blake2b)
    with suppress(FileNotFoundError):
        (path / SPEC).unlink()
    if spec.input.spooled:
        os.replace(lines, path / SPOOL)
    os.replace(index, path / INDEX)
    write_atomically(
        path / SPEC,
        lambda file: file.write(
            msgspec.json.format(
                msgspec.json.encode(msgspec.structs.replace(spec, input=source)), indent=1
            )
        ),
    )


def write_atomically(path: Path, write: Callable[[Any], object]) -> None:
    """Write a file under a temporary name, flush it, and rename it. Raises OSError, and then the old file is as it was."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _input(rows: RowsInput, spool: Path) -> InputFile:
    if isinstance(rows, str | os.PathLike):
        name = os.fspath(rows)
        if name != "-":
            return _examine(name, form_of(name))
        size, digest = spool_rows(read_stdin(), spool)
        return InputFile(path="-", form="rows", size=size, blake2b=digest, spooled=True)
    size, digest = spool_rows(rows, spool)
    return InputFile(path="-", form="rows", size=size, blake2b=digest, spooled=True)


def _examine(name: str, form: str) -> InputFile:
    path = Path(name).absolute()
    try:
        size, digest = hash_file(path)
    except OSError as error:
        message = f"the input {name} cannot be read: {error.strerror or error}"
        raise Rejected(InvalidConfiguration(message=message, field="file")) from None
    return InputFile(path=str(path), form=form, size=size, blake2b=digest, spooled=form != "jsonl")


def _spool_file(path: Path, form: str, template: Template | None, spool: Path) -> None:
    columns = None if template is None else template.columns
    spool_rows(read_csv(path) if form == "csv" else read_parquet(path, columns), spool)


def _read_spec(path: Path) -> RunSpec | None:
    return ok(_spec_result(path)) if (path / SPEC).exists() else None


@returns_failure
def _spec_result(path: Path) -> RunSpec:
    try:
        spec = msgspec.json.decode((path / SPEC).read_bytes(), type=RunSpec)
    except (OSError, msgspec.DecodeError) as error:
        message = f"{path / SPEC} cannot be read: {error}"
        raise Rejected(InvalidConfiguration(message=message, field="file")) from None
    if spec.format > FORMAT:
        message = (
            f"{path} is a run of format {spec.format}, and this version of llm-pure reads {FORMAT}"
        )
        raise Rejected(InvalidConfiguration(message=message, field="file"))
    return spec


def _open(
    path: Path,
    spec: RunSpec,
    config: LLMConfig | None,
    schema: Schema | None,
    registry: Registry | None,
) -> Run:
    try:
        return Run(path, spec, config=config, kind=schema, registry=registry)
    except (OSError, ValueError) as error:
        message = f"the run {path} is damaged: {error}; plan it again from its input"
        raise Rejected(InvalidConfiguration(message=message, field="file")) from None


def _json_schema(schema: Schema) -> dict[str, Any]:
    return dict(schema) if isinstance(schema, Mapping) else ok(schema_of(schema))


def _directory_error(path: Path, error: OSError) -> InvalidConfiguration:
    message = f"the run {path} cannot be written: {error.strerror or error}"
    return InvalidConfiguration(message=message, field="directory")


def load_config(spec: RunSpec) -> LLMResult[LLMConfig]:
    """Return the configuration that the run's name means here. Fails with InvalidConfiguration."""
    name = spec.config or f"{spec.api_type}:{spec.model}"
    loaded = load_named(name, spec.config_file)
    if isinstance(loaded, Failure) and spec.config is None:
        config = LLMConfig(api_type=spec.api_type, model=spec.model, **spec.settings)
        return ok_config(config, spec)
    return loaded.bind(lambda config: ok_config(config, spec))


@returns_failure
def ok_config(config: LLMConfig, spec: RunSpec) -> LLMConfig:
    """Return the configuration with the run's base URL and, if it was not named, the run's settings."""
    if spec.base_url:
        config = msgspec.structs.replace(config, base_url=spec.base_url)
    if spec.config is None:
        config = msgspec.structs.replace(config, **spec.settings)
    return config


@returns_failure
def load_named(name: str, config_file: str | None = None) -> LLMConfig:
    """Return the configuration of a name in the configuration files, or of PROVIDER:MODEL.

    Fails with InvalidConfiguration if there is none.
    """
    loaded = ok(load_configuration(config_file))
    if loaded.find(name) is not None or ":" not in name:
        return ok(loaded.get(name))
    api_type, _, model = name.partition(":")
    known = loaded.get(api_type).value_or(None)
    if known is not None and known.api_type == api_type:
        return msgspec.structs.replace(
            known, model=model, pricing_plan=None, context_length=None, input_modalities=None
        )
    return LLMConfig(api_type=api_type, model=model)
