"""Map an error response to an LLMError by tables: the provider's error code first, then the message, then the status.

A dialect decodes its error body into a `ProviderErrorInfo`; `to_llm_error` does the rest. The message decides for context
overflow, since several services report it in the text only. `retry_after_s` reads the wait out of the headers.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from llm_pure.types.errors import (
    MAX_WAIT_S,
    MESSAGE_LIMIT,
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
    StreamInterrupted,
    TimedOut,
    shorten,
)
from llm_pure.types.http import Headers, get_header
from llm_pure.types.redact import redact

ErrorType = type[LLMError]

_STATUS: Mapping[int, ErrorType] = {
    status: kind
    for kind, statuses in (
        (AuthenticationFailed, (401,)),
        (QuotaExceeded, (402,)),
        (PermissionDenied, (403,)),
        (NotFound, (404, 405, 410)),
        (RateLimited, (429,)),
        (Overloaded, (498, 503, 529)),
        (ServerError, (409, 425)),
        (TimedOut, (408, 504, 522, 524)),
    )
    for status in statuses
}
"""Statuses with one meaning everywhere. Of the others 4xx is InvalidRequest and 5xx ServerError."""

ERROR_CODES: Mapping[str, ErrorType] = {
    code: kind
    for kind, codes in (
        (QuotaExceeded, "insufficient_quota credit_balance_exhausted billing_hard_limit_reached billing_error"),
        (QuotaExceeded, "organization_spend_limit_exceeded project_spend_limit_exceeded organization_usage_limit_exceeded"),
        (QuotaExceeded, "billing_not_active budget_exceeded blocked_api_access usage_limit_reached Arrearage"),
        (QuotaExceeded, "insufficient_user_quota pre_consume_token_quota_failed"),
        (ContextLengthExceeded, "context_length_exceeded exceed_context_size_error model_context_window_exceeded"),
        (ContentFiltered, "content_filter content_policy_violation moderation_blocked sensitive_words_detected prompt_blocked"),
        (AuthenticationFailed, "invalid_api_key invalid_authentication_error authentication_error expired_key"),
        (AuthenticationFailed, "invalid_client invalid_grant unauthorized_client"),
        (PermissionDenied, "permission_error permission_denied organization_restricted"),
        (PermissionDenied, "key_model_access_denied team_model_access_denied user_model_access_denied org_model_access_denied"),
        (NotFound, "model_not_found not_found_error model_decommissioned model_not_supported"),
        (RateLimited, "rate_limit_exceeded rate_limit_error slow_down"),
        (Overloaded, "server_is_overloaded overloaded_error service_unavailable_error unavailable_error engine_overloaded"),
        (ServerError, "server_error api_error internal_server_error"),
        (TimedOut, "timeout_error request_timeout"),
    )
    for code in codes.split()
}  # fmt: skip
"""Error codes and types with one meaning at all providers; a service's own codes take precedence.

Sources: openai/openai-openapi 2.3.0 and the error tables of ../shared/wire, read 2026-11-20; model_decommissioned (Groq) and
model_not_supported (Hugging Face) as reported in their users' issues, read 2026-11-29; insufficient_user_quota and
pre_consume_token_quota_failed (one-api, new-api) by popjane/free_chatgpt_api#78 and MAX-API-Next/MAX-API#20, read 2026-11-30; moderation_blocked, billing_not_active
and engine_overloaded (OpenAI), blocked_api_access and organization_restricted (Groq), budget_exceeded, expired_key and
*_model_access_denied (LiteLLM), usage_limit_reached (Codex) as generally known on 2026-11-30, unconfirmed; the codes of new-api's
quota and words (its types/error.go) and request_timeout (BerriAI/litellm#41777) read 2026-11-30.
"""
_STATUS_OF_TYPE: Mapping[str, int] = {
    name: status
    for status, names in (
        (400, "invalid_request_error invalid_request invalid_argument invalid_parameter bad_request badrequesterror"),
        (400, "bad_request_error validation_error invalid_params validation"),
        (401, "authentication_error authenticationerror unauthorized unauthenticated"),
        (402, "billing_error insufficient_balance"),
        (403, "permission_error permissiondeniederror permission_denied forbidden"),
        (404, "not_found_error notfounderror not_found"),
        (409, "conflict_error"),
        (413, "request_too_large"),
        (422, "unprocessable_entity unprocessableentityerror"),
        (429, "rate_limit_error ratelimiterror too_many_requests toomanyrequests resource_exhausted"),
        (503, "service_unavailable serviceunavailableerror unavailable service_unavailable_error"),
        (504, "timeout_error"),
        (529, "overloaded_error overloaded"),
    )
    for name in names.split()
}  # fmt: skip
"""A general error type, in lower case -> the status that the service would have sent: for an error inside a 2xx response."""

AMBIGUOUS_CODES = frozenset({"api_error"})
"""Codes for any kind of error, so a 4xx status takes precedence: iFlytek's Spark and Ollama's /v1 send "api_error" with a
401 too (../shared/wire/openai-family.md 4.16, ollama.md 7).
"""
_GENERAL_LIMITS = frozenset({"rate_limit_error", "rate_limit_exceeded"})
"""Codes also of a balance that is used up, by the message: Z.ai (zai-org/feedback#789), Anthropic ("extra usage", NousResearch/hermes-agent#4747;
read 2026-11-30). A message with a time to wait is of a limit: Google's, by proxies."""
_SERVER_CODES = AMBIGUOUS_CODES | {"server_error", "internal_server_error"}
"""Codes that say less than a status from 500 with a meaning of its own: Groq sends "internal_server_error" with a 503."""

NO_ERROR_CODES: Mapping[str, ErrorType] = {}


class ProviderErrorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An error as the provider reported it."""

    provider: str
    status: int | None = None
    message: str = ""
    code: str | None = None
    """The provider's most specific code; `type` is the more general one."""
    type: str | None = None
    param: str | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    """From the body; takes precedence over the headers."""
    headers: Headers = ()


def to_llm_error(
    info: ProviderErrorInfo, error_codes: Mapping[str, ErrorType] = NO_ERROR_CODES
) -> LLMError:
    """Map a provider's error to an LLMError, and redact its message.

    `error_codes`: the service's own codes, which take precedence over ERROR_CODES.
    """
    if len(info.message) > MESSAGE_LIMIT:  # before it is searched
        info = msgspec.structs.replace(info, message=shorten(info.message))
    kind = _error_type(info, error_codes)
    no_reason = (
        "the provider gave no reason" if info.status is None else f"HTTP status {info.status}"
    )
    fields: dict[str, Any] = {
        "message": redact(info.message) or no_reason,
        "provider": info.provider,
        "status": _status_of_type(info) if info.status is None else info.status,
        "code": info.code or info.type,
        "request_id": info.request_id or request_id(info.headers),
        "rate_limits": rate_limits(info.headers),
    }
    if kind is InvalidRequest:
        fields["param"] = info.param
    if kind in (RateLimited, Overloaded, ServerError):
        from llm_pure.core.error_words import (
            exceeds_limit,
            wait_in_words,
        )  # imported late: start-up

        words = wait_in_words(info.message)
        hints = (info.retry_after_s, retry_after_s(info.headers), words and plausible_wait(words))
        fields["retry_after_s"] = next((hint for hint in hints if hint is not None), None)
        if exceeds_limit(info.message):
            fields["retryable"] = False
    should_retry = get_header(info.headers, "x-should-retry")
    if should_retry in ("true", "false"):
        fields["retryable"] = should_retry == "true"
    return kind(**fields)


def status_of_type(name: str) -> int | None:
    """Return the HTTP status that a general error type stands for, None for other types."""
    return _STATUS_OF_TYPE.get(name.lower())


def _status_of_type(info: ProviderErrorInfo) -> int:
    for name in (info.code, info.type):
        status = status_of_type(name or "")
        if status is not None:
            return status
    return 500


_RATE_LIMIT_HEADERS = (
    "x-ratelimit",
    "anthropic-ratelimit",
    "ratelimit",
    "x-rate-limit",
    "retry-after",
    "x-ms-retry-after",
)


def rate_limits(headers: Headers) -> Headers:
    """Return the headers that say how much of the rate limits is left, and when they reset."""
    return tuple([pair for pair in headers if pair[0].startswith(_RATE_LIMIT_HEADERS)])


REQUEST_ID_HEADERS = (
    "x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "x-ms-request-id", "mistral-correlation-id",
    "x-generation-id", "x-litellm-call-id", "x-siliconcloud-trace-id", "x-ds-trace-id", "x-tt-logid", "msh-request-id",
    "nvcf-reqid", "x-bce-request-id", "trace-id",
)  # fmt: skip
"""In this order; from x-litellm-call-id on (SiliconFlow, DeepSeek, Volcengine, Moonshot, NVIDIA, Baidu, MiniMax) as generally
known on 2026-11-30, unconfirmed."""
_ID_HEADERS = frozenset(REQUEST_ID_HEADERS)


def request_id(headers: Headers) -> str | None:
    """Return the id of the call for the provider's support, None without one."""
    ids = {name: value for name, value in reversed(headers) if name in _ID_HEADERS}
    for name in REQUEST_ID_HEADERS if ids else ():
        if ids.get(name):
            return ids[name]
    return None


def with_headers(error: LLMError, headers: Headers) -> LLMError:
    """Return the error with the request id and the rate limits of the response's headers, unless it has them."""
    return msgspec.structs.replace(
        error,
        request_id=error.request_id or request_id(headers),
        rate_limits=error.rate_limits or rate_limits(headers),
    )


def with_body(error: LLMError, raw: Any) -> LLMError:
    """Return the error with the provider's error object, unless it has one or does not come from the provider."""
    if error.body is not None or not isinstance(raw, dict | list | str):
        return error
    if isinstance(error, ProtocolError | StreamInterrupted):
        return error
    return msgspec.structs.replace(error, body=raw)


def _error_type(info: ProviderErrorInfo, error_codes: Mapping[str, ErrorType]) -> ErrorType:
    status = info.status or 500
    inside = status < 300 or info.status is None  # an error inside a 2xx response
    if inside:
        status = _status_of_type(info)
    from llm_pure.core.error_words import kind_in_words, wait_in_words  # imported late: start-up

    for code in (info.code or "", info.type or ""):
        kind = error_codes.get(code) or ERROR_CODES.get(code)
        if kind is not None and not _status_says_more(status, code):
            if code not in _GENERAL_LIMITS or code in error_codes or wait_in_words(info.message):
                return kind
            return kind_in_words(info.message, 429, inside=False, general=False) or kind
    general = inside and status == 500
    kind = kind_in_words(info.message, status, inside=inside, general=general)
    if kind is not None:
        return kind
    if status in _STATUS:
        return _STATUS[status]
    return InvalidRequest if 300 <= status < 500 else ServerError


def _status_says_more(status: int, code: str) -> bool:
    if 400 <= status < 500:
        return code in AMBIGUOUS_CODES
    return status in _STATUS and code in _SERVER_CODES


_GO_UNITS = {
    "d": 86400.0,
    "h": 3600.0,
    "m": 60.0,
    "s": 1.0,
    "ms": 0.001,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
}
_GO_DURATION = re.compile(r"(?<![\d.])(\d++(?:\.\d++)?)(ms|us|µs|ns|d|h|m|s)")


def retry_after_s(headers: Headers) -> float | None:
    """Return the seconds that the provider asks to wait, None without a valid hint.

    From retry-after-ms, else retry-after (seconds, a duration, a date), else the reset time of an exhausted rate limit. Dates
    are relative to the response's own `date` header, since pure code reads no clock.
    Sources: RFC 9110 10.2.3; openai-python 3.3.1 `_base_client.py` (retry-after-ms wins); the rate-limit headers of
    api.openai.com and api.anthropic.com; read 2026-11-20.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):  # the second one is Azure's
        milliseconds = _number(get_header(headers, name))
        if milliseconds is not None:
            return milliseconds / 1000
    value = get_header(headers, "retry-after")
    wait = None if value is None else _seconds_of(value, get_header(headers, "date"))
    if wait is not None:
        return wait
    values = dict(reversed(headers))  # of a header that was sent twice, the first one
    resets = [_reset_s(values, name, value) for name, value in rate_limits(headers)]
    return max([wait for wait in resets if wait is not None], default=None)


def parse_go_duration(text: str) -> float | None:
    """Return the seconds of a Go duration such as "6m0s", "12ms" or "29.7s", None if it is not one.

    >>> parse_go_duration("1m30.5s")
    90.5
    """
    parts = _GO_DURATION.findall(text)
    if not parts or "".join([number + unit for number, unit in parts]) != text.strip():
        return None
    return plausible_wait(sum(float(number) * _GO_UNITS[unit] for number, unit in parts))


_EXHAUSTED = re.compile(r"(?:^|[;, ])(?:r|remaining) ?= ?0(?:\.0*)?(?=[;, ]|$)")
_RESET = re.compile(r"(?:^|[;, ])(?:t|reset) ?= ?(\d{1,12})")


def _reset_s(values: Mapping[str, str], name: str, value: str) -> float | None:
    """Seconds until an exhausted limit resets, by one of its headers; None for a header that is not of such a limit.

    OpenAI sends durations, Azure, Together and Cerebras seconds, Anthropic timestamps, OpenRouter the epoch's milliseconds,
    GitHub the time that remains, IETF's `ratelimit` all in one. Those besides OpenAI and Anthropic as generally known on
    2026-11-30, unconfirmed.
    """
    if name == "ratelimit":
        reset = _RESET.search(value)
        return _number(reset[1]) if reset and _EXHAUSTED.search(value) else None
    if name != "x-ratelimit-timeremaining":
        word = "remaining" if "remaining" in name else "status"
        if not (_is_none_left(value) if word == "remaining" else value == "rejected"):
            return None
        value = values.get(name.replace(word, "reset"), "")
    return _seconds_of(value, values.get("date"))


def _is_none_left(value: str) -> bool:
    try:
        return float(value) <= 0
    except ValueError:
        return False


_EPOCH_S, _EPOCH_MS = 1e9, 1e12
"""Larger numbers are times: seconds or milliseconds since 1970."""


def _seconds_of(text: str, date: str | None) -> float | None:
    """The wait in a header: seconds, a duration ("30s", "1m30s"), a date, or a number of the epoch."""
    text = text.partition(",")[0] if text[:1].isdigit() else text  # a header that was sent twice
    try:
        number = float(text)
    except ValueError:
        wait = parse_go_duration(text.removesuffix("ec").removesuffix("econds").replace(" ", ""))
        return (
            wait if wait is not None else _seconds_until(date, _http_date(text) or _iso_date(text))
        )
    if number < _EPOCH_S:
        return plausible_wait(number)
    return _seconds_until(date, _epoch_date(number / 1000 if number >= _EPOCH_MS else number))


def _epoch_date(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _number(text: str | None) -> float | None:
    try:
        return plausible_wait(float(text or ""))
    except ValueError:
        return None


def plausible_wait(seconds: float) -> float | None:
    """Return the wait, None if it is negative, not a number, or too long."""
    return seconds if 0 <= seconds < MAX_WAIT_S else None


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # OverflowError: a year of ten digits
        return None


def _iso_date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _seconds_until(date: str | None, reset: datetime | None) -> float | None:
    sent = _http_date(date or "")
    if reset is None or sent is None or reset.tzinfo is None or sent.tzinfo is None:
        return None
    return max((reset - sent) / timedelta(seconds=1), 0.0)
