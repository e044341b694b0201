"""Errors by the names of their kinds, for doubles. Pure."""

from collections.abc import Mapping
from typing import Any

from llm_pure.types.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerError,
    TimedOut,
)

KINDS: Mapping[str, type[LLMError]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        AuthenticationFailed, ConnectionFailed, ContentFiltered, ContextLengthExceeded, InvalidRequest, NotFound, Overloaded,
        PermissionDenied, QuotaExceeded, RateLimited, ServerError, TimedOut,
    )
}  # fmt: skip
"""Kind -> the error."""


def error_of_kind(kind: str, message: str = "", retry_after_s: float | None = None) -> LLMError:
    """Return an error of this kind. Raises ValueError for a kind that no provider sends."""
    error = KINDS.get(kind)
    if error is None:
        raise ValueError(f"no error of the kind {kind!r}; known are {', '.join(KINDS)}")
    fields: dict[str, Any] = {} if retry_after_s is None else {"retry_after_s": retry_after_s}
    if fields and "retry_after_s" not in error.__struct_fields__:
        raise ValueError(f"an error of the kind {kind!r} has no retry_after_s")
    return error(message=message or f"the double answers with {kind}", **fields)
