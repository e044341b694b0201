"""One exchange with a service while it is recorded: what was asked, and each piece of the answer with its time."""

from collections.abc import AsyncIterator, Iterator
from time import monotonic
from typing import Protocol

from llm_pure.replay.cassette import Interaction
from llm_pure.transports.base import AsyncStreamingResponse, StreamingResponse
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.result import Failure, LLMResult


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
