"""The machine that every streamed answer runs on: bytes -> frames -> events, with faults and ends handled once.

A dialect brings a frame decoder, a first state and `step`; what is common is here: events before a fault are given
first, a failed decoder stays failed, a body that ends early is StreamInterrupted with the partial answer.
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
from llm_pure.types.errors import EVIDENCE_LIMIT, LLMError, ProtocolError, StreamInterrupted
from llm_pure.types.events import (
    ExtraReceived,
    StreamEvent,
    TextDelta,
)
from llm_pure.types.http import Headers, HttpResponse, ResponseHead, get_header
from llm_pure.types.redact import redact_bytes
from llm_pure.types.result import Failure, LLMResult, Success

F = TypeVar("F")


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """What every dialect's state tells the machine.

    complete: the body may end here. fault: it cannot go on; the machine gives the events before it first.
    """

    complete: bool = False
    fault: LLMError | None = None


S = TypeVar("S", bound=StreamState)

Step = Callable[[S, F], tuple[S, Sequence[StreamEvent]]]
"""One frame: the next state, and the events that it makes."""

TextFastPath = Callable[[S, Iterator[F], list[StreamEvent]], F | None]
"""While text flows: adds the events of the frames that are a TextDelta and leave the state as it is; gives the first
frame that is anything else, None at the end. It says no more than `step` of each, in less time."""

_SETTLE_EVERY = 256 * 1024
"""Bytes of the body after which short pieces of text are joined."""

_NOTHING: LLMResult[tuple[StreamEvent, ...]] = Success(())

ParseError = Callable[[HttpResponse], LLMError | None]
"""A body that may be an error: the error it tells, None when it tells none."""


class StepDecoder(Generic[S, F]):
    """A StreamDecoder made of a frame decoder, a first state and a step. One for each answer."""

    __slots__ = (
        "_closed", "_collector", "_error", "_frames", "_head", "_parse_error", "_provider",
        "_read_on", "_seen", "_state", "_step", "_unsettled",
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
        self._read_on = read_text_run
        self._collector = Collector()
        self._error: LLMError | None = None
        self._closed = False
        self._seen = 0
        self._unsettled = 0

    def feed(self, data: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        """The events that these bytes complete."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._unsettled += len(data)
        frames = self._frames.feed(data)
        events = self._run(frames) if frames else ()
        if self._state.fault is not None or self._frames.fault is not None:
            self._error = self._fault_of_state() or self._fault_of_framing()
            if self._error is not None and not events:
                return Failure(self._error)
        return Success(events) if events else _NOTHING

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        """The body is over: the last events, given once."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._closed = True
        return self._close()

    def partial(self) -> Completion:
        """The answer as far as it has come."""
        return self._collector.completion()

    def _close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        frames = self._frames.close()
        events = self._run(frames) if frames else ()
        fault = self._fault_of_state()
        if fault is None and self._state.complete:
            return Success(events)
        if fault is None or isinstance(fault, ProtocolError):
            # a frame that could not be read is the one that the end of the body cut off
            fault = self._told_outside_of_frames() or self._carrying(
                StreamInterrupted(
                    message=f"the body ended before the answer did, after {self._seen} frames",
                    provider=self._provider,
                    status=self._head.status,
                )
            )
        self._error = fault
        return Failure(fault)

    def _run(self, frames: list[F]) -> tuple[StreamEvent, ...]:
        state, step, read_text_run = self._state, self._step, self._read_on
        events: list[StreamEvent] = []
        if not self._seen:
            events += header_events(self._head.headers)
        rest = iter(frames)
        frame = next(rest, None)
        while frame is not None:
            state, more = step(state, frame)
            events += more
            if state.fault is not None:
                break
            if read_text_run is not None and len(more) == 1 and type(more[0]) is TextDelta:
                frame = read_text_run(state, rest, events)
            else:
                frame = next(rest, None)
        self._seen += len(frames)
        self._state = state
        self._collector.add(events)
        if self._unsettled >= _SETTLE_EVERY:
            self._collector.compact()
            self._unsettled = 0
        return tuple(events)

    def _fault_of_state(self) -> LLMError | None:
        fault = self._state.fault
        return None if fault is None else self._carrying(fault)

    def _fault_of_framing(self) -> LLMError | None:
        fault = self._frames.fault
        if fault is None:
            return None
        return self._carrying(
            ProtocolError(
                message=fault.message,
                provider=self._provider,
                status=self._head.status,
                where=f"frame {self._seen + 1}",
                evidence=redact_bytes(fault.evidence),
            )
        )

    def _told_outside_of_frames(self) -> LLMError | None:
        """The error that a service sent as a bare body in place of frames."""
        stray = self._frames.stray
        if not stray:
            return None
        told = self._parse_error(HttpResponse(self._head.status, self._head.headers, stray))
        if told is not None:
            return self._carrying(told)
        if self._seen:
            return None
        return ProtocolError(
            message="the body is not a stream",
            provider=self._provider,
            status=self._head.status,
            where="body",
            evidence=redact_bytes(stray[:EVIDENCE_LIMIT]),
        )

    def _carrying(self, error: LLMError) -> LLMError:
        """The error, with what had come before it, and the id that the head gave the call."""
        return msgspec.structs.replace(
            error,
            partial=self._collector.completion(),
            request_id=error.request_id or request_id(self._head.headers),
        )


def header_events(headers: Headers) -> tuple[StreamEvent, ...]:
    """What an answer's headers say that belongs to the Completion: the id under which support finds the call."""
    asked = request_id(headers)
    return (ExtraReceived("request_id", asked),) if asked else ()


def decode_stream_or_body(
    provider: str,
    head: ResponseHead,
    parse: Callable[[HttpResponse], LLMResult[Completion]],
    stream: Callable[[], StreamDecoder],
    *,
    whole: tuple[str, ...] = ("application/json",),
) -> StreamDecoder:
    """The stream, unless the head tells that none follows: a status of 400 or more, or a content type out of `whole`."""
    content_type = (get_header(head.headers, "content-type") or "").split(";")[0].strip().lower()
    if head.status >= 300 or content_type in whole:
        return BufferedBodyDecoder(provider, head, parse)
    return stream()


def decode_steps(
    provider: str,
    head: ResponseHead,
    *,
    frames: Callable[[], FrameDecoder[F]],
    state: S,
    step: Step[S, F],
    parse: Callable[[HttpResponse], LLMResult[Completion]],
    parse_error: ParseError,
    read_text_run: TextFastPath[S, F] | None = None,
    whole: tuple[str, ...] = ("application/json",),
) -> StreamDecoder:
    """`decode_stream_or_body` for the usual stream, a StepDecoder: all that most dialects need."""

    def stream() -> StreamDecoder:
        return StepDecoder(
            provider,
            head,
            frames=frames(),
            state=state,
            step=step,
            parse_error=parse_error,
            read_text_run=read_text_run,
        )

    return decode_stream_or_body(provider, head, parse, stream, whole=whole)
