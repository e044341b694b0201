"""Frames -> events: `step` for one message of the websocket, which is one line of a recorded body.

Where the parts of an answer stand: reasoning, text, then the call; there is one at most.
Source: spark_ai_python 0.4.5, sparkai/llm/llm.py (on_message); the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_common.errors import error_in_body
from llm_pure.adapters.dialects.spark_frames import wire
from llm_pure.adapters.dialects.spark_frames.errors import WORDS, error_of
from llm_pure.adapters.dialects.spark_frames.usage import read_usage
from llm_pure.adapters.dialects.unmodelled import emit_extra_fields, others
from llm_pure.core.stream import StreamState
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, json_text
from llm_pure.types.events import (
    Finished,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import Failure

REASONING, TEXT, CALL = 0, 1, 2
"""Indexes of the parts."""

LAST = 2
"""The status of the frame that ends an answer. Why it ends is never said."""


class State(StreamState, frozen=True, kw_only=True):
    """What the next frame's meaning depends on.

    started: a first frame came. thinking: the reasoning is marked as this provider's. known: extras already told.
    """

    started: bool = False
    thinking: bool = False
    known: Mapping[str, Any] = {}


def step(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One frame: more of the answer, its end, or an error."""
    if state.complete:
        return state, ()
    if state.started:
        try:
            plain = wire.PLAIN_FRAME.decode(frame)
        except DECODE_ERRORS:  # more than words: the longer way
            return _read_frame(name, head, state, frame)
        (piece,) = plain.payload.choices.text
        if piece.content and not piece.reasoning_content:
            return state, (TextDelta(piece.content, TEXT),)
        events: list[StreamEvent] = []
        return _words(state, events, piece.reasoning_content, piece.content), events
    return _read_frame(name, head, state, frame)


def _read_frame(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    decoded = decode_any(frame, provider=name, where="frame")
    if isinstance(decoded, Failure):
        return _with(state, fault=decoded.failure()), []
    raw = decoded.unwrap()
    if isinstance(raw, dict) and "header" not in raw:
        told = error_in_body(name, WORDS, raw, HttpResponse(200, head.headers))
        return (state if told is None else _with(state, fault=told)), []
    typed = decode(wire.FRAME, frame, provider=name, where="frame")
    if isinstance(typed, Failure):
        return _with(state, fault=typed.failure()), []
    one = typed.unwrap()
    if one.header.code:
        told = error_of(name, one.header.code, one.header.message, one.header.sid, head.headers)
        return _with(state, fault=told), []
    return _read(name, state, one, raw)


def is_last(frame: bytes) -> bool:
    """Does nothing come after this frame? For whoever carries frames, since the service may leave the connection open."""
    read = decode(wire.FRAME, frame, provider="spark")
    if isinstance(read, Failure):
        return False
    told = read.unwrap()
    choices = told.payload.choices if told.payload is not None else None
    return bool(
        told.header.code
        or told.header.status == LAST
        or (choices is not None and choices.status == LAST)
    )


def _read(
    name: str, state: State, frame: wire.Frame, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(id=frame.header.sid or "", provider=name))
        state = _with(state, started=True)
    payload = frame.payload or wire.Payload()
    choices = payload.choices or wire.Choices()
    raw_payload = raw.get("payload") or {}
    raw_choices = raw_payload.get("choices") or {}
    known = emit_extra_fields(events, state.known, raw, wire.KNOWN_FIELDS_FRAME)
    known = emit_extra_fields(events, known, raw["header"], wire.KNOWN_FIELDS_HEADER)
    known = emit_extra_fields(events, known, raw_payload, wire.KNOWN_FIELDS_PAYLOAD)
    known = emit_extra_fields(events, known, raw_choices, wire.KNOWN_FIELDS_CHOICES)
    for place, piece in enumerate(choices.text or ()):
        raw_piece = raw_choices["text"][place]
        known = emit_extra_fields(events, known, raw_piece, wire.KNOWN_FIELDS_PIECE)
        state = _words(state, events, piece.reasoning_content, piece.content)
        if piece.function_call is not None:
            _call(events, piece.function_call, raw_piece["function_call"])
    state = state if known is state.known else _with(state, known=known)
    counts = payload.usage.text if payload.usage is not None else None
    if counts:
        events.append(UsageReported(read_usage(counts)))
    if LAST in (frame.header.status, choices.status):
        events.append(Finished("unknown"))
        state = _with(state, complete=True)
    return state, events


def _words(
    state: State, events: list[StreamEvent], thinking: str | None, text: str | None
) -> State:
    if thinking:
        events.append(ReasoningDelta(thinking, REASONING))
        if not state.thinking:
            events.append(ProviderMetadataReceived("{}", REASONING, kind="reasoning"))
            state = _with(state, thinking=True)
    if text:
        events.append(TextDelta(text, TEXT))
    return state


def _call(events: list[StreamEvent], call: wire.FunctionCall, raw: dict[str, Any]) -> None:
    """There are no ids here."""
    events.append(ToolCallDelta(call.arguments or "", CALL, name=call.name or ""))
    more = others(raw, wire.KNOWN_FIELDS_CALL)
    if more:
        events.append(ProviderMetadataReceived(json_text(more), CALL))


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)
