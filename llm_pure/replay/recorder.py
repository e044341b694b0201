"""A recorder: a transport around another one, of any library. What is on its tape is answered from it, the rest is sent
and put on it.

    tape = open_cassette("cassettes/weather.yaml", mode="once").unwrap()
    with detoured(RecordingOverride(tape)):
        program()                        # every LLM(config) that names its transport, sync and async
    tape.save()                          # LLMResult[Path]

or around one transport: LLM(config, transport=RecordTransport(tape, HttpxTransport())).
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Lock
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from llm_pure.replay.cassette import Interaction
from llm_pure.replay.cassette_writer import CassetteRecorder
from llm_pure.replay.faults import DEFAULT_PLAYBACK, PlaybackOptions
from llm_pure.replay.player import Player
from llm_pure.transports.base import (
    AsyncStreamingResponse,
    AsyncTransport,
    StreamingResponse,
    Timeouts,
    Transport,
)
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success


class RecordingSink(Protocol):
    """What a recorder answers from and writes to: a Tape, or the log."""

    def take(self, request: HttpRequest) -> LLMResult[Interaction | None]:
        """The recording that answers; None when the request is to be sent; else the miss."""
        ...

    def begin(self, request: HttpRequest) -> int:
        """A request is about to be sent: its number."""
        ...

    def keep(self, number: int, interaction: Interaction) -> LLMResult[Interaction]:
        """An exchange is over."""
        ...


class RecordedExchange:
    """It has its place on the tape from its beginning, so that those that run at once are kept in the order asked."""

    def __init__(self, tape: RecordingSink, request: HttpRequest) -> None:
        self._tape = tape
        self._request = request
        self._number = tape.begin(request)
        self._head = ResponseHead(0)
        self._pieces: list[bytes] = []
        self._delays_ms: list[int] = []
        self._last_s = monotonic()
        self._kept: LLMResult[Interaction] | None = None

    def whole(self, response: HttpResponse) -> LLMResult[HttpResponse]:
        """The answer came whole: it is given on as it is, unless it may not be written."""
        interaction = Interaction(request=self._request, response=response)
        return self._tape.keep(self._number, interaction).map(lambda _: response)

    def open(self, head: ResponseHead) -> None:
        """The head came."""
        self._head = head

    def add(self, piece: LLMResult[bytes]) -> None:
        """A piece of the body came. A Failure is not recorded: the body just ends there."""
        if isinstance(piece, Failure):
            return
        now_s = monotonic()
        self._pieces.append(piece.unwrap())
        self._delays_ms.append(round((now_s - self._last_s) * 1000))
        self._last_s = now_s

    def end(self) -> LLMResult[Interaction]:
        """The body is over, or was left: it is kept, once."""
        if self._kept is None:
            body = b"".join(self._pieces)
            interaction = Interaction(
                request=self._request,
                response=HttpResponse(self._head.status, self._head.headers, body),
                sizes=tuple(map(len, self._pieces)),
                delays_ms=tuple(self._delays_ms),
            )
            self._kept = self._tape.keep(self._number, interaction)
        return self._kept


class Recording:
    """An open answer that is recorded while it is read, sync. What may not be written is its last item."""

    def __init__(self, answer: StreamingResponse, exchange: RecordedExchange) -> None:
        exchange.open(answer.head)
        self._answer = answer
        self._exchange = exchange

    @property
    def head(self) -> ResponseHead:
        """Status and headers."""
        return self._answer.head

    def __iter__(self) -> Iterator[LLMResult[bytes]]:
        for piece in self._answer:
            self._exchange.add(piece)
            yield piece
        kept = self._exchange.end()
        if isinstance(kept, Failure):
            yield Failure(kept.failure())


class AsyncRecording:
    """The same, async."""

    def __init__(self, answer: AsyncStreamingResponse, exchange: RecordedExchange) -> None:
        exchange.open(answer.head)
        self._pieces: AsyncIterator[LLMResult[bytes]] = aiter(answer)
        self._head = answer.head
        self._exchange = exchange
        self._over = False

    @property
    def head(self) -> ResponseHead:
        """Status and headers."""
        return self._head

    def __aiter__(self) -> "AsyncRecording":
        return self

    async def __anext__(self) -> LLMResult[bytes]:
        if self._over:
            raise StopAsyncIteration
        got = await anext(self._pieces, None)
        if got is not None:
            self._exchange.add(got)
            return got
        self._over = True
        kept = self._exchange.end()
        if isinstance(kept, Failure):
            return Failure(kept.failure())
        raise StopAsyncIteration


T = TypeVar("T")


class RecordingOverride:
    """For `override_transport`: each transport that a client opens by name is a recorder on this tape.

    playing: how recordings are given. Where nothing is to be recorded, the named transport is never opened.
    """

    def __init__(self, tape: CassetteRecorder, playing: PlaybackOptions = DEFAULT_PLAYBACK) -> None:
        self.tape = tape
        self.player = Player(playing)

    def open_sync(self, make: Callable[[], LLMResult[Transport]]) -> "RecordTransport":
        """A recorder around what `make` opens."""
        return RecordTransport(self.tape, make, player=self.player)

    def open_async(self, make: Callable[[], LLMResult[AsyncTransport]]) -> "AsyncRecordTransport":
        """The same, async."""
        return AsyncRecordTransport(self.tape, make, player=self.player)


class RecordTransport:
    """Sync. inner: what carries the requests that are to be recorded, or a function that opens it, which is called once."""

    def __init__(
        self,
        tape: RecordingSink,
        inner: Transport | Callable[[], LLMResult[Transport]],
        *,
        player: Player | None = None,
    ) -> None:
        self._tape = tape
        self._player = player or Player()
        self._inner: _Inner[Transport] = _Inner(inner, Transport)

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The recorded answer, or that of the service, which is then recorded."""
        taken = _taken(self._tape, self._player, request)
        if isinstance(taken, Failure):
            return taken
        recorded = taken.unwrap()
        if recorded is not None:
            return self._player.send(recorded, timeouts)
        inner = self._inner.get()
        if isinstance(inner, Failure):
            return inner
        exchange = RecordedExchange(self._tape, request)
        return inner.unwrap().send(request, timeouts).bind(exchange.whole)

    @contextmanager
    def stream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> Iterator[LLMResult[StreamingResponse]]:
        """The same, in pieces; a body that the caller leaves early is recorded as far as it came."""
        taken = _taken(self._tape, self._player, request)
        if isinstance(taken, Failure):
            yield taken
            return
        recorded = taken.unwrap()
        if recorded is not None:
            with self._player.stream(recorded, timeouts) as replayed:
                yield replayed
            return
        inner = self._inner.get()
        if isinstance(inner, Failure):
            yield inner
            return
        exchange = RecordedExchange(self._tape, request)
        with inner.unwrap().stream(request, timeouts) as opened:
            if isinstance(opened, Failure):
                yield opened
                return
            yield Success(Recording(opened.unwrap(), exchange))
            exchange.end()

    def close(self) -> None:
        """Closes the transport that was opened here; one that was brought stays the caller's."""
        opened = self._inner.take()
        if opened is not None:
            opened.close()


class AsyncRecordTransport:
    """The same, async."""

    def __init__(
        self,
        tape: RecordingSink,
        inner: AsyncTransport | Callable[[], LLMResult[AsyncTransport]],
        *,
        player: Player | None = None,
    ) -> None:
        self._tape = tape
        self._player = player or Player()
        self._inner: _Inner[AsyncTransport] = _Inner(inner, AsyncTransport)

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """The recorded answer, or that of the service, which is then recorded."""
        taken = _taken(self._tape, self._player, request)
        if isinstance(taken, Failure):
            return taken
        recorded = taken.unwrap()
        if recorded is not None:
            return await self._player.asend(recorded, timeouts)
        inner = self._inner.get()
        if isinstance(inner, Failure):
            return inner
        exchange = RecordedExchange(self._tape, request)
        return (await inner.unwrap().asend(request, timeouts)).bind(exchange.whole)

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """The same, in pieces; a body that the caller leaves early is recorded as far as it came."""
        taken = _taken(self._tape, self._player, request)
        if isinstance(taken, Failure):
            yield taken
            return
        recorded = taken.unwrap()
        if recorded is not None:
            async with self._player.astream(recorded, timeouts) as replayed:
                yield replayed
            return
        inner = self._inner.get()
        if isinstance(inner, Failure):
            yield inner
            return
        exchange = RecordedExchange(self._tape, request)
        async with inner.unwrap().astream(request, timeouts) as opened:
            if isinstance(opened, Failure):
                yield opened
                return
            yield Success(AsyncRecording(opened.unwrap(), exchange))
            exchange.end()

    async def aclose(self) -> None:
        """Closes the transport that was opened here; one that was brought stays the caller's."""
        opened = self._inner.take()
        if opened is not None:
            await opened.aclose()


class _Inner(Generic[T]):
    """A transport that was brought, or that is opened when it is first needed."""

    def __init__(self, given: T | Callable[[], LLMResult[T]], kind: type[Any]) -> None:
        unknown: Any = given  # a type variable narrows to neither
        self._mine = not isinstance(unknown, kind)
        self._make: Callable[[], LLMResult[T]] = unknown if self._mine else lambda: Success(unknown)
        self._got: LLMResult[T] | None = None
        self._lock = Lock()

    def get(self) -> LLMResult[T]:
        """The transport, or why it cannot be opened."""
        with self._lock:
            got = self._got or self._make()
            self._got = got
            return got

    def take(self) -> Any:
        """What was opened here and has to be closed; None when nothing was."""
        with self._lock:
            got, mine = self._got, self._mine
            if not mine or got is None or isinstance(got, Failure):
                return None
            self._got = None
            return got.unwrap()


def _taken(
    tape: RecordingSink, player: Player, request: HttpRequest
) -> LLMResult[Interaction | None]:
    """What is to be given in place of the service's answer: a fault that was asked for, a recording; None to ask it."""
    wrong = player.instead()
    if wrong is not None:
        return Success(Interaction(request=request, response=wrong))
    return tape.take(request)
