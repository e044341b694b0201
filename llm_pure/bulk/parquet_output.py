"""A run as a Parquet file: all rows with the input's columns, and the `llm_*` columns of those that have ended."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from llm_pure.bulk.columns import (
    COLUMNS,
    column_kinds,
    column_value,
    input_columns,
    input_name,
    llm_columns,
)
from llm_pure.bulk.input_files import import_parquet
from llm_pure.bulk.joining import RowResult
from llm_pure.bulk.run_directory import Run, output_error, require_not_input
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, ok, returns_failure

BATCH_ROWS = 4096

_MAX_DEPTH = 20


@returns_failure
def write_parquet(run: Run, path: str | Path, *, raw: bool = False) -> int:
    """Write a Parquet file of all rows; return their number. Rows that have not ended have nulls. raw: with `llm_raw`.

    Fails with InvalidConfiguration if pyarrow is not installed or the file cannot be written; an older one stays.
    """
    parquet, arrow = import_parquet(), import_module("pyarrow")
    ok(run.check_input())
    target = Path(os.path.realpath(path))
    require_not_input(run, target)
    if str(path) == "-" or (target.exists() and not target.is_file()):
        message = f"Parquet is written to a file, and {str(path)!r} is none"
        raise Rejected(InvalidConfiguration(message=message, field="directory", remedy="name one"))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.new")
    tables = (
        _original(run, arrow, parquet)
        if run.spec.input.form == "parquet"
        else _inferred(run, arrow)
    )
    llm_schema = arrow.schema(_llm_fields(run, arrow, raw=raw))
    ends = _ended(run)
    rows = 0
    try:
        writer = None
        try:
            for table in tables:
                columns = [
                    {}
                    if result is None
                    else llm_columns(result, typed=run.kind is not None, raw=raw)
                    for result in islice(ends, table.num_rows)
                ]
                if run.kind is not None:
                    columns = [_with_value(row, run.spec.schema or {}) for row in columns]
                added = arrow.Table.from_pylist(columns, schema=llm_schema)
                for field, column in zip(llm_schema, added.columns, strict=True):
                    table = table.append_column(field, column)
                if writer is None:
                    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
                    writer = parquet.ParquetWriter(temporary, table.schema)
                writer.write_table(table)
                rows += table.num_rows
        finally:
            if writer is not None:
                writer.close()
        if writer is not None:
            os.replace(temporary, target)
    except OSError as error:
        raise Rejected(output_error(target, error)) from None
    finally:
        with suppress(OSError):
            temporary.unlink()
    return rows


def _ended(run: Run) -> Iterator[RowResult | None]:
    """The result of each row, None for those that have not ended."""
    results = run.results()
    following = next(results, None)
    for number in range(len(run)):
        if following is not None and following.row.index == number:
            yield following
            following = next(results, None)
        else:
            yield None


def _original(run: Run, arrow: Any, parquet: Any) -> Iterator[Any]:
    """The input's own tables, with all columns in their types."""
    ok(run.check_original())
    with parquet.ParquetFile(run.spec.input.path) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            names = [input_name(name) for name in batch.schema.names]
            yield arrow.Table.from_batches([batch]).rename_columns(names)


def _inferred(run: Run, arrow: Any) -> Iterator[Any]:
    """Tables of JSON rows. One pass learns the kinds of the columns, a second writes."""

    def rows() -> Iterator[Mapping[str, Any]]:
        for number in range(len(run)):
            row = run.row(number)
            yield {**input_columns(row.columns), "custom_id": row.custom_id}

    kinds = column_kinds(rows())
    types = {
        "bool": arrow.bool_(), "int": arrow.int64(), "float": arrow.float64(), "text": arrow.string(), "json": arrow.string(),
    }  # fmt: skip
    schema = arrow.schema([(name, types[kind]) for name, kind in kinds.items()])
    source = rows()
    while batch := list(islice(source, BATCH_ROWS)):
        values = [
            {name: column_value(kinds[name], value) for name, value in row.items()} for row in batch
        ]
        yield arrow.Table.from_pylist(values, schema=schema)


def _llm_fields(run: Run, arrow: Any, *, raw: bool) -> list[Any]:
    types = {
        "llm_input_tokens": arrow.int64(), "llm_output_tokens": arrow.int64(), "llm_cached_tokens": arrow.int64(),
        "llm_attempts": arrow.int32(), "llm_cost_usd": arrow.decimal128(18, 12), "llm_took_s": arrow.float64(),
    }  # fmt: skip
    fields = [arrow.field(name, types.get(name, arrow.string())) for name in COLUMNS]
    if run.kind is not None:
        fields.append(arrow.field("llm_value", arrow_type(run.spec.schema or {}, arrow)))
    return [*fields, arrow.field("llm_raw", arrow.string())] if raw else fields


def arrow_type(
    schema: Mapping[str, Any], arrow: Any, root: Mapping[str, Any] | None = None, depth: int = 0
) -> Any:
    """Return the Arrow type of a JSON Schema: structs, lists, numbers, booleans, texts; JSON as text for all else."""
    root = schema if root is None else root
    schema = _resolved(schema, root)
    match schema.get("type"):
        case "object" if schema.get("properties") and depth < _MAX_DEPTH:
            return arrow.struct(
                [
                    (name, arrow_type(part, arrow, root, depth + 1))
                    for name, part in schema["properties"].items()
                ]
            )
        case "array" if isinstance(schema.get("items"), Mapping) and depth < _MAX_DEPTH:
            return arrow.list_(arrow_type(schema["items"], arrow, root, depth + 1))
        case "integer":
            return arrow.int64()
        case "number":
            return arrow.float64()
        case "boolean":
            return arrow.bool_()
        case _:
            return arrow.string()


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference within the document, and of an optional value the value's."""
    for _ in range(_MAX_DEPTH):
        reference = schema.get("$ref")
        options = [
            option
            for option in schema.get("anyOf", ())
            if isinstance(option, Mapping) and option.get("type") != "null"
        ]
        if isinstance(reference, str) and reference.startswith("#/"):
            target: Any = root
            for part in reference[2:].split("/"):
                target = target.get(part, {}) if isinstance(target, Mapping) else {}
            schema = target
        elif len(options) == 1:
            schema = options[0]
        elif isinstance(schema.get("type"), list):
            kinds = [kind for kind in schema["type"] if kind != "null"]
            schema = {**schema, "type": kinds[0] if len(kinds) == 1 else "any"}
        else:
            break
    return schema


def _with_value(row: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    value = row.get("llm_value")
    if value is None:
        return row
    plain = msgspec.to_builtins(value, enc_hook=_to_plain)
    return {**row, "llm_value": fitted(plain, schema, schema)}


def _to_plain(value: Any) -> Any:
    """A pydantic model as its fields, anything else as its text."""
    dump = getattr(value, "model_dump", None)
    return str(value) if dump is None else dump(mode="json")


def fitted(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a JSON value in the form of `arrow_type`."""
    schema = _resolved(schema, root)
    if value is None:
        return None
    match schema.get("type"):
        case "object" if schema.get("properties") and depth < _MAX_DEPTH:
            if not isinstance(value, Mapping):
                return None
            return {
                name: fitted(value.get(name), part, root, depth + 1)
                for name, part in schema["properties"].items()
            }
        case "array" if isinstance(schema.get("items"), Mapping) and depth < _MAX_DEPTH:
            if not isinstance(value, list | tuple):
                return None
            return [fitted(item, schema["items"], root, depth + 1) for item in value]
        case "integer":
            return int(value) if isinstance(value, int | float) and abs(value) < 2**63 else None
        case "number":
            is_number = isinstance(value, int | float) and abs(value) <= sys.float_info.max
            return float(value) if is_number else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case _:
            return value if isinstance(value, str) else msgspec.json.encode(value).decode()
