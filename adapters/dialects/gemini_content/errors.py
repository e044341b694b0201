"""Error bodies of Google's services -> LLMError.

{"error": {"code", "message", "status", "details": [...]}}, alone or in an array, also with status 200. The details are
google.rpc messages: ErrorInfo.reason, QuotaFailure.violations, RetryInfo.retryDelay, BadRequest.fieldViolations.
Source: cloud.google.com, "Errors" (google.rpc.Code, error_details.proto); the wire notes of this project section 5;
read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.openai_common import errors as openai_errors
from llm_pure.core.error_mapping import (
    ErrorType,
    ProviderErrorInfo,
    parse_go_duration,
    to_llm_error,
)
from llm_pure.core.service import AnyService
from llm_pure.types.errors import (
    AuthenticationFailed,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerError,
    TimedOut,
)
from llm_pure.types.http import HttpResponse

ERROR_CODES: Mapping[str, ErrorType] = {
    # google.rpc.Code; INVALID_ARGUMENT and OUT_OF_RANGE are mapped by message and status
    "UNAUTHENTICATED": AuthenticationFailed,
    "PERMISSION_DENIED": PermissionDenied,
    "FAILED_PRECONDITION": PermissionDenied,
    "NOT_FOUND": NotFound,
    "RESOURCE_EXHAUSTED": RateLimited,
    "UNAVAILABLE": Overloaded,
    "INTERNAL": ServerError,
    "UNKNOWN": ServerError,
    "ABORTED": ServerError,
    "CANCELLED": ServerError,
    "DATA_LOSS": ServerError,
    "DEADLINE_EXCEEDED": TimedOut,
    # google.api.ErrorReason
    "API_KEY_INVALID": AuthenticationFailed,
    "ACCESS_TOKEN_EXPIRED": AuthenticationFailed,
    "ACCESS_TOKEN_TYPE_UNSUPPORTED": AuthenticationFailed,
    "ACCOUNT_STATE_INVALID": AuthenticationFailed,
    "CREDENTIALS_MISSING": AuthenticationFailed,
    "API_KEY_SERVICE_BLOCKED": PermissionDenied,
    "API_KEY_HTTP_REFERRER_BLOCKED": PermissionDenied,
    "API_KEY_IP_ADDRESS_BLOCKED": PermissionDenied,
    "CONSUMER_INVALID": PermissionDenied,
    "CONSUMER_SUSPENDED": PermissionDenied,
    "SERVICE_DISABLED": PermissionDenied,
    "BILLING_DISABLED": QuotaExceeded,
}


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. With a status below 400, the error's own code counts.

    A violated daily quota makes the error QuotaExceeded, since no short wait helps.
    """
    if isinstance(body, list) and body:
        body = body[0]
    fields: dict[str, Any] = body if isinstance(body, dict) else {}
    error = _error_object(fields)
    if isinstance(error, str) and fields.get("error_description"):
        # OAuth: {"error": "invalid_grant", "error_description": "..."}
        error = {"message": fields["error_description"], "status": error}
    if not isinstance(error, dict) or not (_text(error.get("status")) or error.get("details")):
        in_candidate = error and "error" not in fields and error is not fields
        return openai_errors.find_error(
            service, {"error": error} if in_candidate else body, response
        )
    details = _details(error)
    status = _text(error.get("status"))
    daily = _daily_quota(details)
    report = ProviderErrorInfo(
        provider=service.name,
        status=_status(response.status, error),
        message=_text(error.get("message")) or status or "",
        code=daily or _first_text(details, "reason") or status,
        type=status,
        param=_first_text(_entries(details, "fieldViolations"), "field"),
        retry_after_s=_retry_delay_s(details),
        headers=response.headers,
    )
    codes = service.error_codes
    return to_llm_error(report, {**codes, daily: QuotaExceeded} if daily else codes)


def _error_object(body: dict[str, Any]) -> Any:
    """The error of a body or of a candidate; the body itself if it is a google.rpc.Status or of another shape."""
    candidates = body.get("candidates")
    for holder in (body, *(candidates if isinstance(candidates, list) else ())):
        if isinstance(holder, dict) and holder.get("error"):
            return holder["error"]
    return None if candidates else body


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    details = error.get("details")
    return [item for item in details if isinstance(item, dict)] if isinstance(details, list) else []


def _entries(details: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The objects in a list inside the details, such as `violations`."""
    lists = [item[name] for item in details if isinstance(item.get(name), list)]
    return [entry for entries in lists for entry in entries if isinstance(entry, dict)]


def _daily_quota(details: list[dict[str, Any]]) -> str | None:
    ids = [_text(entry.get("quotaId")) or "" for entry in _entries(details, "violations")]
    return next((quota for quota in ids if "PerDay" in quota), None)


def _first_text(items: list[dict[str, Any]], name: str) -> str | None:
    return next(filter(None, [_text(item.get(name)) for item in items]), None)


def _retry_delay_s(details: list[dict[str, Any]]) -> float | None:
    """A protobuf duration: "23s", "29.723877525s"."""
    delay = _first_text(details, "retryDelay")
    return parse_go_duration(delay) if delay else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _status(status: int, error: dict[str, Any]) -> int | None:
    """The response's status; for a status below 400 the code in the error, None without one."""
    if status >= 400:
        return status
    code = error.get("code")
    return code if isinstance(code, int) and 400 <= code <= 599 else None
