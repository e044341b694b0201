"""Events -> events: `step` for one event of a stream. A whole answer is read block by block with the same functions.

Where the parts of an answer stand: its blocks by their index, the plan for tools, then the calls by theirs.
Source: cohere 7.3.1, v2/types/v2chat_stream_response.py; docs.cohere.com/v2/docs/streaming; read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.cohere_chat import wire
from llm_pure.adapters.dialects.cohere_chat.errors import broken_off, error_in
from llm_pure.adapters.dialects.cohere_chat.usage import read_usage
from llm_pure.adapters.dialects.unmodelled import others, tell_others
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
from llm_pure.messages import Opaque
from llm_pure.result import Failure
from llm_pure.stream import StreamState

PLAN, CALLS = 1_000_000, 1_000_001
"""Indexes of the plan and of the first call; blocks stand before them."""

PLAN_ECHO = '{"type":"tool_plan"}'
"""Marks reasoning that was sent as `tool_plan`, and goes back as such."""

FINISH: Mapping[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR": "error",
    "TIMEOUT": "error",
}


class State(StreamState, frozen=True, kw_only=True):
    """What the next event's meaning depends on.

    started: a first event came. thinking: blocks of thought that are marked as this provider's. planned: so is the plan.
    known: extras already told.
    """

    started: bool = False
    thinking: frozenset[int] = frozenset()
    planned: bool = False
    known: Mapping[str, Any] = {}


def step(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, Sequence[StreamEvent]]:
    """One event: more of the answer, its end, or an error in its place."""
    if state.complete:
        return state, ()
    if state.started:
        try:
            plain = wire.PLAIN_DELTA.decode(frame)
        except DECODE_FAULTS:  # more than words: the longer way
            return _read_frame(name, head, state, frame)
        content = plain.delta.message.content
        if content.text and not content.thinking:
            return state, (TextDelta(content.text, plain.index),)
        events: list[StreamEvent] = []
        return _words(state, events, plain.index, content.thinking, content.text), events
    return _read_frame(name, head, state, frame)


def _read_frame(
    name: str, head: ResponseHead, state: State, frame: bytes
) -> tuple[State, list[StreamEvent]]:
    if frame.strip() in (b"", b"[DONE]"):  # servers that speak two APIs may add OpenAI's end
        return state, []
    decoded = decode_any(frame, provider=name, where="event")
    if isinstance(decoded, Failure):
        return _with(state, fault=decoded.failure()), []
    raw = decoded.unwrap()
    response = HttpResponse(200, head.headers)
    told = None if isinstance(raw, dict) and "type" in raw else error_in(name, raw, response)
    if told is not None:
        return _with(state, fault=told), []
    if isinstance(raw, dict) and str(raw.get("type")) not in _KNOWN:
        return state, []
    typed = decode(wire.EVENT, frame, provider=name, where="event")
    if isinstance(typed, Failure):
        return _with(state, fault=typed.failure()), []
    return _read_event(name, head, state, typed.unwrap(), raw)


_KNOWN = frozenset(
    {
        "message-start", "content-start", "content-delta", "content-end", "tool-plan-delta", "tool-call-start",
        "tool-call-delta", "tool-call-end", "citation-start", "citation-end", "message-end",
    }
)  # fmt: skip


def _read_event(
    name: str, head: ResponseHead, state: State, event: wire.Event, raw: dict[str, Any]
) -> tuple[State, list[StreamEvent]]:
    events: list[StreamEvent] = []
    if not state.started:
        events.append(Started(id=event.id or "", provider=name))
        state = _with(state, started=True)
    delta = event.delta or wire.Delta()
    said = delta.message or wire.DeltaMessage()
    raw_delta = raw.get("delta") or {}
    raw_said = raw_delta.get("message") or {}
    known = tell_others(events, state.known, raw, wire.MODELLED_EVENT)
    known = tell_others(events, known, raw_delta, wire.MODELLED_DELTA)
    known = tell_others(events, known, raw_said, wire.MODELLED_MESSAGE)
    state = state if known is state.known else _with(state, known=known)
    if event.logprobs:
        events.append(ExtraReceived("logprobs", event.logprobs, append=True))
    if isinstance(said.content, wire.Content):
        state = read_block(name, state, events, event.index, said.content, raw_said["content"])
    if said.tool_plan:
        state = read_plan(state, events, said.tool_plan)
    if isinstance(said.tool_calls, wire.ToolCall):
        read_call(events, event.index, said.tool_calls, raw_said["tool_calls"])
    if said.citations:
        events.append(ExtraReceived("citations", said.citations, append=True))
    if event.type == "message-end":
        return _ended(name, head, state, delta, events)
    return state, events


def _ended(
    name: str, head: ResponseHead, state: State, delta: wire.Delta, events: list[StreamEvent]
) -> tuple[State, list[StreamEvent]]:
    if delta.usage:
        events.append(UsageReported(read_usage(delta.usage)))
    word = delta.finish_reason or None
    if delta.error:
        error = broken_off(name, word or "", delta.error, HttpResponse(200, head.headers))
        return _with(state, fault=error), events
    events.append(Finished(FINISH.get(word or "", "unknown"), word))
    return _with(state, complete=True), events


def read_block(
    name: str,
    state: State,
    events: list[StreamEvent],
    index: int,
    block: wire.Content,
    raw: dict[str, Any],
) -> State:
    """A block of the answer, or more of one. A block of an unknown type is kept whole."""
    if block.type not in (None, "text", "thinking"):
        events.append(PartReceived(Opaque(name, block.type, json_text(raw)), index))
        return state
    state = _words(state, events, index, block.thinking, block.text)
    more = others(raw, wire.MODELLED_BLOCK)
    if more:
        thinks = block.type == "thinking" or bool(block.thinking)
        events.append(EchoReceived(json_text(more), index, kind="reasoning" if thinks else "text"))
    return state


def read_plan(state: State, events: list[StreamEvent], plan: str) -> State:
    """What the model means to do with the tools; it goes back as `tool_plan`."""
    events.append(ReasoningDelta(plan, PLAN))
    if state.planned:
        return state
    events.append(EchoReceived(PLAN_ECHO, PLAN, kind="reasoning"))
    return _with(state, planned=True)


def read_call(
    events: list[StreamEvent], index: int, call: wire.ToolCall, raw: dict[str, Any]
) -> None:
    """A call, or more of one."""
    function = call.function or wire.Function()
    place = CALLS + index
    events.append(
        ToolCallDelta(function.arguments or "", place, id=call.id or "", name=function.name or "")
    )
    more = others(raw, wire.MODELLED_CALL)
    if more:
        events.append(EchoReceived(json_text(more), place))


def _words(
    state: State, events: list[StreamEvent], index: int, thinking: str | None, text: str | None
) -> State:
    if thinking:
        events.append(ReasoningDelta(thinking, index))
        if index not in state.thinking:  # marked once as this provider's own: it takes it back
            events.append(EchoReceived("{}", index, kind="reasoning"))
            state = _with(state, thinking=state.thinking | {index})
    if text:
        events.append(TextDelta(text, index))
    return state


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)
