"""What a refusal means: (status, the provider's words, headers) -> LLMError, by tables.

A dialect reads its error body into an `ProviderErrorInfo`; here the report becomes the error that a caller can act on. The
provider's own word decides first, then the text (context overflow is told by text alone at several services), then
the status.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from llm_pure.framing.json_codec import decode_any
from llm_pure.types.errors import (
    EVIDENCE_LIMIT,
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    TimedOut,
)
from llm_pure.types.http import Headers, HttpResponse, get_header
from llm_pure.types.redact import redact, redact_bytes
from llm_pure.types.result import Failure, LLMResult

ErrorType = type[LLMError]

_STATUS: Mapping[int, ErrorType] = {
    401: AuthenticationFailed,
    402: QuotaExceeded,
    403: PermissionDenied,
    404: NotFound,
    405: NotFound,
    408: TimedOut,
    409: ServerError,
    410: NotFound,
    425: ServerError,
    429: RateLimited,
    498: Overloaded,
    503: Overloaded,
    504: TimedOut,
    522: TimedOut,
    524: TimedOut,
    529: Overloaded,
}
"""Statuses that mean one thing everywhere. Others: 4xx is InvalidRequest, 5xx is ServerError."""

ERROR_CODES: Mapping[str, ErrorType] = {
    "insufficient_quota": QuotaExceeded,
    "credit_balance_exhausted": QuotaExceeded,
    "organization_spend_limit_exceeded": QuotaExceeded,
    "project_spend_limit_exceeded": QuotaExceeded,
    "organization_usage_limit_exceeded": QuotaExceeded,
    "billing_hard_limit_reached": QuotaExceeded,
    "context_length_exceeded": ContextLengthExceeded,
    "exceed_context_size_error": ContextLengthExceeded,
    "model_context_window_exceeded": ContextLengthExceeded,
    "content_filter": ContentFiltered,
    "content_policy_violation": ContentFiltered,
    "invalid_api_key": AuthenticationFailed,
    "invalid_authentication_error": AuthenticationFailed,
    "authentication_error": AuthenticationFailed,
    "permission_error": PermissionDenied,
    "permission_denied": PermissionDenied,
    "model_not_found": NotFound,
    "not_found_error": NotFound,
    "rate_limit_exceeded": RateLimited,
    "rate_limit_error": RateLimited,
    "slow_down": RateLimited,
    "server_is_overloaded": Overloaded,
    "overloaded_error": Overloaded,
    "service_unavailable_error": Overloaded,
    "unavailable_error": Overloaded,
    "server_error": ServerError,
    "api_error": ServerError,
    "internal_server_error": ServerError,
    "timeout_error": TimedOut,
    "billing_error": QuotaExceeded,
}
"""Codes and types that mean the same wherever they occur; a service lays its own over them.

Sources: openai/openai-openapi 2.3.0 and the error tables of ../shared/wire, read 2026-11-20.
"""
AMBIGUOUS_CODES = frozenset({"api_error"})
"""Words for anything at all that went wrong. A status of 4xx says more: iFlytek's Spark and Ollama's /v1 send "api_error"
with a 401 too (../shared/wire/openai-family.md 4.16, ollama.md 7).
"""

NO_ERROR_CODES: Mapping[str, ErrorType] = {}

_TOO_LONG = re.compile(
    r"(?i)context[ _-]?(?:length|window|size|limit)|maximum context|(?:prompt|input|request) is too long"
    r"|too many (?:input )?tokens|input tokens? exceed|(?:exceeds?|exceeded) the (?:model'?s )?(?:maximum|limit).{0,40}tokens"
    r"|maximum (?:number of )?(?:input )?tokens|exceeded model token limit|prompt_tokens must be less than"
)
_NO_MONEY = re.compile(
    r"(?i)credit balance is too low|insufficient (?:balance|credits?|quota)|balance is insufficient"
    r"|exceeded your current quota|arrears"
    r"|reached your specified API usage limits"
)


class ProviderErrorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal as the provider worded it.

    code, type: the provider's words, most telling first. retry_after_s: from the body, over the headers' own.
    """

    provider: str
    status: int | None = None
    message: str = ""
    code: str | None = None
    type: str | None = None
    param: str | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    headers: Headers = ()


def to_llm_error(
    report: ProviderErrorInfo, words: Mapping[str, ErrorType] = NO_ERROR_CODES
) -> LLMError:
    """The error that this report means. words: a service's own, over WORDS. Key-shaped text in its message is concealed."""
    kind = _kind(report, words)
    fields: dict[str, Any] = {
        "message": redact(report.message) or _no_reason(report.status),
        "provider": report.provider,
        "status": report.status,
        "code": report.code or report.type,
        "request_id": report.request_id or request_id(report.headers),
    }
    if kind is InvalidRequest:
        fields["param"] = report.param
    if kind in (RateLimited, Overloaded, ServerError):
        hint = report.retry_after_s
        fields["retry_after_s"] = retry_after_s(report.headers) if hint is None else hint
    should_retry = get_header(report.headers, "x-should-retry")
    if should_retry in ("true", "false"):
        fields["retryable"] = should_retry == "true"
    return kind(**fields)


def undecodable_body_error(provider: str, status: int, headers: Headers, body: bytes) -> LLMError:
    """The error of an answer whose body is not the service's JSON: a gateway's HTML page, plain text, nothing.

    The status still says what to do; the first bytes of the body are the message. A 2xx or 3xx of this kind is a
    ProtocolError.
    """
    shown = redact_bytes(body[:EVIDENCE_LIMIT])
    text = shown.decode("utf-8", "replace").strip()
    if status < 400:
        return ProtocolError(
            message=f"status {status} without an answer that can be read",
            provider=provider,
            status=status,
            request_id=request_id(headers),
            where="body",
            evidence=shown,
        )
    return to_llm_error(
        ProviderErrorInfo(provider=provider, status=status, message=text, headers=headers)
    )


def decode_success_json(
    provider: str, response: HttpResponse, find_error: Callable[[Any], LLMError | None]
) -> LLMResult[Any]:
    """The decoded body of a good answer, whatever it says; else the error, as `find_error` reads it out of decoded JSON.

    A status of 300 or more is an error also where the body tells none.
    """
    decoded = decode_any(response.body, provider=provider)
    if not isinstance(decoded, Failure):
        told = find_error(decoded.unwrap())
        if told is not None:
            return Failure(told)
        if response.status < 300:
            return decoded
    return Failure(
        undecodable_body_error(provider, response.status, response.headers, response.body)
    )


REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "apim-request-id",
    "x-ms-request-id",
    "mistral-correlation-id",
    "x-generation-id",
)


def request_id(headers: Headers) -> str | None:
    """The id under which the provider's support finds this call."""
    first_values = dict(reversed(headers))
    for name in REQUEST_ID_HEADERS:
        if first_values.get(name):
            return first_values[name]
    return None


def _no_reason(status: int | None) -> str:
    return "the provider gave no reason" if status is None else f"HTTP status {status}"


def _kind(report: ProviderErrorInfo, words: Mapping[str, ErrorType]) -> ErrorType:
    status = report.status or 500
    for word in (report.code, report.type):
        kind = words.get(word or "") or ERROR_CODES.get(word or "")
        if kind is not None and not (word in AMBIGUOUS_CODES and 400 <= status < 500):
            return kind
    if status in (400, 413, 422, 500) and _TOO_LONG.search(report.message):
        return ContextLengthExceeded
    if status in (400, 403, 429) and _NO_MONEY.search(report.message):
        return QuotaExceeded
    if status in _STATUS:
        return _STATUS[status]
    return InvalidRequest if 300 <= status < 500 else ServerError


_GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_GO_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)")

_LIMITS = ("requests", "tokens", "input-tokens", "output-tokens")


def retry_after_s(headers: Headers) -> float | None:
    """retry-after-ms, else retry-after (seconds or an HTTP date), else the reset of a rate limit that is used up.

    Dates are counted from the answer's own `date` header, since nothing here looks at a clock.
    """
    exact = _number(get_header(headers, "retry-after-ms"))
    if exact is not None:
        return exact / 1000
    asked = get_header(headers, "retry-after")
    if asked is not None:
        seconds = _number(asked)
        return seconds if seconds is not None else _until(headers, _http_date(asked))
    resets = [_reset(headers, limit) for limit in _LIMITS]
    return max([wait for wait in resets if wait is not None], default=None)


def parse_go_duration(text: str) -> float | None:
    """Seconds of a duration such as "6m0s", "12ms" or "29.7s"; None when it is none.

    >>> parse_go_duration("1m30.5s")
    90.5
    """
    found = _GO_DURATION.findall(text)
    if not found or "".join([number + unit for number, unit in found]) != text.strip():
        return None
    return _wait(sum(float(number) * _GO_UNITS[unit] for number, unit in found))


def _reset(headers: Headers, limit: str) -> float | None:
    """The wait of one limit that has nothing left: OpenAI's durations, Anthropic's timestamps."""
    for family in ("x-ratelimit", "anthropic-ratelimit"):
        parts = (f"{family}-{{}}-{limit}", f"{family}-{limit}-{{}}")
        for shape in parts:
            if get_header(headers, shape.format("remaining")) == "0":
                reset = get_header(headers, shape.format("reset")) or ""
                wait = parse_go_duration(reset)
                return wait if wait is not None else _until(headers, _iso_date(reset))
    return None


def _number(text: str | None) -> float | None:
    try:
        return _wait(float(text or ""))
    except ValueError:
        return None


def _wait(seconds: float) -> float | None:
    """The wait, None when it is below nothing or beyond 30 years: no one means that."""
    return seconds if 0 <= seconds < 1e9 else None


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # the last: a year of ten digits
        return None


def _iso_date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _until(headers: Headers, when: datetime | None) -> float | None:
    answered = _http_date(get_header(headers, "date") or "")
    if when is None or answered is None or when.tzinfo is None or answered.tzinfo is None:
        return None
    return max((when - answered) / timedelta(seconds=1), 0.0)
