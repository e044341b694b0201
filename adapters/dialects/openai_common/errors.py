"""Error bodies of chat completions and the APIs that follow them -> LLMError.

The shapes, each seen at some provider: {"error": {...}}, {"error": "text"}, {"message", "type", "code"} (Cerebras),
{"object": "error", ...} (Mistral, vLLM), {"code", "message", "data"} (SiliconFlow), {"code", "message", "request_id"}
(DashScope), {"detail": [...]} (FastAPI), {"fault": {...}} (gateways), a list around one of these (Google), a string.
Source: the wire notes of this project, rules 14 and 15, read 2026-11-20.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from llm_pure.core.error_mapping import (
    ErrorType,
    ProviderErrorInfo,
    parse_go_duration,
    retry_after_s,
    to_llm_error,
)
from llm_pure.core.service import AnyService
from llm_pure.framing.json_codec import any_json, preview
from llm_pure.types.errors import MAX_WAIT_S, MESSAGE_LIMIT, LLMError
from llm_pure.types.http import Headers, HttpResponse

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
    outer = _error_object(body, failed=response.status >= 400)
    if outer is None:
        return None
    error = _innermost(outer)
    code = _code(error.get("code")) or _code(outer.get("code")) or _code(body.get("code"))
    return to_llm_error(
        ProviderErrorInfo(
            provider=service.name,
            status=_status(response.status, outer, error, body),
            message=_message(error),
            code=code,
            type=_type(error, code, service.error_codes),
            param=_code(error.get("param")),
            request_id=_code(body.get("request_id")),
            retry_after_s=_retry_after_s(error, body, response.headers),
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
    number = error.get("code")
    if "details" in error and isinstance(number, int) and number in _GRPC:
        return _GRPC[number]
    kind = _code(error.get("type")) or _code(error.get("error_type"))
    if kind in (None, "error") or kind.startswith(("about:", "urn:", "http")):  # RFC 9457
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
        and (failed or any(value not in _NO_ERROR for value in error.values()))
    ):
        return error
    if isinstance(error, str) and error:
        description = body.get("error_description")  # OAuth: the error is its code
        if isinstance(description, str) and description:
            return {"message": description, "code": error}
        return {**_flat(body), "message": error}
    if isinstance(error, int) and error > 1:  # not True
        return {**_flat(body), "code": error}
    errors = body.get("errors")  # Cloudflare
    for several in (error, errors):
        if isinstance(several, list) and several:
            first = several[0]
            return first if isinstance(first, dict) else {"message": str(first)[:1000]}
    metadata = body.get("ResponseMetadata")  # Volcengine's gateway
    if isinstance(metadata, dict) and isinstance(metadata.get("Error"), dict):
        return _flat(metadata["Error"])
    groq = body.get("x_groq")  # why a stream was stopped early
    if isinstance(groq, dict) and groq.get("error"):
        return _flat({"message": groq["error"]})
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
    detail = body.get("detail")
    if isinstance(detail, dict) and detail and (failed or body.keys() <= _ERROR_FIELDS):
        return _flat(detail)
    flat = not choices and any(isinstance(body.get(key), str | list) for key in _MESSAGES)
    if flat and (
        failed
        or _is_marked(body)
        or any(body.get(key) for key in _CODES)
        or (body.keys() <= _ERROR_FIELDS and not body.keys() <= _REMARK_FIELDS)
    ):
        return {
            **_flat(body),
            "message": next((body[key] for key in _MESSAGES if body.get(key)), ""),
        }
    return body if failed else None


_NO_ERROR = (None, "", 0, "0", False)
"""Values of an error object that is no error."""


def _flat(body: dict[str, Any]) -> dict[str, Any]:
    """A body that is an error itself, with its code and type under their usual names."""
    codes = ("code", "error_code", "errorCode", "Code", "ErrorCode")
    return {
        **body,
        "code": next((body[name] for name in codes if name in body), None),
        "type": body.get("type", body.get("error_type", body.get("errorType"))),
    }


def _innermost(error: dict[str, Any]) -> dict[str, Any]:
    """The error inside of an error: as an object, or as JSON in place of its text, as proxies pass on what they received."""
    for _ in range(3):
        inner, text = error.get("error"), error.get("message")
        if isinstance(text, str) and text[:1] == "{" and len(text) < MESSAGE_LIMIT:
            raw = any_json(text.encode("utf-8", "replace"))
            if isinstance(raw, dict):
                inner = raw.get("error") or (raw if raw.get("message") else None)
        if isinstance(inner, str) and inner != text and not text:
            inner = {"message": inner}
        if not isinstance(inner, dict) or not inner:
            return error
        error = {**{key: value for key, value in error.items() if key != "error"}, **inner}
    return error


_GRPC = {
    3: "invalid_argument",
    4: "timeout_error",
    5: "not_found",
    7: "permission_denied",
    8: "resource_exhausted",
    14: "unavailable",
    16: "unauthenticated",
}
"""google.rpc.Code, which grpc-gateway sends beside `details`, as generally known on 2026-11-30, unconfirmed."""


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
    "2056": "insufficient_quota",
}
"""Codes of MiniMax's base_resp. Source: platform.minimax.io, "Error codes", read 2026-11-29."""
_MESSAGES = (
    "message", "msg", "error_message", "error_msg", "errorMessage", "detail", "Message", "ErrorMsg", "err",
)  # fmt: skip
"""Keys of an error's text beside its code, without an object around them."""
ERROR_SIGNS = frozenset(
    {"error", "errors", "choices", "base_resp", "fault", "ResponseMetadata", "x_groq", *_MESSAGES}
)
"""A body below status 400 without any of these fields has no error."""
_CODES = ("code", "error_code", "error_type", "errorCode", "errorType", "Code", "ErrorCode")
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
    text = next(filter(None, texts), "") or _any_text(error, depth=6)
    details = error.get("failed_generation")  # Groq: the model's text in place of a call
    metadata = error.get("metadata")
    if isinstance(metadata, dict):
        details = metadata.get("raw")  # OpenRouter: the host's error
    return f"{text}: {details[:500]}" if isinstance(details, str) and details else text


_TEXTS = (*_MESSAGES, "error_description", "description", "reason", "details", "title", "exception")


def _any_text(value: Any, depth: int) -> str:
    """The first text under one of these names in an error of an unknown shape, or the first text of a list in it."""
    if depth == 0 or not isinstance(value, dict | list) or not value:
        return ""
    if isinstance(value, list):
        if isinstance(value[0], str):  # {"errors": {"field": ["text"]}}
            return value[0]
        items = value[:MAX_DETAILS]
    else:
        texts: list[str] = [value[name] for name in _TEXTS if isinstance(value.get(name), str)]
        if any(texts):
            return next(filter(None, texts))
        items = [*islice(value.values(), MAX_DETAILS)]
    return next(filter(None, [_any_text(item, depth - 1) for item in items]), "")


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


_SECONDS = {
    "retry_after_seconds": 1.0, "retry_after": 1.0, "retryAfter": 1.0, "retry_after_s": 1.0, "resets_in_seconds": 1.0,
    "retry_after_ms": 0.001, "estimated_time": 1.0,
}  # fmt: skip
"""Fields with the wait -> seconds of their unit. estimated_time: until a model is loaded (Hugging Face)."""


def _retry_after_s(error: dict[str, Any], body: dict[str, Any], headers: Headers) -> float | None:
    """The wait in the error, or beside it: at OpenRouter in its metadata, which may hold headers; at Google in its details."""
    metadata, details = error.get("metadata"), error.get("details")
    metadata = metadata if isinstance(metadata, dict) else {}
    for holder in (error, metadata, body):
        for name, unit_s in _SECONDS.items():
            value = holder.get(name)
            seconds = parse_go_duration(f"{value}s") if isinstance(value, str) else value
            if isinstance(seconds, int | float) and not isinstance(seconds, bool):
                wait = seconds * unit_s
                if 0 <= wait < MAX_WAIT_S:
                    return wait
    inner = metadata.get("headers")
    if isinstance(inner, dict):
        texts = [(name.lower(), value) for name, value in inner.items() if isinstance(value, str)]
        return retry_after_s((*texts, *headers))
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


def _status(status: int, *holders: dict[str, Any]) -> int | None:
    """The status of the response; for a 2xx the first one in the error or beside it, None without one."""
    if status >= 400:
        return status
    for holder in holders:
        for name in ("code", "status", "status_code", "http_code", "statusCode"):
            text = str(holder.get(name))
            if text.isdecimal() and len(text) == 3 and 400 <= int(text) <= 599:
                return int(text)
    return None
