"""Events of the Messages API -> StreamEvents: `read_event` for one event as JSON; `plain_events` has a fast path for most of them.

The JSON is the data of a server-sent event, or the bytes in a frame of Bedrock's event stream. A buffered response is read
by the same functions, as a complete message_start.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias

from msgspec.structs import replace

from llm_pure.adapters.dialects.anthropic_messages import wire
from llm_pure.adapters.dialects.anthropic_messages.blocks import (
    Block,
    Misplaced,
    add_delta,
    begin,
    can_hold,
    end,
    kind_of_delta,
    with_type,
)
from llm_pure.adapters.dialects.anthropic_messages.errors import find_error
from llm_pure.adapters.dialects.anthropic_messages.usage import merged_usage, read_usage
from llm_pure.adapters.dialects.common.extra_fields import extra_events
from llm_pure.adapters.dialects.common.part_identity import Chain, Entries, chain_items
from llm_pure.core.service import AnyService
from llm_pure.core.stream import DONE, StreamState, is_heartbeat
from llm_pure.framing.json_codec import convert, decode_any, protocol_error
from llm_pure.framing.sse import HEARTBEAT_TYPES
from llm_pure.types.completion import FinishReason, finish_reason_of
from llm_pure.types.errors import LLMError, ProtocolError
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    Started,
    StreamEvent,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.rejection import ok

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
    """Progress of a stream. Events after DONE are ignored, but errors."""

    WAITING = "waiting for message_start"
    OPEN = "in the message"
    DONE = "after message_stop"


Key: TypeAlias = int | str
"""The index of a block on the wire; a text for a block without an index."""


class State(StreamState, frozen=True, kw_only=True):
    """The state between two events."""

    phase: Phase = Phase.WAITING
    id: str = ""
    """The message's id."""
    blocks: Entries = Entries()
    """Key -> Block, of all blocks that have begun; a key that was used again has the later one."""
    newest: Key = -1
    """The key of the block that began or went on last."""
    plain: Block | None = None
    """That block, if plain deltas of its index can take the fast path."""
    begun: Chain = None
    """The keys of the blocks that may be open."""
    parts: int = 0
    """The number of blocks that have begun."""
    usage: Mapping[str, Any] = {}
    """The wire's usage object so far."""
    finished: bool = False
    """A stop reason was received."""


Stepped = tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]
Read = tuple[State, list[StreamEvent]]


def read_event(service: AnyService, head: ResponseHead, state: State, data: bytes) -> Stepped:
    """The slow path, for any event. Unknown events become extra fields."""
    if is_heartbeat(data):
        return state, ()
    if data.strip() == DONE:
        return end_message(service, state) if state.finished else (state, ())
    if state.phase is Phase.DONE and b"error" not in data:
        return state, ()
    decoded = decode_any(data, provider=service.name, where="event")
    raw: Any = decoded.value_or(None) if state.phase is Phase.DONE else ok(decoded)
    kind = raw.get("type") if isinstance(raw, dict) else None
    kind = kind if isinstance(kind, str) else None
    is_known = kind in wire.EVENTS or kind == "message"
    error: LLMError | None = None
    if not is_known or raw.get("error"):
        error = find_error(service, raw, HttpResponse(head.status, head.headers))
    if state.phase is Phase.DONE:
        return (state, ()) if error is None else _fail(state, error)
    if error is not None and not is_known:
        return _fail(state, error)
    if not isinstance(raw, dict):
        return _fail(state, _error(service, "the event is not a JSON object", data))
    if kind == "error" or (raw.get("type") is None and "error" in raw):
        return _fail(state, _error(service, "the error event is empty", data))
    state, events = _read_event(service, state, raw, data)
    return (state if error is None or state.fault else replace(state, fault=error)), events


def _read_event(service: AnyService, state: State, raw: dict[str, Any], data: bytes) -> Stepped:
    kind = raw.get("type")
    if not isinstance(kind, str):
        return state, extra_events(raw, frozenset())
    if kind in HEARTBEAT_TYPES:
        return state, ()
    if kind == "message" and not state.parts:  # all of it in place of its stream
        shape: type[wire.Event] = wire.MessageStart
        raw = {"type": "message_start", "message": raw}
    elif kind not in wire.EVENTS:
        return state, (ExtraReceived(kind, [raw], append=True),)
    else:
        shape = wire.EVENTS[kind]
    event = ok(convert(shape, raw, provider=service.name, where=kind))
    try:
        if kind != "message":
            return _transition(service, state, event, raw)
        state, events = _transition(service, State(), event, raw)
        state, ended = end_message(service, state)
        return state, [*events, *ended]
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
            state, events = read_message(
                service, message or wire.Message(), raw.get("message") or {}
            )
            state, stopped = read_stop(state, None, _usage_beside(raw))
            return state, [*events, *extras, *stopped]
        case Phase.OPEN, wire.MessageStart(message=message) if (
            message is None or (message.id or "") == state.id
        ):
            return state, extras  # gateways send it twice
        case Phase.OPEN, wire.BlockStart(index=index, content_block=content):
            if not content:  # its first delta has a type
                return state, extras
            state, events = begin_block(service, state, index, content)
            return state, [*events, *extras]
        case Phase.OPEN, wire.BlockDelta(index=index, delta=delta):
            if delta is None:
                return state, extras
            state, events = _read_delta(service, state, index, with_type(delta))
            return state, [*events, *extras]
        case Phase.OPEN, wire.BlockStop(index=index):
            state, events = end_block(service, state, index)
            return state, [*events, *extras]
        case Phase.OPEN, wire.MessageDelta(delta=stop, usage=usage):
            state, ended = end_blocks(service, state)
            state, stopped = read_stop(
                state, (stop and stop.stop_reason) or _reason_beside(raw), usage
            )
            extras = extra_events(raw.get("delta"), wire.KNOWN_FIELDS_STOP) + extras
            return state, [*ended, *extras, *stopped]
        case Phase.OPEN, wire.MessageStop():
            reason = None if state.finished else _reason_beside(raw)
            state, stopped = read_stop(state, reason, _usage_beside(raw))
            state, events = end_message(service, state)
            events = [*stopped, *events]
            return state, [*events, *extras]
        case _:
            raise Misplaced(f"{raw['type']} {state.phase.value}")


def _usage_beside(raw: dict[str, Any]) -> dict[str, Any] | None:
    """The usage that stands beside the message, or in the last event."""
    usage = raw.get("usage")
    return usage if isinstance(usage, dict) else None


def _reason_beside(raw: dict[str, Any]) -> str | None:
    """The stop reason that stands beside the delta, or under another name in it."""
    delta = raw.get("delta")
    for holder in (raw, delta if isinstance(delta, dict) else {}):
        for key in ("stop_reason", "finish_reason"):
            if isinstance(holder.get(key), str):
                return str(holder[key])
    return None


def begin_block(
    service: AnyService, state: State, index: int | None, content: dict[str, Any]
) -> Read:
    """Begin a block. Without indexes, the block before it ends here."""
    ended: list[StreamEvent] = []
    if index is None:
        newest: Block | None = state.blocks.get(state.newest)
        if isinstance(state.newest, str) and newest is not None and not newest.closed:
            state, ended = _close(service, state, state.newest, newest)
    else:
        before: Block | None = state.blocks.get(index)
        if before is not None and not before.closed:
            raise Misplaced(f"block {index} begins before it has ended")
    block, events = begin(service.name, state.parts, content)
    key: Key = f"block {state.parts}" if index is None else index
    state = replace(
        state,
        blocks=state.blocks.put(key, block),
        newest=key,
        plain=None,
        begun=(state.begun, key),
        parts=state.parts + 1,
    )
    return state, [*ended, *events]


def _read_delta(
    service: AnyService, state: State, index: int | None, delta: dict[str, Any]
) -> Read:
    """Read a delta of the block at its index, of the last block without one, or of a block that begins with it."""
    events: list[StreamEvent] = []
    key, block = _block_of(state, index, delta)
    if block is not None and block.kind != "opaque" and not can_hold(block, delta):
        call: Block | None = state.blocks.get(_call_key(key))
        if delta.get("type") in ("text_delta", "thinking_delta"):
            state, events = _close_for_other(service, state, key, block)
            block = None
        elif call is not None and can_hold(call, delta):
            key, block = _call_key(key), call
    if block is None:
        kind = kind_of_delta(delta)
        if kind is None:
            return state, [ExtraReceived(str(delta.get("type")), [delta], append=True)]
        state, begun = begin_block(service, state, index, {"type": kind})
        events += begun
        key, block = state.newest, state.blocks.get(state.newest)
        assert block is not None  # it has just begun
    if not can_hold(block, delta):
        return state, [*events, ExtraReceived(str(delta.get("type")), [delta], append=True)]
    if block.closed:
        state = replace(state, begun=(state.begun, key))
    is_own = block.has_deltas or key == index
    if block.closed or is_own != block.has_deltas:
        block = replace(block, closed=False, has_deltas=is_own)
    block, delta_events = add_delta(block, delta)
    return with_block(state, key, block), [*events, *delta_events]


def _close_for_other(service: AnyService, state: State, key: Key, block: Block) -> Read:
    """End a block in which text or thinking of another kind arrives, which is then a block of its own.

    LiteLLM sends thinking in a block of text (BerriAI/litellm#32357), SGLang text in a call, which may go on (sgl-project/sglang#24294);
    read 2026-11-30.
    """
    if block.closed:
        return state, []
    if block.kind != "tool_use":
        return _close(service, state, key, block)
    blocks = state.blocks.put(_call_key(key), block).put(key, replace(block, closed=True))
    return replace(state, blocks=blocks, begun=(state.begun, _call_key(key))), []


def _call_key(key: Key) -> Key:
    """The key of a call at whose key another block has begun."""
    return f"call at {key}"


def _block_of(state: State, index: int | None, delta: dict[str, Any]) -> tuple[Key, Block | None]:
    """The block of a delta; None for one that has not begun. A service may count the events in place of the blocks."""
    newest: Block | None = state.blocks.get(state.newest)
    is_open = newest is not None and not newest.closed
    if index is None:
        held = newest is not None and (can_hold(newest, delta) or delta["type"] not in _CONTENT)
        return state.newest, newest if is_open and held else None
    block: Block | None = state.blocks.get(index)
    if block is not None and (not block.closed or can_hold(block, delta)):
        return index, block
    if block is None and newest is not None and is_open and not newest.has_deltas:
        return (state.newest, newest) if can_hold(newest, delta) else (index, None)
    return index, None


_CONTENT = frozenset({"text_delta", "thinking_delta", "input_json_delta"})
"""The deltas that begin a block where neither an index nor a content_block_start says so."""


def end_block(service: AnyService, state: State, index: int | None) -> Read:
    """End the block at the index, or the last one. The end of a block that has not begun changes nothing."""
    key: Key = state.newest if index is None else index
    block: Block | None = state.blocks.get(key)
    if block is None:
        newest: Block | None = state.blocks.get(state.newest)
        if newest is not None and not newest.has_deltas:
            key, block = state.newest, newest
    return (state, []) if block is None or block.closed else _close(service, state, key, block)


def _close(service: AnyService, state: State, key: Key, block: Block) -> Read:
    closed = replace(block, closed=True, held="")
    plain = None if key == state.newest else state.plain
    state = replace(state, blocks=state.blocks.put(key, closed), plain=plain)
    return state, end(service.name, block)


def has_held_text(block: Block) -> bool:
    """Whether the next delta may repeat the block's beginning."""
    return bool(block.held) and block.kind != "tool_use"


def with_block(state: State, key: Key, block: Block) -> State:
    """The state after the beginning or a delta of a block."""
    is_plain = block.has_deltas and block.kind != "opaque" and not has_held_text(block)
    plain = block if is_plain else None
    if state.blocks.get(key) is block and state.newest == key and state.plain is plain:
        return state
    return replace(state, blocks=state.blocks.put(key, block), newest=key, plain=plain)


def read_message(service: AnyService, message: wire.Message, raw: dict[str, Any]) -> Read:
    """Read the message of a message_start, or of a buffered response: model, blocks, stop reason."""
    state = State(phase=Phase.OPEN, id=message.id or "")
    events: list[StreamEvent] = [
        Started(id=message.id or "", model=message.model or "", provider=service.name)
    ]
    content = message.content or []
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for part, block_raw in enumerate(parts):
        block, begun = begin(service.name, part, block_raw)
        events += begun + end(service.name, block)
    state = replace(state, parts=len(parts))
    events += extra_events(raw, wire.KNOWN_FIELDS_MESSAGE)
    state, stopped = read_stop(state, message.stop_reason, message.usage)
    return state, events + stopped


def end_blocks(service: AnyService, state: State) -> Read:
    """End the blocks without a content_block_stop at the message's end."""
    events: list[StreamEvent] = []
    for key in chain_items(state.begun):
        block: Block = state.blocks.get(key)
        if not block.closed:
            state, ended = _close(service, state, key, block)
            events += ended
    return (state if state.begun is None else replace(state, begun=None)), events


def end_message(service: AnyService, state: State) -> Read:
    state, events = end_blocks(service, state)
    if not state.finished:
        events.append(Finished("unknown"))
    return replace(state, phase=Phase.DONE, finished=True, ended=True), events


def read_stop(state: State, reason: str | None, usage: dict[str, Any] | None) -> Read:
    """The stop reason and the last counts. A stream may end after them: gateways and DeepSeek send no `message_stop` then.

    Source: BAI-labs/BAI-tools#13, esengine/DeepSeek-Reasonix#8756, read 2026-11-30.
    """
    events: list[StreamEvent] = []
    merged = merged_usage(state.usage, usage) if usage else state.usage
    if usage:
        events.append(UsageReported(read_usage({**merged})))
    if reason is not None:
        events.append(Finished(finish_reason_of(reason, FINISH), reason))
    if not events:
        return state, events
    finished = state.finished or reason is not None
    return replace(state, usage=merged, finished=finished, complete=finished), events


def _fail(state: State, error: LLMError) -> Stepped:
    return replace(state, fault=error), ()


def _error(service: AnyService, message: str, data: bytes, where: str = "event") -> ProtocolError:
    return ProtocolError(message=message, provider=service.name, where=where, evidence=data)
