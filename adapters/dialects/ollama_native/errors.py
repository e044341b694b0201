"""Ollama's errors -> LLMError: {"error": "text"}, as a body or as a line of a stream that had begun with status 200.

There are no codes, only text; a line in mid-stream has no status either, so the status is taken from the text.
Source: ollama/ollama v0.33.0-rc2, docs/api/errors.mdx and server/routes.go; read 2026-11-20.
"""

import re
from typing import Any

import msgspec

from llm_pure.core.dialect import AnyService
from llm_pure.core.error_mapping import ProviderErrorInfo, to_llm_error
from llm_pure.types.errors import InvalidRequest, LLMError, ServerError, UnsupportedFeature
from llm_pure.types.http import HttpResponse

_STATUS_OF_TEXT: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"(?i)\bmodel\b.{0,200}\bnot found"), 404),
    (re.compile(r"(?i)\bunauthorized\b"), 401),
    (re.compile(r"(?i)server busy|maximum pending requests"), 503),
    (re.compile(r"(?i)too many requests|rate limit|usage limit"), 429),
    (re.compile(r"(?i)does not support|context length|invalid"), 400),
)
"""Error text -> the status that the server sends with it when no stream has begun.

Sources: ../shared/wire/ollama.md section 6; "server busy": valentinfrlch/ha-llmvision issue 648; read 2026-11-20.
"""

_UNSUPPORTED = re.compile(r"(?i)does not support ([a-z ]+)")


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. Inside a 200 the text gives the status, else 500."""
    failed = response.status >= 400
    message, code = _message_and_code(body, failed=failed)
    if not message and not failed:
        return None
    error = to_llm_error(
        ProviderErrorInfo(
            provider=service.name,
            status=response.status if failed else _status(message),
            message=message,
            code=code,
            headers=response.headers,
        )
    )
    unsupported = _UNSUPPORTED.search(message)
    if unsupported is None or not isinstance(error, InvalidRequest | ServerError):
        return error
    return UnsupportedFeature(
        message=error.message,
        provider=service.name,
        status=error.status,
        request_id=error.request_id,
        feature=unsupported[1].strip(),
    )


def _message_and_code(body: Any, *, failed: bool) -> tuple[str, str | None]:
    """(message, code); ("", None) for no error. The keys beside `error` are those of gateways in front of a server."""
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
    for pattern, status in _STATUS_OF_TEXT:
        if pattern.search(message):
            return status
    return 500
