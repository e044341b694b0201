"""Event-stream messages -> events: `step` for one frame of ConverseStream. Whole answers are read with `read_block`.

Parts stand in the order in which their blocks began. Text and reasoning have no start event; a block that only makes
sense whole (the service's own tools and their results, pictures, redacted reasoning, citations) is kept until it stops.
Source: botocore 1.44.5 (ConverseStreamOutput) and recorded streams; read 2026-11-20.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.bedrock_converse import wire
from llm_pure.adapters.dialects.bedrock_converse.blocks import CITATIONS, Pending, finished_block
from llm_pure.adapters.dialects.bedrock_converse.errors import frame_error
from llm_pure.adapters.dialects.bedrock_converse.usage import read_usage
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
from llm_pure.types.errors import EVIDENCE_LIMIT, LLMError, ProtocolError
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
"""The service's own words, and two of Claude's; others are "unknown", and stay in raw_finish_reason."""

BlockKey = tuple[int, str]
"""(contentBlockIndex, kind): a block is of one kind, but not every model keeps to that."""

_NO_BLOCK = -1

_DELTA_COMES = (":event-type", "contentBlockDelta")
"""The first header of nearly every frame; where it stands elsewhere, the longer way finds it."""


class State(StreamState, frozen=True, kw_only=True):
    """What the next frame's meaning depends on.

    started: the first frame came. stopped: messageStop came. told: metadata came. parts: block -> index of its part.
    text_block, text_part: the text that grew last. signatures: the pieces of a signature so far, by part.
    pending: blocks that are kept until they stop.
    """

    started: bool = False
    stopped: bool = False
    told: bool = False
    text_block: int = _NO_BLOCK
    text_part: int = 0
    parts: Mapping[BlockKey, int] = {}
    signatures: Mapping[int, str] = {}
    pending: Mapping[BlockKey, Pending] = {}


Raw = dict[str, Any]
Stepped = tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]


def step(name: str, head: ResponseHead, state: State, frame: EventStreamMessage) -> Stepped:
    """One frame: more of a block, a mark between blocks, usage, or an error."""
    headers = frame.headers
    if headers and headers[0] == _DELTA_COMES and state.started and not state.stopped:
        try:
            event = wire.PLAIN_DELTA.decode(frame.payload)
        except DECODE_ERRORS:  # more than a delta: the longer way
            return _read_frame(name, head, state, frame)
        text = event.delta.text
        if text and event.contentBlockIndex == state.text_block:
            return state, (TextDelta(text, state.text_part),)
        return _read_delta(name, state, event)
    return _read_frame(name, head, state, frame)


def read_text_run(
    state: State, frames: Iterator[EventStreamMessage], events: list[StreamEvent]
) -> EventStreamMessage | None:
    """More of the text that grew last; the first frame that is anything else, None at the end."""
    block, index, decode = state.text_block, state.text_part, wire.PLAIN_DELTA.decode
    delta_comes = None
    for frame in frames:
        headers = frame.headers
        if headers is not delta_comes:  # frames with equal headers share them
            if not headers or headers[0] != _DELTA_COMES:
                return frame
            delta_comes = headers
        try:
            event = decode(frame.payload)
        except DECODE_ERRORS:
            return frame
        text = event.delta.text
        if not text or event.contentBlockIndex != block:
            return frame
        events.append(TextDelta(text, index))
    return None


def _read_frame(name: str, head: ResponseHead, state: State, frame: EventStreamMessage) -> Stepped:
    """Any frame. What is not known changes nothing but `extra`."""
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(provider=name))
        state = _with(state, started=True)
    told = frame_error(name, head, frame)
    if told is not None:
        return _with(state, fault=told), events
    kind = str(frame.header(":event-type") or "unnamed")
    decoded = decode_any(frame.payload, provider=name, where=kind)
    if not isinstance(decoded, Failure):
        state, more = read_event(name, state, kind, decoded.unwrap())
        return state, [*events, *more]
    return (_with(state, fault=decoded.failure()) if kind in _READERS else state), events


def read_event(name: str, state: State, kind: str, raw: Any) -> Stepped:
    """One event by its name and decoded JSON. Nova's bodies for InvokeModel have the same events."""
    reader = _READERS.get(kind)
    if reader is None:
        return state, _unknown(kind, raw)
    if state.stopped and kind != "metadata":
        fault = _fault(name, f"{kind} after messageStop", kind, preview(raw))
        return _with(state, fault=fault), ()
    shape, read = reader
    typed = convert(shape, raw, provider=name, where=kind)
    if isinstance(typed, Failure):
        return _with(state, fault=typed.failure()), ()
    try:
        return read(name, state, typed.unwrap(), raw)
    except RecursionError as fault:  # nested just so deep that it can be read and not be written
        return _with(state, fault=protocol_error(fault, b"", provider=name, where=kind)), ()


def _message_start(name: str, state: State, event: wire.MessageStart, raw: Raw) -> Stepped:
    """It says who speaks, and that is always the model."""
    return state, extras(raw)


def _message_stop(name: str, state: State, event: wire.MessageStop, raw: Raw) -> Stepped:
    state, events = _flushed(name, state, None)
    word = event.stopReason
    return (
        _with(state, stopped=True, complete=state.told, text_block=_NO_BLOCK),
        [*events, *extras(raw), Finished(FINISH.get(word, "unknown"), word)],
    )


def _metadata(name: str, state: State, event: wire.Metadata, raw: Raw) -> Stepped:
    events = extras(raw)
    model = invoked_model(raw)
    if model:
        events.append(Started(model=model))
    if event.usage:
        events.append(UsageReported(read_usage(event.usage)))
    return _with(state, told=True, complete=state.stopped), events


def _stop(name: str, state: State, event: wire.StopEvent, raw: Raw) -> Stepped:
    return _flushed(name, state, event.contentBlockIndex)


def _start(name: str, state: State, event: wire.StartEvent, raw: Raw) -> Stepped:
    place, call, start = event.contentBlockIndex, event.start.toolUse, raw["start"]
    if call is not None and call.type != SERVER_TOOL:
        state, index = _part(state, place, "toolUse")
        begun = ToolCallDelta("", index, 0, call.toolUseId, call.name)
        return state, [begun, *echo_of_call(start["toolUse"], index), *extras(raw)]
    for kind in ("toolUse", "toolResult", "image"):
        if start.get(kind) is not None:
            return _keep(state, place, kind, start[kind]), extras(raw)
    unknown = {key: value for key, value in start.items() if key not in _STARTLESS}
    return state, [*extras(raw), *_unknown("contentBlockStart", unknown)]


_STARTLESS = frozenset({"text", "reasoningContent"})


def _delta(name: str, state: State, event: wire.DeltaEvent, raw: Raw) -> Stepped:
    """A delta of any kind; what is not modelled in it goes to extra."""
    delta, place = event.delta, event.contentBlockIndex
    unknown = {key: value for key, value in raw["delta"].items() if key not in wire.DELTAS}
    events = [*extras(raw), *_unknown("contentBlockDelta", unknown)]
    redacted = delta.reasoningContent.redactedContent if delta.reasoningContent else None
    for kind, piece in (
        ("redactedContent", redacted),
        ("toolResult", delta.toolResult),
        ("image", raw["delta"].get("image")),
        (CITATIONS, delta.citation),
    ):
        if piece:
            state = _keep(state, place, kind, piece)
    state, more = _read_delta(name, state, event)
    return state, [*events, *more]


def _read_delta(name: str, state: State, event: wire.DeltaEvent | wire.PlainDeltaEvent) -> Stepped:
    """More text, more reasoning or more of a call."""
    place, delta = event.contentBlockIndex, event.delta
    if delta.text:
        state, index = _part(state, place, "text")
        return _with(state, text_block=place, text_part=index), (TextDelta(delta.text, index),)
    if delta.toolUse is not None:
        return _more_of_call(name, state, place, delta.toolUse.input or "")
    thought = delta.reasoningContent
    if thought is None or not (thought.text or thought.signature):
        return state, ()
    begun = (place, "reasoningContent") in state.parts
    state, index = _part(state, place, "reasoningContent")
    signature = thought.signature
    if signature is not None:
        signature = state.signatures.get(index, "") + signature
        state = _with(state, signatures={**state.signatures, index: signature})
    more = ReasoningDelta(thought.text or "", index, signature=signature)
    if begun:
        return state, (more,)
    return state, (more, ProviderMetadataReceived("{}", index, kind="reasoning"))


def _more_of_call(name: str, state: State, place: int, arguments: str) -> Stepped:
    key = (place, "toolUse")
    if key in state.pending:
        return _keep(state, place, "toolUse", arguments), ()
    index = state.parts.get(key)
    if index is None:
        message = f"more of a tool call that did not begin, in block {place}"
        fault = _fault(name, message, "contentBlockDelta", arguments.encode(errors="replace"))
        return _with(state, fault=fault), ()
    return state, (ToolCallDelta(arguments, index),) if arguments else ()


def _part(state: State, place: int, kind: str) -> tuple[State, int]:
    """The index of the part that this block makes: parts are numbered as they begin."""
    index = state.parts.get((place, kind))
    if index is not None:
        return state, index
    index = len(state.parts)
    return _with(state, parts={**state.parts, (place, kind): index}), index


def _keep(state: State, place: int, kind: str, piece: Any) -> State:
    """One more piece of a block that is told when it stops. Citations belong to the text of their block."""
    state, index = _part(state, place, "text" if kind == CITATIONS else kind)
    before = state.pending.get((place, kind), Pending(index))
    return _with(
        state,
        pending={**state.pending, (place, kind): Pending(index, (before.pieces, piece))},
    )


def _flushed(name: str, state: State, place: int | None) -> tuple[State, list[StreamEvent]]:
    """The blocks that are whole now: those of this contentBlockIndex, all when it is None."""
    if not state.pending:
        return state, []
    ready = [key for key in state.pending if place is None or key[0] == place]
    events = [event for key in ready for event in finished_block(name, key[1], state.pending[key])]
    kept = {key: value for key, value in state.pending.items() if key not in ready}
    return _with(state, pending=kept), events


def _unknown(kind: str, said: Any) -> list[StreamEvent]:
    if isinstance(said, dict):
        said = {key: value for key, value in said.items() if key != "p"}
    return [ExtraReceived(kind, [said], append=True)] if said else []


def extras(raw: dict[str, Any]) -> list[StreamEvent]:
    """What an object says that is not modelled. Null and empty say nothing."""
    return [
        ExtraReceived(key, value)
        for key, value in raw.items()
        if key not in wire.MODELLED and value not in (None, "", [], {})
    ]


def invoked_model(raw: dict[str, Any]) -> str:
    """The model that a prompt router chose: the only one that Converse ever names; else ""."""
    place: Any = raw
    for key in ("trace", "promptRouter", "invokedModelId"):
        place = place.get(key) if isinstance(place, dict) else None
    return place if isinstance(place, str) else ""


def echo_of_call(raw: dict[str, Any], index: int) -> list[StreamEvent]:
    """What a call says beyond the fields of a ToolCall; it goes back with it."""
    more = {key: value for key, value in raw.items() if key not in _MODELLED_CALL and value}
    return [ProviderMetadataReceived(json_text(more), index)] if more else []


SERVER_TOOL = "server_tool_use"
"""The type of a call that the service answers itself."""

_MODELLED_CALL = frozenset({"toolUseId", "name", "type", "input"})


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)


_READERS: Mapping[str, tuple[type[Any], Callable[[str, State, Any, Raw], Stepped]]] = {
    "messageStart": (wire.MessageStart, _message_start),
    "contentBlockStart": (wire.StartEvent, _start),
    "contentBlockDelta": (wire.DeltaEvent, _delta),
    "contentBlockStop": (wire.StopEvent, _stop),
    "messageStop": (wire.MessageStop, _message_stop),
    "metadata": (wire.Metadata, _metadata),
}
"""Event -> its shape, and what reads it."""

EVENT_NAMES = frozenset(_READERS)


def _fault(name: str, message: str, where: str, evidence: bytes) -> LLMError:
    return ProtocolError(
        message=message, provider=name, where=where, evidence=evidence[:EVIDENCE_LIMIT]
    )
