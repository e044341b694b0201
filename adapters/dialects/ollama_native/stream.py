"""Lines -> events: `step` for one line of a stream. A whole answer is read as one line that says everything.

Where the parts of an answer stand: thinking, text, images, then tool calls in the order in which they came.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.ollama_native import wire
from llm_pure.adapters.dialects.ollama_native.errors import error_in
from llm_pure.adapters.dialects.ollama_native.usage import read_usage
from llm_pure.codec import DECODE_FAULTS, decode, decode_any, json_text
from llm_pure.completion import FinishReason
from llm_pure.events import (
    EchoReceived,
    ExtraReceived,
    Finished,
    PartReceived,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.http import HttpResponse, ResponseHead
from llm_pure.media import from_base64, media_type_of
from llm_pure.messages import Image
from llm_pure.result import Failure
from llm_pure.stream import StreamState

THINKING, TEXT, IMAGES, CALLS = 0, 1, 2, 1000
"""Indexes of the parts."""

FINISH: Mapping[str, FinishReason] = {"stop": "stop", "length": "length"}
""""load" and "unload" answer a request that only moved the model, and old servers name no reason: "unknown"."""


class State(StreamState, frozen=True, kw_only=True):
    """What the next line's meaning depends on.

    started: a first line came. thinking: the thoughts are marked as this provider's. images, calls: how many came.
    known: extras already told.
    """

    started: bool = False
    thinking: bool = False
    images: int = 0
    calls: int = 0
    known: Mapping[str, Any] = {}


def step(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One line: more of the answer, its end, or an error in its place."""
    if state.complete:
        return state, ()
    if state.started:
        try:
            line = wire.PLAIN_LINE.decode(frame)
        except DECODE_FAULTS:  # more than words: the longer way
            return _read_frame(name, head, state, frame)
        if not line.done:
            said = line.message
            text, thinking = (
                (line.response, line.thinking) if said is None else (said.content, said.thinking)
            )
            if text and not thinking:
                return state, (TextDelta(text, TEXT),)
            if thinking and not text and state.thinking:
                return state, (ReasoningDelta(thinking, THINKING),)
            events: list[StreamEvent] = []
            return _words(state, events, thinking, text), events
    return _read_frame(name, head, state, frame)


def _read_frame(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    decoded = decode_any(frame, provider=name, where="line")
    if isinstance(decoded, Failure):
        return _with(state, fault=decoded.failure()), []
    raw = decoded.unwrap()
    told = error_in(name, raw, HttpResponse(200, head.headers))
    typed = decode(wire.LINE, frame, provider=name, where="line")
    if isinstance(typed, Failure):
        return _with(state, fault=told or typed.failure()), []
    if told is not None and not ("message" in raw or "response" in raw):
        return _with(state, fault=told), []
    state, events = read_line(name, state, typed.unwrap(), raw)
    if told is not None:  # what was said beside an error is kept
        return _with(state, fault=told, complete=False), events
    return state, events


def read_line(
    name: str, state: State, line: wire.Line, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    """One line, or a whole answer. raw: the same as plain JSON, for what is not modelled."""
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(model=line.model or "", provider=name))
        state = _with(state, started=True)
    said = line.message or wire.Message()
    raw_said = raw.get("message") or {}
    state = _extras(state, events, raw, wire.MODELLED_LINE)
    state = _extras(state, events, raw_said, wire.MODELLED_MESSAGE)
    state = _words(state, events, said.thinking or line.thinking, said.content or line.response)
    for picture in said.images or ():
        state = _picture(state, events, picture)
    calls = said.tool_calls or line.tool_calls or ()
    raw_calls = raw_said.get("tool_calls") or raw.get("tool_calls") or []
    for call, raw_call in zip(calls, raw_calls, strict=True):
        state = _tool_call(state, events, call, raw_call)
    if line.done:
        usage = read_usage(line.prompt_eval_count, line.eval_count)
        if usage is not None:
            events.append(UsageReported(usage))
        word = line.done_reason or None
        events.append(Finished(FINISH.get(word or "", "unknown"), word))
        state = _with(state, complete=True)
    return state, events


def _words(
    state: State, events: list[StreamEvent], thinking: str | None, text: str | None
) -> State:
    if thinking:
        events.append(ReasoningDelta(thinking, THINKING))
        if not state.thinking:  # marked once as this provider's own: it takes it back
            events.append(EchoReceived("{}", THINKING, kind="reasoning"))
            state = _with(state, thinking=True)
    if text:
        events.append(TextDelta(text, TEXT))
    return state


def _picture(state: State, events: list[StreamEvent], picture: str) -> State:
    data = from_base64(picture)
    if data is None:  # no picture that can be read, and still not lost
        events.append(ExtraReceived("images", [picture], append=True))
        return state
    image = Image(data=data, media_type=media_type_of(data))
    events.append(PartReceived(image, IMAGES + state.images))
    return _with(state, images=state.images + 1)


def _tool_call(
    state: State, events: list[StreamEvent], call: wire.ToolCall, raw: dict[str, Any]
) -> State:
    function = call.function or wire.Function()
    index = CALLS + state.calls
    arguments = _arguments(function.arguments)
    events.append(ToolCallDelta(arguments, index, id=call.id or "", name=function.name or ""))
    more = _others(raw, wire.MODELLED_CALL)
    inner = _others(raw.get("function") or {}, wire.MODELLED_FUNCTION)
    if inner:
        more["function"] = inner
    if more:
        events.append(EchoReceived(json_text(more), index))
    return _with(state, calls=state.calls + 1)


def _arguments(raw: msgspec.Raw) -> str:
    """The object's text as it was sent; servers that send OpenAI's kind of text in its place are understood too."""
    sent = bytes(raw)
    if sent.startswith(b'"'):
        return msgspec.json.decode(sent, type=str) or "{}"
    return "{}" if sent == b"null" else sent.decode("utf-8", "replace")


def _extras(
    state: State, events: list[StreamEvent], raw: dict[str, Any], modelled: frozenset[str]
) -> State:
    """What is not modelled is told once, and again when it changes. Null and empty say nothing."""
    news: dict[str, Any] = {}
    for key, value in _others(raw, modelled).items():
        if key == "logprobs" and isinstance(value, list):
            events.append(ExtraReceived(key, value, append=True))
        elif state.known.get(key) != value:
            news[key] = value
            events.append(ExtraReceived(key, value))
    return _with(state, known={**state.known, **news}) if news else state


def _others(raw: dict[str, Any], modelled: frozenset[str]) -> dict[str, Any]:
    return {
        key: value
        for key, value in raw.items()
        if key not in modelled and value is not None and value not in ("", [], {})
    }


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)
