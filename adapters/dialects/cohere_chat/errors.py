"""Cohere's errors -> LLMError: {"message": "text", "id"?, "data"?}; the status selects the error.

Source: cohere 7.3.1, errors/ (400, 401, 403, 404, 422, 429, 498 invalid token, 499, 500, 501, 503, 504), read 2026-11-20.
"""

from typing import Any

from llm_pure.core.dialect import AnyService
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.types.errors import AuthenticationFailed, LLMError, TimedOut
from llm_pure.types.http import HttpResponse

ERROR_CODES: dict[str, ErrorType] = {"498": AuthenticationFailed, "TIMEOUT": TimedOut}
"""498 is InvalidTokenError in the SDK, where other services are overloaded with it."""


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. In a response `message` is an object, never text."""
    failed = response.status >= 400
    message = _message(body, failed=failed)
    if message is None:
        return None
    error = body if isinstance(body, dict) else {}
    call_id = error.get("id")
    report = ProviderErrorInfo(
        provider=service.name,
        status=response.status if failed else 500,
        message=message,
        code="498" if response.status == 498 else None,
        request_id=call_id if isinstance(call_id, str) and call_id else None,
        headers=response.headers,
    )
    return to_llm_error(report, service.error_codes)


def stream_error(service: AnyService, code: str, message: str, response: HttpResponse) -> LLMError:
    """The error in the last event of a stream."""
    report = ProviderErrorInfo(
        provider=service.name,
        status=500,
        message=message,
        code=code or None,
        headers=response.headers,
    )
    return to_llm_error(report, service.error_codes)


def _message(body: Any, *, failed: bool) -> str | None:
    """The message of the error; "" for an error without one, None for no error. `error` and `detail` are those of gateways."""
    if isinstance(body, str) and failed:
        return body
    if not isinstance(body, dict):
        return None
    message = body.get("message")
    if isinstance(message, str) and (failed or "finish_reason" not in body):
        return message
    if not failed:
        return None
    for key in ("error", "detail"):
        error = body.get(key)
        if isinstance(error, dict):
            error = error.get("message")
        if isinstance(error, str):
            return error
    return ""
