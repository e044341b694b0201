"""Bedrock's errors -> LLMError: HTTP responses, and the exception and error frames of a stream.

The code is in the header x-amzn-errortype ("Code:http://..." or "ns#Code"), else in the body; in a stream it is in the
frame's `:exception-type`, with a lower-case first letter. Recorded bodies are `{"message": ...}` only.
Source: botocore 1.44.5 parsers.py and bedrock-runtime service model; ../shared/wire/bedrock.md section 7; read 2026-11-20.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_common import errors as openai_errors
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error, with_body
from llm_pure.core.service import AnyService, undecodable_error
from llm_pure.framing.aws_eventstream import EventStreamDecoder, EventStreamMessage
from llm_pure.framing.json_codec import any_json, decode_any
from llm_pure.types.errors import (
    EVIDENCE_LIMIT,
    AuthenticationFailed,
    ContentFiltered,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerError,
    TimedOut,
)
from llm_pure.types.http import Headers, HttpResponse, ResponseHead, get_header

ERROR_CODES: Mapping[str, ErrorType] = {
    "AccessDenied": PermissionDenied,
    "UnrecognizedClient": AuthenticationFailed,
    "InvalidSignature": AuthenticationFailed,
    "SignatureDoesNotMatch": AuthenticationFailed,
    "IncompleteSignature": AuthenticationFailed,
    "MissingAuthenticationToken": AuthenticationFailed,
    "InvalidClientTokenId": AuthenticationFailed,
    "ExpiredToken": AuthenticationFailed,
    "MPAgreementBeingCreated": PermissionDenied,
    "OptInRequired": PermissionDenied,
    "ResourceNotFound": NotFound,
    "UnknownOperation": NotFound,
    "Throttling": RateLimited,
    "TooManyRequests": RateLimited,
    "RequestLimitExceeded": RateLimited,
    "ServiceQuotaExceeded": QuotaExceeded,
    "ModelTimeout": TimedOut,
    "RequestTimeout": TimedOut,
    "ModelError": ServerError,
    "ModelStreamError": ServerError,
    "ModelNotReady": Overloaded,
    "InternalServer": ServerError,
    "InternalFailure": ServerError,
    "InternalError": ServerError,
    "ServiceUnavailable": Overloaded,
}
"""Codes without their "Exception". ValidationException is not here: its message gives the error, else its status."""

_STATUS: Mapping[str, int] = {
    "Validation": 400,
    "Conflict": 400,
    "ServiceQuotaExceeded": 400,
    "AccessDenied": 403,
    "UnrecognizedClient": 403,
    "ExpiredToken": 403,
    "ResourceNotFound": 404,
    "ModelTimeout": 408,
    "ModelError": 424,
    "ModelStreamError": 424,
    "Throttling": 429,
    "ModelNotReady": 429,
    "InternalServer": 500,
    "ServiceUnavailable": 503,
}
"""Code -> HTTP status, for errors after a 200; other codes have 500."""

_TEXTS: tuple[tuple[frozenset[int], re.Pattern[str], ErrorType], ...] = (
    (frozenset({400}), re.compile(r"(?i)provided model identifier is invalid"), NotFound),
    (
        frozenset({400}),
        re.compile(
            r"(?i)blocked by (?:our )?content filtering|content (?:filter(?:ing)?|usage) polic"
        ),
        ContentFiltered,
    ),
    (
        frozenset({401, 403}),
        re.compile(
            r"(?i)security token|bearer token|api key is (?:in)?valid|signature we calculated"
            r"|signature expired|authentication failed"
        ),
        AuthenticationFailed,
    ),
)
"""(statuses, pattern of the message, error), for messages that are more precise than their code; each was seen with
ValidationException, AccessDeniedException or no code."""

_RETRYABLE = frozenset({"MPAgreementBeingCreated"})
"""Codes to be retried: a marketplace agreement takes about 15 minutes."""


ERROR_HEADER = "x-amzn-errortype"
"""The header with the code of an error."""


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON or in the headers, None if there is none. Below status 300 the code gives the status.

    Without a code or a lone message of this service, the shapes are those of gateways.
    """
    error = _error_object(body)
    code = _code(response, error)
    if code is None and response.status < 300:
        return openai_errors.find_error(service, body, response)
    message = _message(error)
    alone = isinstance(body, dict) and bool(message) and body.keys() <= _FIELDS
    if response.status >= 300 and (code is not None or alone):
        return _error(service, response.status, code, message, response.headers)
    if code is None or not isinstance(body, dict):
        return openai_errors.find_error(service, body, response)
    return _error(service, _inner_status(code, error), code, message, response.headers)


def _error_object(body: Any) -> Any:
    """The object with the message: the body, or what it has as `error` or `Output`."""
    if not isinstance(body, dict):
        return body
    error = body.get("error")
    if isinstance(error, str) and error:
        return {**body, "message": body.get("message") or error}
    # {"Output": {"__type": "...#UnknownOperationException"}, "Version": "1.0"}
    for inner in (error, body.get("Output")):
        if isinstance(inner, dict) and inner:
            kind = inner.get("type")
            is_amazon = isinstance(kind, str) and _AMAZON.search(kind)
            return {"__type": kind, **inner} if is_amazon else inner
    return body


def _inner_status(code: str | None, error: dict[str, Any]) -> int:
    """The status of an error that came with status 200."""
    for key in ("code", "status", "statusCode"):
        value = error.get(key)
        if isinstance(value, int) and 400 <= value <= 599:
            return value
    return _STATUS.get(_stem(code), 500)


def event_error(service: AnyService, kind: str, raw: Any) -> LLMError | None:
    """The error in an event of this name: some services send exceptions as events."""
    named = kind.endswith("Exception") or kind == "error"
    if not named and not (isinstance(raw, dict) and isinstance(raw.get("__type"), str)):
        return None
    error = _error_object(raw)
    code = _bare(kind) if kind.endswith("Exception") else _code(HttpResponse(200, (), b""), error)
    status = _inner_status(code, error if isinstance(error, dict) else {})
    return _error(service, status, code, _message(error), ())


def undecodable(service: AnyService, response: HttpResponse) -> LLMError:
    """The error of a response whose body is not JSON. The header may have the code, or the body be a frame."""
    if response.status >= 300:
        for frame in EventStreamDecoder().feed(response.body):
            error = frame_error(service, response.head, frame)
            if error is not None:
                return with_body(error, any_json(frame.payload))
    code = _code(response, None)
    if code is None or response.status < 300:
        return undecodable_error(service, response)
    message = response.body[:EVIDENCE_LIMIT].decode("utf-8", "replace").strip()
    return _error(service, response.status, code, message, response.headers)


def frame_error(
    service: AnyService, head: ResponseHead, frame: EventStreamMessage
) -> LLMError | None:
    """Return the error in a frame: an exception of the service's model, or an error of the transport; else None."""
    match frame.header(":message-type"):
        case "exception":
            body = decode_any(frame.payload or b"{}", provider=service.name).value_or(
                frame.payload[:EVIDENCE_LIMIT].decode("utf-8", "replace")
            )
            code = _bare(str(frame.header(":exception-type") or "Exception"))
            message = _message(body)
        case "error":
            code = _bare(str(frame.header(":error-code") or "error"))
            message = str(frame.header(":error-message") or "")
        case _:
            return None
    return _error(service, _STATUS.get(_stem(code), 500), code, message, head.headers)


def _code(response: HttpResponse, body: Any) -> str | None:
    """The service's error code: from the header, else from the body."""
    value = get_header(response.headers, ERROR_HEADER)
    if value:
        return _bare(value)
    if not isinstance(body, dict):
        return None
    for key in ("__type", "code", "Code"):
        code = body.get(key)
        if isinstance(code, str) and code and (key == "__type" or _AMAZON.search(code)):
            return _bare(code)
    return None


_AMAZON = re.compile(r"(?:^|#)[A-Z][A-Za-z]+(?=$|:)|Exception(?=$|:)")
"""A code of Amazon's, in contrast to one of a gateway."""

_FIELDS = frozenset(
    {"message", "Message", "errorMessage", "originalMessage", "originalStatusCode", "resourceName"}
)


def _error(
    service: AnyService, status: int, code: str | None, message: str, headers: Headers
) -> LLMError:
    kind = service.error_codes.get(_stem(code))
    for statuses, pattern, meaning in _TEXTS:
        if status in statuses and pattern.search(message):
            kind = meaning
            break
    report = ProviderErrorInfo(
        provider=service.name, status=status, message=message, code=code, headers=headers
    )
    error = to_llm_error(report, {code or "": kind} if kind is not None else {})
    return replace(error, retryable=True) if code in _RETRYABLE else error


def _bare(value: str) -> str:
    """`aws.protocoltests#ValidationException:http://...` -> `ValidationException`.

    >>> _bare("com.amazon.coral.service#throttlingException:http://internal/")
    'ThrottlingException'
    """
    code = value.split(":", 1)[0].rsplit("#", 1)[-1].strip()
    return code[:1].upper() + code[1:]


def _stem(code: str | None) -> str:
    return (code or "").removesuffix("Exception")


def _message(body: Any) -> str:
    """The message, with the model's own message if ModelStreamErrorException has one."""
    if isinstance(body, str):
        return body
    if not isinstance(body, dict):
        return ""
    texts = [body.get(key) for key in ("message", "Message", "errorMessage", "originalMessage")]
    return ": ".join(dict.fromkeys([text for text in texts if isinstance(text, str) and text]))
