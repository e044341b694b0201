"""Events of a streamed answer -> our events: `step` for one frame. A whole answer is read as the last event of a stream.

Everything is keyed on output_index: some hosts change an item's id from event to event, and indexes may jump.
`response.output_item.done` has the item whole, the encrypted reasoning too; the deltas before it show the text early.
Source: openai/openai-openapi 2.3.0 (ResponseStreamEvent), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.errors import (
    error_of,
    error_of_event,
    failure_of,
)
from llm_pure.adapters.dialects.openai_responses.items import (
    BETWEEN_THOUGHTS,
    PARTS_OF_ITEM,
    Told,
    begun,
    finished,
    part_index,
)
from llm_pure.adapters.dialects.openai_responses.quirks import Quirks
from llm_pure.core.stream import StreamState
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, protocol_error
from llm_pure.framing.sse import SseEvent
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import LLMError
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import Failure

FINISH: Mapping[str, FinishReason] = {
    "completed": "stop",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
    "cancelled": "error",
    "failed": "error",
}
"""Status, or the reason of an incomplete answer. An answer that waits or is at work ("queued") is "unknown"."""


class State(StreamState, frozen=True, kw_only=True):
    """What the next event's meaning depends on; `complete` is the phase after the last event.

    started: the answer's id is known. hearing: the part whose delta came last; heard: the parts of unfinished items
    whose deltas came. announced: unfinished calls with id and name. thoughts: part -> the piece of reasoning that is
    being told. done: items that were told whole. lists: their annotations and logprobs, by output_index.
    """

    started: bool = False
    hearing: int = -1
    heard: frozenset[int] = frozenset()
    thoughts: Mapping[int, tuple[str, int]] = {}
    announced: frozenset[int] = frozenset()
    done: frozenset[int] = frozenset()
    lists: Mapping[int, Mapping[str, list[Any]]] = {}


Stepped = tuple[State, tuple[StreamEvent, ...] | list[StreamEvent]]


def step(name: str, quirks: Quirks, head: ResponseHead, state: State, frame: SseEvent) -> Stepped:
    """One frame. What comes after the last event, [DONE] or anything else, changes nothing."""
    if state.complete:
        return state, ()
    try:
        event = wire.EVENT.decode(frame.data)
    except DECODE_ERRORS as fault:
        known = decode(wire.EVENT, frame.data, provider=name)  # half of a letter is forgiven there
        if isinstance(known, Failure):
            return _unread(name, quirks, head, state, frame, fault)
        event = known.unwrap()
    if type(event) is wire.TextDelta:  # nearly every event of a stream
        index = event.output_index * PARTS_OF_ITEM + event.content_index
        if index == state.hearing and event.delta and not event.logprobs:
            return state, (TextDelta(event.delta, index),)
    try:
        return _read(name, quirks, head, state, event)
    except DECODE_ERRORS as fault:  # an item of a known kind in a shape of its own
        return _failed(state, protocol_error(fault, frame.data, provider=name, where="item")), ()


def _unread(
    name: str, quirks: Quirks, head: ResponseHead, state: State, frame: SseEvent, fault: Exception
) -> Stepped:
    """A frame that is none of the known events: unknown ones pass, an error of some gateway counts, the rest is a fault."""
    data = frame.data
    if not data.strip() or data.strip() == b"[DONE]":
        return state, ()
    decoded = decode_any(data, provider=name, where="event")
    if isinstance(decoded, Failure):
        return _failed(state, decoded.failure()), ()
    raw = decoded.unwrap()
    tag = str(raw.get("type")) if isinstance(raw, dict) else ""
    if not isinstance(raw, dict) or tag in wire.KNOWN:
        return _failed(state, protocol_error(fault, data, provider=name, where="event")), ()
    error = raw.get("error") or (raw if frame.type == "error" else None)
    told = error_of(name, quirks.error_codes, {"error": error}, _http(head))
    return (state if told is None else _failed(state, told)), ()


def _read(
    name: str, quirks: Quirks, head: ResponseHead, state: State, event: wire.Event
) -> Stepped:
    match event:
        case (
            wire.TextDelta()
            | wire.RefusalDelta()
            | wire.ReasoningDelta()
            | wire.SummaryDelta()
            | wire.ArgumentsDelta()
            | wire.InputDelta()
        ):
            return _delta(state, event)
        case wire.AnnotationAdded(annotation=annotation):
            return state, (ExtraReceived("annotations", [annotation], append=True),)
        case wire.ItemAdded(item=item, output_index=place):
            events = begun(place, item)
            if not events:
                return state, ()
            return _with(state, announced=state.announced | {place}), events
        case wire.ItemDone(item=item, output_index=place):
            events = []
            return _settled(name, state, events, place, item), events
        case (
            wire.Created(response=response)
            | wire.Queued(response=response)
            | wire.InProgress(response=response)
        ):
            return _started(name, state, response)
        case wire.Failed(response=response):
            state, events = _last(name, state, response)
            told = failure_of(
                name, quirks.error_codes, {"status": "failed", **response}, _http(head)
            )
            return _with(state, complete=False, fault=told), events[:-1]
        case wire.Error():
            return _failed(state, error_of_event(name, quirks.error_codes, event, _http(head))), ()
        case (
            wire.Completed(response=response)
            | wire.Incomplete(response=response)
            | wire.Cancelled(response=response)
        ):
            told = failure_of(name, quirks.error_codes, response, _http(head))
            status = type(event).__struct_config__.tag
            word = str(status).removeprefix("response.")
            state, events = _last(name, state, {"status": word, **response})
            if told is not None:
                return _with(state, complete=False, fault=told), events[:-1]
            return state, events


def _delta(
    state: State,
    event: wire.TextDelta
    | wire.RefusalDelta
    | wire.ReasoningDelta
    | wire.SummaryDelta
    | wire.ArgumentsDelta
    | wire.InputDelta,
) -> Stepped:
    text = event.delta
    events: list[StreamEvent] = []
    if isinstance(event, wire.TextDelta) and event.logprobs:
        events.append(ExtraReceived("logprobs", event.logprobs, append=True))
    if not text:
        return state, events
    content_index = (
        event.content_index if isinstance(event, wire.TextDelta | wire.RefusalDelta) else 0
    )
    index = part_index(event.output_index, content_index)
    match event:
        case wire.TextDelta():
            events.append(TextDelta(text, index))
        case wire.RefusalDelta():
            events.append(RefusalDelta(text, index))
        case wire.ArgumentsDelta() | wire.InputDelta():
            events.append(ToolCallDelta(text, index))
        case wire.ReasoningDelta(content_index=piece):
            return _thought(state, index, ("content", piece), text)
        case wire.SummaryDelta(summary_index=piece):
            return _thought(state, index, ("summary", piece), text)
    return _hearing(state, index), events


def _thought(state: State, index: int, piece: tuple[str, int], text: str) -> Stepped:
    """More reasoning; an empty line where another piece of the same item begins."""
    before = state.thoughts.get(index)
    if before == piece:
        return state, (ReasoningDelta(text, index),)
    state = _with(_hearing(state, index), thoughts={**state.thoughts, index: piece})
    return state, (ReasoningDelta(text if before is None else BETWEEN_THOUGHTS + text, index),)


def _hearing(state: State, index: int) -> State:
    if index == state.hearing:
        return state
    return _with(state, hearing=index, heard=state.heard | {index})


def _started(name: str, state: State, response: wire.JsonObject) -> Stepped:
    if state.started:
        return state, ()
    said = msgspec.convert(response, wire.Response)
    event = Started(id=said.id or "", model=said.model or "", provider=name)
    return _with(state, started=True), (event,)


def _settled(
    name: str, state: State, events: list[StreamEvent], place: int, item: wire.JsonObject
) -> State:
    """An item that is done, once."""
    if place in state.done:
        return state
    told = finished(name, place, item, state.heard, announced=place in state.announced)
    if not state.started:  # no event of the answer itself came before: echoes need the provider
        events.append(Started(provider=name))
    events += told.events
    return _with(
        state,
        done=state.done | {place},
        heard=frozenset([one for one in state.heard if one // PARTS_OF_ITEM != place]),
        announced=state.announced - {place},
        lists=_listed(state, events, place, told),
    )


def _listed(
    state: State, events: list[StreamEvent], place: int, told: Told
) -> Mapping[int, Mapping[str, list[Any]]]:
    """The lists of all items that are done: they stand in place of what their deltas told."""
    if not told.annotations and not told.logprobs:
        return state.lists
    lists = {**state.lists, place: {"annotations": told.annotations, "logprobs": told.logprobs}}
    for key, values in lists[place].items():
        if values:
            whole = [one for at in sorted(lists) for one in lists[at][key]]
            events.append(ExtraReceived(key, whole))
    return lists


def _last(name: str, state: State, response: wire.JsonObject) -> tuple[State, list[StreamEvent]]:
    """The end of an answer, or a whole one: what was not told before."""
    state, first = _started(name, state, response)
    events = list(first)
    said = msgspec.convert(response, wire.Response)
    for place, item in _placed(state, said.output or []):
        state = _settled(name, state, events, place, item)
    events += [
        ExtraReceived(key, value)
        for key, value in response.items()
        if key not in wire.KNOWN_FIELDS_RESPONSE and value is not None and value not in ("", [], {})
    ]
    if said.usage:
        events.append(UsageReported(read_usage(said.usage)))
    word = (said.incomplete_details or {}).get("reason") or said.status
    events.append(Finished(FINISH.get(str(word), "unknown"), str(word) if word else None))
    return _with(state, complete=True), events


def _placed(state: State, output: list[wire.JsonObject]) -> list[tuple[int, wire.JsonObject]]:
    """Each item with its output_index: indexes of a stream may jump over items that are not shown."""
    seen = sorted(state.done | state.announced | {index // PARTS_OF_ITEM for index in state.heard})
    places = seen if len(seen) == len(output) else range(len(output))
    return list(zip(places, output, strict=True))


def read_whole(name: str, response: wire.JsonObject) -> list[StreamEvent]:
    """The events of a whole answer. Raises msgspec's errors."""
    return _last(name, State(), response)[1]


def _failed(state: State, error: LLMError) -> State:
    return _with(state, fault=error)


def _with(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)


def _http(head: ResponseHead) -> HttpResponse:
    return HttpResponse(head.status, head.headers)
