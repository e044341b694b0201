"""Map an error response to an LLMError by tables: the provider's error code first, then the message, then the status.

A dialect decodes its error body into a `ProviderErrorInfo`; `to_llm_error` does the rest. The message decides for context
overflow, since several services report it in the text only. `retry_after_s` reads the wait out of the headers.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
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
        (ContextLengthExceeded, "context_length_exceeded exceed_context_size_error model_context_window_exceeded"),
        (ContentFiltered, "content_filter content_policy_violation"),
        (AuthenticationFailed, "invalid_api_key invalid_authentication_error authentication_error"),
        (PermissionDenied, "permission_error permission_denied"),
        (NotFound, "model_not_found not_found_error model_decommissioned model_not_supported"),
        (RateLimited, "rate_limit_exceeded rate_limit_error slow_down"),
        (Overloaded, "server_is_overloaded overloaded_error service_unavailable_error unavailable_error"),
        (ServerError, "server_error api_error internal_server_error"),
        (TimedOut, "timeout_error"),
    )
    for code in codes.split()
}  # fmt: skip
"""Error codes and types with one meaning at all providers; a service's own codes take precedence.

Sources: openai/openai-openapi 2.3.0 and the error tables of ../shared/wire, read 2026-11-20; model_decommissioned (Groq) and
model_not_supported (Hugging Face) as reported in their users' issues, read 2026-11-29.
"""
_STATUS_OF_TYPE: Mapping[str, int] = {
    name: status
    for status, names in (
        (400, "invalid_request_error invalid_request invalid_argument invalid_parameter bad_request badrequesterror"),
        (400, "bad_request_error validation_error invalid_params"),
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
        (529, "overloaded_error"),
    )
    for name in names.split()
}  # fmt: skip
"""A general error type, in lower case -> the status that the service would have sent: for an error inside a 2xx response."""

AMBIGUOUS_CODES = frozenset({"api_error"})
"""Codes for any kind of error, so a 4xx status takes precedence: iFlytek's Spark and Ollama's /v1 send "api_error" with a
401 too (../shared/wire/openai-family.md 4.16, ollama.md 7).
"""

NO_ERROR_CODES: Mapping[str, ErrorType] = {}


def _any_of(*patterns: str) -> str:
    return "(?i)" + "|".join(patterns)


_TOO_LONG = re.compile(_any_of(
    r"context[ _-]?(?:length|window|size|limit)", r"maximum (?:context|prompt length|model length)",
    r"(?:prompt|input|request|token length) (?:is )?too long", r"too many (?:input )?tokens",
    r"input tokens? exceed", r"(?:prompt|input) token count.{0,40}exceeds",
    r"(?:exceeds?|exceeded) the (?:model'?s )?(?:maximum|limit).{0,40}tokens",
    r"maximum (?:number of )?(?:input )?tokens", r"exceeded model token limit",
    r"prompt_tokens.{0,20} must be less than", r"must have less than \d{1,9} tokens", r"tokens \+ `?max_new_tokens",
    r"size limit exceeded by \d{1,9} tokens",
    r"exceeds? (?:the )?max(?:imum)? (?:message tokens|input length)", r"prompt exceeds max", r"range of input length",
    r"input length.{0,20} exceeds", r"reduce the length of (?:the|your) (?:messages|prompt|input)",
    r"context the overflows",
    r"prompt ?\u8d85\u957f",  # Zhipu: the prompt is too long
))  # fmt: skip
"""Words of too long an input. Seen at OpenAI, Anthropic, Google, Mistral, Cohere, xAI, Groq, Cerebras, Moonshot, DashScope,
Ark, SiliconFlow, Zhipu, and of llama.cpp, vLLM, TGI, LM Studio and Ollama; read 2026-11-29."""
_WRONG_KEY = re.compile(_any_of(
    r"(?:incorrect|invalid|wrong|expired|unknown|missing) api[ _-]?(?:key|token)",
    r"api[ _-]?key[^.]{0,60}? (?:not (?:valid|found)|invalid|incorrect|expired)\b", r"api[ _-]?key (?:is |was )?missing(?! \w)",
    r"(?:no|not provide an) api[ _-]?key\b", r"invalid (?:authentication|auth token|access token|credentials in)",
    r"no auth credentials", r"authentication fails", r"login fail", r"carry the api secret key",
    r"invalid subscription key",
))  # fmt: skip
"""Words of a missing, wrong or expired key. Seen at OpenAI, xAI, Google, DeepSeek, Groq, DashScope, SiliconFlow, Cohere,
MiniMax, OpenRouter, Hugging Face and Azure; read 2026-11-29."""
_NO_MODEL = re.compile(_any_of(
    r"model not found", r"no such model", r"unknown model", r"model_not_found",
    r"model [^ ]{1,100} (?:was |is )?(?:not found|does not exist|not exist)", r"model (?:is |does )?not exist",
    r"not found the model", r"is not a valid model (?:id|name)", r"invalid model(?: name| id)?(?::|\.|$| passed| [`'\"])",
    r"has been decommissioned", r"model not supported by provider",
    r"model identifier is invalid", r"is not supported by any provider", r"unable to access model",
    r"\u6a21\u578b\u4e0d\u5b58\u5728",  # the model does not exist
))  # fmt: skip
"""Words of an unknown model. Seen at OpenAI, xAI, DeepSeek, DashScope, Moonshot, Mistral, SiliconFlow, Zhipu, Perplexity,
OpenRouter, Together, Fireworks, Groq, Cloudflare, GitHub, Hugging Face, Bedrock and of Ollama and vLLM; read 2026-11-29."""
_NO_MONEY = re.compile(_any_of(
    r"credit balance is too low", r"insufficient (?:account )?(?:balance|credits?|quota|funds)",
    r"balance is (?:insufficient|not enough)", r"exceeded your current (?:token )?quota", r"arrears",
    r"overdue balance", r"balance is overdue", r"reached your specified API usage limits",
    r"used all available credits", r"daily free allocation", r"usage limit for this (?:billing cycle|period)",
    r"monthly (?:included credits|spending limit)",
    r"(?:not have|doesn't have) any credits", r"credit limit exceeded", r"free (?:tier|quota) [^.]{0,60}exhausted",
    r"\u4f59\u989d\u4e0d\u8db3|\u6b20\u8d39",  # the balance is not sufficient; in arrears
))  # fmt: skip
"""Words of a balance or a long-term quota that is used up. Seen at Anthropic, OpenAI, DeepSeek, SiliconFlow, Moonshot, Zhipu,
Ark, DashScope, xAI, Hugging Face, Together, Fireworks, MiniMax and OpenRouter; read 2026-11-29."""


_SEARCH_LIMIT = 4000
"""Characters of a message that are searched for the kind of the error."""


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
        hints = (info.retry_after_s, retry_after_s(info.headers), _retry_in_words(info.message))
        fields["retry_after_s"] = next((hint for hint in hints if hint is not None), None)
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
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "apim-request-id",
    "x-ms-request-id",
    "mistral-correlation-id",
    "x-generation-id",
)


_ID_HEADERS = frozenset(REQUEST_ID_HEADERS)


def request_id(headers: Headers) -> str | None:
    """Return the id of the call for the provider's support, None without one."""
    if _ID_HEADERS.isdisjoint([name for name, _ in headers]):
        return None
    first_values = dict(reversed(headers))
    for name in REQUEST_ID_HEADERS:
        if first_values.get(name):
            return first_values[name]
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
    for code in (info.code or "", info.type or ""):
        kind = error_codes.get(code) or ERROR_CODES.get(code)
        if kind is not None and not (code in AMBIGUOUS_CODES and 400 <= status < 500):
            return kind
    message = info.message[:_SEARCH_LIMIT]
    if status in (400, 403, 413, 422, 500) and _TOO_LONG.search(message):
        return ContextLengthExceeded
    if (inside or status in (400, 401, 403, 412, 429)) and _NO_MONEY.search(message):
        return QuotaExceeded
    if (inside or status in (400, 403, 422)) and _WRONG_KEY.search(message):
        return AuthenticationFailed
    if (inside or status in (400, 422)) and _NO_MODEL.search(message):
        return NotFound
    if status in _STATUS:
        return _STATUS[status]
    return InvalidRequest if 300 <= status < 500 else ServerError


_LIMITS = ("requests", "tokens", "input-tokens", "output-tokens")
_GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_GO_DURATION = re.compile(r"(?<![\d.])(\d++(?:\.\d++)?)(ms|us|µs|ns|h|m|s)")


def retry_after_s(headers: Headers) -> float | None:
    """Return the seconds that the provider asks to wait, None without a valid hint.

    From retry-after-ms, else retry-after (seconds or an HTTP date), else the reset time of an exhausted rate limit. Dates
    are relative to the response's own `date` header, since pure code reads no clock.
    Sources: RFC 9110 10.2.3; openai-python 3.3.1 `_base_client.py` (retry-after-ms wins); the rate-limit headers of
    api.openai.com and api.anthropic.com; read 2026-11-20.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):  # the second one is Azure's
        milliseconds = _number(get_header(headers, name))
        if milliseconds is not None:
            return milliseconds / 1000
    value = get_header(headers, "retry-after")
    if value is not None:
        seconds = _number(value)
        return seconds if seconds is not None else _seconds_until(headers, _http_date(value))
    resets = [_reset_s(headers, limit) for limit in _LIMITS]
    return max([wait for wait in resets if wait is not None], default=None)


def parse_go_duration(text: str) -> float | None:
    """Return the seconds of a Go duration such as "6m0s", "12ms" or "29.7s", None if it is not one.

    >>> parse_go_duration("1m30.5s")
    90.5
    """
    parts = _GO_DURATION.findall(text)
    if not parts or "".join([number + unit for number, unit in parts]) != text.strip():
        return None
    return _plausible(sum(float(number) * _GO_UNITS[unit] for number, unit in parts))


_RETRY_WORDS = re.compile(
    r"(?i)\b(?:try again|retry(?:ing)?|wait)(?: your request)?(?: in| after| for| at least| about){0,2} "
    r"(?:((?:\d{1,9}(?:\.\d{1,12})?(?:ms|[hms])){1,4})|(\d{1,9}(?:\.\d{1,12})?) ?"
    r"(?:(milli)?(s)(?:ec(?:ond)?s?)?|(m)(?:in(?:ute)?s?)?|(h)(?:ours?)?))\b"
)
"""Seen at OpenAI, Groq ("try again in 1m2.5s"), Azure ("retry after 26 seconds"), Google, GitHub, Moonshot; read 2026-11-29."""


def _retry_in_words(message: str) -> float | None:
    """The wait in the words of a message: "Please try again in 20s", "Please retry after 26 seconds"."""
    words = _RETRY_WORDS.search(message[:_SEARCH_LIMIT])
    if words is None:
        return None
    duration, number, milli, *units = words.groups()
    unit = "ms" if milli else "".join(filter(None, units)).lower()
    return parse_go_duration(duration.lower() if duration else number + unit)


def _reset_s(headers: Headers, limit: str) -> float | None:
    """Seconds until one exhausted limit resets: OpenAI sends durations, Anthropic timestamps."""
    for family in ("x-ratelimit", "anthropic-ratelimit"):
        for pattern in (f"{family}-{{}}-{limit}", f"{family}-{limit}-{{}}"):
            if get_header(headers, pattern.format("remaining")) == "0":
                reset = get_header(headers, pattern.format("reset")) or ""
                wait = parse_go_duration(reset)
                return wait if wait is not None else _seconds_until(headers, _iso_date(reset))
    return None


def _number(text: str | None) -> float | None:
    try:
        return _plausible(float(text or ""))
    except ValueError:
        return None


def _plausible(seconds: float) -> float | None:
    """The wait, None if it is negative, not a number, or too long."""
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


def _seconds_until(headers: Headers, reset: datetime | None) -> float | None:
    sent = _http_date(get_header(headers, "date") or "")
    if reset is None or sent is None or reset.tzinfo is None or sent.tzinfo is None:
        return None
    return max((reset - sent) / timedelta(seconds=1), 0.0)
