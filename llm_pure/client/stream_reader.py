"""One streamed answer, read: pieces of its body -> events, and in the end the whole answer or the error. No I/O.

What is read may be a chat (events, a Completion) or speech (bytes, a Speech); `Manner` says how.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from llm_pure.client.targets import Lane
from llm_pure.types.completion import Completion
from llm_pure.types.errors import ConnectionFailed, LLMError, StreamInterrupted
from llm_pure.types.events import ExtraReceived, Started, StreamEvent, UsageReported
from llm_pure.types.http import ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success

E = TypeVar("E")
A = TypeVar("A")
E_co = TypeVar("E_co", covariant=True)
A_co = TypeVar("A_co", covariant=True)


class Decoder(Protocol[E_co, A_co]):
    """Bytes in, events out; what StreamDecoder and SpeechDecoder have in common."""

    def feed(self, data: bytes) -> LLMResult[tuple[E_co, ...]]:
        """The events that these bytes complete."""
        ...

    def close(self) -> LLMResult[tuple[E_co, ...]]:
        """The body is over."""
        ...

    def partial(self) -> A_co:
        """The answer as far as it has come."""
        ...


class Manner(msgspec.Struct, Generic[E, A], frozen=True):
    """How a kind of answer is read.

    open: the provider's decoder. cut: what it says when the connection broke, which is no end for bytes that do not tell
    their own. tells: does an event show something of the answer itself? Until one does, the answer may be asked for again.
    completion: what an error carries of an answer that was cut off.
    """

    open: Callable[[Lane, ResponseHead], Decoder[E, A]]
    cut: Callable[[Any], LLMResult[tuple[E, ...]]]
    tells: Callable[[E], bool]
    completion: Callable[[A], Completion]


_ABOUT = (Started, ExtraReceived, UsageReported)
"""Events that tell nothing of the answer itself."""

CHAT: Manner[StreamEvent, Completion] = Manner(
    open=lambda lane, head: lane.provider.open_stream(head),
    cut=lambda decoder: decoder.close(),
    tells=lambda event: not isinstance(event, _ABOUT),
    completion=lambda answer: answer,
)


class Reading(Generic[E, A]):
    """One for each attempt. events: not yet taken. outcome: None while the answer goes on."""

    def __init__(self, manner: Manner[E, A], lane: Lane, head: ResponseHead) -> None:
        self.events: deque[E] = deque()
        self.tells = False
        self.outcome: LLMResult[A] | None = None
        self._manner = manner
        self._decoder = manner.open(lane, head)

    def take(self, piece: LLMResult[bytes] | None) -> None:
        """The next piece of the body, the transport's fault, or None for the end."""
        if piece is None:
            self._end(None)
        elif isinstance(piece, Failure):
            self._end(piece.failure())
        else:
            got = self._decoder.feed(piece.unwrap())
            if isinstance(got, Failure):
                self.outcome = Failure(got.failure())
            else:
                self._add(got.unwrap())

    def partial(self) -> Completion:
        """The answer as far as it has come, as errors carry it."""
        return self._manner.completion(self._decoder.partial())

    def _end(self, fault: LLMError | None) -> None:
        """An answer that is whole stays whole, however its connection ended."""
        decoder = self._decoder
        closed = decoder.close() if fault is None else self._manner.cut(decoder)
        if not isinstance(closed, Failure):
            self._add(closed.unwrap())
            self.outcome = Success(decoder.partial())
        elif fault is None:
            self.outcome = Failure(closed.failure())
        else:
            self.outcome = Failure(_broken(fault, closed.failure(), self.partial()))

    def _add(self, events: tuple[E, ...]) -> None:
        self.events += events
        if not self.tells:
            tells = self._manner.tells
            self.tells = any(tells(event) for event in events)


def _broken(fault: LLMError, told: LLMError, partial: Completion) -> LLMError:
    """The error to give when the transport failed with one, and the decoder made another of the bytes before it.

    What the service said itself counts most: an error status with half a body is that error.
    """
    if told.status is not None and told.status >= 400:
        return told
    if isinstance(fault, ConnectionFailed) and isinstance(told, StreamInterrupted):
        return msgspec.structs.replace(told, message=f"{told.message}: {fault.message}")
    return msgspec.structs.replace(fault, partial=partial)
