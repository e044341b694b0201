"""Cohere's errors -> LLMError: {"message": "text", "id"?, "data"?}, and the status says which.

Source: cohere 7.3.1, errors/ (400, 401, 403, 404, 422, 429, 498 invalid token, 499, 500, 501, 503, 504), read 2026-11-20.
"""

from typing import Any

from llm_pure.classify import ErrorReport, ErrorType, classify
from llm_pure.codec import decode_any
from llm_pure.errors import AuthenticationFailed, LLMError, TimedOut
from llm_pure.http import HttpResponse
from llm_pure.result import Failure

_WORDS: dict[str, ErrorType] = {"498": AuthenticationFailed, "TIMEOUT": TimedOut}
"""498 is InvalidTokenError in the SDK, where other services are overloaded with it."""


def read_error(name: str, response: HttpResponse) -> LLMError | None:
    """The error that a body tells, whatever the status; None when the body tells none."""
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return None
    return error_in(name, decoded.unwrap(), response)


def error_in(name: str, body: Any, response: HttpResponse) -> LLMError | None:
    """The error that decoded JSON tells; None when it tells none. In an answer `message` is an object, never text."""
    failed = response.status >= 400
    message = _text(body, failed=failed)
    if message is None:
        return None
    error = body if isinstance(body, dict) else {}
    call_id = error.get("id")
    report = ErrorReport(
        provider=name,
        status=response.status if failed else 500,
        message=message,
        code="498" if response.status == 498 else None,
        request_id=call_id if isinstance(call_id, str) and call_id else None,
        headers=response.headers,
    )
    return classify(report, _WORDS)


def broken_off(name: str, reason: str, message: str, response: HttpResponse) -> LLMError:
    """The error of a stream whose last event tells one."""
    report = ErrorReport(
        provider=name, status=500, message=message, code=reason or None, headers=response.headers
    )
    return classify(report, _WORDS)


def _text(body: Any, *, failed: bool) -> str | None:
    """What the body says went wrong; "" for a failure without words, None when nothing did. Gateways have shapes of their own."""
    if isinstance(body, str) and failed:
        return body
    if not isinstance(body, dict):
        return None
    told = body.get("message")
    if isinstance(told, str) and (failed or "finish_reason" not in body):
        return told
    if not failed:
        return None
    for key in ("error", "detail"):
        told = body.get(key)
        if isinstance(told, dict):
            told = told.get("message")
        if isinstance(told, str):
            return told
    return ""
