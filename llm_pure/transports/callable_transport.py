"""A transport made of one function that sends a request with any HTTP library and returns a `TransportResponse`.

    pool = urllib3.PoolManager()

    def send(request, timeouts):
        response = pool.request(request.method, request.url, body=request.body, headers=dict(request.headers),
                                timeout=timeouts.read_s, redirect=False, retries=False, preload_content=False)
        return TransportResponse(response.status, response.headers, response.stream(), response.close)

    errors = urllib3.exceptions
    LLM(config, CallableTransport(send, errors=(errors.HTTPError,), timeouts=(errors.TimeoutError,)))

The function does not retry and follows no redirect; a body that the library decodes has no `content-encoding` for us.
"""

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
)
from inspect import isawaitable
from time import monotonic
from typing import TypeAlias

import msgspec

from llm_pure.transports.base import BODY_LIMIT, AsyncCalls, SyncCalls, Timeouts
from llm_pure.types.errors import ConnectionFailed, LLMError, ProtocolError, TimedOut
from llm_pure.types.http import HttpRequest, ResponseHead
from llm_pure.types.redact import redact
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import Failure, LLMResult, Success

Exceptions: TypeAlias = tuple[type[Exception], ...]


class TransportResponse(msgspec.Struct, frozen=True):
    """What came back, of any status: the value that the function of a CallableTransport returns."""

    status: int
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = ()
    """Names in any case."""
    body: bytes | Iterable[bytes] | AsyncIterable[bytes] = b""
    """All of it, or its pieces as they arrive."""
    close: Callable[[], object] | None = None
    """Releases the connection: called once, when the body is read or given up. May be async in an async transport."""

    @property
    def head(self) -> ResponseHead:
        """Status and headers, with names in lower case."""
        pairs = self.headers.items() if isinstance(self.headers, Mapping) else self.headers
        return ResponseHead(
            self.status, tuple([(str(name).lower(), str(value)) for name, value in pairs])
        )


class _Opened:
    """A response as our transports have it: pieces as Results, bounded, with errors as values."""

    def __init__(
        self, response: TransportResponse, deadline_s: float, errors: "_Errors", limit: int
    ) -> None:
        self.head = response.head
        self._response = response
        self._deadline_s = deadline_s
        self._errors = errors
        self._left = limit
        self._is_closed = False

    def __iter__(self) -> Iterator[LLMResult[bytes]]:
        body = self._response.body
        if isinstance(body, AsyncIterable):
            yield Failure(ProtocolError(message="the body of a sync transport is async"))
            return
        try:
            for piece in [body] if isinstance(body, bytes) else body:
                checked = self._checked(piece)
                yield checked
                if isinstance(checked, Failure):
                    return
        except self._errors.all as error:
            yield Failure(self._errors.of(error, self.head.status))

    async def __aiter__(self) -> AsyncIterator[LLMResult[bytes]]:
        body = self._response.body
        if not isinstance(body, AsyncIterable):
            for item in self:
                yield item
            return
        try:
            async for piece in body:
                checked = self._checked(piece)
                yield checked
                if isinstance(checked, Failure):
                    return
        except self._errors.all as error:
            yield Failure(self._errors.of(error, self.head.status))

    def close(self) -> None:
        """Release the connection, once; what that raises of `errors` changes nothing."""
        self._close()

    async def aclose(self) -> None:
        """`close`, async."""
        closing = self._close()
        if isawaitable(closing):
            try:
                await closing
            except self._errors.all:
                return

    def _close(self) -> object:
        if self._is_closed or self._response.close is None:
            return None
        self._is_closed = True
        try:
            return self._response.close()
        except self._errors.all:
            return None

    def _checked(self, piece: bytes) -> LLMResult[bytes]:
        self._left -= len(piece)
        status = self.head.status
        if self._left < 0:
            return Failure(
                ProtocolError(message="the body is longer than the limit", status=status)
            )
        if monotonic() > self._deadline_s:
            message = "the response did not end in time"
            return Failure(TimedOut(message=message, phase="total", status=status, retryable=False))
        return Success(bytes(piece))


class _Errors(msgspec.Struct, frozen=True):
    """Exceptions of the library, and which of them are timeouts."""

    errors: Exceptions
    timeouts: Exceptions

    @property
    def all(self) -> Exceptions:
        return (*self.errors, *self.timeouts, OSError)

    def of(self, error: Exception, status: int | None = None) -> LLMError:
        """Return the error that an exception means. status: of the head, if it came."""
        from llm_pure.transports.exchange import connect_cause  # imported late: start-up

        message = redact(str(error)) or type(error).__name__
        cause = connect_cause(error) if status is None else ""
        if not cause and isinstance(error, (*self.timeouts, TimeoutError)):
            return TimedOut(message=message, phase="read", status=status)
        return ConnectionFailed(  # a refused connection is a timeout of urllib3's
            message=message, status=status, cause=cause, retryable=cause != "untrusted"
        )


class CallableTransport(SyncCalls):
    """A sync transport over a function; safe to use from several threads if the function is."""

    def __init__(
        self,
        send: Callable[[HttpRequest, Timeouts], TransportResponse],
        *,
        errors: Exceptions = (),
        timeouts: Exceptions = (),
        close: Callable[[], object] | None = None,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        """errors: exceptions of the library that are ConnectionFailed, as every OSError is. timeouts: those that are TimedOut,
        as every TimeoutError is. Other exceptions are bugs, and pass. close: called by `close`.
        """
        self._function = send
        self._errors = _Errors(errors, timeouts)
        self._on_close = close
        self._limit = body_limit

    def _open(self, request: HttpRequest, timeouts: Timeouts) -> _Opened:
        deadline_s = monotonic() + timeouts.total_s
        try:
            response = self._function(request, timeouts)
        except self._errors.all as error:
            raise Rejected(self._errors.of(error)) from error
        return _Opened(response, deadline_s, self._errors, self._limit)

    def close(self) -> None:
        """Close what the function uses."""
        if self._on_close is not None:
            self._on_close()


class AsyncCallableTransport(AsyncCalls):
    """An async transport over an async function."""

    def __init__(
        self,
        send: Callable[[HttpRequest, Timeouts], Awaitable[TransportResponse]],
        *,
        errors: Exceptions = (),
        timeouts: Exceptions = (),
        close: Callable[[], Awaitable[object]] | None = None,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        """As of CallableTransport, with an async `send` and `close`."""
        self._function = send
        self._errors = _Errors(errors, timeouts)
        self._on_close = close
        self._limit = body_limit

    async def _aopen(self, request: HttpRequest, timeouts: Timeouts) -> _Opened:
        deadline_s = monotonic() + timeouts.total_s
        try:
            response = await self._function(request, timeouts)
        except self._errors.all as error:
            raise Rejected(self._errors.of(error)) from error
        return _Opened(response, deadline_s, self._errors, self._limit)

    async def aclose(self) -> None:
        """Close what the function uses."""
        if self._on_close is not None:
            await self._on_close()
