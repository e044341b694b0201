"""Frames -> events: `step` for one frame of a stream. A whole answer is read as one frame that says everything.

Where the parts of an answer stand: reasoning, text, media, then tool calls in the order of their first pieces.
Source: dashscope 2.0.2, utils/message_utils.py (merge_single_response) and common/utils.py (_handle_stream); read
2026-11-20.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.dashscope_generation import wire
from llm_pure.adapters.dialects.dashscope_generation.errors import find_error
from llm_pure.adapters.dialects.dashscope_generation.usage import made_by, read_usage
from llm_pure.adapters.dialects.unmodelled import emit_extra_fields, others
from llm_pure.core.stream import StreamState
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, json_text
from llm_pure.types.completion import FinishReason
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
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.messages import Image, Opaque
from llm_pure.types.result import Failure

REASONING, TEXT, MEDIA, CALLS = 0, 1, 2, 1000
"""Indexes of the parts of one answer."""

FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
}

NOT_YET = (None, "", "null")
"""What stands in finish_reason while the answer goes on."""


class Call(msgspec.Struct, frozen=True):
    """A tool call that has begun. place: its index here. name: as far as it has come."""

    place: int
    name: str


class State(StreamState, frozen=True, kw_only=True):
    """What the next frame's meaning depends on.

    started: a first frame came. thinking: the answers whose reasoning is marked as this provider's. calls: by answer and
    the wire's index. media: how many pieces of media came. spent: output tokens by answer. going: answers that are
    not finished. known: extras already told.
    """

    started: bool = False
    thinking: frozenset[int] = frozenset()
    calls: Mapping[tuple[int, int], Call] = {}
    media: int = 0
    spent: Mapping[int, int] = {}
    going: frozenset[int] = frozenset()
    known: Mapping[str, Any] = {}


def step(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One frame: more of the answer, its end, or an error in its place."""
    if state.started:
        try:
            plain = wire.PLAIN_FRAME.decode(frame)
        except DECODE_ERRORS:  # more than words: the longer way
            return _read_frame(name, head, state, frame)
        (choice,) = plain.output.choices
        said = choice.message
        content = said.content
        text = content if content is None or isinstance(content, str) else content[0].text
        if choice.index in state.going:
            if text and not said.reasoning_content:
                return state, (TextDelta(text, TEXT, choice.index),)
            events: list[StreamEvent] = []
            return _words(state, events, choice.index, said.reasoning_content, text), events
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
    if isinstance(raw, dict) and not isinstance(raw.get("output"), dict):
        told = find_error(name, raw, HttpResponse(200, head.headers))
        return (state if told is None else _with(state, fault=told)), []
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
        events.append(Started(id=frame.request_id or "", provider=name))
        state = _with(state, started=True)
    raw_output = raw["output"]
    known = emit_extra_fields(events, state.known, raw, wire.KNOWN_FIELDS_FRAME)
    known = emit_extra_fields(events, known, raw_output, wire.KNOWN_FIELDS_OUTPUT)
    state = state if known is state.known else _with(state, known=known)
    answers = frame.output.choices
    if not answers and (frame.output.text or frame.output.finish_reason):
        said = wire.Message(content=frame.output.text)
        answers = [wire.Choice(message=said, finish_reason=frame.output.finish_reason)]
    finished: list[StreamEvent] = []
    for place, choice in enumerate(answers or ()):
        raw_choices = raw_output.get("choices")
        raw_choice = raw_choices[place] if raw_choices else {}
        state = _choice(name, state, events, finished, place, choice, raw_choice)
    if frame.usage:
        if len(answers or ()) == 1 and answers:
            number = answers[0].index or 0
            state = _with(state, spent={**state.spent, number: made_by(frame.usage)})
        events.append(UsageReported(read_usage(frame.usage, state.spent)))
    events += finished
    if finished:
        state = _with(state, complete=not state.going)
    return state, events


def _choice(
    name: str,
    state: State,
    events: list[StreamEvent],
    finished: list[StreamEvent],
    place: int,
    choice: wire.Choice,
    raw: dict[str, Any],
) -> State:
    number = place if choice.index is None else choice.index
    known = emit_extra_fields(events, state.known, raw, wire.KNOWN_FIELDS_CHOICE, number)
    raw_said = raw.get("message") or {}
    known = emit_extra_fields(events, known, raw_said, wire.KNOWN_FIELDS_MESSAGE, number)
    state = _with(state, known=known, going=state.going | {number})
    logprobs = choice.logprobs.get("content") if isinstance(choice.logprobs, dict) else None
    if logprobs and isinstance(logprobs, list):
        events.append(ExtraReceived("logprobs", logprobs, append=True, choice=number))
    said = choice.message or wire.Message()
    state = _words(state, events, number, said.reasoning_content, None)
    if isinstance(said.content, str):
        state = _words(state, events, number, None, said.content)
    for piece in said.content if isinstance(said.content, list) else ():
        state = _piece(name, state, events, number, piece)
    for at, call in enumerate(said.tool_calls or ()):
        state = _call(state, events, number, at, call, raw_said["tool_calls"][at])
    if choice.finish_reason not in NOT_YET:
        word = str(choice.finish_reason)
        finished.append(Finished(FINISH.get(word, "unknown"), word, number))
        state = _with(state, going=state.going - {number})
    return state


def _words(
    state: State, events: list[StreamEvent], number: int, thinking: str | None, text: str | None
) -> State:
    if thinking:
        events.append(ReasoningDelta(thinking, REASONING, number))
        if number not in state.thinking:  # marked once as this provider's own: it takes it back
            events.append(ProviderMetadataReceived("{}", REASONING, number, "reasoning"))
            state = _with(state, thinking=state.thinking | {number})
    if text:
        events.append(TextDelta(text, TEXT, number))
    return state


def _piece(
    name: str, state: State, events: list[StreamEvent], number: int, piece: dict[str, Any]
) -> State:
    """One object of a content list: {"text": ...}, {"image": URL}, or something else, kept whole."""
    text, image = piece.get("text"), piece.get("image")
    if isinstance(text, str):
        return _words(state, events, number, None, text)
    if isinstance(image, str) and len(piece) == 1:
        part: Image | Opaque = Image(url=image)
    else:
        part = Opaque(name, next(iter(piece), "content"), json_text(piece))
    events.append(PartReceived(part, MEDIA + state.media, number))
    return _with(state, media=state.media + 1)


def _call(
    state: State,
    events: list[StreamEvent],
    number: int,
    at: int,
    call: wire.ToolCall,
    raw: dict[str, Any],
) -> State:
    """A piece of a call, by its index. Empty ids say nothing; a name may come in pieces, as the vendor's SDK joins it."""
    function = call.function or wire.Function()
    key = (number, at if call.index is None else call.index)
    piece = function.name or ""
    known = state.calls.get(key)
    if known is None:
        known = Call(CALLS + len(state.calls), piece)
        state = _with(state, calls={**state.calls, key: known})
    elif piece and piece != known.name:
        known = Call(known.place, known.name + piece)
        piece = known.name
        state = _with(state, calls={**state.calls, key: known})
    arguments = function.arguments or ""
    events.append(ToolCallDelta(arguments, known.place, number, call.id or "", piece))
    more = others(raw, wire.KNOWN_FIELDS_CALL)
    if more:
        events.append(ProviderMetadataReceived(json_text(more), known.place, number))
    return state


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)
