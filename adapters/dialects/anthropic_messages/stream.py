"""Events of the Messages API -> StreamEvents: `step` for one event as JSON.

The JSON is the data of a server-sent event, or the bytes in a frame of Bedrock's event stream. A buffered response is read
by the same functions, as a complete message_start.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.anthropic_messages import wire
from llm_pure.adapters.dialects.anthropic_messages.blocks import (
    Block,
    Misplaced,
    add_delta,
    begin,
    end,
)
from llm_pure.adapters.dialects.anthropic_messages.errors import find_error
from llm_pure.adapters.dialects.anthropic_messages.usage import merged_usage, read_usage
from llm_pure.adapters.dialects.common.extra_fields import extra_events
from llm_pure.core.dialect import AnyService
from llm_pure.core.stream import StreamState
from llm_pure.framing.json_codec import DECODE_ERRORS, convert, decode_any, protocol_error
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import LLMError, ProtocolError
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import Failure

FINISH: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "compaction": "pause",
    "refusal": "refusal",
}
"""Other reasons are "unknown"; raw_finish_reason keeps them."""


class Phase(Enum):
    """Progress of a stream. Events after DONE are ignored."""

    WAITING = "waiting for message_start"
    OPEN = "in the message"
    DONE = "after message_stop"


class State(StreamState, frozen=True, kw_only=True):
    """The state between two events."""

    phase: Phase = Phase.WAITING
    blocks: Mapping[int, Block] = {}
    """Blocks that have begun and not ended, by the wire's index."""
    parts: int = 0
    """The number of blocks that have begun."""
    usage: Mapping[str, Any] = {}
    """The wire's usage object so far."""
    finished: bool = False
    """A stop reason was received."""


Stepped = tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]


def step(service: AnyService, head: ResponseHead, state: State, data: bytes) -> Stepped:
    """Read one event as JSON. Nearly every event is a delta of a block: the fast path."""
    if state.blocks:
        try:
            event = wire.PLAIN_DELTA.decode(data)
        except DECODE_ERRORS:  # another event, or a delta with further fields
            return _read(service, head, state, data)
        block = state.blocks.get(event.index)
        delta = event.delta
        if block is not None:
            if type(delta) is wire.TextPiece and block.kind == "text":
                return state, (TextDelta(delta.text, block.part),) if delta.text else ()
            if type(delta) is wire.ThinkingPiece and block.kind == "thinking":
                text = delta.thinking
                return state, (ReasoningDelta(text, block.part),) if text else ()
            if type(delta) is wire.InputPiece and block.kind == "tool_use" and not block.held:
                piece = delta.partial_json
                return state, (ToolCallDelta(piece, block.part),) if piece else ()
    return _read(service, head, state, data)


def read_text_run(state: State, datas: Iterator[bytes], events: list[StreamEvent]) -> bytes | None:
    """Fast path for consecutive text deltas: append their events, return the first other event or None."""
    decode, text_piece = wire.PLAIN_DELTA.decode, wire.TextPiece
    index: int | None = None
    part = 0
    for data in datas:
        try:
            event = decode(data)
        except DECODE_ERRORS:
            return data
        if event.index != index:
            block = state.blocks.get(event.index)
            if block is None or block.kind != "text":
                return data
            index, part = event.index, block.part
        delta = event.delta
        if type(delta) is not text_piece or not delta.text:
            return data
        events.append(TextDelta(delta.text, part))
    return None


def _read(service: AnyService, head: ResponseHead, state: State, data: bytes) -> Stepped:
    """Read any event. Unknown events become extra fields."""
    if state.phase is Phase.DONE or not data.strip() or data.strip() == b"[DONE]":
        return state, ()
    decoded = decode_any(data, provider=service.name, where="event")
    if isinstance(decoded, Failure):
        return _fail(state, decoded.failure())
    raw = decoded.unwrap()
    if not isinstance(raw, dict):
        return _fail(state, _error(service, "the event is not a JSON object", data))
    kind = raw.get("type")
    if kind == "error" or (kind is None and "error" in raw):
        error = find_error(service, raw, HttpResponse(head.status, head.headers))
        return _fail(state, error or _error(service, "the error event is empty", data))
    if kind == "ping":
        return state, ()
    if not isinstance(kind, str):
        return state, extra_events(raw, frozenset())
    if kind not in wire.EVENTS:
        return state, (ExtraReceived(kind, [raw], append=True),)
    typed = convert(wire.EVENTS[kind], raw, provider=service.name, where=kind)
    if isinstance(typed, Failure):
        return _fail(state, typed.failure())
    try:
        return _transition(service, state, typed.unwrap(), raw)
    except Misplaced as error:
        return _fail(state, _error(service, str(error), data, kind))
    except RecursionError as error:  # deep nesting: JSON that can be decoded and not be encoded
        return _fail(state, protocol_error(error, data, provider=service.name, where=kind))


def _transition(
    service: AnyService, state: State, event: wire.Event, raw: dict[str, Any]
) -> Stepped:
    extras = extra_events(raw, wire.KNOWN_FIELDS_EVENT[raw["type"]])
    match state.phase, event:
        case Phase.WAITING, wire.MessageStart(message=message):
            state, events = read_message(service, message, raw["message"])
            return state, events + extras
        case Phase.OPEN, wire.BlockStart(index=index, content_block=content):
            if index in state.blocks:
                raise Misplaced(f"block {index} begins before it has ended")
            block, events = begin(service.name, state.parts, content)
            blocks = {**state.blocks, index: block}
            return replace(state, blocks=blocks, parts=state.parts + 1), events + extras
        case Phase.OPEN, wire.BlockDelta(index=index, delta=delta) if index in state.blocks:
            block, events = add_delta(state.blocks[index], delta)
            return replace(state, blocks={**state.blocks, index: block}), events + extras
        case Phase.OPEN, wire.BlockStop(index=index) if index in state.blocks:
            blocks = {key: block for key, block in state.blocks.items() if key != index}
            return replace(state, blocks=blocks), end(service.name, state.blocks[index]) + extras
        case Phase.OPEN, wire.MessageDelta(delta=stop, usage=usage):
            state, events = _end_blocks(service, state)
            state, stopped = _stop(state, stop.stop_reason, usage)
            extras = extra_events(raw.get("delta"), wire.KNOWN_FIELDS_STOP) + extras
            return state, events + extras + stopped
        case Phase.OPEN, wire.MessageStop():
            state, events = _end_blocks(service, state)
            if not state.finished:
                events.append(Finished("unknown"))
            return replace(state, phase=Phase.DONE, finished=True, complete=True), events + extras
        case Phase.OPEN, wire.BlockDelta(index=index) | wire.BlockStop(index=index):
            raise Misplaced(f"{raw['type']} of block {index}, which has not begun")
        case _:
            raise Misplaced(f"{raw['type']} {state.phase.value}")


def read_message(
    service: AnyService, message: wire.Message, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """Read the message of a message_start, or of a buffered response: model, blocks, stop reason."""
    state = State(phase=Phase.OPEN)
    events: list[StreamEvent] = [
        Started(id=message.id or "", model=message.model or "", provider=service.name)
    ]
    for content in message.content or ():
        block, begun = begin(service.name, state.parts, content)
        events += begun + end(service.name, block)
        state = replace(state, parts=state.parts + 1)
    events += extra_events(raw, wire.KNOWN_FIELDS_MESSAGE)
    state, stopped = _stop(state, message.stop_reason, message.usage)
    return state, events + stopped


def _end_blocks(service: AnyService, state: State) -> tuple[State, list[StreamEvent]]:
    """End the blocks without a content_block_stop at the message's end."""
    if not state.blocks:
        return state, []
    events = [event for block in state.blocks.values() for event in end(service.name, block)]
    return replace(state, blocks={}), events


def _stop(
    state: State, reason: str | None, usage: dict[str, Any] | None
) -> tuple[State, list[StreamEvent]]:
    events: list[StreamEvent] = []
    if usage:
        state = replace(state, usage=merged_usage(state.usage, usage))
        events.append(UsageReported(read_usage(state.usage)))
    if reason is not None:
        state = replace(state, finished=True)
        events.append(Finished(FINISH.get(reason, "unknown"), reason))
    return state, events


def _fail(state: State, error: LLMError) -> Stepped:
    return replace(state, fault=error), ()


def _error(service: AnyService, message: str, data: bytes, where: str = "event") -> ProtocolError:
    return ProtocolError(message=message, provider=service.name, where=where, evidence=data)
