"""Frames -> events: `step` for one frame of a stream. A whole answer is read as one frame that says everything.

Where the parts of an answer stand: text, then the call; there is one at most.
Source: cloud.baidu.com/doc/WENXINWORKSHOP (ERNIE chat APIs), in excerpts; qianfan 0.4.12.3; the wire notes of this project; read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.adapters.dialects.qianfan_v1 import wire
from llm_pure.adapters.dialects.qianfan_v1.errors import find_error
from llm_pure.adapters.dialects.unmodelled import emit_extra_fields, others
from llm_pure.core.stream import StreamState
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, json_text
from llm_pure.types.completion import FinishReason
from llm_pure.types.events import (
    Finished,
    ProviderMetadataReceived,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import Failure

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
    """What the next frame's meaning depends on. started: a first frame came. known: extras already told."""

    started: bool = False
    known: Mapping[str, Any] = {}


def step(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One frame: more of the answer, its end, or an error in its place."""
    if state.complete:
        return state, ()
    if state.started:
        try:
            plain = wire.PLAIN_FRAME.decode(frame)
        except DECODE_ERRORS:  # more than words: the longer way
            return _read_frame(name, head, state, frame)
        if not (plain.is_end or plain.is_truncated or plain.need_clear_history):
            return state, (TextDelta(plain.result, TEXT),) if plain.result else ()
    return _read_frame(name, head, state, frame)


def _read_frame(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    if frame.strip() in (b"", b"[DONE]"):
        return state, []
    decoded = decode_any(frame, provider=name, where="frame")
    if isinstance(decoded, Failure):
        return _with(state, fault=decoded.failure()), []
    raw = decoded.unwrap()
    told = find_error(name, raw, HttpResponse(200, head.headers))
    if told is not None:
        return _with(state, fault=told), []
    typed = decode(wire.FRAME, frame, provider=name, where="frame")
    if isinstance(typed, Failure):
        return _with(state, fault=typed.failure()), []
    return read_frame(name, state, typed.unwrap(), raw)


def read_frame(
    name: str, state: State, frame: wire.Frame, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """A frame, or a whole answer. raw: the same as plain JSON, for what is not modelled."""
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(id=frame.id or "", provider=name))
        state = _with(state, started=True)
    known = emit_extra_fields(events, state.known, raw, wire.KNOWN_FIELDS_FRAME)
    state = state if known is state.known else _with(state, known=known)
    if frame.result:
        events.append(TextDelta(frame.result, TEXT))
    if frame.function_call is not None:
        _call(events, frame.function_call, raw["function_call"])
    if frame.usage:
        events.append(UsageReported(read_usage(frame.usage)))
    if frame.is_end:
        events.append(_finished(frame))
        state = _with(state, complete=True)
    return state, events


def _call(events: list[StreamEvent], call: wire.FunctionCall, raw: dict[str, Any]) -> None:
    """The call; what comes with it, its thoughts, goes back with it. There are no ids here."""
    events.append(ToolCallDelta(call.arguments or "", CALL, name=call.name or ""))
    more = others(raw, wire.KNOWN_FIELDS_CALL)
    if more:
        events.append(ProviderMetadataReceived(json_text(more), CALL))


def _finished(frame: wire.Frame) -> Finished:
    """Old models give no reason; then the answer was cut off, or it was not."""
    word = frame.finish_reason or None
    if word is None:
        return Finished("length" if frame.is_truncated else "stop")
    return Finished(FINISH.get(word, "unknown"), word)


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)
