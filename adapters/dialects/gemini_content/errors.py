"""Error bodies of Google's services -> LLMError.

{"error": {"code", "message", "status", "details": [...]}}, alone or in an array; inside a 200 too. The details are
google.rpc messages: ErrorInfo.reason, QuotaFailure.violations, RetryInfo.retryDelay, BadRequest.fieldViolations.
Source: cloud.google.com, "Errors" (google.rpc.Code, error_details.proto); the wire notes of this project section 5;
read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.core.error_mapping import (
    ErrorType,
    ProviderErrorInfo,
    parse_go_duration,
    to_llm_error,
)
from llm_pure.framing.json_codec import decode_any
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
from llm_pure.types.result import Failure

WORDS: Mapping[str, ErrorType] = {
    # google.rpc.Code; INVALID_ARGUMENT and OUT_OF_RANGE are left to the message and the status
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


def read_error(provider: str, response: HttpResponse) -> LLMError | None:
    """The error that a body tells, whatever the status; None when the body tells none."""
    decoded = decode_any(response.body, provider=provider)
    if isinstance(decoded, Failure):
        return None
    return find_error(provider, decoded.unwrap(), response)


def find_error(provider: str, body: Any, response: HttpResponse) -> LLMError | None:
    """The error that decoded JSON tells; None when it tells none. A status below 400 gives way to the error's own.

    Any quota that is counted by the day makes it QuotaExceeded: no short wait helps.
    """
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict) or not body.get("error"):
        return None
    error = body["error"]
    if not isinstance(error, dict):  # OAuth: {"error": "invalid_grant", "error_description": "..."}
        error = {"message": body.get("error_description") or str(error), "status": error}
    details = _details(error)
    status = _word(error.get("status"))
    daily = _daily_quota(details)
    report = ProviderErrorInfo(
        provider=provider,
        status=_status(response.status, error),
        message=_word(error.get("message")) or status or "",
        code=daily or _reason(details) or status,
        type=status,
        param=_field(details),
        retry_after_s=_retry_delay_s(details),
        headers=response.headers,
    )
    return to_llm_error(report, {**WORDS, daily: QuotaExceeded} if daily else WORDS)


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    details = error.get("details")
    return [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []


def _entries(details: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The objects of a list inside the details, such as `violations`."""
    lists = [one[name] for one in details if isinstance(one.get(name), list)]
    return [entry for entries in lists for entry in entries if isinstance(entry, dict)]


def _daily_quota(details: list[dict[str, Any]]) -> str | None:
    ids = [_word(one.get("quotaId")) or "" for one in _entries(details, "violations")]
    return next((quota for quota in ids if "PerDay" in quota), None)


def _reason(details: list[dict[str, Any]]) -> str | None:
    return next(filter(None, [_word(one.get("reason")) for one in details]), None)


def _field(details: list[dict[str, Any]]) -> str | None:
    fields = [_word(one.get("field")) for one in _entries(details, "fieldViolations")]
    return next(filter(None, fields), None)


def _retry_delay_s(details: list[dict[str, Any]]) -> float | None:
    """A protobuf duration: "23s", "29.723877525s"."""
    delays = [_word(one.get("retryDelay")) for one in details]
    return next((parse_go_duration(delay) for delay in delays if delay), None)


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _status(status: int, error: dict[str, Any]) -> int:
    """The status of the answer; inside a 200, the one that the error names, else 500."""
    if status >= 400:
        return status
    code = error.get("code")
    return code if isinstance(code, int) and 400 <= code <= 599 else 500
