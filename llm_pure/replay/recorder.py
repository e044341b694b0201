"""Recorders: transports around other transports. Requests with a recording are replayed, others are sent and recorded.

    cassette = open_cassette("cassettes/weather.yaml", mode="once").unwrap()
    with override_transport(RecordingOverride(cassette)):
        program()                        # every LLM(config) that names its transport, sync and async
    cassette.save()                      # LLMResult[Path]

Or around one transport: LLM(config, transport=RecordTransport(cassette, HttpxTransport())).
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from llm_pure.replay.cassette import Interaction
from llm_pure.replay.faults import DEFAULT_PLAYBACK, PlaybackOptions
from llm_pure.replay.player import Player
from llm_pure.signing.stand_in import StandInRequest
from llm_pure.transports.base import (
    AsyncStreamingResponse,
    AsyncTransport,
    StreamingResponse,
    Timeouts,
    Transport,
)
from llm_pure.transports.override import LearnsSecrets
from llm_pure.transports.sockets import ForkSafeLock
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.result import Failure, LLMResult, Success

T = TypeVar("T")


class RecordingSink(Protocol):
    """The destination of recordings, which may also play recordings back: a CassetteRecorder or the traffic log."""

    def match(self, request: HttpRequest) -> LLMResult[Interaction | None]:
        """Return the recording for a request, None if the request is to be sent, or the error of a miss."""
        ...

    def start(self, request: HttpRequest) -> int:
        """Return a number for a request that is about to be sent."""
        ...

    def record(self, number: int, interaction: Interaction) -> LLMResult[Interaction]:
        """Keep the interaction of a request by its number."""
        ...


class RecordedExchange:
    """One request while its response is recorded: chunks and their times.

    Its number is assigned when the request is sent, so concurrent requests keep their order in the cassette.
    """

    def __init__(self, sink: RecordingSink, request: HttpRequest) -> None:
        self._sink = sink
        self._request = request
        self._number = sink.start(request)
        self._chunks: list[bytes] = []
        self._delays_ms: list[int] = []
        self._last_s = monotonic()
        self._saved: LLMResult[Interaction] | None = None

    def from_response(self, response: HttpResponse) -> LLMResult[HttpResponse]:
        """Record a complete response and return it. Fails if the response may not be written."""
        interaction = Interaction(request=self._request, response=response)
        return self._sink.record(self._number, interaction).map(lambda _: response)

    def add(self, chunk: LLMResult[bytes]) -> None:
        """Record a chunk of the body. A Failure is not recorded: the recorded body ends there."""
        if isinstance(chunk, Failure):
            return
        now_s = monotonic()
        self._chunks.append(chunk.unwrap())
        self._delays_ms.append(round((now_s - self._last_s) * 1000))
        self._last_s = now_s

    def end(self, head: ResponseHead) -> LLMResult[Interaction]:
        """Record the body as far as it was read. Later calls return the first result."""
        if self._saved is None:
            interaction = Interaction(
                request=self._request,
                response=HttpResponse(head.status, head.headers, b"".join(self._chunks)),
                sizes=tuple(map(len, self._chunks)),
                delays_ms=tuple(self._delays_ms),
            )
            self._saved = self._sink.record(self._number, interaction)
        return self._saved


class Recording:
    """An open response that is recorded while it is read. If it may not be written, the last item is the error."""

    def __init__(self, response: StreamingResponse, exchange: RecordedExchange) -> None:
        self.head = response.head
        self._response = response
        self._exchange = exchange

    def __iter__(self) -> Iterator[LLMResult[bytes]]:
        for chunk in self._response:
            self._exchange.add(chunk)
            yield chunk
        saved = self._exchange.end(self.head)
        if isinstance(saved, Failure):
            yield saved


class AsyncRecording:
    """Async `Recording`."""

    def __init__(self, response: AsyncStreamingResponse, exchange: RecordedExchange) -> None:
        self.head = response.head
        self._chunks: AsyncIterator[LLMResult[bytes]] = aiter(response)
        self._exchange = exchange
        self._ended = False

    def __aiter__(self) -> "AsyncRecording":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        if self._ended:
            raise StopAsyncIteration
        chunk = await anext(self._chunks, None)
        if chunk is not None:
            self._exchange.add(chunk)
            return chunk
        self._ended = True
        saved = self._exchange.end(self.head)
        if isinstance(saved, Failure):
            return saved
        raise StopAsyncIteration


class _Recorder(Generic[T]):
    """The part of a recorder that is the same for sync and async: replay or send, and the wrapped transport."""

    _protocol: type[Any]

    @property
    def needs_credentials(self) -> bool:
        """False if the sink replays: then a key is missing only for a request that has to be sent."""
        return _needs_credentials(self._sink)

    def __init__(
        self,
        sink: RecordingSink,
        inner: T | Callable[[], LLMResult[T]],
        *,
        player: Player | None = None,
    ) -> None:
        self._sink = sink
        self._player = player or Player()
        value: Any = inner  # a type variable is not narrowed by isinstance
        self._opens_inner = not isinstance(value, self._protocol)
        self._open: Callable[[], LLMResult[T]] = (
            value if self._opens_inner else lambda: Success(value)
        )
        self._inner: LLMResult[T] | None = None
        self._lock = ForkSafeLock()

    def _route(self, request: HttpRequest) -> LLMResult[Interaction] | tuple[T, RecordedExchange]:
        """Return what to replay, or the transport that sends the request and the exchange that records it."""
        try:
            recording = self._player.next_injected(request) or ok(self._sink.match(request))
            if recording is not None:
                return Success(recording)
            with self._lock:
                self._inner = self._inner or self._open()
                inner = ok(self._inner)
            if isinstance(request, StandInRequest) and _needs_credentials(inner):
                return Failure(request.error)
        except Rejected as rejected:
            return Failure(rejected.error)
        return inner, RecordedExchange(self._sink, request)

    def _release(self) -> Any:
        """Return the transport that was opened here and has to be closed, None if there is none."""
        with self._lock:
            if not self._opens_inner or self._inner is None:
                return None
            inner, self._inner = self._inner, None
            return inner.value_or(None)


class RecordTransport(_Recorder[Transport]):
    """A sync recorder. inner: the transport for requests to be recorded, or a function that opens it on first use."""

    _protocol = Transport

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the recorded response, or the service's, which is then recorded."""
        route = self._route(request)
        if not isinstance(route, tuple):
            return self._player.send(route, timeouts)
        inner, exchange = route
        return inner.send(request, timeouts).bind(exchange.from_response)

    @contextmanager
    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """Yield the response in chunks. A body that the caller leaves early is recorded as far as it was read."""
        route = self._route(request)
        if not isinstance(route, tuple):
            with self._player.stream(route, timeouts) as replayed:
                yield replayed
            return
        inner, exchange = route
        with inner.stream(request, timeouts) as response:
            yield response.map(lambda opened: Recording(opened, exchange))
            response.map(lambda opened: exchange.end(opened.head))

    def close(self) -> None:
        """Close the transport that was opened here. A transport passed by the caller stays open."""
        inner = self._release()
        if inner is not None:
            inner.close()


class AsyncRecordTransport(_Recorder[AsyncTransport]):
    """An async recorder, see `RecordTransport`."""

    _protocol = AsyncTransport

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the recorded response, or the service's, which is then recorded."""
        route = self._route(request)
        if not isinstance(route, tuple):
            return await self._player.asend(route, timeouts)
        inner, exchange = route
        return (await inner.asend(request, timeouts)).bind(exchange.from_response)

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """Yield the response in chunks. A body that the caller leaves early is recorded as far as it was read."""
        route = self._route(request)
        if not isinstance(route, tuple):
            async with self._player.astream(route, timeouts) as replayed:
                yield replayed
            return
        inner, exchange = route
        async with inner.astream(request, timeouts) as response:
            yield response.map(lambda opened: AsyncRecording(opened, exchange))
            response.map(lambda opened: exchange.end(opened.head))

    async def aclose(self) -> None:
        """Close the transport that was opened here. A transport passed by the caller stays open."""
        inner = self._release()
        if inner is not None:
            await inner.aclose()


class RecordingOverride:
    """Wrap each transport that a client opens by name in a recorder; for `override_transport`.

    playing: how recordings are played back. A transport that is never needed is never opened.
    """

    def __init__(self, sink: RecordingSink, playing: PlaybackOptions = DEFAULT_PLAYBACK) -> None:
        self.sink = sink
        self._player = Player(playing)

    @property
    def needs_credentials(self) -> bool:
        """As of a recorder."""
        return _needs_credentials(self.sink)

    def learn_secrets(self, secrets: Iterable[str]) -> None:
        """Mask these texts in all that is written from now on, if the sink can."""
        if isinstance(self.sink, LearnsSecrets):
            self.sink.learn_secrets(secrets)

    def open_sync(self, make: Callable[[], LLMResult[Transport]]) -> RecordTransport:
        """Return a recorder around the transport that `make` opens."""
        return RecordTransport(self.sink, make, player=self._player)

    def open_async(self, make: Callable[[], LLMResult[AsyncTransport]]) -> AsyncRecordTransport:
        """Return an async recorder around the transport that `make` opens."""
        return AsyncRecordTransport(self.sink, make, player=self._player)


def _needs_credentials(value: object) -> bool:
    return getattr(value, "needs_credentials", True) is not False
