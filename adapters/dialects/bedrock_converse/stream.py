"""Event-stream messages -> events: one frame of ConverseStream.

Parts are in the order in which their blocks began. Text and reasoning have no start event; blocks that are useful only when
complete (server tools and their results, images, redacted reasoning, citations) are kept until they end.
Source: botocore 1.44.5 (ConverseStreamOutput) and recorded streams; read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.bedrock_converse import wire
from llm_pure.adapters.dialects.bedrock_converse.blocks import (
    CITATIONS,
    SIGNATURE,
    Pending,
)
from llm_pure.adapters.dialects.bedrock_converse.errors import event_error, frame_error
from llm_pure.adapters.dialects.bedrock_converse.state import (
    NO_BLOCK,
    UNNUMBERED,
    OpenPart,
    State,
    begin_part,
    block_of,
    finish_all,
    finish_block,
    is_open,
    keep_piece,
    part_of,
    with_plain,
)
from llm_pure.adapters.dialects.bedrock_converse.usage import read_usage
from llm_pure.adapters.dialects.common.extra_fields import extra_events, extra_fields
from llm_pure.core.service import AnyService
from llm_pure.framing.aws_eventstream import EventStreamMessage
from llm_pure.framing.json_codec import (
    arguments_text,
    convert,
    decode_any,
    json_text,
    protocol_error,
)
from llm_pure.types.completion import FinishReason, finish_reason_of
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import ResponseHead
from llm_pure.types.rejection import ok
from llm_pure.types.result import Failure

FINISH: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "refusal": "refusal",
    "pause_turn": "pause",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}
"""The service's reasons, and two of Claude's; others are "unknown", and raw_finish_reason keeps them."""

Raw = dict[str, Any]
Stepped = tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]


def read_frame(
    service: AnyService, head: ResponseHead, state: State, frame: EventStreamMessage
) -> Stepped:
    """The slow path, for any frame. Unknown events become extra fields."""
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(provider=service.name))
        state = replace(state, started=True)
    error = frame_error(service, head, frame)
    if error is not None:
        return replace(state, fault=error), events
    kind = str(frame.header(":event-type") or "unnamed")
    decoded = decode_any(frame.payload, provider=service.name, where=kind)
    if not isinstance(decoded, Failure):
        state, event_events = read_event(service, state, kind, decoded.unwrap())
        return state, [*events, *event_events]
    return (replace(state, fault=decoded.failure()) if kind in READERS else state), events


def read_event(service: AnyService, state: State, kind: str, raw: Any) -> Stepped:
    """Read one event by its name and decoded JSON. Nova's bodies for InvokeModel have the same events."""
    reader = READERS.get(kind)
    if reader is None:
        error = event_error(service, kind, raw)
        return (state, _unknown(kind, raw)) if error is None else (replace(state, fault=error), ())
    shape, read = reader
    typed = ok(convert(shape, raw, provider=service.name, where=kind))
    try:
        return read(service, state, typed, raw)
    except RecursionError as error:  # deep nesting: JSON that can be decoded and not be encoded
        return replace(
            state, fault=protocol_error(error, b"", provider=service.name, where=kind)
        ), ()


def _message_start(
    service: AnyService, state: State, event: wire.MessageStart, raw: Raw
) -> Stepped:
    """Its role is always the model's."""
    return state, _extras(raw)


def _message_stop(service: AnyService, state: State, event: wire.MessageStop, raw: Raw) -> Stepped:
    state, events = finish_all(service, state)
    reason = event.stopReason
    events += _extras(raw)
    events.append(Finished(finish_reason_of(reason, FINISH), reason))
    complete = state.has_metadata
    return replace(
        state, stopped=True, complete=complete, plain_block=NO_BLOCK, plain_kind=""
    ), events


def _metadata(service: AnyService, state: State, event: wire.Metadata, raw: Raw) -> Stepped:
    events = _extras(raw)
    model = invoked_model(raw)
    if model:
        events.append(Started(model=model))
    if event.usage:
        events.append(UsageReported(read_usage(event.usage)))
    return replace(state, has_metadata=True, complete=state.stopped), events


def _stop(service: AnyService, state: State, event: wire.StopEvent, raw: Raw) -> Stepped:
    """The end of a block that has not begun changes nothing."""
    newest, block = state.newest, event.contentBlockIndex
    if newest is None:
        return state, ()
    if block is None:
        block = newest[0]
    part: OpenPart | None = state.parts.get(newest)
    if part is not None and not part.has_deltas and not is_open(state, block):
        block = newest[0]
    return finish_block(service, state, block)


def _start(service: AnyService, state: State, event: wire.StartEvent, raw: Raw) -> Stepped:
    if event.start is None:
        return state, _extras(raw)
    block = event.contentBlockIndex
    if block is None:
        block = UNNUMBERED - state.count
    call, start = event.start.toolUse, raw["start"]
    if call is not None and call.type != SERVER_TOOL:
        call_id = call.toolUseId or ""
        before: OpenPart | None = state.parts.get((block, "toolUse"))
        if before is not None and before.id == call_id and not before.has_deltas:
            return state, _extras(raw)  # the same again
        state, index = begin_part(state, (block, "toolUse"), call_id)
        begun = ToolCallDelta(
            arguments_text(call.input) if call.input else "", index, 0, call_id, call.name or ""
        )
        return state, [begun, *call_metadata(start["toolUse"], index), *_extras(raw)]
    for kind in ("toolUse", "toolResult", "image"):
        if start.get(kind) is not None:
            state, events = finish_block(service, state, block, (kind,))
            return keep_piece(state, (block, kind), start[kind]), [*events, *_extras(raw)]
    unknown = {key: value for key, value in start.items() if value}
    return state, [*_extras(raw), *_unknown("contentBlockStart", unknown)]


def _delta(service: AnyService, state: State, event: wire.DeltaEvent, raw: Raw) -> Stepped:
    """Read a delta of any kind. Unknown kinds become extra fields."""
    delta, block = event.delta, event.contentBlockIndex
    if delta is None:
        return state, _extras(raw)
    unknown = {key: value for key, value in raw["delta"].items() if key not in wire.DELTAS}
    for kind, known in wire.KNOWN_FIELDS_DELTA.items():
        fields = extra_fields(raw["delta"].get(kind), known)
        unknown |= {kind: fields} if fields else {}
    events = [*_extras(raw), *_unknown("contentBlockDelta", unknown)]
    redacted = delta.reasoningContent.redactedContent if delta.reasoningContent else None
    for kind, piece in (
        ("redactedContent", redacted),
        ("toolResult", delta.toolResult),
        ("image", raw["delta"].get("image")),
        (CITATIONS, delta.citation),
    ):
        if piece:
            part_kind = "text" if kind == CITATIONS else kind
            state = keep_piece(state, (block_of(state, block, part_kind), kind), piece)
    state, delta_events = read_delta(service, state, block, delta)
    return state, [*events, *delta_events]


def read_delta(
    service: AnyService, state: State, index: int | None, delta: wire.Delta | wire.PlainDelta
) -> Stepped:
    """Read a delta of text, reasoning or a tool call."""
    if delta.text:
        block = block_of(state, index, "text")
        state, part = part_of(state, (block, "text"), is_own=block == index)
        state = with_plain(state, (block, "text"), part, index)
        return state, (TextDelta(delta.text, part.index),)
    if delta.toolUse is not None:
        return _call_delta(state, index, delta.toolUse)
    reasoning = delta.reasoningContent
    if reasoning is None or not (reasoning.text or reasoning.signature):
        return state, ()
    block = block_of(state, index, "reasoningContent")
    before = state.count
    state, part = part_of(state, (block, "reasoningContent"), is_own=block == index)
    state = with_plain(state, (block, "reasoningContent"), part, index)
    events: list[StreamEvent] = []
    signature = reasoning.signature
    if signature:
        pending: Pending | None = state.pending.get((block, SIGNATURE))
        if pending is None:  # services send it in one piece, so the first one is emitted at once
            state = keep_piece(state, (block, SIGNATURE), signature)
        elif pending.pieces != (None, signature):
            state, signature = keep_piece(state, (block, SIGNATURE), signature), None
    if reasoning.text or signature:
        events.append(ReasoningDelta(reasoning.text or "", part.index, signature=signature or None))
    if state.count > before:
        events.append(ProviderMetadataReceived("{}", part.index, kind="reasoning"))
    return state, events


def _call_delta(
    state: State, index: int | None, delta: wire.ToolUseDelta | wire.PlainToolUse
) -> Stepped:
    arguments = json_text(delta.input) if isinstance(delta.input, dict) else delta.input or ""
    block = block_of(state, index, "toolUse")
    key = (block, "toolUse")
    if state.pending.get(key) is not None:
        return keep_piece(state, key, arguments, is_own=block == index), ()
    before = state.count
    state, part = part_of(state, key, is_own=block == index)
    state = with_plain(state, key, part, index)
    if state.count > before and isinstance(delta, wire.ToolUseDelta):  # it has no start
        call = ToolCallDelta(arguments, part.index, 0, delta.toolUseId or "", delta.name or "")
        return state, (call,)
    return state, (
        ToolCallDelta(arguments, part.index),
    ) if arguments or state.count > before else ()


def _extras(raw: Raw) -> list[StreamEvent]:
    return extra_events(raw, wire.KNOWN_FIELDS)


def _unknown(kind: str, value: Any) -> list[StreamEvent]:
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if key != "p"}
    return [ExtraReceived(kind, [value], append=True)] if value else []


def invoked_model(raw: dict[str, Any]) -> str:
    """The model that a prompt router chose, the only one in a response of Converse; else ""."""
    value: Any = raw
    for key in ("trace", "promptRouter", "invokedModelId"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def call_metadata(raw: dict[str, Any], index: int) -> list[StreamEvent]:
    """The fields of a call that ToolCall does not have, as its metadata: they are replayed with it."""
    fields = {key: value for key, value in raw.items() if key not in _KNOWN_FIELDS_CALL and value}
    return [ProviderMetadataReceived(json_text(fields), index)] if fields else []


SERVER_TOOL = "server_tool_use"
"""The type of calls that the service runs itself."""

_KNOWN_FIELDS_CALL = frozenset({"toolUseId", "name", "type", "input"})


READERS: Mapping[str, tuple[type[Any], Callable[[AnyService, State, Any, Raw], Stepped]]] = {
    "messageStart": (wire.MessageStart, _message_start),
    "contentBlockStart": (wire.StartEvent, _start),
    "contentBlockDelta": (wire.DeltaEvent, _delta),
    "contentBlockStop": (wire.StopEvent, _stop),
    "messageStop": (wire.MessageStop, _message_stop),
    "metadata": (wire.Metadata, _metadata),
}
"""Event -> its Struct and its reader."""
EVENT_NAMES = frozenset(READERS)
