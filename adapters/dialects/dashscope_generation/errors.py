"""DashScope's errors -> LLMError: {"code": "Dotted.Word", "message", "request_id"}, as a body or as a frame of a stream.

A frame has no status of its own (the status is in a comment before it), so it is derived from the code.
Source: alibabacloud.com/help/en/model-studio, "Error codes", in excerpts read 2026-11-20: InvalidParameter,
DataInspectionFailed, BadRequest.*, InvalidURL, Arrearage, UnsupportedOperation, InvalidApiKey, AccessDenied.*,
RequestTimeOut, Throttling.*; insufficient_quota (429) there as well, read 2026-11-29. The other codes are as generally known, unconfirmed.
"""

import re
from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.openai_common import errors as openai_errors
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.core.service import AnyService
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    TimedOut,
)
from llm_pure.types.http import HttpResponse

ERROR_CODES: Mapping[str, ErrorType] = {
    "DataInspectionFailed": ContentFiltered,
    "data_inspection_failed": ContentFiltered,
    "IPInfringementSuspect": ContentFiltered,
    "CustomRoleBlocked": ContentFiltered,
    "FaqRuleBlocked": ContentFiltered,
    "Arrearage": QuotaExceeded,
    "PrepaidBillOverdue": QuotaExceeded,
    "PostpaidBillOverdue": QuotaExceeded,
    "AllocationQuota": QuotaExceeded,  # .FreeTierOnly
    "insufficient_quota": RateLimited,  # of the compatible mode: tokens per minute
    "limit_requests": RateLimited,
    "InvalidApiKey": AuthenticationFailed,
    "AccessDenied": PermissionDenied,
    "WorkspaceAccessDenied": PermissionDenied,
    "ModelNotFound": NotFound,
    "RequestTimeOut": TimedOut,
    "InternalError.Timeout": TimedOut,
    "Throttling": RateLimited,
    "ServiceUnavailable": Overloaded,
    "ModelUnavailable": Overloaded,
    "ModelServingError": Overloaded,
}
"""A code, or the first word of a dotted code -> its error. Others are mapped by their status.

*Blocked, IPInfringementSuspect, *BillOverdue and InternalError.Timeout as generally known on 2026-11-30, unconfirmed.
"""

_STATUS: Mapping[str, int] = {
    "Arrearage": 400,
    "DataInspectionFailed": 400,
    "data_inspection_failed": 400,
    "InvalidApiKey": 401,
    "AccessDenied": 403,
    "WorkspaceAccessDenied": 403,
    "AllocationQuota": 403,
    "ModelNotFound": 404,
    "Throttling": 429,
    "insufficient_quota": 429,
    "limit_requests": 429,
    "ServiceUnavailable": 503,
    "ModelUnavailable": 503,
    "ModelServingError": 503,
}
"""The first word of a code -> its status, for errors without one; 400 for those of _CLIENT_ERROR, none for others."""
_CLIENT_ERROR = re.compile(r"^(?:Invalid|BadRequest|UnsupportedFeature|Unavailable|NotSupported)")

_TOO_LONG = re.compile(r"(?i)range of input length|input length exceeds")


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. Gateways have it under `error`, or in other shapes."""
    failed = response.status >= 400
    error = _error_object(body)
    code, message = _text(error.get("code")), _text(error.get("message"))
    if not code:
        output = body.get("output") if isinstance(body, dict) else None
        choices = output.get("choices") if isinstance(output, dict) else None
        if choices and "error" not in body:
            body = {"choices": choices}
        return openai_errors.find_error(service, body, response)
    first = code.partition(".")[0]
    error_codes = service.error_codes
    if _TOO_LONG.search(message):
        error_codes = {**error_codes, first: ContextLengthExceeded}
    report = ProviderErrorInfo(
        provider=service.name,
        status=response.status if failed else _status(code, first),
        message=message,
        code=code,
        type=first,
        request_id=_text(body.get("request_id")) or None,
        headers=response.headers,
    )
    return to_llm_error(report, error_codes)


def _error_object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        return {}
    nested = body.get("error")
    return nested if isinstance(nested, dict) and nested else body


def _status(code: str, first: str) -> int | None:
    return _STATUS.get(first) or (400 if _CLIENT_ERROR.match(code) else None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
