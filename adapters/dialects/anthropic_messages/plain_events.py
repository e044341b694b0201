"""Plain events of the Messages API -> StreamEvents: `step`, and the fast path for the events of text, thinking and calls.

Every other event is read by `stream.read_event`; a test holds both paths together.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from llm_pure.adapters.dialects.anthropic_messages import wire
from llm_pure.adapters.dialects.anthropic_messages.blocks import Misplaced, add_signature
from llm_pure.adapters.dialects.anthropic_messages.stream import (
    Key,
    Phase,
    State,
    Stepped,
    begin_block,
    end_block,
    end_blocks,
    end_message,
    has_held_text,
    read_event,
    read_stop,
    with_block,
)
from llm_pure.core.service import AnyService
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.types.events import ReasoningDelta, Started, StreamEvent, TextDelta, ToolCallDelta
from llm_pure.types.http import ResponseHead


def step(service: AnyService, head: ResponseHead, state: State, data: bytes) -> Stepped:
    """Read one event as JSON. Nearly every event is plain: the fast path, which gives what `read_event` gives."""
    try:
        event = wire.PLAIN_EVENT.decode(data)
    except DECODE_ERRORS:  # an event with further fields
        return read_event(service, head, state, data)
    if isinstance(event, wire.PlainDelta):
        stepped = _read_plain_delta(state, event)
    else:
        stepped = _read_plain_edge(service, state, event)
    return read_event(service, head, state, data) if stepped is None else stepped


def _read_plain_delta(state: State, event: wire.PlainDelta) -> Stepped | None:
    """Read a delta of a block that may have it; None for others."""
    block, index = state.plain, event.index
    if block is None or index != state.newest:
        block = state.blocks.get(index)
        if block is None or block.closed or state.phase is not Phase.OPEN or has_held_text(block):
            return None
        if not block.has_deltas:
            block = replace(block, has_deltas=True)
        state = with_block(state, index, block)
    delta = event.delta
    if type(delta) is wire.TextPiece and block.kind == "text":
        return state, (TextDelta(delta.text, block.part),) if delta.text else ()
    if type(delta) is wire.ThinkingPiece and block.kind == "thinking":
        text = delta.thinking
        return state, (ReasoningDelta(text, block.part),) if text else ()
    if type(delta) is wire.InputPiece and block.kind == "tool_use" and not block.held:
        piece = delta.partial_json
        return state, (ToolCallDelta(piece, block.part),) if piece else ()
    if type(delta) is wire.SignaturePiece and block.kind == "thinking":
        block, events = add_signature(block, delta.signature)
        return with_block(state, index, block), events
    return None


def _read_plain_edge(service: AnyService, state: State, event: wire.PlainEdge) -> Stepped | None:
    """Read the beginning or the end of a message or a block, in the usual order; None in any other."""
    if type(event) is wire.PlainMessageStart:
        if state.phase is not Phase.WAITING:
            return None
        message = event.message
        started = Started(id=message.id, model=message.model, provider=service.name)
        state, usage = read_stop(State(phase=Phase.OPEN, id=message.id), None, message.usage)
        return state, [started, *usage]
    if state.phase is not Phase.OPEN:
        return None
    if type(event) is wire.PlainBlockStart:
        try:
            return begin_block(service, state, event.index, event.content_block)
        except Misplaced:
            return None
    if type(event) is wire.PlainBlockStop:
        return end_block(service, state, event.index)
    if type(event) is wire.PlainMessageDelta:
        state, ended = end_blocks(service, state)
        state, stopped = read_stop(state, event.delta.stop_reason, event.usage)
        return state, [*ended, *stopped]
    return end_message(service, state)


def read_run(
    service: AnyService,
    head: ResponseHead,
    state: State,
    frames: Sequence[bytes],
    position: int,
    events: list[StreamEvent],
) -> tuple[State, int]:
    """Fast path for plain events that arrive together."""
    decode, plain_delta, text_piece = wire.PLAIN_EVENT.decode, wire.PlainDelta, wire.TextPiece
    newest, text_part = _open_text(state)
    for at in range(position, len(frames)):
        data = frames[at]
        if type(data) is not bytes:  # ErrorData
            return state, at
        try:
            event = decode(data)
        except DECODE_ERRORS:
            return state, at
        if isinstance(event, plain_delta):
            delta = event.delta
            if type(delta) is text_piece and event.index == newest:
                if delta.text:
                    events.append(TextDelta(delta.text, text_part))
                continue
            stepped = _read_plain_delta(state, event)
        else:
            stepped = _read_plain_edge(service, state, event)
        if stepped is None:
            return state, at
        state, event_events = stepped
        events += event_events
        newest, text_part = _open_text(state)
    return state, len(frames)


def _open_text(state: State) -> tuple[Key | None, int]:
    """The key of the block of text that goes on and its part; (None, 0) without one."""
    block = state.plain
    return (None, 0) if block is None or block.kind != "text" else (state.newest, block.part)
