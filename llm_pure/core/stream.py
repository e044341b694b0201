"""Stream decoding for all dialects: bytes -> frames -> events.

A dialect supplies a frame decoder, an initial state and `step`. StepDecoder handles errors and the end of the body: events
before an error are returned first, a failed decoder stays failed, a body that ends early is StreamInterrupted.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from llm_pure.core.collect import Collector, nameless_call
from llm_pure.core.error_mapping import (
    ProviderErrorInfo,
    request_id,
    to_llm_error,
    with_body,
    with_headers,
)
from llm_pure.framing import Frame, FrameDecoder, frame_data, with_data
from llm_pure.framing.json_codec import any_json
from llm_pure.framing.sse import HEARTBEAT_TYPES, ErrorData, SseEvent
from llm_pure.types.completion import Completion
from llm_pure.types.errors import EVIDENCE_LIMIT, LLMError, ProtocolError, StreamInterrupted
from llm_pure.types.events import (
    ExtraReceived,
    PartReceived,
    ReasoningDelta,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from llm_pure.types.http import Headers, HttpResponse, ResponseHead
from llm_pure.types.late_module import LateModule
from llm_pure.types.rejection import Rejected
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from llm_pure.core import buffered_body
else:
    buffered_body = LateModule("llm_pure.core.buffered_body")

F = TypeVar("F", bound=bytes | Frame)


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the dialects' states."""

    complete: bool = False
    """The body may end here, if each choice that began has finished."""
    ended: bool = False
    """The service marked the end of the stream; `complete` does not matter then."""
    fault: LLMError | None = None
    """The error that ends the stream; the events before it are returned first."""

    def partial_extra(self, data: bytes) -> dict[str, Any]:
        """Extra fields of a response that is interrupted after the frame with this data."""
        return {}


S = TypeVar("S", bound=StreamState)

Step = Callable[[S, F], tuple[S, Sequence[StreamEvent]]]
"""(state, frame) -> the next state, and the frame's events. Raises Rejected for a frame that cannot be read."""


def take_step(
    step: Callable[..., tuple[S, Sequence[StreamEvent]]], state: S, *frame: Any
) -> tuple[S, Sequence[StreamEvent]]:
    """Call `step` with the state and a frame. A frame that it rejects is the state's fault."""
    try:
        return step(state, *frame)
    except Rejected as rejected:
        return msgspec.structs.replace(state, fault=rejected.error), ()


ReadRun = Callable[[S, Sequence[F], int, list[StreamEvent]], tuple[S, int]]
"""Fast path for the usual frames from a position on: append their events, return the state after them, and the position of the
first frame that it does not read. Must produce the same events as `step`."""

DONE = b"[DONE]"
"""The data of the last event of OpenAI's streams; gateways add it to the streams of all APIs."""

_HEARTBEATS = frozenset({b"", b"null", b"{}", b'""', *[name.encode() for name in HEARTBEAT_TYPES]})
_TYPED_HEARTBEAT = re.compile(
    rb'\{\s*+"type"\s*+:\s*+"(?:%s)"[^{}]*+\}' % "|".join(sorted(HEARTBEAT_TYPES)).encode()
)


def is_heartbeat(data: bytes) -> bool:
    """Return true for the data of an event that carries nothing and keeps the connection open."""
    if len(data) > 200:
        return False
    data = data.strip()
    return data in _HEARTBEATS or _TYPED_HEARTBEAT.fullmatch(data) is not None


def is_blank_event(data: bytes) -> bool:
    """Return true for the data of a heartbeat, and for OpenAI's end marker, in a stream of another API."""
    return is_heartbeat(data) or data.strip() == DONE


_COMPACT_EVERY = 256 * 1024
"""Bytes of the body between two calls of `Collector.compact`."""

_CONTENT = (TextDelta, ReasoningDelta, RefusalDelta, ToolCallDelta, PartReceived)

_NOTHING: LLMResult[tuple[StreamEvent, ...]] = Success(())

ParseError = Callable[[HttpResponse], LLMError | None]
"""Body -> the error in it, None without one."""


class StepDecoder(Generic[S, F]):
    """A StreamDecoder for one response, made of a frame decoder, an initial state and `step`."""

    __slots__ = (
        "_closed", "_collector", "_dialect", "_error", "_first", "_frames", "_head", "_parse_error",
        "_provider", "_read_run", "_recent", "_seen", "_state", "_step", "_uncompacted",
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
        read_run: ReadRun[S, F] | None = None,
        dialect: str = "",
    ) -> None:
        self._provider = provider
        self._dialect = dialect
        self._first: F | None = None
        self._recent: Sequence[F] = ()
        self._head = head
        self._frames = frames
        self._state = state
        self._step = step
        self._parse_error = parse_error
        self._read_run = read_run
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
        completion = self._collector.completion()
        datas = map(frame_data, reversed(self._recent))
        last = next((data for data in datas if not is_heartbeat(data)), None)
        if self._state.ended or last is None:
            return completion
        extra = self._state.partial_extra(last)
        if not extra:
            return completion
        return msgspec.structs.replace(completion, extra={**completion.extra, **extra})

    def _close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        frames = self._frames.close()
        events = self._run(frames) if frames else ()
        collector, error = self._collector, self._state_error()
        if error is None and self._is_complete():
            error = self._unframed_error()
            if error is None:
                if not collector.finished:
                    last = collector.unfinished()
                    collector.add(last)
                    events += tuple(collector.with_replaced_parts([*last]))
                if not collector.nameless_call:
                    return Success(events) if events else _NOTHING
                error = nameless_call(self._collector.completion()) or self._interrupted()
        elif error is None or isinstance(error, ProtocolError):
            # the end of the body truncates the last frame, which then cannot be decoded
            error = self._unframed_error() or self._with_partial(self._interrupted())
        self._error = error
        return Failure(error)

    def _is_complete(self) -> bool:
        if self._state.ended:
            return not self._collector.empty
        return self._state.complete and self._collector.finished

    def _interrupted(self) -> LLMError:
        """The error of a body that ended early, or that has the frames of another API."""
        if self._collector.empty and self._first is not None:
            first = frame_data(self._first)
            other = buffered_body.other_dialect(first, self._dialect)
            if other:
                return ProtocolError(
                    message=buffered_body.other_form("stream", other, self._dialect),
                    provider=self._provider,
                    status=self._head.status,
                    where="frame 1",
                    evidence=first,
                )
            if first.lstrip().startswith(b"<"):  # a page of HTML, as one line of NDJSON
                return ProtocolError(
                    message="the body is not a stream",
                    provider=self._provider,
                    status=self._head.status,
                    where="body",
                    evidence=first,
                )
        return StreamInterrupted(
            message=f"the body ended before the response was complete, after {self._seen} frames",
            provider=self._provider,
            status=self._head.status,
        )

    def _run(self, frames: list[F]) -> tuple[StreamEvent, ...]:
        """Read the frames, up to the first error, and return their events."""
        state, step = self._state, self._step
        count, position = len(frames), 0
        read_run = self._read_run if count > 1 else None
        events: list[StreamEvent] = []
        if not self._seen:
            events += header_events(self._head.headers)
            self._first = frames[0]
        good = frames
        try:
            if read_run is not None:
                state, position = read_run(state, frames, position, events)
            while position < count:
                frame, before = frames[position], state
                try:  # take_step, without the call
                    state, frame_events = step(state, frame)
                except Rejected as rejected:
                    state, frame_events = msgspec.structs.replace(state, fault=rejected.error), ()
                if state.fault is not None or type(frame) is ErrorData:
                    state, frame_events = self._step_leniently(before, frame, state, frame_events)
                    events += frame_events
                    position += 1
                    if state.fault is None and type(frame) is not ErrorData:
                        continue
                    fault = self._frame_error(state.fault, frame)
                    state = msgspec.structs.replace(state, fault=fault)
                    good = frames[: position - 1]
                    break
                events += frame_events
                position += 1
                if (
                    read_run is not None
                    and len(frame_events) == 1
                    and type(frame_events[0]) is TextDelta
                ):
                    state, position = read_run(state, frames, position, events)
            self._state = state
            if good and (events or any(not is_heartbeat(frame_data(each)) for each in good)):
                self._recent = good
            self._collector.add(events)
            if self._collector.replaced_parts:
                events = self._collector.with_replaced_parts(events)
        except RecursionError:  # the caller's stack is almost used up, or a value is nested deeply
            error = ProtocolError(
                message="the response is nested too deeply",
                provider=self._provider,
                status=self._head.status,
                where=f"frame {self._seen + 1}",
            )
            self._state = msgspec.structs.replace(self._state, fault=error)
        self._seen += len(frames)
        if self._uncompacted >= _COMPACT_EVERY:
            self._collector.compact()
            self._uncompacted = 0
        return tuple(events)

    def _step_leniently(
        self, before: S, frame: F, state: S, events: Sequence[StreamEvent]
    ) -> tuple[S, Sequence[StreamEvent]]:
        """The step of a frame that could not be read: of its first other form that can be, else `state` and `events`."""
        if type(state.fault) is not ProtocolError or isinstance(frame, ErrorData):
            return state, events
        from llm_pure.core.lenient_json import lenient_frames  # imported late: start-up

        for data, has_content in lenient_frames(frame_data(frame)):
            other = take_step(self._step, before, with_data(frame, data))
            is_read = not has_content or any(isinstance(event, _CONTENT) for event in other[1])
            if other[0].fault is None and is_read:
                return other
        return state, events

    def _frame_error(self, fault: LLMError | None, frame: F) -> LLMError:
        """The error that a frame reports: as the dialect reads it, else as the data of an "error" event."""
        data = frame_data(frame)
        named = isinstance(frame, ErrorData) or (
            isinstance(frame, SseEvent) and frame.type == "error"
        )
        if fault is not None and not (named and isinstance(fault, ProtocolError)):
            return with_body(fault, any_json(data))
        for status in (self._head.status, 500):
            error = self._parse_error(HttpResponse(status, self._head.headers, data))
            if error is not None:
                return error
        text = data[:EVIDENCE_LIMIT].decode("utf-8", "replace").strip()
        return to_llm_error(
            ProviderErrorInfo(provider=self._provider, message=text, headers=self._head.headers)
        )

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
        fault = ProtocolError(
            message="the body is not a stream",
            provider=self._provider,
            status=self._head.status,
            where="body",
            evidence=stray,
        )
        return self._with_partial(fault)

    def _with_partial(self, error: LLMError) -> LLMError:
        """The error with the response so far, and what the headers have of it."""
        return msgspec.structs.replace(
            with_headers(error, self._head.headers), partial=self.partial()
        )


def header_events(headers: Headers) -> tuple[StreamEvent, ...]:
    """Return the events of the response's headers: the request id, if there is one."""
    value = request_id(headers)
    return (ExtraReceived("request_id", value),) if value else ()
