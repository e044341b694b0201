"""Events -> events: `step` for one event of a stream. A buffered response is read block by block with the same functions.

Order of parts: blocks by their index, the plan for tools, then the calls by their index.
Source: cohere 7.3.1, v2/types/v2chat_stream_response.py; docs.cohere.com/v2/docs/streaming; read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

from msgspec.structs import replace

from llm_pure.adapters.dialects.cohere_chat import wire
from llm_pure.adapters.dialects.cohere_chat.errors import find_error, stream_error
from llm_pure.adapters.dialects.cohere_chat.usage import read_usage
from llm_pure.adapters.dialects.common.extra_fields import (
    SeenExtras,
    emit_call,
    emit_extra_fields,
    extra_fields,
)
from llm_pure.adapters.dialects.common.part_identity import Calls, Entries, Parts
from llm_pure.adapters.dialects.common.repeated_text import new_text
from llm_pure.core.service import AnyService, FrameForm, read_json_frame
from llm_pure.core.stream import StreamState, is_blank_event
from llm_pure.framing.json_codec import (
    DECODE_ERRORS,
    convert,
    decode_shallow,
    json_text,
)
from llm_pure.types.completion import FinishReason, finish_reason_of
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.messages import Opaque

PLAN, CALLS = 2**32, 2**32 + 1
"""Indexes of the plan and of the first call; blocks have lower ones."""

PLAN_ECHO = '{"type":"tool_plan"}'
"""Marks reasoning that was received as `tool_plan`, and is replayed as such."""

FINISH: Mapping[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR": "error",
    "TIMEOUT": "error",
}


Kind: TypeAlias = Literal["", "text", "thinking"]


class State(StreamState, frozen=True, kw_only=True):
    """What the meaning of the next event depends on."""

    started: bool = False
    """The first event was read."""
    blocks: Parts = Parts()
    """The blocks that began."""
    last_block: tuple[int | None, int] = (None, -1)
    """(index on the wire, number) of the block that went on last."""
    kind: Kind = ""
    """What that block has so far."""
    kinds: Entries = Entries()
    """Number of a block -> its kind."""
    held: str = ""
    """The beginning of the last block, which its deltas may repeat."""
    repeated: int = 0
    """How much of it they have repeated."""
    calls: Calls = Calls(first=CALLS)
    planned: bool = False
    """The plan is marked as this provider's."""
    seen_extras: SeenExtras = Entries()


def step(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One event: more of the response, its end, or an error."""
    if state.started and not state.ended:
        try:
            plain = wire.PLAIN_DELTA.decode(frame)
        except DECODE_ERRORS:  # more than text
            return _read_edge(service, head, state, frame)
        content, (known, number) = plain.delta.message.content, state.last_block
        is_text = state.kind == "text" and content.text and not content.thinking
        if is_text and plain.index in (known, None) and not state.held:
            return state, (TextDelta(content.text, number),)
        events: list[StreamEvent] = []
        state = _continue_block(state, events, plain.index)
        return _text(state, events, content), events
    return _read_edge(service, head, state, frame)


def _read_edge(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    """Fast path for the events around the deltas, and those of calls."""
    event = None if state.ended else decode_shallow(wire.EDGE_EVENT, frame)
    if event is None:
        return read_frame(service, head, state, frame)
    return _read_event(service, head, state, event, wire.NO_EXTRA_FIELDS)


def read_frame(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    """The slow path, for any event."""
    if state.ended or is_blank_event(frame):  # servers with two APIs may add OpenAI's end marker
        return state, []
    read = partial(_read_event, service, head, state)
    return read_json_frame(_EVENT, service, head, state, frame, read)


def _may_have_content(raw: Any) -> bool:
    """Return false for events of unknown types."""
    kind = raw.get("type") if isinstance(raw, dict) else None
    return not isinstance(kind, str) or kind in _EVENT_TYPES


_EVENT = FrameForm(
    name="event",
    decoder=wire.EVENT,
    find_error=find_error,
    has_content=_may_have_content,
    skips_others=True,
)

_EVENT_TYPES = frozenset(
    {
        "message-start", "content-start", "content-delta", "content-end", "tool-plan-delta", "tool-call-start",
        "tool-call-delta", "tool-call-end", "citation-start", "citation-end", "message-end",
    }
)  # fmt: skip


def _read_event(
    service: AnyService,
    head: ResponseHead,
    state: State,
    event: wire.Event | wire.EdgeEvent,
    raw: dict[str, Any],
) -> tuple[State, list[StreamEvent]]:
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(id=event.id or "", provider=service.name))
        state = replace(state, started=True)
    delta = event.delta or wire.Delta()
    message = delta.message or wire.DeltaMessage()
    raw_delta = raw.get("delta") or {}
    raw_message = raw_delta.get("message") or {}
    if raw is not wire.NO_EXTRA_FIELDS:
        seen = emit_extra_fields(events, state.seen_extras, raw, wire.KNOWN_FIELDS_EVENT)
        seen = emit_extra_fields(events, seen, raw_delta, wire.KNOWN_FIELDS_DELTA)
        seen = emit_extra_fields(events, seen, raw_message, wire.KNOWN_FIELDS_MESSAGE)
        if seen is not state.seen_extras:
            state = replace(state, seen_extras=seen)
    if event.logprobs:
        events.append(ExtraReceived("logprobs", _as_list(event.logprobs), append=True))
    if state.held and event.type != "content-delta":
        state = _end_beginning(state, events)
    if isinstance(message.content, wire.Content):
        begins = event.type == "content-start"
        state = (
            begin_block(state, event.index)
            if begins
            else _continue_block(state, events, event.index)
        )
        state = read_block(service, state, events, message.content, raw_message["content"])
        if begins:
            state = replace(state, held=message.content.thinking or message.content.text or "")
    if message.tool_plan:
        state = read_plan(state, events, message.tool_plan)
    raw_calls = raw_message.get("tool_calls")
    if isinstance(message.tool_calls, wire.ToolCall):
        state = read_call(state, events, event.index, message.tool_calls, raw_message["tool_calls"])
    for raw_call in raw_calls if isinstance(raw_calls, list) else ():  # as in a buffered response
        call = convert(wire.ToolCall, raw_call, provider=service.name).value_or(wire.ToolCall())
        state = read_call(state, events, event.index, call, raw_call)
    if message.citations:
        events.append(ExtraReceived("citations", _as_list(message.citations), append=True))
    if event.type == "message-end":
        return _end(service, head, state, delta, events)
    return state, events


def _end(
    service: AnyService,
    head: ResponseHead,
    state: State,
    delta: wire.Delta | wire.EdgeDelta,
    events: list[StreamEvent],
) -> tuple[State, list[StreamEvent]]:
    if delta.usage:
        events.append(UsageReported(read_usage(delta.usage)))
    reason = delta.finish_reason or None
    if delta.error:
        error = stream_error(service, reason or "", delta.error, HttpResponse(200, head.headers))
        return replace(state, fault=error), events
    events.append(Finished(finish_reason_of(reason, FINISH), reason))
    return replace(state, ended=True), events


def begin_block(state: State, index: int | None) -> State:
    """Begin a block at this index."""
    blocks, number = state.blocks.begin(0, None, index)
    return replace(state, blocks=blocks, last_block=(index, number), kind="")


def _continue_block(state: State, events: list[StreamEvent], index: int | None) -> State:
    """Go on with the block at this index, else with the last one; begins one if there is none."""
    known, number = state.last_block
    if number >= 0 and index in (known, None):
        return state
    state = _end_beginning(state, events)
    at_index = state.blocks.find(0, None, index)
    if at_index is None:
        return begin_block(state, index)
    return replace(state, last_block=(index, at_index), kind=state.kinds.get(at_index) or "")


def _end_beginning(state: State, events: list[StreamEvent]) -> State:
    """The deltas of the last block go no further: what seemed to repeat its beginning was new."""
    repeated, number = state.held[: state.repeated], state.last_block[1]
    if repeated:
        delta = ReasoningDelta if state.kind == "thinking" else TextDelta
        events.append(delta(repeated, number))
    return replace(state, held="", repeated=0) if state.held else state


def read_block(
    service: AnyService,
    state: State,
    events: list[StreamEvent],
    block: wire.Content,
    raw: dict[str, Any],
) -> State:
    """The last block, or a fragment of it. A block of an unknown type becomes an Opaque part."""
    if block.type not in (None, "text", "thinking"):
        part = Opaque(service.name, block.type, json_text(raw))
        events.append(PartReceived(part, state.last_block[1]))
        return state
    state = _text(state, events, block)
    extra = extra_fields(raw, wire.KNOWN_FIELDS_BLOCK)
    if extra:
        is_thinking = block.type == "thinking" or bool(block.thinking)
        kind: Literal["text", "reasoning"] = "reasoning" if is_thinking else "text"
        events.append(ProviderMetadataReceived(json_text(extra), state.last_block[1], kind=kind))
    return state


def read_plan(state: State, events: list[StreamEvent], plan: str) -> State:
    """What the model plans to do with the tools; replayed as `tool_plan`."""
    events.append(ReasoningDelta(plan, PLAN))
    if state.planned:
        return state
    events.append(ProviderMetadataReceived(PLAN_ECHO, PLAN, kind="reasoning"))
    return replace(state, planned=True)


def read_call(
    state: State,
    events: list[StreamEvent],
    index: int | None,
    call: wire.ToolCall,
    raw: dict[str, Any],
    *,
    complete: bool = False,
) -> State:
    """A call, or a fragment of one. `complete`: an entry of a buffered response."""
    function = call.function or wire.Function()
    calls, event = state.calls.read(
        0, index, call.id, function.name, function.arguments or "", complete=complete
    )
    emit_call(events, event, raw, wire.KNOWN_FIELDS_CALL)
    return replace(state, calls=calls)


def _text(
    state: State, events: list[StreamEvent], block: wire.Content | wire.PlainContent
) -> State:
    """More thinking and more text of the last block. What it had no more of begins a block of its own."""
    if block.thinking:
        state = _add(state, events, "thinking", block.thinking)
    if block.text:
        state = _add(state, events, "text", block.text)
    return state


def _add(
    state: State, events: list[StreamEvent], kind: Literal["text", "thinking"], text: str
) -> State:
    begins = state.kind != kind
    if begins:
        state = _end_beginning(state, events)
        state = begin_block(state, state.last_block[0]) if state.kind else state
        state = replace(state, kind=kind, kinds=state.kinds.put(state.last_block[1], kind))
    elif state.held:
        held, repeated, text = new_text(state.held, state.repeated, text)
        state = replace(state, held=held, repeated=repeated)
    number = state.last_block[1]
    if text:
        events.append(
            ReasoningDelta(text, number) if kind == "thinking" else TextDelta(text, number)
        )
    if begins and kind == "thinking":  # marked as this provider's, so that it is replayed to it
        events.append(ProviderMetadataReceived("{}", number, kind="reasoning"))
    return state


def _as_list(value: Any) -> list[Any]:
    """A list of an event: one object of it, or several."""
    return value if isinstance(value, list) else [value]
