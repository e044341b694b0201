"""Events of the Messages API -> our events: `step` for one event, as the JSON it is.

It does not care what carried the JSON: the data of a server-sent event, or the bytes out of a frame of Bedrock's event
stream. A whole answer is read by the same functions, as a message_start that says everything.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages import wire
from llm_pure.adapters.dialects.anthropic_messages.blocks import (
    Block,
    Misplaced,
    begin,
    end,
    more,
    says_something,
)
from llm_pure.adapters.dialects.anthropic_messages.errors import find_error
from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks
from llm_pure.adapters.dialects.anthropic_messages.usage import merged_usage, read_usage
from llm_pure.core.stream import StreamState
from llm_pure.framing.json_codec import DECODE_ERRORS, convert, decode_any, protocol_error
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import EVIDENCE_LIMIT, LLMError, ProtocolError
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
from llm_pure.types.http import ResponseHead
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
"""Others are "unknown", and stay in raw_finish_reason."""


class Phase(Enum):
    """Where the answer is. After DONE nothing counts."""

    WAITING = "waiting for message_start"
    OPEN = "in the message"
    DONE = "after message_stop"


class State(StreamState, frozen=True, kw_only=True):
    """What the next event's meaning depends on.

    blocks: those that have begun and not ended, by the wire's index. parts: how many have begun. usage: the wire's
    object, as it is known by now. finished: a stop reason came.
    """

    phase: Phase = Phase.WAITING
    blocks: Mapping[int, Block] = {}
    parts: int = 0
    usage: Mapping[str, Any] = {}
    finished: bool = False


Stepped = tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]


def step(name: str, quirks: Quirks, head: ResponseHead, state: State, data: bytes) -> Stepped:
    """One event as JSON: more of a block in nearly every case."""
    if state.blocks:
        try:
            event = wire.PLAIN_DELTA.decode(data)
        except DECODE_ERRORS:  # another event, or more than a delta: the longer way
            return _read(name, quirks, head, state, data)
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
    return _read(name, quirks, head, state, data)


def read_text_run(state: State, datas: Iterator[bytes], events: list[StreamEvent]) -> bytes | None:
    """More text of the blocks that are open; the first event that is anything else, None at the end."""
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


def _read(name: str, quirks: Quirks, head: ResponseHead, state: State, data: bytes) -> Stepped:
    """Any event. What is not known changes nothing but `extra`."""
    if state.phase is Phase.DONE or not data.strip() or data.strip() == b"[DONE]":
        return state, ()
    decoded = decode_any(data, provider=name, where="event")
    if isinstance(decoded, Failure):
        return _failed(state, decoded.failure())
    raw = decoded.unwrap()
    if not isinstance(raw, dict):
        return _failed(state, _fault(name, "an event is a JSON object", data))
    kind = raw.get("type")
    if kind == "error" or (kind is None and "error" in raw):
        told = find_error(name, quirks.error_codes, raw, head.status, head.headers)
        return _failed(state, told or _fault(name, "an error that says nothing", data))
    if kind == "ping":
        return state, ()
    if not isinstance(kind, str):
        return state, _extras(raw, frozenset())
    if kind not in wire.EVENTS:
        return state, (ExtraReceived(kind, [raw], append=True),)
    typed = convert(wire.EVENTS[kind], raw, provider=name, where=kind)
    if isinstance(typed, Failure):
        return _failed(state, typed.failure())
    try:
        return _transition(name, state, typed.unwrap(), raw)
    except Misplaced as fault:
        return _failed(state, _fault(name, str(fault), data, kind))
    except RecursionError as fault:  # nested just so deep that it can be read and not be written
        return _failed(state, protocol_error(fault, data, provider=name, where=kind))


def _transition(name: str, state: State, event: wire.Event, raw: dict[str, Any]) -> Stepped:
    extras = _extras(raw, wire.KNOWN_FIELDS_EVENT[raw["type"]])
    match state.phase, event:
        case Phase.WAITING, wire.MessageStart(message=message):
            state, events = read_message(name, message, raw["message"])
            return state, events + extras
        case Phase.OPEN, wire.BlockStart(index=index, content_block=content):
            if index in state.blocks:
                raise Misplaced(f"block {index} begins before it has ended")
            block, events = begin(name, state.parts, content)
            blocks = {**state.blocks, index: block}
            return _with(state, blocks=blocks, parts=state.parts + 1), events + extras
        case Phase.OPEN, wire.BlockDelta(index=index, delta=delta) if index in state.blocks:
            block, events = more(state.blocks[index], delta)
            return _with(state, blocks={**state.blocks, index: block}), events + extras
        case Phase.OPEN, wire.BlockStop(index=index) if index in state.blocks:
            blocks = {place: one for place, one in state.blocks.items() if place != index}
            return _with(state, blocks=blocks), end(name, state.blocks[index]) + extras
        case Phase.OPEN, wire.MessageDelta(delta=stop, usage=usage):
            state, events = _ended(name, state)
            state, said = _stopped(state, stop.stop_reason, usage)
            delta = raw.get("delta") or {}
            return state, events + _extras(delta, wire.KNOWN_FIELDS_STOP) + extras + said
        case Phase.OPEN, wire.MessageStop():
            state, events = _ended(name, state)
            if not state.finished:
                events.append(Finished("unknown"))
            return _with(state, phase=Phase.DONE, finished=True, complete=True), events + extras
        case Phase.OPEN, wire.BlockDelta(index=index) | wire.BlockStop(index=index):
            raise Misplaced(f"{raw['type']} of block {index}, which has not begun")
        case _:
            raise Misplaced(f"{raw['type']} {state.phase.value}")


def read_message(
    name: str, message: wire.Message, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """The first event of a stream, or a whole answer: who answers, the blocks that are there, why it stopped."""
    state = State(phase=Phase.OPEN)
    events: list[StreamEvent] = [
        Started(id=message.id or "", model=message.model or "", provider=name)
    ]
    for content in message.content or ():
        block, told = begin(name, state.parts, content)
        events += told + end(name, block)
        state = _with(state, parts=state.parts + 1)
    events += _extras(raw, wire.KNOWN_FIELDS_MESSAGE)
    state, said = _stopped(state, message.stop_reason, message.usage)
    return state, events + said


def _ended(name: str, state: State) -> tuple[State, list[StreamEvent]]:
    """The blocks that nobody ended are whole when the message is."""
    if not state.blocks:
        return state, []
    events = [event for block in state.blocks.values() for event in end(name, block)]
    return _with(state, blocks={}), events


def _stopped(
    state: State, reason: str | None, usage: dict[str, Any] | None
) -> tuple[State, list[StreamEvent]]:
    events: list[StreamEvent] = []
    if usage:
        state = _with(state, usage=merged_usage(state.usage, usage))
        events.append(UsageReported(read_usage(state.usage)))
    if reason is not None:
        state = _with(state, finished=True)
        events.append(Finished(FINISH.get(reason, "unknown"), reason))
    return state, events


def _extras(raw: dict[str, Any], modelled: frozenset[str]) -> list[StreamEvent]:
    return [
        ExtraReceived(key, value)
        for key, value in raw.items()
        if key not in modelled and says_something(value)
    ]


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)


def _failed(state: State, error: LLMError) -> Stepped:
    return _with(state, fault=error), ()


def _fault(name: str, message: str, data: bytes, where: str = "event") -> ProtocolError:
    return ProtocolError(
        message=message, provider=name, where=where, evidence=data[:EVIDENCE_LIMIT]
    )
