"""Lines -> events: `step` for one line of a stream. A buffered response is read as one line with everything in it.

Order of parts: thinking, text, images, then tool calls in order of arrival.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import (
    SeenExtras,
    emit_extra_fields,
    extra_fields,
)
from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.adapters.dialects.ollama_native import wire
from llm_pure.adapters.dialects.ollama_native.errors import find_error
from llm_pure.adapters.dialects.ollama_native.usage import read_usage
from llm_pure.core.service import AnyService, FrameForm, read_json_frame
from llm_pure.core.stream import StreamState, is_blank_event
from llm_pure.framing.json_codec import (
    DECODE_ERRORS,
    decode_plain,
    json_text,
    plain_object,
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
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import ResponseHead
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.messages import Image

THINKING, TEXT, IMAGES, CALLS = 0, 1, 2, 2**32
"""Indexes of the parts."""

FINISH: Mapping[str, FinishReason] = {"stop": "stop", "length": "length"}
"""Other reasons are "unknown": "load" and "unload" (a request that only loads the model), or none (old servers)."""

_LOGPROBS = frozenset({"logprobs"})


class State(StreamState, frozen=True, kw_only=True):
    """What the meaning of the next line depends on."""

    started: bool = False
    """The first line was read."""
    thinking: bool = False
    """Thinking was received, and marked as this provider's."""
    images: int = 0
    """Number of images so far."""
    calls: int = 0
    """Number of tool calls so far."""
    seen_extras: SeenExtras = Entries()


def step(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One line: more of the response, its end, or an error."""
    if state.started and not state.ended:
        try:
            line = wire.PLAIN_LINE.decode(frame)
        except DECODE_ERRORS:  # more than text
            return _read_edge(service, state, frame) or read_frame(service, head, state, frame)
        if not line.done:
            message = line.message
            text, thinking = (
                (line.response, line.thinking)
                if message is None
                else (message.content, message.thinking)
            )
            if text and not thinking:
                return state, (TextDelta(text, TEXT),)
            if thinking and not text and state.thinking:
                return state, (ReasoningDelta(thinking, THINKING),)
            events: list[StreamEvent] = []
            return _text(state, events, thinking, text), events
    return _read_edge(service, state, frame) or read_frame(service, head, state, frame)


def read_run(
    service: AnyService,
    head: ResponseHead,
    state: State,
    frames: Sequence[bytes],
    position: int,
    events: list[StreamEvent],
) -> tuple[State, int]:
    """Fast path for lines with text, the first one and the last one, that arrive together."""
    decode = wire.PLAIN_LINE.decode
    for at in range(position, len(frames)):
        if state.ended:
            return state, at
        frame = frames[at]
        if state.started:
            try:
                line = decode(frame)
            except DECODE_ERRORS:  # more than text
                pass
            else:
                message = line.message
                if message is None or line.done or message.thinking or not message.content:
                    return state, at
                events.append(TextDelta(message.content, TEXT))
                continue
        edge = _read_edge(service, state, frame)
        if edge is None:
            return state, at
        state, edge_events = edge
        events += edge_events
    return state, len(frames)


def _read_edge(
    service: AnyService, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]] | None:
    """Fast path for the first line and the last one; None for lines that have more."""
    line = None if state.ended else decode_plain(wire.EDGE_LINE, frame)
    if line is None:
        return None
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(model=line.model or "", provider=service.name))
    seen = state.seen_extras
    for name in wire.EDGE_FIELDS:
        value = getattr(line, name)
        if value is not None and value != "" and seen.get(name) != value:
            events.append(ExtraReceived(name, value))
            if not line.done:  # no line follows the last one
                seen = seen.put(name, value)
    message = line.message or wire.PlainAnswerMessage()
    state = _text(
        state, events, message.thinking or line.thinking, message.content or line.response
    )
    for call in message.tool_calls:
        function = call.function
        arguments = plain_object(function.arguments)
        if arguments is None or not function.name:
            return None
        own = {} if function.index is None else {"function": {"index": function.index}}
        state = _add_call(state, events, call.id, function.name, arguments, own)
    if line.done:
        events += _end(line)
    return replace(state, started=True, seen_extras=seen, ended=line.done), events


def read_frame(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    """The slow path, for any line."""
    if frame.startswith(_SSE_FIELDS):  # a gateway that frames lines as server-sent events
        frame = frame[len(b"data:") :] if frame.startswith(b"data:") else b""
    if state.ended or is_blank_event(frame):
        return state, []
    return read_json_frame(_LINE, service, head, state, frame, partial(read_line, service, state))


_SSE_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")


def has_content(raw: dict[str, Any]) -> bool:
    """Whether decoded JSON has the fields of a response, so that content is read even if there is an error beside it."""
    return any(key in raw for key in ("message", "response", "image"))


_LINE = FrameForm(name="line", decoder=wire.LINE, find_error=find_error, has_content=has_content)


def read_line(
    service: AnyService, state: State, line: wire.Line, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """One line, or a buffered response. `raw` is the line as plain JSON, for extra fields."""
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(model=line.model or "", provider=service.name))
        state = replace(state, started=True)
    message = line.message or wire.Message()
    raw_message = raw.get("message") or {}
    seen = emit_extra_fields(
        events, state.seen_extras, raw, wire.KNOWN_FIELDS_LINE, lists=_LOGPROBS
    )
    seen = emit_extra_fields(events, seen, raw_message, wire.KNOWN_FIELDS_MESSAGE, lists=_LOGPROBS)
    if seen is not state.seen_extras:
        state = replace(state, seen_extras=seen)
    state = _text(
        state,
        events,
        message.thinking or message.reasoning or message.reasoning_content or line.thinking,
        message.content or line.response,
    )
    for base64 in [*(message.images or ()), *([line.image] if line.image else ())]:
        state = _image(state, events, base64)
    calls = message.tool_calls or line.tool_calls or ()
    raw_calls = raw_message.get("tool_calls") or raw.get("tool_calls") or []
    for call, raw_call in zip(calls, raw_calls, strict=True):
        state = _tool_call(state, events, call, raw_call)
    if line.done:
        events += _end(line)
        state = replace(state, ended=True)
    return state, events


def _end(line: wire.Line | wire.EdgeLine) -> list[StreamEvent]:
    usage = read_usage(line.prompt_eval_count, line.eval_count, line.prompt_eval_cached_count)
    reason = line.done_reason or None
    finished = Finished(finish_reason_of(reason, FINISH), reason)
    return [finished] if usage is None else [UsageReported(usage), finished]


def _text(state: State, events: list[StreamEvent], thinking: str | None, text: str | None) -> State:
    if thinking:
        events.append(ReasoningDelta(thinking, THINKING))
        if not state.thinking:  # mark it once as this provider's, so that it is replayed to it
            events.append(ProviderMetadataReceived("{}", THINKING, kind="reasoning"))
            state = replace(state, thinking=True)
    if text:
        events.append(TextDelta(text, TEXT))
    return state


def _image(state: State, events: list[StreamEvent], base64: str) -> State:
    data = from_base64(base64)
    if data is None:  # not decodable: kept as it was sent
        events.append(ExtraReceived("images", [base64], append=True))
        return state
    image = Image(data=data, media_type=media_type_of(data))
    events.append(PartReceived(image, IMAGES + state.images))
    return replace(state, images=state.images + 1)


def _tool_call(
    state: State, events: list[StreamEvent], call: wire.ToolCall, raw: dict[str, Any]
) -> State:
    function = call.function or wire.Function(call.name, call.arguments)
    extra = extra_fields(raw, wire.KNOWN_FIELDS_CALL)
    function_extra = extra_fields(raw.get("function") or {}, wire.KNOWN_FIELDS_FUNCTION)
    if function_extra:
        extra["function"] = function_extra
    arguments = _arguments(function.arguments)
    return _add_call(state, events, call.id or "", function.name or "", arguments, extra)


def _add_call(
    state: State,
    events: list[StreamEvent],
    call_id: str,
    name: str,
    arguments: str,
    extra: dict[str, Any],
) -> State:
    index = CALLS + state.calls
    events.append(ToolCallDelta(arguments, index, id=call_id, name=name))
    if extra:
        events.append(ProviderMetadataReceived(json_text(extra), index))
    return replace(state, calls=state.calls + 1)


def _arguments(raw: msgspec.Raw) -> str:
    """The object's text as it was sent. Some servers send JSON text in a string, as OpenAI does; this is accepted too."""
    sent = bytes(raw)
    if sent.startswith(b'"'):
        return msgspec.json.decode(sent, type=str) or "{}"
    return "{}" if sent == b"null" else sent.decode("utf-8", "replace")
