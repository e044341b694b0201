"""Read one streamed response: chunks of its body -> events and, at the end, the complete value or the error. No I/O.

The response may be chat (events, a Completion) or speech (bytes, a Speech): `StreamKind` has the differences.
"""

from collections import deque
from collections.abc import Callable, Mapping
from operator import methodcaller
from typing import Any, Generic, Protocol, TypeVar, cast

import msgspec

from llm_pure.client.targets import Target
from llm_pure.transports.base import AsyncStreamingResponse, StreamingResponse
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
    """Bytes in, events out: what StreamDecoder and SpeechDecoder have in common."""

    def feed(self, data: bytes) -> LLMResult[tuple[E_co, ...]]:
        """Return the events that these bytes complete."""
        ...

    def close(self) -> LLMResult[tuple[E_co, ...]]:
        """End the body; return the last events."""
        ...

    def partial(self) -> A_co:
        """Return the value as far as it has been received."""
        ...


class StreamKind(msgspec.Struct, Generic[E, A], frozen=True):
    """How to read one kind of streamed response."""

    open_decoder: Callable[[Target, ResponseHead], Decoder[E, A]]
    """Open the provider's decoder."""

    on_disconnect: Callable[[Any], LLMResult[tuple[E, ...]]]
    """Close the decoder after a connection error, which is no end for a body that does not mark its own."""

    is_content: Callable[[E], bool]
    """True for events with model output; before the first one the call may be retried."""

    to_completion: Callable[[A], Completion]
    """The partial value as errors carry it."""


_METADATA = (Started, ExtraReceived, UsageReported)
"""Events without model output."""


CHAT: StreamKind[StreamEvent, Completion] = StreamKind(
    open_decoder=lambda target, head: target.provider.open_stream(head),
    on_disconnect=methodcaller("close"),
    is_content=lambda event: not isinstance(event, _METADATA),
    to_completion=lambda completion: completion,
)


class ResponseReader(Generic[E, A]):
    """Reads the response of one attempt."""

    def __init__(
        self,
        kind: StreamKind[E, A],
        target: Target,
        tool_names: Mapping[str, str] | None = None,
    ) -> None:
        self.events: deque[E] = deque()
        """Received and not yet delivered."""
        self.has_content = False
        """True once an event with model output was received."""
        self.outcome: LLMResult[A] | None = None
        """None before the end of the response."""
        self._kind = kind
        self._target = target
        self._tool_names = tool_names
        self._decoder: Decoder[E, A] | None = None

    def start(
        self, response: LLMResult[StreamingResponse] | LLMResult[AsyncStreamingResponse]
    ) -> bool:
        """Open the decoder for the head of a response. Return false if the request failed: that is the outcome."""
        if isinstance(response, Failure):
            self.outcome = Failure(response.failure())
            return False
        self._decoder = self._kind.open_decoder(self._target, response.unwrap().head)
        if self._tool_names:
            from llm_pure.core.tool_names import restore_decoder  # imported late: start-up

            decoder: Any = self._decoder
            self._decoder = cast("Decoder[E, A]", restore_decoder(decoder, self._tool_names))
        return True

    def read(self, chunk: LLMResult[bytes] | None) -> None:
        """Read the next chunk of the body, the transport's error, or None for the end."""
        decoder = self._decoder
        assert decoder is not None
        if chunk is None:
            closed = decoder.close()
            self._add(closed)
            if self.outcome is None:
                self.outcome = Success(decoder.partial())
        elif isinstance(chunk, Failure):
            self._disconnect(decoder, chunk.failure())
        else:
            self._add(decoder.feed(chunk.unwrap()))

    def partial(self) -> Completion | None:
        """Return what has been received as errors carry it, None before the head."""
        if self._decoder is None:
            return None
        return self._kind.to_completion(self._decoder.partial())

    def _disconnect(self, decoder: Decoder[E, A], error: LLMError) -> None:
        """End with a connection error. A response that was complete before it stays complete."""
        closed = self._kind.on_disconnect(decoder)
        if isinstance(closed, Failure):
            partial = self._kind.to_completion(decoder.partial())
            self.outcome = Failure(_disconnect_error(error, closed.failure(), partial))
        else:
            self._add(closed)
            self.outcome = Success(decoder.partial())

    def _add(self, events: LLMResult[tuple[E, ...]]) -> None:
        if isinstance(events, Failure):
            self.outcome = Failure(events.failure())
            return
        self.events += events.unwrap()
        if not self.has_content:
            self.has_content = any(map(self._kind.is_content, events.unwrap()))


def _disconnect_error(error: LLMError, decoded: LLMError, partial: Completion) -> LLMError:
    """Choose between the transport's error and the decoder's error for the bytes before it.

    The service's own error counts most: half a body of an error status is that error.
    """
    if decoded.status is not None and decoded.status >= 400:
        return decoded
    if isinstance(error, ConnectionFailed) and isinstance(decoded, StreamInterrupted):
        return msgspec.structs.replace(decoded, message=f"{decoded.message}: {error.message}")
    return msgspec.structs.replace(error, partial=partial)
