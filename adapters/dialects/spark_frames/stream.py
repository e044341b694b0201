"""Frames -> events: `step` for one message of the websocket, which is one line of a recorded body.

Order of parts: reasoning, text, then the call; there is one at most.
Source: spark_ai_python 0.4.5, sparkai/llm/llm.py (on_message); the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import SeenExtras, emit_call, emit_extra_fields
from llm_pure.adapters.dialects.common.part_identity import Calls, Entries
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.adapters.dialects.spark_frames import wire
from llm_pure.adapters.dialects.spark_frames.errors import frame_error
from llm_pure.core.service import AnyService, FrameForm, read_json_frame
from llm_pure.core.stream import StreamState, is_blank_event
from llm_pure.framing.json_codec import DECODE_ERRORS, decode
from llm_pure.types.events import (
    Finished,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.http import ResponseHead

REASONING, TEXT, CALL = 0, 1, 2
"""Indexes of the parts."""

LAST = 2
"""The status of the last frame. Spark sends no finish reason."""


class State(StreamState, frozen=True, kw_only=True):
    """What the meaning of the next frame depends on."""

    started: bool = False
    """The first frame was read."""
    calls: Calls = Calls(first=CALL)
    thinking: bool = False
    """The reasoning is marked as this provider's."""
    seen_extras: SeenExtras = Entries()


def step(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One frame: more of the response, its end, or an error."""
    if state.started and not state.ended:
        try:
            plain = wire.PLAIN_FRAME.decode(frame)
        except DECODE_ERRORS:  # more than text: the slow way
            return _read_frame(service, head, state, frame)
        (piece,) = plain.payload.choices.text
        if piece.content and not piece.reasoning_content:
            return state, (TextDelta(piece.content, TEXT),)
        events: list[StreamEvent] = []
        return _text(state, events, piece.reasoning_content, piece.content), events
    return _read_frame(service, head, state, frame)


def _read_frame(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    if state.ended or is_blank_event(frame):
        return state, []
    read = partial(_read_content, service, head, state)
    return read_json_frame(_FRAME, service, head, state, frame, read)


_FRAME = FrameForm(
    name="frame",
    decoder=wire.FRAME,
    find_error=find_error,
    has_content=lambda raw: "header" in raw,
    skips_others=True,
)


def is_last(frame: bytes) -> bool:
    """Return true for the last frame of a conversation; the service may leave the connection open after it."""
    typed = decode(wire.FRAME, frame, provider="spark").value_or(None)
    if typed is None:
        return False
    choices = typed.payload.choices if typed.payload is not None else None
    status = choices.status if choices is not None else None
    return bool(typed.header.code) or LAST in (typed.header.status, status)


def _read_content(
    service: AnyService, head: ResponseHead, state: State, frame: wire.Frame, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    if frame.header.code:
        return replace(state, fault=frame_error(service, frame.header, head.headers)), []
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(id=frame.header.sid or "", provider=service.name))
    payload = frame.payload or wire.Payload()
    choices = payload.choices or wire.Choices()
    raw_payload = raw.get("payload") or {}
    raw_choices = raw_payload.get("choices") or {}
    seen = emit_extra_fields(events, state.seen_extras, raw, wire.KNOWN_FIELDS_FRAME)
    seen = emit_extra_fields(events, seen, raw["header"], wire.KNOWN_FIELDS_HEADER)
    seen = emit_extra_fields(events, seen, raw_payload, wire.KNOWN_FIELDS_PAYLOAD)
    seen = emit_extra_fields(events, seen, raw_choices, wire.KNOWN_FIELDS_CHOICES)
    for index, piece in enumerate(choices.text or ()):
        raw_piece = raw_choices["text"][index]
        seen = emit_extra_fields(events, seen, raw_piece, wire.KNOWN_FIELDS_PIECE)
        state = _text(state, events, piece.reasoning_content, piece.content)
        if piece.function_call is not None:  # calls have no ids here
            call = piece.function_call
            calls, event = state.calls.read(0, 0, None, call.name, call.arguments or "")
            state = replace(state, calls=calls)
            emit_call(events, event, raw_piece["function_call"], wire.KNOWN_FIELDS_CALL)
    counts = payload.usage.text if payload.usage is not None else None
    if counts:
        events.append(UsageReported(read_usage(counts)))
    is_end = LAST in (frame.header.status, choices.status)
    if is_end:
        events.append(Finished("unknown"))
    return replace(state, started=True, seen_extras=seen, ended=is_end), events


def _text(state: State, events: list[StreamEvent], thinking: str | None, text: str | None) -> State:
    if thinking:
        events.append(ReasoningDelta(thinking, REASONING))
        if not state.thinking:
            events.append(ProviderMetadataReceived("{}", REASONING, kind="reasoning"))
            state = replace(state, thinking=True)
    if text:
        events.append(TextDelta(text, TEXT))
    return state
