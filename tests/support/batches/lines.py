"""Results of the fake services, row by row and as files, with the oddities of real ones."""

from random import Random
from typing import Any

import msgspec

from tests.support.batches.jobs import (
    FakeJob,
    FakeRow,
    Outcome,
    anthropic_message,
    chat_completion,
    gemini_response,
)

_ERRORS: dict[Outcome, tuple[int, str, str]] = {
    "refused": (400, "invalid_request_error", "the request is bad"),
    "filtered": (400, "content_filter", "the content was filtered"),
    "busy": (429, "rate_limit_error", "too many requests"),
}


def _error(outcome: Outcome) -> tuple[int, dict[str, Any]]:
    status, kind, message = _ERRORS[outcome]
    return status, {"error": {"message": message, "type": kind, "param": None, "code": None}}


def openai_line(job: FakeJob, row: FakeRow, outcome: Outcome) -> dict[str, Any] | None:
    """A line of an output or error file, None for a row that is in neither."""
    line: dict[str, Any] = {"id": f"batch_req_{row.custom_id}", "custom_id": row.custom_id}
    match outcome:
        case "ok":
            response = _response(200, row, chat_completion(row, job.model))
            return {**line, "response": response, "error": None}
        case "status_0":
            return {**line, "response": _response(0, row, None), "error": None}
        case "html_500":
            return {**line, "response": _response(500, row, "<html>oh</html>"), "error": None}
        case "expired" | "cancelled":
            error = {"code": f"batch_{outcome}", "message": f"This request was {outcome}."}
            return {**line, "response": None, "error": error}
        case "missing":
            return None
        case _:
            status, body = _error(outcome)
            return {**line, "response": _response(status, row, body), "error": None}


def _response(status: int, row: FakeRow, body: Any) -> dict[str, Any]:
    return {"status_code": status, "request_id": f"req-{row.custom_id}", "body": body}


def anthropic_line(row: FakeRow, outcome: Outcome) -> dict[str, Any] | None:
    """A line of the results of a message batch."""
    match outcome:
        case "ok":
            result = {"type": "succeeded", "message": anthropic_message(row)}
        case "expired":
            result = {"type": "expired"}
        case "cancelled":
            result = {"type": "canceled"}
        case "missing":
            return None
        case _:
            kind = "overloaded_error" if outcome not in _ERRORS else _ERRORS[outcome][1]
            kind = "invalid_request_error" if kind == "content_filter" else kind
            error = {"type": "error", "error": {"type": kind, "message": "no"}, "request_id": "r-1"}
            result = {"type": "errored", "error": error}
    return {"custom_id": row.custom_id, "result": result}


_GRPC = {"refused": 3, "filtered": 3, "busy": 8, "status_0": 13, "html_500": 14}


def gemini_line(row: FakeRow, outcome: Outcome, *, inline: bool) -> dict[str, Any] | None:
    """A line of a file of responses, or an inline response."""
    key: dict[str, Any] = {"metadata": {"key": row.custom_id}} if inline else {"key": row.custom_id}
    if outcome == "ok":
        return {**key, "response": gemini_response(row)}
    if outcome in _GRPC:
        return {**key, "error": {"code": _GRPC[outcome], "message": "no"}}
    return None


def xai_result(job: FakeJob, row: FakeRow, outcome: Outcome) -> dict[str, Any] | None:
    """A result of a page."""
    result: dict[str, Any]
    if outcome == "ok":
        result = {"response": {"chat_get_completion": chat_completion(row, job.model)}}
    elif outcome == "cancelled":
        result = {"error": {"code": 1, "message": "the request was cancelled"}}
    elif outcome in _GRPC:
        result = {"error": {"code": _GRPC[outcome], "message": "no"}}
    else:
        return None
    return {"batch_request_id": row.custom_id, "batch_result": result}


def as_file(lines: list[dict[str, Any]], chance: Random | None) -> bytes:
    """The lines as a file: shuffled, some twice, with a foreign one, blank lines, CRLF, a byte order mark, no last line end."""
    rows = [msgspec.json.encode(line) for line in lines]
    if chance is None:
        return b"".join([row + b"\n" for row in rows])
    chance.shuffle(rows)
    if rows and chance.random() < 0.2:
        rows.append(chance.choice(rows))
    if rows and chance.random() < 0.1:
        rows.append(b'{"custom_id":"of-nobody","response":null,"error":{"message":"?"}}')
    end = b"\r\n" if chance.random() < 0.2 else b"\n"
    if chance.random() < 0.1:
        rows.insert(0, b"")
    data = end.join(rows)
    if data and chance.random() < 0.7:
        data += end
    return (b"\xef\xbb\xbf" if data and chance.random() < 0.1 else b"") + data
