"""Bedrock's errors -> LLMError: HTTP answers, and the exception and error frames inside a stream.

The code is in the header x-amzn-errortype ("Code:http://..." or "ns#Code"), else in the body; in a stream it is in the
frame's `:exception-type`, with a small first letter. Recorded bodies say `{"message": ...}` and no more.
Source: botocore 1.44.5 parsers.py and bedrock-runtime service model; ../shared/wire/bedrock.md section 7; read 2026-11-20.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.core.error_mapping import (
    ErrorType,
    ProviderErrorInfo,
    to_llm_error,
    undecodable_body_error,
)
from llm_pure.framing.aws_eventstream import EventStreamMessage
from llm_pure.framing.json_codec import decode_any
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
from llm_pure.types.http import HttpResponse, ResponseHead, get_header
from llm_pure.types.result import Failure

WORDS: Mapping[str, ErrorType] = {
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
"""Codes without their "Exception". ValidationException is not here: its text tells what it is, else its status."""

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
"""The status that an exception has outside of a stream, for those inside of one; others count as 500."""

_TEXTS: tuple[tuple[frozenset[int], re.Pattern[str], ErrorType], ...] = (
    (
        frozenset({400}),
        re.compile(r"(?i)provided model identifier is invalid"),
        NotFound,
    ),
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
"""(statuses, text, what it means), for messages that say more than their code; each seen with ValidationException,
AccessDeniedException or no code at all."""

_RETRYABLE = frozenset({"MPAgreementBeingCreated"})
"""Refusals that pass by themselves: a marketplace agreement is made within some 15 minutes."""


def read_error(name: str, response: HttpResponse) -> LLMError | None:
    """The error that an answer tells, whatever its status; None when it tells none, or is not JSON."""
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return None
    return find_error(name, decoded.unwrap(), response)


def find_error(name: str, body: Any, response: HttpResponse) -> LLMError | None:
    """The error that decoded JSON tells; None when it tells none. Inside a 200 the code gives the status."""
    code = code_of(response, body)
    if response.status < 300 and (code is None or not isinstance(body, dict)):
        return None
    output = body.get("Output") if isinstance(body, dict) else None
    said = output if isinstance(output, dict) else body
    status = response.status if response.status >= 300 else _STATUS.get(_stem(code), 500)
    return _told(name, status, code, _message(said), response.head)


def undecodable(name: str, response: HttpResponse) -> LLMError:
    """The error of an answer whose body is no JSON. The header may still tell the code."""
    code = code_of(response, None)
    if code is None or response.status < 300:
        return undecodable_body_error(name, response.status, response.headers, response.body)
    message = response.body[:EVIDENCE_LIMIT].decode("utf-8", "replace").strip()
    return _told(name, response.status, code, message, response.head)


def code_of(response: HttpResponse, body: Any) -> str | None:
    """The service's word for what went wrong: from the header, else from the body."""
    told = get_header(response.headers, "x-amzn-errortype")
    if told:
        return _bare(told)
    if not isinstance(body, dict):
        return None
    output = body.get(
        "Output"
    )  # {"Output": {"__type": "...#UnknownOperationException"}, "Version": "1.0"}
    for place in (body, output if isinstance(output, dict) else {}):
        for key in ("__type", "code", "Code"):
            word = place.get(key)
            if isinstance(word, str) and word:
                return _bare(word)
    return None


def frame_error(name: str, head: ResponseHead, frame: EventStreamMessage) -> LLMError | None:
    """The error that a frame tells: an exception of the service's model, or an error of the transport; else None."""
    match frame.header(":message-type"):
        case "exception":
            decoded = decode_any(frame.payload or b"{}", provider=name)
            said = (
                frame.payload[:EVIDENCE_LIMIT].decode("utf-8", "replace")
                if isinstance(decoded, Failure)
                else decoded.unwrap()
            )
            code = _bare(str(frame.header(":exception-type") or "Exception"))
            return _told(name, _STATUS.get(_stem(code), 500), code, _message(said), head)
        case "error":
            code = _bare(str(frame.header(":error-code") or "error"))
            message = str(frame.header(":error-message") or "")
            return _told(name, _STATUS.get(_stem(code), 500), code, message, head)
        case _:
            return None


def _told(name: str, status: int, code: str | None, message: str, head: ResponseHead) -> LLMError:
    kind = WORDS.get(_stem(code))
    for statuses, text, meant in _TEXTS:
        if status in statuses and text.search(message):
            kind = meant
            break
    error = to_llm_error(
        ProviderErrorInfo(
            provider=name, status=status, message=message, code=code, headers=head.headers
        ),
        {code or "": kind} if kind is not None else {},
    )
    return msgspec.structs.replace(error, retryable=True) if code in _RETRYABLE else error


def _bare(word: str) -> str:
    """`aws.protocoltests#ValidationException:http://...` -> `ValidationException`.

    >>> _bare("com.amazon.coral.service#throttlingException:http://internal/")
    'ThrottlingException'
    """
    code = word.split(":", 1)[0].rsplit("#", 1)[-1].strip()
    return code[:1].upper() + code[1:]


def _stem(code: str | None) -> str:
    return (code or "").removesuffix("Exception")


def _message(said: Any) -> str:
    """The message, with the model's own words where ModelStreamErrorException has them beside it."""
    if isinstance(said, str):
        return said
    if not isinstance(said, dict):
        return ""
    texts = [said.get(key) for key in ("message", "Message", "errorMessage", "originalMessage")]
    found = list(dict.fromkeys([text for text in texts if isinstance(text, str) and text]))
    return ": ".join(found)
