"""Events of the API -> events: `step` for one frame. A buffered response is read as the last event of a stream.

Everything is keyed on output_index: some hosts change an item's id from event to event, and indexes may have gaps.
`response.output_item.done` has the complete item, with encrypted reasoning; the deltas before it carry the text early.
Source: openai/openai-openapi 2.3.0 (ResponseStreamEvent), read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.errors import (
    event_error,
    find_error,
    response_error,
)
from llm_pure.adapters.dialects.openai_responses.items import (
    BETWEEN_THOUGHTS,
    PARTS_OF_ITEM,
    ItemEvents,
    part_index,
    read_added,
    read_done,
)
from llm_pure.core.dialect import AnyService
from llm_pure.core.stream import StreamState
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, protocol_error
from llm_pure.framing.sse import SseEvent
from llm_pure.types.completion import FinishReason
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
"""Status, or the reason of an incomplete response -> finish reason. Of a response in progress ("queued") it is "unknown"."""


class State(StreamState, frozen=True, kw_only=True):
    """What the meaning of the next event depends on; `complete` after the last event."""

    started: bool = False
    """The response's id was emitted."""
    last_part: int = -1
    """Index of the part that the last delta belongs to."""
    streamed: frozenset[int] = frozenset()
    """Indexes of parts of unfinished items whose text came in deltas."""
    reasoning_pieces: Mapping[int, tuple[str, int]] = {}
    """Index of a reasoning part -> (list, index in it) of its current piece."""
    announced: frozenset[int] = frozenset()
    """output_index of unfinished calls whose id and name were emitted."""
    done: frozenset[int] = frozenset()
    """output_index of completed items."""
    lists: Mapping[int, ItemEvents] = {}
    """output_index of completed items with annotations or logprobs -> these."""


Stepped: TypeAlias = tuple[State, Sequence[StreamEvent]]


def step(service: AnyService, head: ResponseHead, state: State, frame: SseEvent) -> Stepped:
    """One frame. After the last event nothing changes the state, neither [DONE] nor anything else."""
    if state.complete:
        return state, ()
    try:
        event = wire.EVENT.decode(frame.data)
    except DECODE_ERRORS as error:
        repaired = decode(wire.EVENT, frame.data, provider=service.name)  # lone surrogates
        if isinstance(repaired, Failure):
            return _read_other(service, head, state, frame, error), ()
        event = repaired.unwrap()
    if type(event) is wire.TextDelta:  # nearly every event of a stream
        index = event.output_index * PARTS_OF_ITEM + event.content_index
        if index == state.last_part and event.delta and not event.logprobs:
            return state, (TextDelta(event.delta, index),)
    try:
        return _read_event(service, head, state, event)
    except DECODE_ERRORS as error:  # an item of a known type whose fields have unknown types
        fault = protocol_error(error, frame.data, provider=service.name, where="item")
        return replace(state, fault=fault), ()


def _read_other(
    service: AnyService, head: ResponseHead, state: State, frame: SseEvent, error: Exception
) -> State:
    """A frame that is no known event: unknown events are skipped, errors of gateways count, others are a ProtocolError."""
    data = frame.data
    if not data.strip() or data.strip() == b"[DONE]":
        return state
    decoded = decode_any(data, provider=service.name, where="event")
    if isinstance(decoded, Failure):
        return replace(state, fault=decoded.failure())
    raw = decoded.unwrap()
    if not isinstance(raw, dict) or str(raw.get("type")) in wire.EVENT_TYPES:
        fault = protocol_error(error, data, provider=service.name, where="event")
        return replace(state, fault=fault)
    body = {"error": raw.get("error") or (raw if frame.type == "error" else None)}
    return replace(state, fault=find_error(service, body, _response(head)))


def _read_event(
    service: AnyService, head: ResponseHead, state: State, event: wire.Event
) -> Stepped:
    match event:
        case wire.Delta():
            return _read_delta(state, event)
        case wire.AnnotationAdded(annotation=annotation):
            return state, (ExtraReceived("annotations", [annotation], append=True),)
        case wire.ItemAdded(item=item, output_index=output_index):
            added = read_added(output_index, item)
            if added:
                state = replace(state, announced=state.announced | {output_index})
            return state, added
        case wire.ItemDone(item=item, output_index=output_index):
            events: list[StreamEvent] = []
            return _read_done(service, state, events, output_index, item), events
        case wire.Progress():
            events = []
            return _start(service, state, events, event.response), events
        case wire.Error():
            return replace(state, fault=event_error(service, event, _response(head))), ()
        case wire.End():
            status = str(type(event).__struct_config__.tag).removeprefix("response.")
            with_status = {"status": status, **event.response}
            checked = with_status if isinstance(event, wire.Failed) else event.response
            fault = response_error(service, checked, _response(head))
            state, events = read_response(service, state, with_status)
            if fault is None and not isinstance(event, wire.Failed):
                return state, events
            return replace(state, complete=False, fault=fault), events[:-1]


def _read_delta(state: State, event: wire.Delta) -> Stepped:
    text = event.delta
    events: list[StreamEvent] = []
    if isinstance(event, wire.TextDelta) and event.logprobs:
        events.append(ExtraReceived("logprobs", event.logprobs, append=True))
    if not text:
        return state, events
    index = part_index(event.output_index)
    match event:
        case wire.TextDelta(content_index=content_index):
            index += content_index
            events.append(TextDelta(text, index))
        case wire.RefusalDelta(content_index=content_index):
            index += content_index
            events.append(RefusalDelta(text, index))
        case wire.ArgumentsDelta() | wire.InputDelta():
            events.append(ToolCallDelta(text, index))
        case wire.ReasoningDelta(content_index=piece):
            return _read_reasoning(state, index, ("content", piece), text)
        case wire.SummaryDelta(summary_index=piece):
            return _read_reasoning(state, index, ("summary", piece), text)
    return _with_part(state, index), events


def _read_reasoning(state: State, index: int, piece: tuple[str, int], text: str) -> Stepped:
    """More reasoning; an empty line where another piece of the same item begins."""
    before = state.reasoning_pieces.get(index)
    if before == piece:
        return state, (ReasoningDelta(text, index),)
    pieces = {**state.reasoning_pieces, index: piece}
    state = replace(_with_part(state, index), reasoning_pieces=pieces)
    return state, (ReasoningDelta(text if before is None else BETWEEN_THOUGHTS + text, index),)


def _with_part(state: State, index: int) -> State:
    if index == state.last_part:
        return state
    return replace(state, last_part=index, streamed=state.streamed | {index})


def _start(
    service: AnyService, state: State, events: list[StreamEvent], raw: wire.JsonObject
) -> State:
    if state.started:
        return state
    response = msgspec.convert(raw, wire.Response)
    events.append(Started(id=response.id or "", model=response.model or "", provider=service.name))
    return replace(state, started=True)


def _read_done(
    service: AnyService,
    state: State,
    events: list[StreamEvent],
    output_index: int,
    item: wire.JsonObject,
) -> State:
    """A completed item, once."""
    if output_index in state.done:
        return state
    announced = output_index in state.announced
    result = read_done(service.name, output_index, item, state.streamed, announced=announced)
    if (
        not state.started
    ):  # no event with the response itself came before: metadata needs the provider
        events.append(Started(provider=service.name))
    events += result.events
    return replace(
        state,
        done=state.done | {output_index},
        streamed=frozenset(
            [index for index in state.streamed if index // PARTS_OF_ITEM != output_index]
        ),
        announced=state.announced - {output_index},
        lists=_emit_lists(state.lists, events, output_index, result),
    )


def _emit_lists(
    lists: Mapping[int, ItemEvents],
    events: list[StreamEvent],
    output_index: int,
    result: ItemEvents,
) -> Mapping[int, ItemEvents]:
    """Emit the lists of all completed items, in place of what their deltas emitted."""
    if not result.annotations and not result.logprobs:
        return lists
    lists = {**lists, output_index: ItemEvents([], result.annotations, result.logprobs)}
    in_order = [lists[index] for index in sorted(lists)]
    if result.annotations:
        annotations = [value for item in in_order for value in item.annotations]
        events.append(ExtraReceived("annotations", annotations))
    if result.logprobs:
        logprobs = [value for item in in_order for value in item.logprobs]
        events.append(ExtraReceived("logprobs", logprobs))
    return lists


def read_response(
    service: AnyService, state: State, raw: wire.JsonObject
) -> tuple[State, list[StreamEvent]]:
    """A complete response, at the end of a stream or buffered: all that was not emitted before. Raises msgspec's errors."""
    events: list[StreamEvent] = []
    state = _start(service, state, events, raw)
    response = msgspec.convert(raw, wire.Response)
    for output_index, item in _indexed(state, response.output or []):
        state = _read_done(service, state, events, output_index, item)
    events += [
        ExtraReceived(key, value)
        for key, value in extra_fields(raw, wire.KNOWN_FIELDS_RESPONSE).items()
    ]
    if response.usage:
        events.append(UsageReported(read_usage(response.usage)))
    reason = (response.incomplete_details or {}).get("reason") or response.status
    events.append(Finished(FINISH.get(str(reason), "unknown"), str(reason) if reason else None))
    return replace(state, complete=True), events


def _indexed(state: State, output: list[wire.JsonObject]) -> list[tuple[int, wire.JsonObject]]:
    """Each item with its output_index: the indexes of a stream have gaps where items are not shown."""
    seen = sorted(
        state.done | state.announced | {index // PARTS_OF_ITEM for index in state.streamed}
    )
    indexes = seen if len(seen) == len(output) else range(len(output))
    return list(zip(indexes, output, strict=True))


def _response(head: ResponseHead) -> HttpResponse:
    """The response of an error inside the stream."""
    return HttpResponse(head.status, head.headers)
