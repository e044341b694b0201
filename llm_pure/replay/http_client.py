"""Our transports as the transport of an httpx or httpx2 client, sync and async, for packages that take such a client.

    replay = open_replay("cassettes/openai").unwrap()
    openai.OpenAI(http_client=httpx2.Client(transport=httpx2_transport(replay)), api_key="any")

`httpx_client` and `httpx2_client` bind a package; this is what both share. The body of a stream arrives in the chunks of the
transport; any other body is read first, so that an error in it is an error of the call.

An error that a network may cause is an exception of the package. Any other one, such as a request without a recording, is a
response with its message, which the packages of the vendors raise at once and in full; an exception they would retry, and
report as "Connection error.".
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from typing import Any, ClassVar, TypeAlias

import msgspec

from llm_pure.replay.cassette_writer import CassetteRecorder
from llm_pure.replay.recorder import RecordingOverride
from llm_pure.replay.recording_index import NOT_RECORDED
from llm_pure.transports.base import AsyncTransport, Timeouts, Transport
from llm_pure.types.errors import (
    ConnectionFailed,
    InvalidConfiguration,
    LLMError,
    StreamInterrupted,
    TimedOut,
)
from llm_pure.types.http import Headers, HttpRequest, ResponseHead, get_header
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.result import Failure, LLMResult, Success

Source: TypeAlias = Transport | AsyncTransport | CassetteRecorder | RecordingOverride
"""What responds: a transport of either kind or of both, or what records and replays a cassette."""

STREAM_TYPES = (
    "text/event-stream",
    "application/x-ndjson",
    "application/jsonl",
    "application/stream+json",
    "application/vnd.amazon.eventstream",
)
"""Content types of bodies that are handed over as they arrive."""

TIMEOUT_S = 600.0
"""Timeout of the clients made here; that of httpx itself, 5 s, is shorter than many answers."""

NO_LIMIT_S = 86_400.0
"""For a client without a timeout: httpx has none for a call in total."""

_NETWORK_ERRORS = (ConnectionFailed, StreamInterrupted, TimedOut)
_TIMEOUTS = {"connect": "ConnectTimeout", "write": "WriteTimeout", "pool": "PoolTimeout"}
_STATUSES = {
    "authentication": 401,
    "permission": 403,
    "not_found": 404,
    "quota": 429,
    "rate_limited": 429,
    "overloaded": 503,
    "server_error": 500,
    "protocol": 502,
}
"""Kind of an error without a status -> its status; 400 for others."""

_CONNECTION_HEADERS = frozenset(
    {
        "accept-encoding", "connection", "content-encoding", "content-length", "host", "keep-alive", "te",
        "transfer-encoding",
    }
)  # fmt: skip
"""Headers of a connection, which our transports set themselves. Bodies have no content coding here."""


class ClientTransport:
    """`handle_request` and `handle_async_request` of a client over a Source, which stays open when the client is closed."""

    library: ClassVar[Any]
    """The module of the package: its exceptions, its Response and its ByteStream."""
    network: ClassVar[Any]
    """The module with the transports that a recorder sends over."""
    body: ClassVar[type["Body"]]
    async_body: ClassVar[type["AsyncBody"]]

    def __init__(self, source: Source) -> None:
        self._source = RecordingOverride(source) if isinstance(source, CassetteRecorder) else source

    def handle_request(self, request: Any) -> Any:
        """Return the response; the body of a stream is still to be read."""
        sent = _request_of(request, request.read())
        try:
            with ExitStack() as stack:
                transport = ok(self._open_sync(stack))
                opened = transport.stream(sent, _timeouts_of(request))
                response = ok(stack.enter_context(opened))
                chunks = iter(response)
                if not _is_stream(response.head):
                    content = b"".join([ok(chunk) for chunk in chunks])
                    return self._response(response.head, self.library.ByteStream(content))
                fail = partial(self._body_error, request)
                return self._response(response.head, self.body(chunks, stack.pop_all(), fail))
        except Rejected as rejected:
            return self._error(request, rejected.error)

    async def handle_async_request(self, request: Any) -> Any:
        """`handle_request`, async."""
        sent = _request_of(request, await request.aread())
        try:
            async with AsyncExitStack() as stack:
                transport = ok(self._open_async(stack))
                opened = transport.astream(sent, _timeouts_of(request))
                response = ok(await stack.enter_async_context(opened))
                chunks = aiter(response)
                if not _is_stream(response.head):
                    content = b"".join([ok(chunk) async for chunk in chunks])
                    return self._response(response.head, self.library.ByteStream(content))
                fail = partial(self._body_error, request)
                return self._response(response.head, self.async_body(chunks, stack.pop_all(), fail))
        except Rejected as rejected:
            return self._error(request, rejected.error)

    def _open_sync(self, stack: ExitStack) -> LLMResult[Transport]:
        if isinstance(self._source, RecordingOverride):
            recorder = self._source.open_sync(lambda: Success(self.network.open_sync()))
            stack.callback(recorder.close)
            return Success(recorder)
        if isinstance(self._source, Transport):
            return Success(self._source)
        return _other_kind(self._source, "Transport", "sync")

    def _open_async(self, stack: AsyncExitStack) -> LLMResult[AsyncTransport]:
        if isinstance(self._source, RecordingOverride):
            recorder = self._source.open_async(lambda: Success(self.network.open_async()))
            stack.push_async_callback(recorder.aclose)
            return Success(recorder)
        if isinstance(self._source, AsyncTransport):
            return Success(self._source)
        return _other_kind(self._source, "AsyncTransport", "async")

    def _response(self, head: ResponseHead, stream: Any) -> Any:
        headers = [pair for pair in head.headers if pair[0] not in _CONNECTION_HEADERS]
        return self.library.Response(head.status, headers=headers, stream=stream)

    def _error(self, request: Any, error: LLMError) -> Any:
        """Return the response for an error; raise the exception for one of the network."""
        if isinstance(error, _NETWORK_ERRORS) and error.code != NOT_RECORDED:
            raise self._exception(request, error, "ConnectError")
        head = ResponseHead(_status(error), _error_headers(error))
        return self._response(head, self.library.ByteStream(error_body(error)))

    def _body_error(self, request: Any, error: LLMError) -> Exception:
        """Return the exception for an error in the body of a stream."""
        if isinstance(error, _NETWORK_ERRORS):
            return self._exception(request, error, "ReadError")
        # no RequestError, which the packages replace by "Connection error."
        other: Exception = self.library.HTTPError(error.message)
        other.request = request  # type: ignore[attr-defined]
        return other

    def _exception(self, request: Any, error: LLMError, name: str) -> Exception:
        match error:
            case TimedOut(phase=phase):
                name = _TIMEOUTS.get(phase, "ReadTimeout")
            case StreamInterrupted():
                name = "RemoteProtocolError"
            case _:
                pass
        exception: Exception = getattr(self.library, name)(error.message, request=request)
        return exception


Fail: TypeAlias = Callable[[LLMError], Exception]


class Body:
    """The body of a stream, for a client of the sync kind."""

    def __init__(self, chunks: Iterator[LLMResult[bytes]], stack: ExitStack, fail: Fail) -> None:
        self._chunks = chunks
        self._stack = stack
        self._fail = fail

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            if isinstance(chunk, Failure):
                raise self._fail(chunk.failure())
            yield chunk.unwrap()

    def close(self) -> None:
        """Leave the response of the transport."""
        self._stack.close()


class AsyncBody:
    """The body of a stream, for a client of the async kind."""

    def __init__(
        self, chunks: AsyncIterator[LLMResult[bytes]], stack: AsyncExitStack, fail: Fail
    ) -> None:
        self._chunks = chunks
        self._stack = stack
        self._fail = fail

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            if isinstance(chunk, Failure):
                raise self._fail(chunk.failure())
            yield chunk.unwrap()

    async def aclose(self) -> None:
        """Leave the response of the transport."""
        await self._stack.aclose()


def error_body(error: LLMError) -> bytes:
    """Return an error in the forms that the packages of the vendors read: `error.message`, and `message` beside it."""
    code = error.code or error.kind
    detail = {"message": error.message, "type": code, "code": code, "param": None}
    return msgspec.json.encode({"type": "error", "error": detail, "message": error.message})


def _status(error: LLMError) -> int:
    if error.code == NOT_RECORDED:
        return 404
    return error.status or _STATUSES.get(error.kind, 400)


def _error_headers(error: LLMError) -> Headers:
    """Return headers by which the packages of OpenAI, Anthropic and Groq retry what may pass, and nothing else."""
    headers = [("content-type", "application/json")]
    if not error.retryable:
        headers.append(("x-should-retry", "false"))
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        headers.append(("retry-after", f"{retry_after_s:g}"))
    return tuple(headers)


def _request_of(request: Any, body: bytes) -> HttpRequest:
    headers = [pair for pair in request.headers.multi_items() if pair[0] not in _CONNECTION_HEADERS]
    return HttpRequest(request.method, str(request.url), tuple(headers), body)


def _timeouts_of(request: Any) -> Timeouts:
    limits: dict[str, float | None] = request.extensions.get("timeout") or {}
    seconds = {
        f"{step}_s": limits.get(step) or NO_LIMIT_S for step in ("connect", "read", "write", "pool")
    }
    return Timeouts(total_s=NO_LIMIT_S, **seconds)


def _is_stream(head: ResponseHead) -> bool:
    content_type = get_header(head.headers, "content-type") or ""
    return content_type.partition(";")[0].strip().lower() in STREAM_TYPES


def _other_kind(source: object, protocol: str, kind: str) -> Failure[LLMError]:
    message = f"{type(source).__name__} is no {protocol}, which a client of the {kind} kind needs: it lacks that kind's methods"
    return Failure(InvalidConfiguration(message=message, field="transport"))
