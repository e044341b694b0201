"""Error bodies of chat completions and the APIs that follow them -> LLMError.

The shapes, each seen at some provider: {"error": {...}}, {"error": "text"}, {"message", "type", "code"} (Cerebras),
{"object": "error", ...} (Mistral, vLLM), {"code", "message", "data"} (SiliconFlow), {"code", "message", "request_id"}
(DashScope), {"detail": [...]} (FastAPI), {"fault": {...}} (gateways), a list around one of these (Google), a string.
Source: the wire notes of this project, rules 14 and 15, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.core.dialect import AnyService
from llm_pure.core.error_mapping import (
    ErrorType,
    ProviderErrorInfo,
    parse_go_duration,
    to_llm_error,
)
from llm_pure.framing.json_codec import preview
from llm_pure.types.errors import MAX_WAIT_S, LLMError
from llm_pure.types.http import HttpResponse

MAX_DETAILS = 100
"""Maximum entries of a list of details in a message."""


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. In a 2xx response, the error's own status counts."""
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, str) and response.status >= 400:
        body = {"error": body}
    if not isinstance(body, dict):
        return None
    error = _error_object(body, failed=response.status >= 400)
    if error is None:
        return None
    code = _code(error.get("code")) or _code(body.get("code"))
    return to_llm_error(
        ProviderErrorInfo(
            provider=service.name,
            status=_status(response.status, error),
            message=_message(error),
            code=code,
            type=_type(error, code, service.error_codes),
            param=_code(error.get("param")),
            request_id=_code(body.get("request_id")),
            retry_after_s=_retry_after_s(error),
            headers=response.headers,
        ),
        service.error_codes,
    )


def _type(
    error: dict[str, Any], code: str | None, error_codes: Mapping[str, ErrorType]
) -> str | None:
    """The second code: the first word of a dotted code (ark), a flagged input (OpenRouter), else the error's type."""
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and "flagged_input" in metadata:
        return "content_filter"
    head = (code or "").partition(".")[0]
    if head != code and head in error_codes:
        return head
    kind = _code(error.get("type"))
    if kind is None or kind.startswith(("about:", "urn:", "http")):  # RFC 9457
        kind = _code(error.get("status"))
    return None if kind == "error" else kind


def _error_object(body: dict[str, Any], *, failed: bool) -> dict[str, Any] | None:
    """The object with the error's fields, None if the body has no error."""
    if not failed and all(body[key] is None for key in body.keys() & ERROR_SIGNS):  # most responses
        return None
    error = body.get("error")
    if (
        isinstance(error, dict)
        and error
        and (failed or any(value is not None for value in error.values()))
    ):
        return error
    if isinstance(error, str) and error:
        return {**body, "message": error}
    errors = body.get("errors")  # Cloudflare
    if isinstance(errors, list) and errors:
        return errors[0] if isinstance(errors[0], dict) else {"message": str(errors[0])[:1000]}
    choices = body.get("choices")
    if choices and isinstance(choices, list):
        for choice in choices:
            inner = choice.get("error") if isinstance(choice, dict) else None
            if inner and isinstance(inner, dict | str):
                return inner if isinstance(inner, dict) else {"message": inner}
        if not failed and "base_resp" not in body:
            return None
    base = body.get("base_resp")  # MiniMax: a status_code other than 0 is an error
    if isinstance(base, dict) and base.get("status_code"):
        code = base["status_code"]
        return {"code": code, "message": base.get("status_msg"), "type": _MINIMAX.get(str(code))}
    fault = body.get("fault")
    if isinstance(fault, dict):
        return {"message": fault.get("faultstring"), **fault}
    flat = not choices and any(isinstance(body.get(key), str | list) for key in _MESSAGES)
    if flat and (
        failed
        or _is_marked(body)
        or any(body.get(key) for key in _CODES)
        or (body.keys() <= _ERROR_FIELDS and not body.keys() <= _REMARK_FIELDS)
    ):
        return {
            **body,
            "message": next((body[key] for key in _MESSAGES if body.get(key)), ""),
            "code": body.get("code", body.get("error_code")),
            "type": body.get("type", body.get("error_type")),
        }
    return body if failed else None


def _is_marked(body: dict[str, Any]) -> bool:
    return (
        "error" in (body.get("object"), body.get("type"), body.get("status"))
        or body.get("error") is True
        or body.get("success") is False
    )


_MINIMAX = {
    "1001": "timeout_error",
    "1002": "rate_limit_error",
    "1004": "authentication_error",
    "1008": "insufficient_quota",
    "1026": "content_filter",
    "1027": "content_filter",
    "1039": "rate_limit_error",
    "2013": "invalid_request_error",
    "2049": "authentication_error",
}
"""Codes of MiniMax's base_resp. Source: platform.minimax.io, "Error codes", read 2026-11-29."""
_MESSAGES = ("message", "msg", "error_message", "error_msg", "errorMessage", "detail")
"""Keys of an error's text beside its code, without an object around them."""
ERROR_SIGNS = frozenset({"error", "errors", "choices", "base_resp", "fault", *_MESSAGES})
"""A body below status 400 without any of these fields has no error."""
_CODES = ("code", "error_code", "error_type", "errorCode")
_ERROR_FIELDS = frozenset(
    {
        *_MESSAGES,
        *_CODES,
        "request_id",
        "requestId",
        "status",
        "status_code",
        "statusCode",
        "timestamp",
        "path",
        "param",
        "details",
        "type",
        "title",
        "instance",
    }
)
"""An object with a message and nothing but these fields is an error, also in a 2xx response: FastAPI, RFC 9457 (NVIDIA)."""
_REMARK_FIELDS = frozenset({"message", "msg", "type"})
"""With these alone it may be any remark."""


def _message(error: dict[str, Any]) -> str:
    texts = map(_text, map(error.get, ("message", "error_msg", "detail", "error", "title")))
    text = next(filter(None, texts), "")
    details = error.get("failed_generation")  # Groq: the model's text in place of a call
    metadata = error.get("metadata")
    if isinstance(metadata, dict):
        details = metadata.get("raw")  # OpenRouter: the host's error
    return f"{text}: {details[:500]}" if isinstance(details, str) and details else text


def _text(value: Any) -> str:
    while isinstance(value, dict):
        value = value.get("detail") or value.get("message")
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join([_detail(item) for item in value[:MAX_DETAILS]])
    return ""


def _detail(item: Any) -> str:
    """One entry of FastAPI's list: {"loc": [...], "msg", "type"}."""
    if not isinstance(item, dict):
        return _short(item)
    location = item.get("loc")
    path = "/".join(map(_short, location[:MAX_DETAILS])) if isinstance(location, list) else ""
    return ": ".join(filter(None, [path, _short(item.get("msg") or "")]))


_SECONDS = ("retry_after_seconds", "retry_after", "retryAfter")


def _retry_after_s(error: dict[str, Any]) -> float | None:
    """The wait in the error: in seconds, at OpenRouter in its metadata; at Google a duration in its details."""
    metadata, details = error.get("metadata"), error.get("details")
    for holder in (error, metadata if isinstance(metadata, dict) else {}):
        seconds = next(
            (holder[key] for key in _SECONDS if type(holder.get(key)) in (int, float)), -1
        )
        if 0 <= seconds < MAX_WAIT_S:
            return float(seconds)
    for detail in details[:MAX_DETAILS] if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str):
            return parse_go_duration(delay)
    return None


def _short(value: Any) -> str:
    """A text as it is, any other value as the beginning of its JSON."""
    return value if isinstance(value, str) else preview(value).decode("utf-8", "replace")


def _code(value: Any) -> str | None:
    """A code as text, None for an empty one and for other types."""
    if isinstance(value, bool) or value is None or value == "":
        return None
    return str(value) if isinstance(value, str | int) else None


def _status(status: int, error: dict[str, Any]) -> int | None:
    """The status of the response; for a 2xx the status in the error, None without one."""
    if status >= 400:
        return status
    for value in (error.get("code"), error.get("status"), error.get("status_code")):
        text = str(value)
        if text.isdecimal() and len(text) == 3 and 400 <= int(text) <= 599:
            return int(text)
    return None
