"""Chunks -> events: `step` for one chunk of a stream. A whole answer is read with the same functions.

Where the parts of an answer stand: text, blocks of other types, then tool calls in the order of their first pieces.
Source: llama-api-client 0.6.0, types/create_chat_completion_response_stream_chunk.py, read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.llama_native import wire
from llm_pure.adapters.dialects.llama_native.usage import read_usage
from llm_pure.adapters.dialects.openai_common.errors import error_in_body
from llm_pure.adapters.dialects.unmodelled import emit_extra_fields, others
from llm_pure.core.error_mapping import NO_ERROR_CODES
from llm_pure.core.stream import StreamState
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, json_text
from llm_pure.types.completion import FinishReason
from llm_pure.types.events import (
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.messages import Opaque
from llm_pure.types.result import Failure

TEXT, BLOCKS, CALLS = 0, 1, 1000
"""Indexes of the parts."""

FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
}


class State(StreamState, frozen=True, kw_only=True):
    """What the next chunk's meaning depends on.

    started: a first chunk came. calls: how many have begun. call_id: the last one's. blocks: how many blocks of other
    types came. known: extras already told. Metrics may follow the end.
    """

    started: bool = False
    calls: int = 0
    call_id: str = ""
    blocks: int = 0
    known: Mapping[str, Any] = {}


def step(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One chunk: more of the answer, its end, what it used, or an error in its place."""
    if state.started:
        try:
            plain = wire.PLAIN_CHUNK.decode(frame)
        except DECODE_ERRORS:  # more than words: the longer way
            return _read_frame(name, head, state, frame)
        text = plain.event.delta.text
        return state, (TextDelta(text, TEXT),) if text else ()
    return _read_frame(name, head, state, frame)


def _read_frame(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    if frame.strip() in (b"", b"[DONE]"):  # Meta sends no such end; servers that speak two APIs may
        return state, []
    decoded = decode_any(frame, provider=name, where="chunk")
    if isinstance(decoded, Failure):
        return _with(state, fault=decoded.failure()), []
    raw = decoded.unwrap()
    if isinstance(raw, dict) and "event" not in raw:
        told = error_in_body(name, NO_ERROR_CODES, raw, HttpResponse(200, head.headers))
        return (state if told is None else _with(state, fault=told)), []
    typed = decode(wire.CHUNK, frame, provider=name, where="chunk")
    if isinstance(typed, Failure):
        return _with(state, fault=typed.failure()), []
    return _read_chunk(name, state, typed.unwrap(), raw)


def _read_chunk(
    name: str, state: State, chunk: wire.Chunk, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(id=chunk.id or "", model=chunk.model or "", provider=name))
        state = _with(state, started=True)
    event, raw_event = chunk.event, raw["event"]
    known = emit_extra_fields(events, state.known, raw, wire.KNOWN_FIELDS_CHUNK)
    known = emit_extra_fields(events, known, raw_event, wire.KNOWN_FIELDS_EVENT)
    state = state if known is state.known else _with(state, known=known)
    if event.delta is not None:
        state = _delta(name, state, events, event.delta, raw_event["delta"])
    if event.metrics:
        events.append(UsageReported(read_usage(event.metrics, raw_event["metrics"])))
    if event.stop_reason or event.event_type == "complete":
        word = event.stop_reason or None
        events.append(Finished(FINISH.get(word or "", "unknown"), word))
        state = _with(state, complete=True)
    return state, events


def _delta(
    name: str, state: State, events: list[StreamEvent], delta: wire.Delta, raw: dict[str, Any]
) -> State:
    if delta.type == "tool_call" or delta.function is not None:
        return _call_piece(state, events, wire.ToolCall(delta.id, delta.function), raw)
    return read_block(name, state, events, wire.Content(delta.type, delta.text), raw)


def read_block(
    name: str, state: State, events: list[StreamEvent], block: wire.Content, raw: dict[str, Any]
) -> State:
    """Words, or more of them. A block of an unknown type is kept whole."""
    if block.type in (None, "text"):
        if block.text:
            events.append(TextDelta(block.text, TEXT))
        return state
    whole = Opaque(name, block.type, json_text(raw))
    events.append(PartReceived(whole, BLOCKS + state.blocks))
    return _with(state, blocks=state.blocks + 1)


def _call_piece(
    state: State, events: list[StreamEvent], call: wire.ToolCall, raw: dict[str, Any]
) -> State:
    """Which call a piece belongs to: one with an id of its own begins another, others continue the last."""
    if not state.calls or (call.id and call.id != state.call_id):
        state = _with(state, calls=state.calls + 1, call_id=call.id or "")
    read_call(events, state.calls - 1, call, raw)
    return state


def read_call(
    events: list[StreamEvent], place: int, call: wire.ToolCall, raw: dict[str, Any]
) -> None:
    """A call, or more of one. place: which, from 0."""
    function = call.function or wire.Function()
    events.append(
        ToolCallDelta(
            function.arguments or "", CALLS + place, id=call.id or "", name=function.name or ""
        )
    )
    more = others(raw, wire.KNOWN_FIELDS_CALL)
    if more:
        events.append(ProviderMetadataReceived(json_text(more), CALLS + place))


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)
