"""One streamed answer, read: pieces of its body -> events, and in the end the Completion or the error. No I/O."""

from collections import deque

import msgspec

from llm_pure.completion import Completion
from llm_pure.effects.lanes import Lane
from llm_pure.errors import ConnectionFailed, LLMError, StreamInterrupted
from llm_pure.events import ExtraReceived, Started, StreamEvent, UsageReported
from llm_pure.http import ResponseHead
from llm_pure.result import Failure, Parsed, Success

_ABOUT = (Started, ExtraReceived, UsageReported)
"""Events that tell nothing of the answer itself: it may still be asked for again after them."""


class Reading:
    """One for each attempt. events: not yet taken. outcome: None while the answer goes on."""

    def __init__(self, lane: Lane, head: ResponseHead) -> None:
        self.events: deque[StreamEvent] = deque()
        self.tells = False
        self.outcome: Parsed[Completion] | None = None
        self._decoder = lane.provider.open_stream(head)

    def take(self, piece: Parsed[bytes] | None) -> None:
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
        """The answer as far as it has come."""
        return self._decoder.partial()

    def _end(self, fault: LLMError | None) -> None:
        """An answer that is whole stays whole, however its connection ended."""
        closed = self._decoder.close()
        if not isinstance(closed, Failure):
            self._add(closed.unwrap())
            self.outcome = Success(self._decoder.partial())
        elif fault is None:
            self.outcome = Failure(closed.failure())
        else:
            self.outcome = Failure(_broken(fault, closed.failure(), self._decoder.partial()))

    def _add(self, events: tuple[StreamEvent, ...]) -> None:
        self.events += events
        if not self.tells:
            self.tells = any(not isinstance(event, _ABOUT) for event in events)


def _broken(fault: LLMError, told: LLMError, partial: Completion) -> LLMError:
    """The error to give when the transport failed with one, and the decoder made another of the bytes before it.

    What the service said itself counts most: an error status with half a body is that error.
    """
    if told.status is not None and told.status >= 400:
        return told
    if isinstance(fault, ConnectionFailed) and isinstance(told, StreamInterrupted):
        return msgspec.structs.replace(told, message=f"{told.message}: {fault.message}")
    return msgspec.structs.replace(fault, partial=partial)
