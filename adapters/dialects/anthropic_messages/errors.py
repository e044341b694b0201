"""Errors of the Messages API -> LLMError: bodies, and the `error` event of a stream.

The shapes: {"type": "error", "error": {"type", "message", "details": {"error_code"}}, "request_id"}; Google's own
{"error": {"code", "message", "status"}}, alone or in a list (Vertex AI); {"message"} or {"detail"} (gateways).
Source: anthropic 2.11.0 (_exceptions.py, _error_classes.py) and ../shared/wire/anthropic.md section 5, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.openai_common import errors as openai_errors
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.core.service import AnyService
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


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. Below status 400 the error's type gives the status.

    Objects without a type of this API are those of gateways.
    """
    if isinstance(body, list) and body:
        body = body[0]
    fields: dict[str, Any] = body if isinstance(body, dict) else {}
    error = fields.get("error")
    if not isinstance(error, dict) or not (_text(error.get("type")) or _text(error.get("status"))):
        if isinstance(error, str):
            body = {key: value for key, value in fields.items() if key != "type"}  # of the event
        return openai_errors.find_error(service, body, response)
    details = error.get("details")
    type_ = _text(error.get("type")) or _text(error.get("status"))
    code = _text(details.get("error_code")) if isinstance(details, dict) else None
    code = code or _text(error.get("code"))
    report = ProviderErrorInfo(
        provider=service.name,
        status=response.status if response.status >= 400 else _status(error),
        message=_text(error.get("message")) or "",
        code=code or type_,
        type=type_,
        request_id=_text(fields.get("request_id")),
        headers=response.headers,
    )
    return to_llm_error(report, service.error_codes)


def _status(error: dict[str, Any]) -> int | None:
    code = error.get("code")
    return code if isinstance(code, int) and 400 <= code <= 599 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
