"""Spark's errors -> LLMError: `header.code` of a frame; {"code", "message"} over HTTP, and of a rejected handshake.

The numbers are as generally known (iFlytek's list of error codes), unconfirmed; 2026-11-20.
"""

from collections.abc import Mapping

from llm_pure.adapters.dialects.spark_frames import wire
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.core.service import AnyService
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    LLMError,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from llm_pure.types.http import Headers

ERROR_CODES: Mapping[str, ErrorType] = {
    **dict.fromkeys(("10003", "10004", "10005", "10163"), InvalidRequest),
    **dict.fromkeys(("10006", "10007", "11202", "11203"), RateLimited),
    **dict.fromkeys(("10008", "10110"), Overloaded),
    **dict.fromkeys(("10009", "10010", "10011", "10012", "10222"), ServerError),
    **dict.fromkeys(("10013", "10014", "10019"), ContentFiltered),
    **dict.fromkeys(("10015", "10016", "11200"), PermissionDenied),
    "10313": AuthenticationFailed,
    "10907": ContextLengthExceeded,
    "11201": QuotaExceeded,
}
"""Code -> error; ServerError for other codes."""


def frame_error(service: AnyService, header: wire.Header, headers: Headers) -> LLMError:
    """The error of a frame whose code is not 0."""
    report = ProviderErrorInfo(
        provider=service.name,
        message=header.message or "",
        code=str(header.code),
        request_id=header.sid or None,
        headers=headers,
    )
    return to_llm_error(report, service.error_codes)
