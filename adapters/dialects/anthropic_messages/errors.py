"""Errors of the Messages API -> LLMError: whole bodies, and the `error` event inside a stream.

The shapes: {"type": "error", "error": {"type", "message", "details": {"error_code"}}, "request_id"}; Google's own
{"error": {"code", "message", "status"}}, alone or in a list (Vertex AI); {"message"} or {"detail"} (gateways).
Source: anthropic 2.11.0 (_exceptions.py, _error_classes.py) and ../shared/wire/anthropic.md section 5, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.framing.json_codec import decode_any
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
from llm_pure.types.http import Headers, HttpResponse
from llm_pure.types.result import Failure

WORDS: Mapping[str, ErrorType] = {
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
"""`error.details.error_code` values and Google's status words, over classify.WORDS. Spend limits come as 429 too, but
waiting does not help."""

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
"""The status that an error would have had, for those that come after a 200."""


def read_error(
    provider: str, words: Mapping[str, ErrorType], response: HttpResponse
) -> LLMError | None:
    """The error that a body tells, whatever the status; None when the body tells none."""
    decoded = decode_any(response.body, provider=provider)
    if isinstance(decoded, Failure):
        return None
    return find_error(provider, words, decoded.unwrap(), response.status, response.headers)


def find_error(
    provider: str, words: Mapping[str, ErrorType], body: Any, status: int, headers: Headers
) -> LLMError | None:
    """The error that decoded JSON tells; None when it tells none. A status below 400 gives way to the error's own."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, str) and error:
        error = {"message": error}
    if not isinstance(error, dict):
        if status < 400 and body.get("type") != "error":
            return None
        error = body
    details = error.get("details")
    type_ = _word(error.get("type")) or _word(error.get("status"))
    code = _word(details.get("error_code")) if isinstance(details, dict) else None
    return to_llm_error(
        ProviderErrorInfo(
            provider=provider,
            status=status if status >= 400 else _status(type_, error),
            message=_message(error),
            code=code or type_,
            type=type_,
            request_id=_word(body.get("request_id")),
            headers=headers,
        ),
        {"request_too_large": InvalidRequest, **WORDS, **words},
    )


def _status(type_: str | None, error: dict[str, Any]) -> int:
    code = error.get("code")
    if isinstance(code, int) and 400 <= code <= 599:
        return code
    return _STATUS_OF_TYPE.get(type_ or "", 500)


def _message(error: dict[str, Any]) -> str:
    for key in ("message", "detail", "error_description", "title"):
        if isinstance(error.get(key), str) and error[key]:
            return str(error[key])
    return ""


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
