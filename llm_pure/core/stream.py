"""Stream decoding for all dialects: bytes -> frames -> events.

A dialect supplies a frame decoder, an initial state and `step`. StepDecoder handles errors and the end of the body: events
before an error are returned first, a failed decoder stays failed, a body that ends early is StreamInterrupted.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

from llm_pure.core.buffered_body import BufferedBodyDecoder
from llm_pure.core.collect import Collector
from llm_pure.core.error_mapping import request_id
from llm_pure.core.provider import StreamDecoder
from llm_pure.framing import FrameDecoder
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError, ProtocolError, StreamInterrupted
from llm_pure.types.events import ExtraReceived, StreamEvent, TextDelta
from llm_pure.types.http import Headers, HttpResponse, ResponseHead, get_header
from llm_pure.types.result import Failure, LLMResult, Success

F = TypeVar("F")


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the dialects' states."""

    complete: bool = False
    """The body may end here."""
    fault: LLMError | None = None
    """The error that ends the stream; the events before it are returned first."""


S = TypeVar("S", bound=StreamState)

Step = Callable[[S, F], tuple[S, Sequence[StreamEvent]]]
"""(state, frame) -> the next state, and the frame's events."""

TextFastPath = Callable[[S, Iterator[F], list[StreamEvent]], F | None]
"""Fast path for consecutive text frames: append their TextDelta events, return the first other frame or None. Must
produce the same events as `step`."""

_COMPACT_EVERY = 256 * 1024
"""Bytes of the body between two calls of `Collector.compact`."""

_NOTHING: LLMResult[tuple[StreamEvent, ...]] = Success(())

ParseError = Callable[[HttpResponse], LLMError | None]
"""Body -> the error in it, None without one."""


class StepDecoder(Generic[S, F]):
    """A StreamDecoder for one response, made of a frame decoder, an initial state and `step`."""

    __slots__ = (
        "_closed", "_collector", "_error", "_frames", "_head", "_parse_error", "_provider",
        "_read_text_run", "_seen", "_state", "_step", "_uncompacted",
    )  # fmt: skip

    def __init__(
        self,
        provider: str,
        head: ResponseHead,
        *,
        frames: FrameDecoder[F],
        state: S,
        step: Step[S, F],
        parse_error: ParseError,
        read_text_run: TextFastPath[S, F] | None = None,
    ) -> None:
        self._provider = provider
        self._head = head
        self._frames = frames
        self._state = state
        self._step = step
        self._parse_error = parse_error
        self._read_text_run = read_text_run
        self._collector = Collector()
        self._error: LLMError | None = None
        self._closed = False
        self._seen = 0
        self._uncompacted = 0

    def feed(self, data: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        """Return the events that these bytes complete."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._uncompacted += len(data)
        frames = self._frames.feed(data)
        events = self._run(frames) if frames else ()
        if self._state.fault is not None or self._frames.fault is not None:
            self._error = self._state_error() or self._framing_error()
            if self._error is not None and not events:
                return Failure(self._error)
        return Success(events) if events else _NOTHING

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        """Return the last events, once. Fails with StreamInterrupted if the response is incomplete."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._closed = True
        return self._close()

    def partial(self) -> Completion:
        """Return the Completion so far."""
        return self._collector.completion()

    def _close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        frames = self._frames.close()
        events = self._run(frames) if frames else ()
        error = self._state_error()
        if error is None and self._state.complete:
            return Success(events)
        if error is None or isinstance(error, ProtocolError):
            # the end of the body truncates the last frame, which then cannot be decoded
            error = self._unframed_error() or self._with_partial(
                StreamInterrupted(
                    message=f"the body ended before the response was complete, after {self._seen} frames",
                    provider=self._provider,
                    status=self._head.status,
                )
            )
        self._error = error
        return Failure(error)

    def _run(self, frames: list[F]) -> tuple[StreamEvent, ...]:
        state, step, read_text_run = self._state, self._step, self._read_text_run
        events: list[StreamEvent] = []
        if not self._seen:
            events += header_events(self._head.headers)
        remaining = iter(frames)
        frame = next(remaining, None)
        while frame is not None:
            state, frame_events = step(state, frame)
            events += frame_events
            if state.fault is not None:
                break
            if (
                read_text_run is not None
                and len(frame_events) == 1
                and type(frame_events[0]) is TextDelta
            ):
                frame = read_text_run(state, remaining, events)
            else:
                frame = next(remaining, None)
        self._seen += len(frames)
        self._state = state
        self._collector.add(events)
        if self._uncompacted >= _COMPACT_EVERY:
            self._collector.compact()
            self._uncompacted = 0
        return tuple(events)

    def _state_error(self) -> LLMError | None:
        error = self._state.fault
        return None if error is None else self._with_partial(error)

    def _framing_error(self) -> LLMError | None:
        error = self._frames.fault
        if error is None:
            return None
        return self._with_partial(
            ProtocolError(
                message=error.message,
                provider=self._provider,
                status=self._head.status,
                where=f"frame {self._seen + 1}",
                evidence=error.evidence,
            )
        )

    def _unframed_error(self) -> LLMError | None:
        """The error in a bare body that a service sent in place of frames."""
        stray = self._frames.stray
        if not stray:
            return None
        error = self._parse_error(HttpResponse(self._head.status, self._head.headers, stray))
        if error is not None:
            return self._with_partial(error)
        if self._seen:
            return None
        return ProtocolError(
            message="the body is not a stream",
            provider=self._provider,
            status=self._head.status,
            where="body",
            evidence=stray,
        )

    def _with_partial(self, error: LLMError) -> LLMError:
        """The error with the response so far, and the request id of the headers."""
        return msgspec.structs.replace(
            error,
            partial=self._collector.completion(),
            request_id=error.request_id or request_id(self._head.headers),
        )


def header_events(headers: Headers) -> tuple[StreamEvent, ...]:
    """Return the events of the response's headers: the request id, if there is one."""
    value = request_id(headers)
    return (ExtraReceived("request_id", value),) if value else ()


def decode_stream_or_body(
    provider: str,
    head: ResponseHead,
    parse: Callable[[HttpResponse], LLMResult[Completion]],
    stream: Callable[[], StreamDecoder],
    *,
    body_types: tuple[str, ...] = ("application/json",),
) -> StreamDecoder:
    """Return the stream's decoder, or one for a buffered body if the status is 300 or more or the content type says so."""
    content_type = (get_header(head.headers, "content-type") or "").split(";")[0].strip().lower()
    if head.status >= 300 or content_type in body_types:
        return BufferedBodyDecoder(provider, head, parse)
    return stream()
