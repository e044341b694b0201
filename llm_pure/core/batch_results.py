"""Decoders of a batch's results, and the responses that they hold.

`JsonLinesDecoder` reads a file of results, line by line; `JsonPageDecoder` one JSON body with results in it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from llm_pure.core.batch_api import BatchResult
from llm_pure.core.error_mapping import request_id
from llm_pure.framing import FRAME_LIMIT
from llm_pure.framing.json_codec import decode_any, preview
from llm_pure.framing.ndjson import NdjsonDecoder
from llm_pure.types.errors import LLMError, ProtocolError, ServerError, StreamInterrupted
from llm_pure.types.http import Headers, HttpResponse, ResponseHead, get_header
from llm_pure.types.result import Failure, LLMResult, Success

BODY_LIMIT = 1024 * 1024 * 1024
"""Maximum bytes of a body with results in one JSON value."""

ReadResult: TypeAlias = Callable[[dict[str, Any]], BatchResult]
"""The JSON of one line -> its result."""
FindHeadError: TypeAlias = Callable[[HttpResponse], LLMError | None]
"""The error that a response is, None for results."""
ReadPage: TypeAlias = Callable[[dict[str, Any]], tuple[Sequence[BatchResult], str]]
"""The JSON of a page -> its results and the next page."""


class _Body:
    """What both decoders share: the bytes so far against the stated length, an error that stays."""

    def __init__(self, provider: str, head: ResponseHead, find_error: FindHeadError) -> None:
        self._provider = provider
        self._head = head
        self._find_error = find_error
        self._length = 0
        self._error: LLMError | None = None
        self._closed = False
        self._buffer = bytearray()

    @property
    def next_page(self) -> str:
        """The page after this one, "" for the last."""
        return ""

    def _fail(self, error: LLMError) -> None:
        if self._error is None:
            self._error = error
        self._buffer.clear()

    def _short(self) -> LLMError | None:
        """The error of a body with fewer bytes than its head states."""
        stated = get_header(self._head.headers, "content-length") or ""
        if not self._states_length() or int(stated) <= self._length:
            return None
        return self._interrupted(f"{self._length} of {int(stated)} bytes of the results arrived")

    def _states_length(self) -> bool:
        stated = get_header(self._head.headers, "content-length") or ""
        encoded = get_header(self._head.headers, "content-encoding") not in (None, "identity")
        return not encoded and stated.isdecimal() and len(stated) <= 15

    def _cut(self, message: str, evidence: bytes) -> LLMError:
        """The error of results that do not end as they should: of the service, if all bytes arrived."""
        if self._states_length():
            return self._malformed(message, evidence)
        return self._interrupted(message)

    def _interrupted(self, message: str) -> LLMError:
        return StreamInterrupted(
            message=message,
            provider=self._provider,
            status=self._head.status,
            request_id=request_id(self._head.headers),
        )

    def _malformed(self, message: str, evidence: bytes) -> LLMError:
        return ProtocolError(
            message=message,
            provider=self._provider,
            status=self._head.status,
            where="body",
            evidence=evidence,
        )

    def _failed_response(self) -> LLMError:
        """The error of a response with another status than 2xx."""
        response = HttpResponse(self._head.status, self._head.headers, bytes(self._buffer))
        return self._find_error(response) or self._malformed(
            f"status {self._head.status} without results", response.body
        )


class JsonLinesDecoder(_Body):
    """Decodes a file of results. A line that is no result is one of kind "unreadable"; a cut at the end is a failure."""

    def __init__(
        self,
        provider: str,
        head: ResponseHead,
        read: ReadResult,
        find_error: FindHeadError,
    ) -> None:
        super().__init__(provider, head, find_error)
        self._read = read
        self._lines = NdjsonDecoder()
        self._count = 0

    def feed(self, data: bytes) -> LLMResult[tuple[BatchResult, ...]]:
        """Return the results of the lines that these bytes complete."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._length += len(data)
        if self._head.status >= 300:
            self._buffer += data[: FRAME_LIMIT - len(self._buffer)]
            return Success(())
        results = tuple([self._result(line) for line in self._lines.feed(data)])
        if self._lines.fault is not None:
            self._fail(self._malformed(f"line {self._count + 1} is too long", b""))
        return Success(results)

    def close(self) -> LLMResult[tuple[BatchResult, ...]]:
        """Return the result of a last line without an end; it fails if the body was cut."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._closed = True
        if self._head.status >= 300:
            error = self._failed_response()
            self._fail(error)
            return Failure(error)
        short = self._short()
        for line in self._lines.close():
            raw = self._decoded(line)
            if raw is not None and short is None:  # a whole object, also if it is no result
                return Success((self._read(raw),))
            short = short or self._cut("the results end within a line", line)
        if short is None:
            return Success(())
        self._fail(short)
        return Failure(short)

    def _decoded(self, line: bytes) -> dict[str, Any] | None:
        """The JSON object of the next line, None if it is none."""
        self._count += 1
        raw = decode_any(line, provider=self._provider, where=f"line {self._count}").value_or(None)
        return raw if isinstance(raw, dict) else None

    def _result(self, line: bytes) -> BatchResult:
        raw = self._decoded(line)
        if raw is not None:
            return self._read(raw)
        message = f"line {self._count} of the results is not a JSON object"
        return unreadable(self._provider, message, line)


class JsonPageDecoder(_Body):
    """Decodes one JSON body with results; they all come at its end."""

    def __init__(
        self, provider: str, head: ResponseHead, read: ReadPage, find_error: FindHeadError
    ) -> None:
        super().__init__(provider, head, find_error)
        self._read = read
        self._next = ""

    @property
    def next_page(self) -> str:
        """The page after this one, "" for the last."""
        return self._next

    def feed(self, data: bytes) -> LLMResult[tuple[BatchResult, ...]]:
        """Buffer the bytes."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._length += len(data)
        self._buffer += data
        if len(self._buffer) <= BODY_LIMIT:
            return Success(())
        error = self._malformed(f"the results are longer than {BODY_LIMIT} bytes", b"")
        self._fail(error)
        return Failure(error)

    def close(self) -> LLMResult[tuple[BatchResult, ...]]:
        """Return all results of the page."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._closed = True
        body = bytes(self._buffer)
        error = self._failed_response() if self._head.status >= 300 else self._short()
        if error is None:
            raw = decode_any(body, provider=self._provider).value_or(None)
            if isinstance(raw, dict):
                error = self._find_error(HttpResponse(self._head.status, self._head.headers, body))
            else:
                error = self._cut("the results are not complete JSON", body)
            if error is None and isinstance(raw, dict):
                results, self._next = self._read(raw)
                self._buffer = bytearray()
                return Success(tuple(results))
        error = error or self._malformed("the response has no results", body)
        self._fail(error)
        return Failure(error)


def unreadable(provider: str, message: str, evidence: bytes, custom_id: str = "") -> BatchResult:
    """A result that is none."""
    error = ProtocolError(message=message, provider=provider, where="results", evidence=evidence)
    return BatchResult(custom_id=custom_id, kind="unreadable", error=error)


def empty_result(provider: str, custom_id: str, raw: Any) -> BatchResult:
    """A result in which nothing was found that could be read."""
    message = "the result has neither a response nor an error"
    return unreadable(provider, message, preview(raw), custom_id)


def described_result(
    custom_id: str, status: Any, body: Any, error: Any = None, headers: Headers = ()
) -> BatchResult:
    """A result with the response that it describes, as `response_of` has it."""
    response = response_of(status, body, error, headers)
    return BatchResult(custom_id=custom_id, kind="response", response=response)


def response_of(status: Any, body: Any, error: Any = None, headers: Headers = ()) -> HttpResponse:
    """The response that a result describes, for `parse_chat`.

    A status that is none, as 0, is 500. Text as the body is the body itself: HTML of a gateway. An error beside a body is
    put into it, so that it fails with the body's completion as `partial`.

    >>> response_of(0, {"a": 1}), response_of("503", "<html>")
    (HttpResponse(status=500, headers=(), body=b'{"a":1}'), HttpResponse(status=503, headers=(), body=b'<html>'))
    """
    number = _status(status)
    if isinstance(error, dict | str) and error:
        if isinstance(body, dict) and not body.get("error"):
            body = {**body, "error": error if isinstance(error, dict) else {"message": error}}
        elif not body:
            body = {"error": error if isinstance(error, dict) else {"message": error}}
    data = body.encode("utf-8", "replace") if isinstance(body, str) else _encoded(body)
    return HttpResponse(number, headers, data)


def _encoded(body: Any) -> bytes:
    try:
        return b"" if body is None else msgspec.json.encode(body)
    except (ValueError, TypeError, RecursionError, msgspec.MsgspecError):
        return preview(body)


def _status(value: Any) -> int:
    number = (
        int(value) if isinstance(value, str) and value.isdecimal() and len(value) == 3 else value
    )
    if isinstance(number, int) and not isinstance(number, bool) and 200 <= number <= 599:
        return number
    return 500


GRPC_STATUS: Mapping[int, int] = {
    1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 12: 501, 13: 500, 14: 503,
    15: 500, 16: 401,
}  # fmt: skip
"""google.rpc.Code -> HTTP status. Source: googleapis google/rpc/code.proto, as generally known; wire/batch.md 4."""


_CODES = """OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED
RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED"""
_GRPC_NAMES: Mapping[str, int] = {name: number for number, name in enumerate(_CODES.split())}


def grpc_status(code: Any) -> int:
    """The HTTP status of an error's code, which is a gRPC code, its name, or a status; 500 for others.

    >>> grpc_status(3), grpc_status("RESOURCE_EXHAUSTED"), grpc_status("503"), grpc_status("odd")
    (400, 429, 503, 500)
    """
    if isinstance(code, str):
        code = _GRPC_NAMES.get(code.upper(), code)
    if isinstance(code, str) and code.isdecimal() and len(code) <= 3:
        code = int(code)
    if isinstance(code, bool) or not isinstance(code, int):
        return 500
    return GRPC_STATUS.get(code, code if 400 <= code <= 599 else 500)


def not_run(
    provider: str, custom_id: str, kind: str, message: str, code: str | None = None
) -> BatchResult:
    """The result of a request that the service did not run to its end."""
    kinds = {"expired": "expired", "cancelled": "cancelled", "canceled": "cancelled"}
    word = next((value for key, value in kinds.items() if key in kind.lower()), "failed")
    error = ServerError(message=message or f"the request was {word}", provider=provider, code=code)
    return BatchResult(custom_id=custom_id, kind=word, error=error)  # type: ignore[arg-type]
