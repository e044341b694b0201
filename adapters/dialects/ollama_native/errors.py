"""Ollama's errors -> LLMError: {"error": "text"}, as a body or as a line of a stream that had begun with status 200.

There are no codes, only words; a line in mid-stream has no status either, so the words stand in for it.
Source: ollama/ollama v0.33.0-rc2, docs/api/errors.mdx and server/routes.go; read 2026-11-20.
"""

import re
from typing import Any

import msgspec

from llm_pure.classify import ErrorReport, classify
from llm_pure.codec import decode_any
from llm_pure.errors import InvalidRequest, LLMError, ServerError, Unsupported
from llm_pure.http import HttpResponse
from llm_pure.result import Failure

_STATUS_OF_TEXT: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"(?i)\bmodel\b.{0,200}\bnot found"), 404),
    (re.compile(r"(?i)\bunauthorized\b"), 401),
    (re.compile(r"(?i)server busy|maximum pending requests"), 503),
    (re.compile(r"(?i)too many requests|rate limit|usage limit"), 429),
    (re.compile(r"(?i)does not support|context length|invalid"), 400),
)
"""The status that the server has for these words when it can still send one.

Sources: ../shared/wire/ollama.md section 6; "server busy": valentinfrlch/ha-llmvision issue 648; read 2026-11-20.
"""

_LACKING = re.compile(r"(?i)does not support ([a-z ]+)")


def read_error(provider: str, response: HttpResponse) -> LLMError | None:
    """The error that a body tells, whatever the status; None when the body tells none."""
    decoded = decode_any(response.body, provider=provider)
    if isinstance(decoded, Failure):
        return None
    return error_in(provider, decoded.unwrap(), response)


def error_in(provider: str, body: Any, response: HttpResponse) -> LLMError | None:
    """The error that decoded JSON tells; None when it tells none. Inside a 200 the words give the status, else 500."""
    failed = response.status >= 400
    message, code = _told(body, failed=failed)
    if not message and not failed:
        return None
    error = classify(
        ErrorReport(
            provider=provider,
            status=response.status if failed else _status(message),
            message=message,
            code=code,
            headers=response.headers,
        )
    )
    lacking = _LACKING.search(message)
    if lacking is None or not isinstance(error, InvalidRequest | ServerError):
        return error
    return Unsupported(
        message=error.message,
        provider=provider,
        status=error.status,
        request_id=error.request_id,
        feature=lacking[1].strip(),
    )


def _told(body: Any, *, failed: bool) -> tuple[str, str | None]:
    """(message, code). Gateways in front of a server have shapes of their own."""
    if isinstance(body, str):
        return (body, None) if failed else ("", None)
    if not isinstance(body, dict):
        return "", None
    error = body.get("error")
    if isinstance(error, str) and error:
        return error, None
    if isinstance(error, dict) and error:
        code = error.get("code") or error.get("type")
        message = error.get("message")
        return str(message or msgspec.json.encode(error).decode()), str(code) if code else None
    for key in ("message", "detail") if failed else ():
        if isinstance(body.get(key), str):
            return body[key], None
    return "", None


def _status(message: str) -> int:
    for words, status in _STATUS_OF_TEXT:
        if words.search(message):
            return status
    return 500
