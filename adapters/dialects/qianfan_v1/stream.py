"""Frames -> events: `step` for one frame of a stream. A buffered response is read as one frame with everything in it.

Order of parts: text, then the call; there is one at most.
Source: cloud.baidu.com/doc/WENXINWORKSHOP (ERNIE chat APIs), in excerpts; qianfan 0.4.12.3; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import SeenExtras, emit_call, emit_extra_fields
from llm_pure.adapters.dialects.common.part_identity import Calls, Entries
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.adapters.dialects.qianfan_v1 import wire
from llm_pure.adapters.dialects.qianfan_v1.errors import find_error
from llm_pure.core.service import AnyService, FrameForm, read_json_frame
from llm_pure.core.stream import StreamState, is_blank_event
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.types.completion import FinishReason, finish_reason_of
from llm_pure.types.events import (
    Finished,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.http import ResponseHead

TEXT, CALL = 0, 1
"""Indexes of the parts."""

FINISH: Mapping[str, FinishReason] = {
    "normal": "stop",
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "function_call": "tool_calls",
}


class State(StreamState, frozen=True, kw_only=True):
    """What the meaning of the next frame depends on."""

    started: bool = False
    """The first frame was read."""
    calls: Calls = Calls(first=CALL)
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
        if not (plain.is_end or plain.is_truncated or plain.need_clear_history):
            return state, (TextDelta(plain.result, TEXT),) if plain.result else ()
    return _read_frame(service, head, state, frame)


def _read_frame(
    service: AnyService, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    if state.ended or is_blank_event(frame):
        return state, []
    return read_json_frame(_FRAME, service, head, state, frame, partial(read_frame, service, state))


_FRAME = FrameForm(
    name="frame",
    decoder=wire.FRAME,
    find_error=find_error,
    has_content=lambda raw: "result" in raw,
)


def read_frame(
    service: AnyService, state: State, frame: wire.Frame, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """A frame, or a buffered response. `raw`: the same as plain JSON, for fields beyond the wire Structs."""
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(id=frame.id or "", provider=service.name))
    seen = emit_extra_fields(events, state.seen_extras, raw, wire.KNOWN_FIELDS_FRAME)
    if frame.result:
        events.append(TextDelta(frame.result, TEXT))
    # its other fields (thoughts) are replayed; calls have no ids here
    if frame.function_call is not None:
        call = frame.function_call
        calls, event = state.calls.read(0, 0, None, call.name, call.arguments or "")
        state = replace(state, calls=calls)
        emit_call(events, event, raw["function_call"], wire.KNOWN_FIELDS_CALL)
    if frame.usage:
        events.append(UsageReported(read_usage(frame.usage)))
    if frame.is_end:
        events.append(_finished(frame))
    return replace(state, started=True, seen_extras=seen, ended=bool(frame.is_end)), events


def _finished(frame: wire.Frame) -> Finished:
    """Old models send no reason: then `is_truncated` decides."""
    reason = frame.finish_reason or None
    if reason is None:
        return Finished("length" if frame.is_truncated else "stop")
    return Finished(finish_reason_of(reason, FINISH), reason)
