"""Error bodies of Google's services -> LLMError."""

from typing import Any

import pytest
from msgspec.structs import replace

from llm_pure.types.errors import (
    AuthenticationFailed,
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
from llm_pure.types.result import Failure
from tests.support.builders import ProviderCase

GEMINI = ProviderCase("gemini", "gemini-2.5-flash")


def rpc(code: int, status: str, message: str = "m", *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": [*details]}}


def quota(quota_id: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota_id}]}  # fmt: skip


RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "29.75s"}
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
BAD_FIELD = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    "fieldViolations": [{"field": "contents[0].parts"}],
}
FACTS: dict[str, Any] = {"message": "m", "provider": "gemini"}
TOO_LONG = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."


def plain(status: int, word: str, error: type[LLMError]) -> tuple[int, Any, LLMError]:
    """An error without details: its status, its body and what it is."""
    return status, rpc(status, word), error(**FACTS, status=status, code=word)


ERRORS: dict[str, tuple[int, Any, LLMError]] = {
    "a rate": (
        429,
        rpc(429, "RESOURCE_EXHAUSTED", "m", quota("RequestsPerMinutePerModel"), RETRY),
        RateLimited(**FACTS, status=429, code="RESOURCE_EXHAUSTED", retry_after_s=29.75),
    ),
    "a quota of the day": (
        429,
        rpc(429, "RESOURCE_EXHAUSTED", "m", quota("RequestsPerDayPerModel-FreeTier"), RETRY),
        QuotaExceeded(**FACTS, status=429, code="RequestsPerDayPerModel-FreeTier"),
    ),
    "Google's stock words do not make a rate a quota": (
        429,
        rpc(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota."),
        RateLimited(
            message="You exceeded your current quota.",
            provider="gemini",
            status=429,
            code="RESOURCE_EXHAUSTED",
        ),
    ),
    "a wrong key": (
        400,
        rpc(400, "INVALID_ARGUMENT", "m", BAD_KEY),
        AuthenticationFailed(**FACTS, status=400, code="API_KEY_INVALID"),
    ),
    "a wrong token": plain(401, "UNAUTHENTICATED", AuthenticationFailed),
    "no right": plain(403, "PERMISSION_DENIED", PermissionDenied),
    "a place that is not served": plain(400, "FAILED_PRECONDITION", PermissionDenied),
    "an unknown model": plain(404, "NOT_FOUND", NotFound),
    "a wrong field": (
        400,
        rpc(400, "INVALID_ARGUMENT", "m", BAD_FIELD),
        InvalidRequest(**FACTS, status=400, code="INVALID_ARGUMENT", param="contents[0].parts"),
    ),
    "too long": (
        400,
        rpc(400, "INVALID_ARGUMENT", TOO_LONG),
        ContextLengthExceeded(
            message=TOO_LONG, provider="gemini", status=400, code="INVALID_ARGUMENT"
        ),
    ),
    "overloaded, in an array": (
        503,
        [rpc(503, "UNAVAILABLE")],
        Overloaded(**FACTS, status=503, code="UNAVAILABLE"),
    ),
    "internal": plain(500, "INTERNAL", ServerError),
    "too late": plain(504, "DEADLINE_EXCEEDED", TimedOut),
    "inside a 200": (
        200,
        rpc(503, "UNAVAILABLE"),
        Overloaded(**FACTS, status=503, code="UNAVAILABLE"),
    ),
    "OAuth's form": (
        401,
        {"error": "invalid_token", "error_description": "m"},
        AuthenticationFailed(**FACTS, status=401, code="invalid_token"),
    ),
    "a page": (
        502,
        b"<html>Bad Gateway</html>",
        ServerError(message="<html>Bad Gateway</html>", provider="gemini", status=502),
    ),
    "an empty list": (500, [], ServerError(message="[]", provider="gemini", status=500)),
}


@pytest.mark.parametrize(("status", "body", "error"), ERRORS.values(), ids=ERRORS)
def test_errors(status: int, body: Any, error: LLMError) -> None:
    """Each error has the provider's JSON as its body."""
    if not isinstance(body, bytes) and body:
        error = replace(error, body=body)
    assert GEMINI.parse(body, status) == Failure(error)
