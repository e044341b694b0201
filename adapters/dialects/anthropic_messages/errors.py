"""Errors of the Messages API -> LLMError: bodies, and the `error` event of a stream.

The shapes: {"type": "error", "error": {"type", "message", "details": {"error_code"}}, "request_id"}; Google's own
{"error": {"code", "message", "status"}}, alone or in a list (Vertex AI); {"message"} or {"detail"} (gateways).
Source: anthropic 2.11.0 (_exceptions.py, _error_classes.py) and ../shared/wire/anthropic.md section 5, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.core.dialect import AnyService
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.types.errors import (
    AuthenticationFailed,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    TimedOut,
)
from llm_pure.types.http import HttpResponse

ERROR_CODES: Mapping[str, ErrorType] = {
    "request_too_large": InvalidRequest,
    "enforced_spend_limit_reached": QuotaExceeded,
    "contract_spend_limit_reached": QuotaExceeded,
    "ramp_limit_exceeded": QuotaExceeded,
    "linked_organization_spend_limit_reached": QuotaExceeded,
    "linked_organization_billing_unavailable": QuotaExceeded,
    "organization_on_hold": PermissionDenied,
    "organization_not_enrolled_in_beta": PermissionDenied,
    "api_key_scope_missing": PermissionDenied,
    "user_profile_not_found": NotFound,
    "compaction_unavailable": Overloaded,
    "request_body_timeout": TimedOut,
    "UNAUTHENTICATED": AuthenticationFailed,
    "PERMISSION_DENIED": PermissionDenied,
    "NOT_FOUND": NotFound,
    "UNAVAILABLE": Overloaded,
    "DEADLINE_EXCEEDED": TimedOut,
}
"""Error types, `error.details.error_code` values and Google's statuses. Spend limits come with status 429 too, but waiting
does not help."""

_STATUS_OF_TYPE: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""Error type -> HTTP status, for errors after a 200."""


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. Below status 400 the error's type gives the status."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, str) and error:
        error = {"message": error}
    if not isinstance(error, dict):
        if response.status < 400 and body.get("type") != "error" and not _is_flat(body):
            return None
        error = body
    details = error.get("details")
    type_ = _text(error.get("type")) or _text(error.get("status")) or _text(error.get("code"))
    code = _text(details.get("error_code")) if isinstance(details, dict) else None
    report = ProviderErrorInfo(
        provider=service.name,
        status=response.status if response.status >= 400 else _status(type_, error),
        message=_message(error),
        code=code or type_,
        type=type_,
        request_id=_text(body.get("request_id")),
        headers=response.headers,
    )
    return to_llm_error(report, service.error_codes)


def _is_flat(body: dict[str, Any]) -> bool:
    """Whether an object without `error` is an error (DashScope): it has a code and a message."""
    return "content" not in body and any(
        bool(_text(body.get(code))) and bool(_text(body.get(message)))
        for code in ("code", "error_code")
        for message in ("message", "error_msg")
    )


def _status(type_: str | None, error: dict[str, Any]) -> int | None:
    code = error.get("code")
    if isinstance(code, int) and 400 <= code <= 599:
        return code
    return _STATUS_OF_TYPE.get(type_ or "")


def _message(error: dict[str, Any]) -> str:
    for key in ("message", "error_msg", "detail", "error_description", "title"):
        if isinstance(error.get(key), str) and error[key]:
            return str(error[key])
    return ""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
