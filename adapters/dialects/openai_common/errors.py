"""Error bodies of chat completions and their clones -> LLMError.

The shapes, each seen at some service: {"error": {...}}, {"error": "text"}, {"message", "type", "code"} (Cerebras),
{"object": "error", ...} (Mistral, vLLM), {"code", "message", "data"} (SiliconFlow), {"code", "message", "request_id"}
(DashScope), {"detail": [...]} (FastAPI), {"fault": {...}} (gateways), a list around one of these (Google), a string.
Source: the wire notes of this project, rules 14 and 15, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.core.dialect import AnyService
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.framing.json_codec import decode_any
from llm_pure.types.errors import LLMError
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure


def read_error(
    provider: str, words: Mapping[str, ErrorType], response: HttpResponse
) -> LLMError | None:
    """The error that a body tells, whatever the status; None when the body tells none."""
    decoded = decode_any(response.body, provider=provider)
    if isinstance(decoded, Failure):
        return None
    return error_in_body(provider, words, decoded.unwrap(), response)


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. A status of 200 gives way to one in the error."""
    return error_in_body(service.name, service.error_codes, body, response)


def error_in_body(
    provider: str, words: Mapping[str, ErrorType], body: Any, response: HttpResponse
) -> LLMError | None:
    """The error that decoded JSON tells; None when it tells none. A status of 200 gives way to one in the error."""
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, str) and response.status >= 400:
        body = {"error": body}
    if not isinstance(body, dict):
        return None
    error = _error_object(body, failed=response.status >= 400)
    if error is None:
        return None
    code = _word(error.get("code")) or _word(body.get("code"))
    return to_llm_error(
        ProviderErrorInfo(
            provider=provider,
            status=_status(response.status, error),
            message=_message(error),
            code=code,
            type=_type(error, code, words),
            param=_word(error.get("param")),
            request_id=_word(body.get("request_id")),
            headers=response.headers,
        ),
        words,
    )


def _type(error: dict[str, Any], code: str | None, words: Mapping[str, ErrorType]) -> str | None:
    """The second word: the first of a dotted code (ark), a flagged input (OpenRouter), else the error's type."""
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and "flagged_input" in metadata:
        return "content_filter"
    head = (code or "").partition(".")[0]
    if head != code and head in words:
        return head
    return _word(error.get("type")) or _word(error.get("status"))


def _error_object(body: dict[str, Any], *, failed: bool) -> dict[str, Any] | None:
    error = body.get("error")
    if isinstance(error, dict) and error:
        return error
    if isinstance(error, str) and error:
        return {**body, "message": error}
    fault = body.get("fault")
    if isinstance(fault, dict):
        return {"message": fault.get("faultstring"), **fault}
    flat = "choices" not in body and any(key in body for key in ("message", "detail", "error_msg"))
    if flat and (failed or body.get("object") == "error" or "code" in body):
        return {**body, "code": body.get("code", body.get("error_code"))}
    return body if failed else None


def _message(error: dict[str, Any]) -> str:
    for key in ("message", "error_msg", "detail", "error", "title"):
        text = _text(error.get(key))
        if text:
            break
    else:
        text = ""
    said = error.get("failed_generation")  # Groq: what the model wrote in place of a call
    metadata = error.get("metadata")
    if isinstance(metadata, dict):
        said = metadata.get("raw")  # OpenRouter: the host's own words
    return f"{text}: {said[:500]}" if isinstance(said, str) and said else text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _text(value.get("detail") or value.get("message") or "")
    if isinstance(value, list):
        return "; ".join([_detail(item) for item in value])
    return ""


def _detail(item: Any) -> str:
    """One entry of FastAPI's list: {"loc": [...], "msg", "type"}."""
    if not isinstance(item, dict):
        return str(item)
    place = item.get("loc")
    where = "/".join([str(step) for step in place]) if isinstance(place, list) else ""
    return ": ".join(filter(None, [where, str(item.get("msg") or "")]))


def _word(value: Any) -> str | None:
    if isinstance(value, bool) or value is None or value == "":
        return None
    return str(value) if isinstance(value, str | int) else None


def _status(status: int, error: dict[str, Any]) -> int:
    """The status of the answer; inside a 200, the one that the error names, else 500."""
    if status >= 400:
        return status
    for named in (error.get("code"), error.get("status"), error.get("status_code")):
        text = str(named)
        if text.isdecimal() and len(text) == 3 and 400 <= int(text) <= 599:
            return int(text)
    return 500
