"""`open_run`: open the run of a directory, and plan it if it does not exist."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from llm_pure import __version__
from llm_pure.adapters import registry as default_registry
from llm_pure.bulk.input_files import (
    INDEX,
    SPOOL,
    RowsInput,
    form_of,
    read_rows_of,
    read_stdin,
    spool_rows,
    write_index,
)
from llm_pure.bulk.run_configs import load_named
from llm_pure.bulk.run_directory import (
    SPEC,
    Run,
    Schema,
    directory_error,
    examine,
    write_atomically,
)
from llm_pure.bulk.run_lock import FILE as LOCK
from llm_pure.bulk.run_lock import lock_run
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
from llm_pure.bulk.typed_values import schema_error
from llm_pure.core.registry import Registry
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.redact import url_secrets
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest


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
    if "\0" in str(path):
        message = f"{str(path)!r} is no possible path"
        raise Rejected(InvalidConfiguration(message=message, field="directory"))
    existing = _read_spec(path)
    if rows is None:
        if existing is None:
            message = f"{path} is no run: it has no {SPEC}"
            remedy = "pass the folder of a run, which `llm-pure batch run` names"
            raise Rejected(InvalidConfiguration(message=message, field="file", remedy=remedy))
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
        raise Rejected(directory_error(path, error)) from None


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
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if existing is not None or not any(path.iterdir()):  # a folder of other files stays as it is
        with suppress(OSError):
            path.chmod(0o700)
    spool = path / f"{SPOOL}.{os.getpid()}.new"
    try:
        source = _input(rows, spool)
        spec = msgspec.structs.replace(spec, input=source)
        changed = None if existing is None else difference(existing, spec)
        if existing is not None and changed is None:
            existing = _with_path(path, existing, source)
            return _open(path, existing, config, schema, registry)
        if changed is not None and not accept_changes:
            raise Rejected(changed)
        if source.spooled and (path / SPOOL).exists() and not (path / INDEX).exists():
            message = f"{path / SPOOL} is no file of a run, which would replace it"
            remedy = "name another folder for the run"
            raise Rejected(InvalidConfiguration(message=message, field="directory", remedy=remedy))
        with ok(lock_run(path)):
            if _read_spec(path) != existing:
                message = f"the run {path} was planned by another process just now"
                raise Rejected(
                    InvalidConfiguration(message=message, field="directory", code="locked")
                )
            if source.spooled and source.form != "rows":
                columns = None if template is None else template.columns
                spool_rows(read_rows_of(Path(source.path), source.form, columns), spool)
            lines = spool if source.spooled else Path(source.path)
            _write_plan(path, spec, lines, registry)
    finally:
        with suppress(FileNotFoundError):
            spool.unlink()
        if new and not (path / SPEC).exists():
            _discard(path, new)
    return _open(path, ok(_spec_result(path)), config, schema, registry)


def _with_path(path: Path, spec: RunSpec, source: InputFile) -> RunSpec:
    """The plan with the path that its input has now: the same bytes may have been moved."""
    if source.path == spec.input.path or spec.input.spooled != source.spooled:
        return spec
    moved = msgspec.structs.replace(spec.input, path=source.path)
    spec = msgspec.structs.replace(spec, input=moved)
    with ok(lock_run(path)):
        _write_spec(path, spec)
    return spec


def discard_plan(run: Run) -> None:
    """Remove the plan of a run that has sent nothing, and its directory if nothing else is in it. Raises OSError."""
    _discard(run.directory, [run.directory], spooled=run.spec.input.spooled)


def _discard(path: Path, folders: Sequence[Path], *, spooled: bool = True) -> None:
    """Remove the files of a plan, and these folders as far as they are empty."""
    names = (SPEC, INDEX, f"{INDEX}.new", LOCK)  # a run exists as long as its run.json
    for name in (*names, SPOOL) if spooled else names:
        with suppress(FileNotFoundError):
            (path / name).unlink()
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


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
    os.replace(index, path / INDEX)
    if spec.input.spooled:
        os.replace(lines, path / SPOOL)
    _write_spec(path, msgspec.structs.replace(spec, input=source))


def _write_spec(path: Path, spec: RunSpec) -> None:
    data = msgspec.json.format(msgspec.json.encode(spec), indent=1)
    write_atomically(path / SPEC, lambda file: file.write(data))


def _input(rows: RowsInput, spool: Path) -> InputFile:
    if isinstance(rows, str | os.PathLike):
        name = os.fspath(rows)
        if name != "-" and not _is_pipe(name):
            return examine(name, form_of(name))
        lines = read_stdin() if name == "-" else read_rows_of(Path(name), "jsonl", None)
        size, digest = spool_rows(lines, spool)
        return InputFile(path=name, form="rows", size=size, blake2b=digest, spooled=True)
    size, digest = spool_rows(rows, spool)
    return InputFile(path="-", form="rows", size=size, blake2b=digest, spooled=True)


def _is_pipe(name: str) -> bool:
    """True for what can be read once, such as <(zstd -dc FILE) of a shell."""
    try:
        return Path(name).is_fifo()
    except OSError:  # whoever reads it says why
        return False


def _read_spec(path: Path) -> RunSpec | None:
    try:
        is_run = (path / SPEC).exists()
    except OSError as error:  # another user's folder
        message = f"the run {path} cannot be read: {error.strerror}"
        raise Rejected(InvalidConfiguration(message=message, field="file")) from None
    return ok(_spec_result(path)) if is_run else None


@returns_failure
def _spec_result(path: Path) -> RunSpec:
    try:
        spec = msgspec.json.decode((path / SPEC).read_bytes(), type=RunSpec)
    except (OSError, *DECODE_ERRORS) as error:
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
    from llm_pure.output.tools import schema_of  # imported late: most runs have no schema

    plain = dict(schema) if isinstance(schema, Mapping) else ok(schema_of(schema))
    error = schema_error(plain)
    if error is not None:
        raise Rejected(error)
    return plain
