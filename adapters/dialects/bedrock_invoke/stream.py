"""Frames of an invoke stream -> events. Each carries the vendor's own JSON; its first chunk tells which vendor's it is.

The last chunk brings `amazon-bedrock-invocationMetrics`: they are kept, and count only where the vendor counted nothing.
Source: botocore 1.44.5 (ResponseStream), ../shared/wire/bedrock.md sections 4, 6 and 9; read 2026-11-20.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.adapters.dialects import anthropic_messages
from llm_pure.adapters.dialects.bedrock_converse import stream as converse
from llm_pure.adapters.dialects.bedrock_converse.errors import frame_error
from llm_pure.adapters.dialects.bedrock_invoke import wire
from llm_pure.adapters.dialects.bedrock_invoke.request import ANTHROPIC
from llm_pure.adapters.dialects.bedrock_invoke.shapes import counts_in, read_counts, shape_of
from llm_pure.adapters.dialects.openai_chat import stream as openai
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.state import State as OpenaiState
from llm_pure.core.stream import StreamState
from llm_pure.framing.aws_eventstream import EventStreamMessage
from llm_pure.framing.json_codec import (
    DECODE_ERRORS,
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
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import ResponseHead
from llm_pure.types.result import Failure

METRICS = "amazon-bedrock-invocationMetrics"

OPENAI = Quirks(max_tokens_key="max_tokens", reasoning_style="effort")

TokenizerProfile: TypeAlias = Literal["anthropic", "openai", "nova", "others", "unknown"]


class State(StreamState, frozen=True, kw_only=True):
    """What the next chunk's meaning depends on.

    family: whose chunks they are, once one has told; inner: the state of that family's dialect. counted: the vendor
    reported usage. counts: what the others have said about tokens so far. calls: how many calls they made.
    """

    family: TokenizerProfile = "unknown"
    inner: StreamState | None = None
    counted: bool = False
    counts: dict[str, Any] | None = None
    calls: int = 0


Stepped = tuple[State, Sequence[StreamEvent]]

_CHUNK_COMES = (":event-type", "chunk")
_AS_THEY_ARE = frozenset({"anthropic", "openai"})
"""Families whose chunks go to their dialect unread, unless there is something in them to take out or to rename."""

_METRICS = METRICS.encode()
_STOP_REASON = b'"stop_reason"'


def step(name: str, head: ResponseHead, state: State, frame: EventStreamMessage) -> Stepped:
    """One frame: a chunk of the vendor's, or an error."""
    headers = frame.headers
    if headers and headers[0] == _CHUNK_COMES and state.inner is not None:
        try:
            data = wire.CHUNK.decode(frame.payload).bytes
        except DECODE_ERRORS as fault:
            return _broken(name, state, fault, frame.payload), ()
        if state.family in _AS_THEY_ARE and _METRICS not in data and _STOP_REASON not in data:
            return _inner_step(name, head, state, data)
    return _read_frame(name, head, state, frame)


def _read_frame(name: str, head: ResponseHead, state: State, frame: EventStreamMessage) -> Stepped:
    told = frame_error(name, head, frame)
    if told is not None:
        return _with(state, fault=told), ()
    kind = str(frame.header(":event-type") or "unnamed")
    if kind != "chunk":
        decoded = decode_any(frame.payload, provider=name)
        said = None if isinstance(decoded, Failure) else decoded.unwrap()
        return state, (ExtraReceived(kind, [said], append=True),) if said else ()
    chunk = decode(wire.CHUNK, frame.payload, provider=name, where="chunk")
    if isinstance(chunk, Failure):
        return _with(state, fault=chunk.failure()), ()
    decoded = decode_any(chunk.unwrap().bytes, provider=name, where="chunk")
    if isinstance(decoded, Failure):
        return _with(state, fault=decoded.failure()), ()
    raw = decoded.unwrap()
    if not isinstance(raw, dict):
        return state, (ExtraReceived("chunk", [raw], append=True),) if raw else ()
    try:
        return read_chunk(name, head, state, raw)
    except RecursionError as fault:  # nested just so deep that it can be read and not be written
        return _broken(name, state, fault, b""), ()


def read_chunk(name: str, head: ResponseHead, state: State, raw: dict[str, Any]) -> Stepped:
    """One chunk as decoded JSON: the vendor's part of it, then the service's."""
    said = {key: value for key, value in raw.items() if key != METRICS}
    metrics = raw.get(METRICS)
    events: list[StreamEvent] = []
    if state.family == "unknown" and said:
        state = _begun(state, said)
        if state.family in ("nova", "others"):
            events.append(Started(provider=name))
    if said and state.fault is None:
        state, more = _of_family(name, head, state, said)
        events += more
    if isinstance(metrics, dict) and metrics:
        events.append(ExtraReceived(METRICS, metrics))
        if not state.counted and state.fault is None:
            events.append(UsageReported(read_counts(metrics)))
    return state, events


def family_of(raw: dict[str, Any]) -> TokenizerProfile:
    """Whose body this is, whole or in pieces. "unknown": nobody's that is known."""
    if isinstance(raw.get("type"), str):
        return "anthropic"
    if "choices" in raw:
        return "openai"
    if "output" in raw or any(key in converse.EVENT_NAMES for key in raw):
        return "nova"
    return "others" if shape_of(raw) is not None else "unknown"


def _begun(state: State, raw: dict[str, Any]) -> State:
    family = family_of(raw)
    first: dict[TokenizerProfile, StreamState] = {
        "anthropic": anthropic_messages.State(),
        "openai": OpenaiState(),
        "nova": converse.State(started=True),
    }
    return _with(state, family=family, inner=first.get(family))


def _of_family(name: str, head: ResponseHead, state: State, raw: dict[str, Any]) -> Stepped:
    match state.family:
        case "anthropic" | "openai":
            return _inner_step(name, head, state, json_text(as_openai(raw)).encode())
        case "nova":
            return _nova(name, state, raw)
        case "others":
            return read_other(name, state, raw)
        case "unknown":
            return state, (ExtraReceived("chunk", [raw], append=True),)


def _inner_step(name: str, head: ResponseHead, state: State, data: bytes) -> Stepped:
    inner = state.inner
    events: Sequence[StreamEvent] = ()
    after: StreamState | None = inner
    if isinstance(inner, anthropic_messages.State):
        after, events = anthropic_messages.step(ANTHROPIC, head, inner, data)
    elif isinstance(inner, OpenaiState):
        after, events = openai.step(name, OPENAI, head, inner, data)
    return _lifted(state, after, events), events


def _nova(name: str, state: State, raw: dict[str, Any]) -> Stepped:
    """{"contentBlockDelta": {...}}: Converse's events, with the name as the key."""
    inner = state.inner
    events: list[StreamEvent] = []
    for kind, said in raw.items():
        if isinstance(inner, converse.State) and inner.fault is None:
            inner, more = converse.read_event(name, inner, kind, said)
            events += more
    return _lifted(state, inner, events), events


def _lifted(state: State, inner: StreamState | None, events: Sequence[StreamEvent]) -> State:
    """The state around an inner one that has moved."""
    counted = state.counted or any(type(one) is UsageReported for one in events)
    if inner is state.inner and counted == state.counted:
        return state
    known = inner or StreamState()
    return _with(state, inner=inner, counted=counted, complete=known.complete, fault=known.fault)


def read_other(name: str, state: State, raw: dict[str, Any]) -> Stepped:
    """A body, or a chunk, of a vendor that is read by a table. Usage is told when the answer ends."""
    shape = shape_of(raw)
    if shape is None:
        return state, (ExtraReceived("chunk", [raw], append=True),)
    typed = convert(shape.struct, raw, provider=name, where="chunk")
    if isinstance(typed, Failure):
        return _with(state, fault=typed.failure()), ()
    events = list(shape.read(typed.unwrap(), state.calls))
    events += [
        ExtraReceived(key, value)
        for key, value in raw.items()
        if key not in shape.modelled and value not in (None, "", [], {})
    ]
    calls = state.calls + len([one for one in events if isinstance(one, ToolCallDelta)])
    counts = {**(state.counts or {}), **counts_in(raw)}
    ends = any(isinstance(one, Finished) for one in events)
    if ends and counts:
        events.append(UsageReported(read_counts(counts)))
    counted = state.counted or (ends and bool(counts))
    return (
        _with(state, counts=counts, calls=calls, counted=counted, complete=state.complete or ends),
        events,
    )


def as_openai(raw: dict[str, Any]) -> dict[str, Any]:
    """Mistral's and DeepSeek's choices end with a `stop_reason`; it goes by OpenAI's name from here on."""
    choices = raw.get("choices")
    if not isinstance(choices, list):
        return raw
    renamed = [
        {("finish_reason" if key == "stop_reason" else key): value for key, value in one.items()}
        if isinstance(one, dict) and "finish_reason" not in one
        else one
        for one in choices
    ]
    return {**raw, "choices": renamed}


def _broken(name: str, state: State, fault: Exception, data: bytes) -> State:
    return _with(state, fault=protocol_error(fault, data, provider=name, where="chunk"))


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)
