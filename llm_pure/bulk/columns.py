"""Results as lines and columns: OpenAI's output lines, and the input's columns with `llm_*` columns beside them. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

import msgspec

from llm_pure.bulk.identity import canonical_json
from llm_pure.bulk.joining import RowResult
from llm_pure.bulk.requests import REQUEST_KEY
from llm_pure.bulk.rows import DIALECTS
from llm_pure.core.server import ReceivedRequest, ServerDialect
from llm_pure.server import server_dialects
from llm_pure.types.completion import Completion
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, error_of

_RESULT_NAME = re.compile("(input_)*llm_")

OutputForm = Literal["openai", "rows"]

COLUMNS = (
    "llm_text", "llm_finish_reason", "llm_error_kind", "llm_error", "llm_model", "llm_input_tokens", "llm_output_tokens",
    "llm_cached_tokens", "llm_cost_usd", "llm_attempts", "llm_took_s", "llm_id",
)  # fmt: skip
"""The columns of every result; `llm_value` is that of a typed answer, `llm_raw` the Completion as JSON."""


def llm_columns(result: RowResult, *, typed: bool = False, raw: bool = False) -> dict[str, Any]:
    """Return the columns of a result. typed: with `llm_value`. raw: with `llm_raw`."""
    completion = result.completion or Completion()
    usage = completion.usage
    error = error_of(result.result)
    has_text = result.completion is not None
    columns: dict[str, Any] = {
        "llm_text": completion.text if has_text else None,
        "llm_finish_reason": completion.finish_reason if has_text else None,
        "llm_error_kind": None if error is None else error.kind,
        "llm_error": None if error is None else error.message,
        "llm_model": completion.model or None,
        "llm_input_tokens": usage.input_tokens,
        "llm_output_tokens": usage.output_tokens,
        "llm_cached_tokens": usage.cached_input_tokens,
        "llm_cost_usd": result.cost_usd,
        "llm_attempts": result.attempts,
        "llm_took_s": result.took_s,
        "llm_id": result.id,
    }
    if typed:
        columns["llm_value"] = result.value
    if raw:
        encoded = None if not has_text else canonical_json(completion).decode()
        columns["llm_raw"] = encoded
    return columns


def input_name(name: str) -> str:
    """Return the name of an input's column among the results: one that is named like a column of a result gets "input_" before.

    So do those that had it before, of a run whose input are the results of another's: no two columns have one name.

    >>> [input_name(name) for name in ("text", "llm_text", "input_llm_text")]
    ['text', 'input_llm_text', 'input_input_llm_text']
    """
    return f"input_{name}" if _RESULT_NAME.match(name) else name


def input_columns(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's own columns, by their names among the results."""
    return {input_name(name): value for name, value in columns.items() if name != REQUEST_KEY}


def output_line(
    result: RowResult, form: OutputForm, *, typed: bool = False, raw: bool = False
) -> bytes:
    """Return the line of a result, with its newline."""
    if form == "openai":
        return openai_line(result)
    columns = input_columns(result.row.columns) | {"custom_id": result.row.custom_id}
    columns |= llm_columns(result, typed=typed, raw=raw)
    return msgspec.json.encode(columns, enc_hook=str) + b"\n"


def openai_line(result: RowResult) -> bytes:
    """Return OpenAI's output line of a result: the completion in its form, whichever provider has answered.

    A row that failed has `error` with the kind of the error as `code`; its `response` is null if the service gave none.
    """
    dialect = _dialect(str(result.row.columns.get("url") or ""))
    request = result.row.request
    received = ReceivedRequest(
        dialect=dialect.name,
        model="" if request is None else request.model,
        created_s=_seconds(result.at),
        response_id=f"chatcmpl-{result.id}",
    )
    if request is not None:
        received = msgspec.structs.replace(received, chat=request)
    response: HttpResponse | None = None
    failed: dict[str, str] | None = None
    if isinstance(result.result, Failure):
        error = result.result.failure()
        failed = {"code": error.kind, "message": error.message}
        if error.status is not None and result.attempts:
            response = dialect.build_error(error, received)
    else:
        response = dialect.build_response(result.result.unwrap(), received)
    line = {
        "id": f"batch_req_{result.id}",
        "custom_id": result.row.custom_id,
        "response": None if response is None else _response(response, result),
        "error": failed,
    }
    return msgspec.json.encode(line) + b"\n"


def _response(response: HttpResponse, result: RowResult) -> dict[str, Any]:
    return {
        "status_code": response.status,
        "request_id": result.id,
        "body": msgspec.Raw(response.body),
    }


@lru_cache(maxsize=8)
def _dialect(url: str) -> ServerDialect:
    return server_dialects[DIALECTS.get(url, "openai_chat")]


def _seconds(at: str) -> int:
    try:
        return int(datetime.fromisoformat(at).timestamp())
    except ValueError:
        return 0


def column_kinds(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the kind of each column over all rows: "bool", "int", "float", "text", or "json" for mixed and nested values.

    >>> column_kinds([{"n": 1, "s": "x", "nulls": None}, {"n": 2.5, "s": None, "m": [1]}])
    {'n': 'float', 's': 'text', 'nulls': 'text', 'm': 'json'}
    """
    kinds: dict[str, str] = {}
    for row in rows:
        for name, value in row.items():
            kind = _KINDS.get(type(value), "json")
            if kind == "int" and not -(2**63) <= value < 2**63:
                kind = "json"  # its digits
            before = kinds.setdefault(name, "null")
            if kind != before:
                kinds[name] = _merged(before, kind)
    return {name: "text" if kind == "null" else kind for name, kind in kinds.items()}


_KINDS = {bool: "bool", int: "int", float: "float", str: "text", type(None): "null"}


def _merged(first: str, second: str) -> str:
    if "null" in (first, second):
        return second if first == "null" else first
    return "float" if {first, second} == {"int", "float"} else "json"


def column_value(kind: str, value: Any) -> Any:
    """Return a value as its column's kind has it: nested and mixed values are JSON texts."""
    if value is None:
        return None
    if kind == "json":
        return msgspec.json.encode(value, enc_hook=str).decode()
    return float(value) if kind == "float" else value
