"""Spark's errors -> LLMError: `header.code` of a frame, {"code", "message"} over HTTP, and what the handshake is refused with.

The numbers are as generally known (iFlytek's list of error codes), unconfirmed; 2026-11-20.
"""

from collections.abc import Mapping

from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
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

WORDS: Mapping[str, ErrorType] = {
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
"""Codes -> what they mean; others are ServerError."""


def error_of(
    name: str, code: int, message: str | None, sid: str | None, headers: Headers
) -> LLMError:
    """The error of a frame whose code is not 0."""
    report = ProviderErrorInfo(
        provider=name,
        message=message or "",
        code=str(code),
        request_id=sid or None,
        headers=headers,
    )
    return to_llm_error(report, WORDS)
