"""Frames of an InvokeModel stream -> events. A frame has the vendor's own JSON; the first chunk identifies the vendor.

The last chunk has `amazon-bedrock-invocationMetrics`: kept in `extra`, and read as usage if the vendor sent none.
Source: botocore 1.44.5 (ResponseStream), ../shared/wire/bedrock.md sections 4, 6 and 9; read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

from msgspec.structs import replace

from llm_pure.adapters.dialects import anthropic_messages
from llm_pure.adapters.dialects.bedrock_converse import stream as converse
from llm_pure.adapters.dialects.bedrock_converse.errors import find_error, frame_error
from llm_pure.adapters.dialects.bedrock_converse.state import State as ConverseState
from llm_pure.adapters.dialects.bedrock_invoke import wire
from llm_pure.adapters.dialects.bedrock_invoke.shapes import counts_in, read_counts, shape_of
from llm_pure.adapters.dialects.bedrock_invoke.vendors import Families
from llm_pure.adapters.dialects.common.extra_fields import extra_events
from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.adapters.dialects.openai_chat.think_tags import (
    REASONING_END,
    TaggedState,
    Tags,
    read_tagged_chunk,
)
from llm_pure.core.error_mapping import with_body
from llm_pure.core.service import AnyService, Service
from llm_pure.core.stream import StreamState, take_step
from llm_pure.framing.aws_eventstream import EventStreamMessage
from llm_pure.framing.json_codec import (
    DECODE_ERRORS,
    any_json,
    convert,
    decode,
    decode_any,
    json_text,
    protocol_error,
)
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.rejection import ok

METRICS = "amazon-bedrock-invocationMetrics"

Family: TypeAlias = Literal["anthropic", "openai", "nova", "others", "unknown"]


class State(StreamState, frozen=True, kw_only=True):
    """The state between two chunks."""

    family: Family = "unknown"
    """The vendor's format, by the first chunk."""
    inner: StreamState | None = None
    """The state of that format's dialect."""
    counted: bool = False
    """The vendor reported usage."""
    counts: dict[str, Any] | None = None
    """The token counts so far, for the family "others"."""
    calls: int = 0
    """The number of tool calls so far, for the family "others"."""


Stepped = tuple[State, Sequence[StreamEvent]]

_CHUNK_HEADER = (":event-type", "chunk")
_UNCHANGED = frozenset({"anthropic", "openai"})
"""Families whose chunks are passed to their dialect as bytes, unless a key must be removed or renamed."""

_OF_BEDROCK = b'"amazon-bedrock-'
"""How the service's own keys begin, in a vendor's chunk."""
_STOP_REASON, _MESSAGE = b'"stop_reason"', b'"message"'
"""Keys that `as_openai` renames."""


def step(
    service: Service[Families], head: ResponseHead, state: State, frame: EventStreamMessage
) -> Stepped:
    """Read one frame: a chunk of the vendor, or an error."""
    headers = frame.headers
    if headers and headers[0] == _CHUNK_HEADER and state.inner is not None:
        try:
            data = wire.CHUNK.decode(frame.payload).bytes
        except DECODE_ERRORS as error:
            return _fail(service, state, error, frame.payload)
        if (
            state.family in _UNCHANGED
            and _OF_BEDROCK not in data
            and (state.family == "anthropic" or (_STOP_REASON not in data and _MESSAGE not in data))
        ):
            return _inner_step(service, head, state, data)
    return _read_frame(service, head, state, frame)


def _read_frame(
    service: Service[Families], head: ResponseHead, state: State, frame: EventStreamMessage
) -> Stepped:
    error = frame_error(service, head, frame)
    if error is not None:
        return replace(state, fault=error), ()
    kind = str(frame.header(":event-type") or "unnamed")
    if kind != "chunk":
        value = decode_any(frame.payload, provider=service.name).value_or(None)
        return state, (ExtraReceived(kind, [value], append=True),) if value else ()
    chunk = ok(decode(wire.CHUNK, frame.payload, provider=service.name, where="chunk"))
    raw = ok(decode_any(chunk.bytes, provider=service.name, where="chunk"))
    if not isinstance(raw, dict):
        return state, (ExtraReceived("chunk", [raw], append=True),) if raw else ()
    try:
        return _read_chunk(service, head, state, raw)
    except RecursionError as nesting:  # deep nesting: JSON that can be decoded and not be encoded
        return _fail(service, state, nesting, b"")


def _read_chunk(
    service: Service[Families], head: ResponseHead, state: State, raw: dict[str, Any]
) -> Stepped:
    """Read one chunk: the vendor's fields, then the service's metrics."""
    fields = {key: value for key, value in raw.items() if key != METRICS}
    metrics = raw.get(METRICS)
    events: list[StreamEvent] = []
    if state.family == "unknown" and fields:
        family = family_of(fields)
        inner = _IN_REASONING if is_completion(fields) else _INITIAL.get(family)
        state = replace(state, family=family, inner=inner)
        if family in ("nova", "others"):
            events.append(Started(provider=service.name))
    if state.family in ("unknown", "nova", "others"):
        error = find_error(service, fields, HttpResponse(200, head.headers))
        if error is not None:
            return replace(state, fault=with_body(error, fields)), events
    if fields and state.fault is None:
        state, vendor_events = _read_fields(service, head, state, fields)
        events += vendor_events
    if fields.get(GUARDRAIL) == "INTERVENED":
        events = [_filtered(event) for event in events]
    if isinstance(metrics, dict) and metrics:
        events.append(ExtraReceived(METRICS, metrics))
        if not state.counted and state.fault is None:
            events.append(UsageReported(read_counts(metrics)))
    return state, events


GUARDRAIL = "amazon-bedrock-guardrailAction"
"""The field of any vendor's response that says whether a guardrail put its own text in place of the model's."""


def _filtered(event: StreamEvent) -> StreamEvent:
    """A finish as that of a guardrail: the vendor's own reason is that of the text in its place."""
    return replace(event, finish_reason="content_filter") if isinstance(event, Finished) else event


def is_completion(raw: dict[str, Any]) -> bool:
    """Whether this is a body or a chunk of DeepSeek-R1, which goes on after the prompt: inside its reasoning."""
    choices = raw.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and "stop_reason" in first and isinstance(first.get("text"), str)


def family_of(raw: dict[str, Any]) -> Family:
    """The format of a body or a chunk; "unknown" for others."""
    if isinstance(raw.get("type"), str):
        return "anthropic"
    if "choices" in raw:
        return "openai"
    if "output" in raw or any(key in converse.EVENT_NAMES for key in raw):
        return "nova"
    return "others" if shape_of(raw) is not None else "unknown"


_INITIAL: Mapping[Family, StreamState] = {
    "anthropic": anthropic_messages.State(),
    "openai": TaggedState(),
    "nova": ConverseState(started=True),
}
"""Initial states of the families that another dialect reads."""


_IN_REASONING = TaggedState(tags=Entries().put(0, Tags("opened", "", REASONING_END)))
"""The initial state of DeepSeek-R1."""


def _read_fields(
    service: Service[Families], head: ResponseHead, state: State, raw: dict[str, Any]
) -> Stepped:
    match state.family:
        case "anthropic" | "openai":
            return _inner_step(service, head, state, json_text(as_openai(raw, delta=True)).encode())
        case "nova":
            return _nova(service, state, raw)
        case "others":
            return read_other(service, state, raw)
        case "unknown":
            return state, (ExtraReceived("chunk", [raw], append=True),)


def _inner_step(
    service: Service[Families], head: ResponseHead, state: State, data: bytes
) -> Stepped:
    inner = state.inner
    events: Sequence[StreamEvent] = ()
    after: StreamState | None = inner
    if isinstance(inner, anthropic_messages.State):
        inner_step = partial(anthropic_messages.step, service.quirks.anthropic, head)
        after, events = take_step(inner_step, inner, data)
    elif isinstance(inner, TaggedState):
        read_chunk = partial(read_tagged_chunk, service.quirks.openai, head)
        after, events = take_step(read_chunk, inner, data)
    if after is not None and after.fault is not None:  # the frame has the JSON in base64
        after = replace(after, fault=with_body(after.fault, any_json(data)))
    return _with_inner(state, after, events), events


def _nova(service: Service[Families], state: State, raw: dict[str, Any]) -> Stepped:
    """Read a chunk of Nova: Converse's events, with the event's name as the key."""
    inner, read_event = state.inner, partial(converse.read_event, service)
    events: list[StreamEvent] = []
    for kind, value in raw.items():
        if isinstance(inner, ConverseState) and inner.fault is None:
            inner, inner_events = take_step(read_event, inner, kind, value)
            events += inner_events
    return _with_inner(state, inner, events), events


def _with_inner(state: State, inner: StreamState | None, events: Sequence[StreamEvent]) -> State:
    if inner is state.inner and len(events) == 1 and type(events[0]) is TextDelta:
        return state
    counted = state.counted or any(type(event) is UsageReported for event in events)
    if inner is state.inner and counted == state.counted:
        return state
    after = inner or StreamState()
    return replace(
        state,
        inner=inner,
        counted=counted,
        complete=after.complete and state.family != "anthropic",  # its last event has the metrics
        ended=after.ended,
        fault=after.fault,
    )


def read_other(service: AnyService, state: State, raw: dict[str, Any]) -> Stepped:
    """Read a body or a chunk of a vendor in `SHAPES`. Usage is reported when the message ends."""
    shape = shape_of(raw)
    if shape is None:
        return state, (ExtraReceived("chunk", [raw], append=True),)
    typed = ok(convert(shape.struct, raw, provider=service.name, where="chunk"))
    events = list(shape.read(typed, state.calls))
    events += extra_events(raw, shape.known)
    calls = state.calls + len([event for event in events if isinstance(event, ToolCallDelta)])
    counts = {**(state.counts or {}), **counts_in(raw)}
    ends = any(isinstance(event, Finished) for event in events)
    if ends and counts:
        events.append(UsageReported(read_counts(counts)))
    return replace(
        state,
        counts=counts,
        calls=calls,
        counted=state.counted or (ends and bool(counts)),
        complete=state.complete or ends,
    ), events


def as_openai(raw: dict[str, Any], *, delta: bool = False) -> dict[str, Any]:
    """Rename `stop_reason` in the choices of Mistral and DeepSeek to OpenAI's `finish_reason`.

    `delta`: a chunk of a stream; Mistral's have a `message` in place of a `delta`.
    """
    choices = raw.get("choices")
    if not isinstance(choices, list):
        return raw
    names = {"stop_reason": "finish_reason", **({"message": "delta"} if delta else {})}
    renamed = [
        {
            key if names.get(key, key) in choice else names[key]: value
            for key, value in choice.items()
        }
        if isinstance(choice, dict)
        else choice
        for choice in choices
    ]
    return {**raw, "choices": renamed}


def _fail(service: AnyService, state: State, error: Exception, data: bytes) -> Stepped:
    fault = protocol_error(error, data, provider=service.name, where="chunk")
    return replace(state, fault=fault), ()
