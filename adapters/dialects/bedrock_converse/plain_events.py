"""Plain messages of ConverseStream -> events: `step`, and the fast path for text.

Every other frame is read by `stream.read_frame`; a test holds both paths together.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.bedrock_converse import wire
from llm_pure.adapters.dialects.bedrock_converse.state import State
from llm_pure.adapters.dialects.bedrock_converse.stream import (
    READERS,
    Raw,
    Stepped,
    read_delta,
    read_frame,
)
from llm_pure.core.service import AnyService
from llm_pure.framing.aws_eventstream import EventStreamMessage, MessageHeaders
from llm_pure.framing.json_codec import DECODE_ERRORS, decode_shallow
from llm_pure.types.events import ReasoningDelta, Started, StreamEvent, TextDelta, ToolCallDelta
from llm_pure.types.http import ResponseHead


def step(
    service: AnyService, head: ResponseHead, state: State, frame: EventStreamMessage
) -> Stepped:
    """Read one frame. Nearly every frame is a delta of a block, most others are plain too: the fast paths."""
    kind = _plain_kind(frame.headers)
    if kind == _DELTA and state.started and not state.stopped:
        try:
            event = wire.PLAIN_DELTA.decode(frame.payload)
        except DECODE_ERRORS:  # a delta with further fields
            return read_frame(service, head, state, frame)
        return _step_delta(service, state, event)
    plain_event = _read_plain_event(service, state, kind, frame.payload)
    return read_frame(service, head, state, frame) if plain_event is None else plain_event


_DELTA = "contentBlockDelta"


@lru_cache(maxsize=64)
def _plain_kind(headers: MessageHeaders) -> str:
    """Return the name of an event, "" for exceptions, errors and odd headers. A stream repeats a few headers."""
    kinds = [value for name, value in headers if name == ":event-type"]
    is_event = (":message-type", "event") in headers
    return kinds[0] if is_event and len(kinds) == 1 and isinstance(kinds[0], str) else ""


def _read_plain_event(
    service: AnyService, state: State, kind: str, payload: bytes
) -> Stepped | None:
    """Fast path for the other events of plain messages; None for events with further fields."""
    reader = _PLAIN_READERS.get(kind)
    event = None if reader is None else decode_shallow(reader[0], payload)
    if reader is None or event is None:
        return None
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(provider=service.name))
        state = replace(state, started=True)
    state, event_events = reader[1](service, state, event, _plain_raw(event))
    return state, [*events, *event_events]


def _plain_raw(event: Any) -> Raw:
    """The JSON of a plain event, as far as its reader looks at it."""
    if type(event) is wire.PlainMetadata:
        return {"metrics": event.metrics} if event.metrics else {}
    if type(event) is wire.PlainStartEvent:
        return {"start": {"toolUse": {}} if event.start.toolUse else {}}
    return {}


def _step_delta(service: AnyService, state: State, event: wire.PlainDeltaEvent) -> Stepped:
    if event.contentBlockIndex == state.plain_block:
        plain = _plain_delta(state, event.delta)
        if plain is not None:
            return state, plain
    return read_delta(service, state, event.contentBlockIndex, event.delta)


def _plain_delta(state: State, delta: wire.PlainDelta) -> tuple[StreamEvent, ...] | None:
    """The events of a delta that only continues the part of `plain_block`; None for others."""
    kind = state.plain_kind
    if delta.text:
        return (TextDelta(delta.text, state.plain_part),) if kind == "text" else None
    if delta.toolUse is not None:
        arguments = delta.toolUse.input
        if kind != "toolUse":
            return None
        return (ToolCallDelta(arguments, state.plain_part),) if arguments else ()
    reasoning = delta.reasoningContent
    if kind != "reasoningContent" or reasoning is None or reasoning.signature or not reasoning.text:
        return None
    return (ReasoningDelta(reasoning.text, state.plain_part),)


def read_run(
    service: AnyService,
    head: ResponseHead,
    state: State,
    frames: Sequence[EventStreamMessage],
    position: int,
    events: list[StreamEvent],
) -> tuple[State, int]:
    """Fast path for plain frames that arrive together."""
    decode, delta_headers = wire.PLAIN_DELTA.decode, None
    text_block, part = _open_text(state)
    for at in range(position, len(frames)):
        frame = frames[at]
        headers = frame.headers
        if headers is delta_headers or _plain_kind(headers) == _DELTA:
            delta_headers = headers  # frames with equal headers share them
            try:
                event = decode(frame.payload)
            except DECODE_ERRORS:
                return state, at
            text = event.delta.text
            if text and event.contentBlockIndex == text_block:
                events.append(TextDelta(text, part))
                continue
            if not state.started or state.stopped:
                return state, at
            stepped: Stepped | None = _step_delta(service, state, event)
        else:
            stepped = _read_plain_event(service, state, _plain_kind(headers), frame.payload)
        if stepped is None:
            return state, at
        state, frame_events = stepped
        events += frame_events
        text_block, part = _open_text(state)
    return state, len(frames)


def _open_text(state: State) -> tuple[int | None, int]:
    """The block of the open text and its part; (None, 0) without one."""
    is_open = state.plain_kind == "text" and state.started and not state.stopped
    return (state.plain_block, state.plain_part) if is_open else (None, 0)


_PLAIN_READERS: Mapping[
    str, tuple[msgspec.json.Decoder[Any], Callable[[AnyService, State, Any, Raw], Stepped]]
] = {
    kind: (msgspec.json.Decoder(shape), READERS[kind][1])
    for kind, shape in (
        ("messageStart", wire.PlainMessageStart),
        ("contentBlockStart", wire.PlainStartEvent),
        ("contentBlockStop", wire.PlainStopEvent),
        ("messageStop", wire.PlainMessageStop),
        ("metadata", wire.PlainMetadata),
    )
}
"""Event -> the decoder of its plain form, and the reader of both."""
