"""Event-stream messages -> events: `step` for one frame of ConverseStream.

Parts are in the order in which their blocks began. Text and reasoning have no start event; blocks that are useful only when
complete (server tools and their results, images, redacted reasoning, citations) are kept until they end.
Source: botocore 1.44.5 (ConverseStreamOutput) and recorded streams; read 2026-11-20.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.bedrock_converse import wire
from llm_pure.adapters.dialects.bedrock_converse.blocks import CITATIONS, Pending, finished_block
from llm_pure.adapters.dialects.bedrock_converse.errors import frame_error
from llm_pure.adapters.dialects.bedrock_converse.usage import read_usage
from llm_pure.adapters.dialects.common.extra_fields import extra_events
from llm_pure.core.dialect import AnyService
from llm_pure.core.stream import StreamState
from llm_pure.framing.aws_eventstream import EventStreamMessage
from llm_pure.framing.json_codec import (
    DECODE_ERRORS,
    convert,
    decode_any,
    json_text,
    preview,
    protocol_error,
)
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import ProtocolError
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

BlockKey = tuple[int, str]
"""(contentBlockIndex, kind): a block should be of one kind, but not every model's blocks are."""

_NO_BLOCK = -1

_DELTA_HEADER = (":event-type", "contentBlockDelta")
"""The first header of nearly every frame; the slow path finds it at other positions too."""


class State(StreamState, frozen=True, kw_only=True):
    """The state between two frames."""

    started: bool = False
    """The first frame was received."""
    stopped: bool = False
    """messageStop was received."""
    has_metadata: bool = False
    """metadata was received."""
    text_block: int = _NO_BLOCK
    """The block of the last text delta."""
    text_part: int = 0
    """The part of the last text delta."""
    parts: Mapping[BlockKey, int] = {}
    """Block -> index of its part."""
    signatures: Mapping[int, str] = {}
    """Part -> its signature so far."""
    pending: Mapping[BlockKey, Pending] = {}
    """Blocks that are kept until they end."""


Raw = dict[str, Any]
Stepped = tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]


def step(
    service: AnyService, head: ResponseHead, state: State, frame: EventStreamMessage
) -> Stepped:
    """Read one frame. Nearly every frame is a delta of a block: the fast path."""
    headers = frame.headers
    if headers and headers[0] == _DELTA_HEADER and state.started and not state.stopped:
        try:
            event = wire.PLAIN_DELTA.decode(frame.payload)
        except DECODE_ERRORS:  # a delta with further fields
            return _read_frame(service, head, state, frame)
        text = event.delta.text
        if text and event.contentBlockIndex == state.text_block:
            return state, (TextDelta(text, state.text_part),)
        return _read_delta(service, state, event)
    return _read_frame(service, head, state, frame)


def read_text_run(
    state: State, frames: Iterator[EventStreamMessage], events: list[StreamEvent]
) -> EventStreamMessage | None:
    """Fast path for consecutive deltas of one text: append their events, return the first other frame or None."""
    block, index, decode = state.text_block, state.text_part, wire.PLAIN_DELTA.decode
    delta_headers = None
    for frame in frames:
        headers = frame.headers
        if headers is not delta_headers:  # frames with equal headers share them
            if not headers or headers[0] != _DELTA_HEADER:
                return frame
            delta_headers = headers
        try:
            event = decode(frame.payload)
        except DECODE_ERRORS:
            return frame
        text = event.delta.text
        if not text or event.contentBlockIndex != block:
            return frame
        events.append(TextDelta(text, index))
    return None


def _read_frame(
    service: AnyService, head: ResponseHead, state: State, frame: EventStreamMessage
) -> Stepped:
    """Read any frame. Unknown events become extra fields."""
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
    return (replace(state, fault=decoded.failure()) if kind in _READERS else state), events


def read_event(service: AnyService, state: State, kind: str, raw: Any) -> Stepped:
    """Read one event by its name and decoded JSON. Nova's bodies for InvokeModel have the same events."""
    reader = _READERS.get(kind)
    if reader is None:
        return state, _unknown(kind, raw)
    if state.stopped and kind != "metadata":
        return _fail(service, state, f"{kind} after messageStop", kind, preview(raw))
    shape, read = reader
    typed = convert(shape, raw, provider=service.name, where=kind)
    if isinstance(typed, Failure):
        return replace(state, fault=typed.failure()), ()
    try:
        return read(service, state, typed.unwrap(), raw)
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
    state, events = _finish_blocks(service, state, None)
    reason = event.stopReason
    events += _extras(raw)
    events.append(Finished(FINISH.get(reason, "unknown"), reason))
    complete = state.has_metadata
    return replace(state, stopped=True, complete=complete, text_block=_NO_BLOCK), events


def _metadata(service: AnyService, state: State, event: wire.Metadata, raw: Raw) -> Stepped:
    events = _extras(raw)
    model = invoked_model(raw)
    if model:
        events.append(Started(model=model))
    if event.usage:
        events.append(UsageReported(read_usage(event.usage)))
    return replace(state, has_metadata=True, complete=state.stopped), events


def _stop(service: AnyService, state: State, event: wire.StopEvent, raw: Raw) -> Stepped:
    return _finish_blocks(service, state, event.contentBlockIndex)


def _start(service: AnyService, state: State, event: wire.StartEvent, raw: Raw) -> Stepped:
    block, call, start = event.contentBlockIndex, event.start.toolUse, raw["start"]
    if call is not None and call.type != SERVER_TOOL:
        state, index = _part(state, block, "toolUse")
        begun = ToolCallDelta("", index, 0, call.toolUseId, call.name)
        return state, [begun, *call_metadata(start["toolUse"], index), *_extras(raw)]
    for kind in ("toolUse", "toolResult", "image"):
        if start.get(kind) is not None:
            return _keep(state, block, kind, start[kind]), _extras(raw)
    unknown = {key: value for key, value in start.items() if key not in _STARTLESS}
    return state, [*_extras(raw), *_unknown("contentBlockStart", unknown)]


_STARTLESS = frozenset({"text", "reasoningContent"})


def _delta(service: AnyService, state: State, event: wire.DeltaEvent, raw: Raw) -> Stepped:
    """Read a delta of any kind. Unknown kinds become extra fields."""
    delta, block = event.delta, event.contentBlockIndex
    unknown = {key: value for key, value in raw["delta"].items() if key not in wire.DELTAS}
    events = [*_extras(raw), *_unknown("contentBlockDelta", unknown)]
    redacted = delta.reasoningContent.redactedContent if delta.reasoningContent else None
    for kind, piece in (
        ("redactedContent", redacted),
        ("toolResult", delta.toolResult),
        ("image", raw["delta"].get("image")),
        (CITATIONS, delta.citation),
    ):
        if piece:
            state = _keep(state, block, kind, piece)
    state, delta_events = _read_delta(service, state, event)
    return state, [*events, *delta_events]


def _read_delta(
    service: AnyService, state: State, event: wire.DeltaEvent | wire.PlainDeltaEvent
) -> Stepped:
    """Read a delta of text, reasoning or a tool call."""
    block, delta = event.contentBlockIndex, event.delta
    if delta.text:
        state, index = _part(state, block, "text")
        return replace(state, text_block=block, text_part=index), (TextDelta(delta.text, index),)
    if delta.toolUse is not None:
        return _call_delta(service, state, block, delta.toolUse.input or "")
    reasoning = delta.reasoningContent
    if reasoning is None or not (reasoning.text or reasoning.signature):
        return state, ()
    has_begun = (block, "reasoningContent") in state.parts
    state, index = _part(state, block, "reasoningContent")
    signature = reasoning.signature
    if signature is not None:
        signature = state.signatures.get(index, "") + signature
        state = replace(state, signatures={**state.signatures, index: signature})
    reasoning_delta = ReasoningDelta(reasoning.text or "", index, signature=signature)
    if has_begun:
        return state, (reasoning_delta,)
    return state, (reasoning_delta, ProviderMetadataReceived("{}", index, kind="reasoning"))


def _call_delta(service: AnyService, state: State, block: int, arguments: str) -> Stepped:
    key = (block, "toolUse")
    if key in state.pending:
        return _keep(state, block, "toolUse", arguments), ()
    index = state.parts.get(key)
    if index is None:
        message = f"a delta of a tool call that has not begun, in block {block}"
        evidence = arguments.encode(errors="replace")
        return _fail(service, state, message, "contentBlockDelta", evidence)
    return state, (ToolCallDelta(arguments, index),) if arguments else ()


def _part(state: State, block: int, kind: str) -> tuple[State, int]:
    """The index of the block's part: parts are numbered in the order in which they begin."""
    index = state.parts.get((block, kind))
    if index is not None:
        return state, index
    index = len(state.parts)
    return replace(state, parts={**state.parts, (block, kind): index}), index


def _keep(state: State, block: int, kind: str, piece: Any) -> State:
    """Add a piece to a block that is kept until it ends. Citations belong to the text of their block."""
    state, index = _part(state, block, "text" if kind == CITATIONS else kind)
    before = state.pending.get((block, kind), Pending(index))
    pending = {**state.pending, (block, kind): Pending(index, (before.pieces, piece))}
    return replace(state, pending=pending)


def _finish_blocks(
    service: AnyService, state: State, block: int | None
) -> tuple[State, list[StreamEvent]]:
    """End the pending blocks of this contentBlockIndex, or all of them for None."""
    if not state.pending:
        return state, []
    ready = [key for key in state.pending if block is None or key[0] == block]
    events = [
        event for key in ready for event in finished_block(service.name, key[1], state.pending[key])
    ]
    kept = {key: value for key, value in state.pending.items() if key not in ready}
    return replace(state, pending=kept), events


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


_READERS: Mapping[str, tuple[type[Any], Callable[[AnyService, State, Any, Raw], Stepped]]] = {
    "messageStart": (wire.MessageStart, _message_start),
    "contentBlockStart": (wire.StartEvent, _start),
    "contentBlockDelta": (wire.DeltaEvent, _delta),
    "contentBlockStop": (wire.StopEvent, _stop),
    "messageStop": (wire.MessageStop, _message_stop),
    "metadata": (wire.Metadata, _metadata),
}
"""Event -> its Struct and its reader."""

EVENT_NAMES = frozenset(_READERS)


def _fail(
    service: AnyService, state: State, message: str, where: str, evidence: bytes
) -> tuple[State, tuple[StreamEvent, ...]]:
    error = ProtocolError(message=message, provider=service.name, where=where, evidence=evidence)
    return replace(state, fault=error), ()
