"""DashScope's errors -> LLMError: {"code": "Dotted.Word", "message", "request_id"}, as a body or as a frame of a stream.

A frame has no status of its own (it stands in a comment before it), so the word gives it.
Source: alibabacloud.com/help/en/model-studio, "Error codes", in excerpts read 2026-11-20: InvalidParameter,
DataInspectionFailed, BadRequest.*, InvalidURL, Arrearage, UnsupportedOperation, InvalidApiKey, AccessDenied.*,
RequestTimeOut, Throttling.*. The other words are as generally known, unconfirmed.
"""

import re
from collections.abc import Mapping
from typing import Any

from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.framing.json_codec import decode_any
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
from llm_pure.types.result import Failure

WORDS: Mapping[str, ErrorType] = {
    "DataInspectionFailed": ContentFiltered,
    "data_inspection_failed": ContentFiltered,
    "Arrearage": QuotaExceeded,
    "InvalidApiKey": AuthenticationFailed,
    "AccessDenied": PermissionDenied,
    "WorkspaceAccessDenied": PermissionDenied,
    "ModelNotFound": NotFound,
    "RequestTimeOut": TimedOut,
    "Throttling": RateLimited,
    "ServiceUnavailable": Overloaded,
    "ModelUnavailable": Overloaded,
    "ModelServingError": Overloaded,
}
"""A code, or the first word of a dotted one -> what it means. Others go by their status."""

_CALLERS_FAULT = re.compile(r"^(?:Invalid|BadRequest|UnsupportedFeature|Unavailable|NotSupported)")
"""Codes of status 400, where no status is known."""

_TOO_LONG = re.compile(r"(?i)range of input length|input length exceeds")


def read_error(name: str, response: HttpResponse) -> LLMError | None:
    """The error that a body tells, whatever the status; None when the body tells none."""
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return None
    return find_error(name, decoded.unwrap(), response)


def find_error(name: str, body: Any, response: HttpResponse) -> LLMError | None:
    """The error that decoded JSON tells; None when it tells none. Gateways have it under `error`."""
    failed = response.status >= 400
    if isinstance(body, str) and failed:
        body = {"message": body}
    if not isinstance(body, dict):
        return None
    nested = body.get("error")
    told = nested if isinstance(nested, dict) and nested else body
    code, message = _text(told.get("code")), _text(told.get("message"))
    if not failed and not code and told is body:
        return None
    first = code.partition(".")[0]
    words = dict(WORDS)
    if _TOO_LONG.search(message):
        words[first] = ContextLengthExceeded
    report = ProviderErrorInfo(
        provider=name,
        status=response.status if failed else 400 if _CALLERS_FAULT.match(code) else 500,
        message=message or _text(nested),
        code=code or None,
        type=first or None,
        request_id=_text(body.get("request_id")) or None,
        headers=response.headers,
    )
    return to_llm_error(report, words)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
