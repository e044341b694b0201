"""Chunks -> events: `step` for one chunk of a stream. A buffered response is read with the same functions.

Order of parts: text, blocks of other types, then tool calls in the order of their first fragments.
Source: llama-api-client 0.6.0, types/create_chat_completion_response_stream_chunk.py, read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import SeenExtras, emit_call, emit_extra_fields
from llm_pure.adapters.dialects.common.part_identity import Calls, Entries
from llm_pure.adapters.dialects.llama_native import wire
from llm_pure.adapters.dialects.llama_native.usage import plain_usage, read_usage
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.service import AnyService, FrameForm, read_json_frame
from llm_pure.core.stream import StreamState, is_blank_event
from llm_pure.framing.json_codec import (
    DECODE_ERRORS,
    decode_shallow,
    json_text,
)
from llm_pure.types.completion import FinishReason, finish_reason_of
from llm_pure.types.events import (
    Finished,
    PartReceived,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.http import ResponseHead
from llm_pure.types.messages import Opaque

TEXT, BLOCKS, CALLS = 0, 1, 1000
"""Indexes of the parts."""

FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
}


class State(StreamState, frozen=True, kw_only=True):
    """What the meaning of the next chunk depends on. Metrics may follow the end."""

    started: bool = False
    """The first chunk was read."""
    calls: Calls = Calls(first=CALLS)
    blocks: int = 0
    """Number of blocks of types other than text so far."""
    seen_extras: SeenExtras = Entries()


def step(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One chunk: more of the response, its end, its metrics, or an error."""
    if state.started:
        try:
            plain = wire.PLAIN_CHUNK.decode(frame)
        except DECODE_ERRORS:  # more than text
            return _read_edge(service, state, frame) or read_frame(service, head, state, frame)
        text = plain.event.delta.text
        return state, (TextDelta(text, TEXT),) if text else ()
    return _read_edge(service, state, frame) or read_frame(service, head, state, frame)


def _read_edge(
    service: AnyService, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]] | None:
    """Fast path for the first chunk, the last ones, and those of calls; None for chunks that have more."""
    chunk = decode_shallow(wire.EDGE_CHUNK, frame)
    if chunk is None:
        return None
    event, metrics = chunk.event, chunk.event.metrics
    events: list[StreamEvent] = []
    if not state.started:
        model = chunk.model or ""
        events.append(Started(id=chunk.id or "", model=model, provider=service.name))
        state = replace(state, started=True)
    delta = event.delta
    if delta is not None and (delta.type == "tool_call" or delta.function is not None):
        state = read_call(state, events, None, delta, {})
    elif delta is not None and delta.text:
        events.append(TextDelta(delta.text, TEXT))
    if metrics:
        usage = plain_usage(metrics)
        if usage is None:
            return None
        events.append(UsageReported(usage))
    return _finish(state, events, event.stop_reason, event.event_type), events


def read_frame(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    """The slow path, for any chunk."""
    if is_blank_event(frame):  # Meta sends no end marker; servers with two APIs may
        return state, []
    read = partial(_read_chunk, service, state)
    return read_json_frame(_CHUNK, service, head, state, frame, read)


_CHUNK = FrameForm(
    name="chunk",
    decoder=wire.CHUNK,
    find_error=find_error,
    has_content=lambda raw: "event" in raw,
    skips_others=True,
)


def _read_chunk(
    service: AnyService, state: State, chunk: wire.Chunk, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    events: list[StreamEvent] = []
    if not state.started:
        model = chunk.model or ""
        events.append(Started(id=chunk.id or "", model=model, provider=service.name))
        state = replace(state, started=True)
    event, raw_event = chunk.event, raw["event"]
    seen = emit_extra_fields(events, state.seen_extras, raw, wire.KNOWN_FIELDS_CHUNK)
    seen = emit_extra_fields(events, seen, raw_event, wire.KNOWN_FIELDS_EVENT)
    if seen is not state.seen_extras:
        state = replace(state, seen_extras=seen)
    if event.delta is not None:
        state = _read_delta(service, state, events, event.delta, raw_event["delta"])
    if event.metrics:
        events.append(UsageReported(read_usage(event.metrics, raw_event["metrics"])))
    return _finish(state, events, event.stop_reason, event.event_type), events


def _finish(
    state: State, events: list[StreamEvent], stop_reason: str | None, event_type: str | None
) -> State:
    if not stop_reason and event_type != "complete":
        return state
    reason = stop_reason or None
    events.append(Finished(finish_reason_of(reason, FINISH), reason))
    return replace(state, complete=True)


def _read_delta(
    service: AnyService,
    state: State,
    events: list[StreamEvent],
    delta: wire.Delta,
    raw: dict[str, Any],
) -> State:
    """More text, or a fragment of a call: a new id begins another call, other fragments continue the last one."""
    if delta.type != "tool_call" and delta.function is None:
        return read_block(service, state, events, wire.Content(delta.type, delta.text), raw)
    return read_call(state, events, None, wire.ToolCall(delta.id, delta.function), raw)


def read_block(
    service: AnyService,
    state: State,
    events: list[StreamEvent],
    block: wire.Content,
    raw: dict[str, Any],
) -> State:
    """A block of text, or a fragment of one. A block of an unknown type becomes an Opaque part."""
    if block.type in (None, "text"):
        if block.text:
            events.append(TextDelta(block.text, TEXT))
        return state
    part = Opaque(service.name, block.type, json_text(raw))
    events.append(PartReceived(part, BLOCKS + state.blocks))
    return replace(state, blocks=state.blocks + 1)


def read_call(
    state: State,
    events: list[StreamEvent],
    index: int | None,
    call: wire.ToolCall | wire.EdgeDelta | wire.PlainCall,
    raw: dict[str, Any],
    *,
    complete: bool = False,
) -> State:
    """A call, or a fragment of one. A stream has no indexes. `complete`: an entry of a buffered response."""
    function = call.function or wire.Function()
    calls, event = state.calls.read(
        0, index, call.id, function.name, function.arguments or "", complete=complete
    )
    emit_call(events, event, raw, wire.KNOWN_FIELDS_CALL)
    return replace(state, calls=calls)
