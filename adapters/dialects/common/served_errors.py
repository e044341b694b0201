"""LLMError -> status and headers of the error that a server sends, by tables of the dialects."""

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

from llm_pure.core.server import ReceivedRequest
from llm_pure.types.errors import InvalidRequest, LLMError, retry_after_s
from llm_pure.types.http import Headers

JSON_HEADERS: Headers = (("content-type", "application/json"),)


class ErrorRow(NamedTuple):
    """How a dialect shows an error."""

    status: int
    type: str
    """Its general name."""
    code: str | None = None
    """Its specific name, where the dialect has one."""


_SPECIFIC = frozenset({401, 402, 403, 404, 407, 408, 409, 429})
_TEMPORARY = frozenset({408, 409, 429})
"""Statuses below 500 that the vendors' packages repeat. Source: ../shared/wire/server-side.md 4.1, read 2026-11-29."""


def error_row(error: LLMError, rows: Mapping[str, ErrorRow]) -> ErrorRow:
    """The row of an error's kind; "server_error" for kinds without one. A more exact status of the same meaning stays."""
    row = rows.get(error.kind) or rows["server_error"]
    status = error.status
    if status is None:
        return row
    exact = error.kind == "invalid_request" and 400 <= status < 500 and status not in _SPECIFIC
    exact |= error.kind == "server_error" and 500 <= status < 600 and status not in (503, 504, 529)
    return row._replace(status=status) if exact else row


def retry_headers(error: LLMError, status: int, *, milliseconds: bool = False) -> Headers:
    """The headers by which clients decide whether and when they repeat the request.

    `x-should-retry` is sent where the status alone says something else.
    """
    headers: list[tuple[str, str]] = []
    wait_s = retry_after_s(error)
    if wait_s is not None:
        headers.append(("retry-after", str(ceil(wait_s))))
        if milliseconds:
            headers.append(("retry-after-ms", str(round(wait_s * 1000))))
    repeated = status in _TEMPORARY or status >= 500
    if not error.retryable and (repeated or status == 401):
        headers.append(("x-should-retry", "false"))
    elif error.retryable and not repeated:
        headers.append(("x-should-retry", "true"))
    return tuple(headers)


def own_rate_limits(error: LLMError, received: ReceivedRequest, prefix: str) -> Headers:
    """The state of the upstream's limits, for a client of the same API: Claude Code waits until they are renewed.

    Source: BerriAI/litellm#37754, read 2026-11-29.
    """
    if not received.native:
        return ()
    return tuple([(name, value) for name, value in error.rate_limits if name.startswith(prefix)])


def message_of(error: LLMError) -> str:
    """The error's text, never empty: some clients take an empty one for no error."""
    return error.message or error.kind


def located_message(error: LLMError) -> str:
    """The same with the path of what is invalid, for dialects whose errors have no field for it."""
    text = message_of(error)
    path = error.param if isinstance(error, InvalidRequest) else None
    return f"{path}: {text}" if path and "/" in path and path not in text else text


def response_id(prefix: str, completion_id: str, received: ReceivedRequest) -> str:
    """The id of the answer."""
    return completion_id or received.response_id or f"{prefix}{received.created_s}"
