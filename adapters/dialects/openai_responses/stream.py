"""Events of the API -> events: `step` for one frame. A buffered response is read as the last event of a stream.

What a final event or item has beyond the deltas is emitted as more of them; where it begins otherwise, it replaces the part.
Source: openai/openai-openapi 2.3.0 and openai-python 3.57.0 (ResponseStreamEvent), read 2026-11-29.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

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
from llm_pure.adapters.dialects.openai_responses.events import (
    read_item_event,
    read_other_event,
    speech_part,
)
from llm_pure.adapters.dialects.openai_responses.hosted_calls import declared_tools, is_hosted
from llm_pure.adapters.dialects.openai_responses.items import ItemReader
from llm_pure.adapters.dialects.openai_responses.open_items import (
    Item,
    Items,
    without_repeated_calls,
)
from llm_pure.adapters.dialects.openai_responses.state import Run, State
from llm_pure.core.service import AnyService
from llm_pure.core.stream import DONE, is_heartbeat
from llm_pure.framing.json_codec import DECODE_ERRORS, decode_any, protocol_error
from llm_pure.framing.sse import HEARTBEAT_TYPES, SseEvent
from llm_pure.types.completion import FinishReason, finish_reason_of
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    Started,
    StreamEvent,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.rejection import ok

FINISH: Mapping[str, FinishReason] = {
    "completed": "stop",
    "max_output_tokens": "length",
    "max_messages": "length",
    "content_filter": "content_filter",
    "steered": "pause",
    "cancelled": "error",
    "failed": "error",
}
"""Status, or the reason of an incomplete response -> finish reason. Of a response in progress ("queued") it is "unknown".

`steered`: the response stopped for new input, with which the service goes on in another response.
"""

Stepped: TypeAlias = tuple[State, Sequence[StreamEvent]]


def step(service: AnyService, head: ResponseHead, state: State, frame: SseEvent) -> Stepped:
    """One frame. After the last event nothing changes the state, neither [DONE] nor anything else."""
    if state.ended:
        return state, ()
    if frame.type in _OF_RESPONSES:
        return _read_json(service, head, state, frame)
    run = state.run
    if run is not None:
        try:
            event = run.decode(frame.data)
        except DECODE_ERRORS:
            pass
        else:
            text = event.delta
            # nearly every event of a stream goes on with the part of the one before
            if (
                event.item_id == run.item_id
                and event.output_index == run.output_index
                and event.content_index == run.content_index
                and text
                and not (event.logprobs or event.agent)
            ):
                run.write(text)
                return state, (run.delta(text, run.index),)
            return _read_event(service, head, state, event, frame.data)
    try:
        other = wire.EVENT.decode(frame.data)
    except DECODE_ERRORS:
        return _read_json(service, head, state, frame)
    return _read_event(service, head, state, other, frame.data)


def read_text_run(
    state: State, frames: Sequence[SseEvent], position: int, events: list[StreamEvent]
) -> tuple[State, int]:
    """Fast path for consecutive deltas of one text, as `Dialect.read_run` is."""
    if state.run is None or state.ended:
        return state, position
    return state, read_deltas(state.run, frames, position, events)


def read_deltas(
    run: Run, frames: Sequence[SseEvent], position: int, events: list[StreamEvent]
) -> int:
    """Read the deltas that go on with the part. Return the position of the first other frame."""
    item_id, output_index, content_index = run.item_id, run.output_index, run.content_index
    decode, delta, index, write = run.decode, run.delta, run.index, run.write
    for at in range(position, len(frames)):
        try:
            event = decode(frames[at].data)
        except DECODE_ERRORS:
            return at
        text = event.delta
        if (
            event.item_id != item_id
            or event.output_index != output_index
            or event.content_index != content_index
            or not text
            or event.logprobs
            or event.agent
        ):
            return at
        write(text)
        events.append(delta(text, index))
    return len(frames)


def _read_json(service: AnyService, head: ResponseHead, state: State, frame: SseEvent) -> Stepped:
    """A frame that is no event of an item: events of the response, of hosted tools, unknown ones, errors of gateways."""
    data = frame.data
    if data.strip() == DONE:
        return (state, ()) if state.done else _read_done(service, replace(state, done=True))
    if frame.type in HEARTBEAT_TYPES or is_heartbeat(data):
        return state, ()
    raw = ok(decode_any(data, provider=service.name, where="event"))
    if isinstance(raw, dict) and raw.get("type") is None and frame.type != "message":
        raw = {**raw, "type": frame.type}
    if isinstance(raw, dict) and str(raw.get("type")) in wire.OTHER_TYPES:
        raw = with_known_type(raw)
    try:
        if isinstance(raw, dict) and str(raw.get("type")) not in wire.EVENT_TYPES:
            return _read_other(service, head, state, raw)
        event: wire.Event = msgspec.convert(raw, wire.Event, strict=False)
    except DECODE_ERRORS as error:
        fault = protocol_error(error, data, provider=service.name, where="event")
        return replace(state, fault=fault), ()
    return _read_event(service, head, state, event, data)


def _read_done(service: AnyService, state: State) -> Stepped:
    """The end of MLflow's agents, which have no last event: all items are complete.

    Source: mlflow/mlflow, mlflow/genai/agent_server/server.py, read 2026-11-30.
    """
    if {item.done for item in state.items.in_order()} != {True}:
        return state, ()
    events: list[StreamEvent] = []
    return read_response(service, state, events, {}), events


def with_known_type(raw: wire.JsonObject) -> wire.JsonObject:
    """The event of an older or another API under the name of today, with its text as text."""
    delta = raw.get("delta")
    text = delta.get("text") if isinstance(delta, dict) else delta
    return {
        **raw,
        "type": wire.OTHER_TYPES[raw["type"]],
        **({} if text is None else {"delta": text}),
    }


def _read_event(
    service: AnyService, head: ResponseHead, state: State, event: wire.Event, data: bytes
) -> Stepped:
    if isinstance(event, wire.Error):
        raw: Any = decode_any(data, provider=service.name).value_or({})
        return replace(state, fault=event_error(service, raw, _response(head))), ()
    try:
        if state.run is not None:
            state = replace(state, run=None)
        return read_item_event(service.name, state, event)
    except DECODE_ERRORS as error:  # an item of a known type whose fields have unknown types
        fault = protocol_error(error, data, provider=service.name, where="item")
        return replace(state, fault=fault), ()


def _read_other(
    service: AnyService, head: ResponseHead, state: State, raw: wire.JsonObject
) -> Stepped:
    if state.run is not None:
        state = replace(state, run=None)
    kind = str(raw.get("type"))
    if raw.get("response") is None and kind in (_OF_RESPONSES if "output" in raw else _FAILED):
        raw = _with_response(raw)
    if kind in wire.END_TYPES:
        state, events = read_end(service, state, raw, _response(head))
        return (state, events) if state.fault is None else (state, events[:-1])
    if not kind.startswith(_OF_REQUESTS):
        known = "type" in raw and kind != "error"
        if not known or raw.get("error"):
            error = find_error(
                service, {"error": raw.get("error")} if known else raw, _response(head)
            )
            state = replace(state, fault=error)
    if kind in wire.BEGIN_TYPES:
        events = _beside(raw)
        return _start(service, state, events, msgspec.convert(raw.get("response"), dict)), events
    if state.fault is not None:
        return state, ()
    return read_other_event(service.name, state, kind, raw)


def read_end(
    service: AnyService, state: State, raw: wire.JsonObject, response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    """The last event. `fault` is the error in it, or beside it; the last event of a response that failed is no Finished."""
    kind = str(raw["type"])
    failed = kind == "response.failed"
    final: wire.JsonObject = msgspec.convert(raw.get("response"), dict)
    final = {**final, "status": (not failed and final.get("status")) or wire.END_TYPES[kind]}
    fault = find_error(service, {"error": raw.get("error")}, response) or response_error(
        service, final, response
    )
    events = _beside(raw)
    state = read_response(service, state, events, final)
    return replace(state, ended=fault is None, fault=fault), events


def _with_response(raw: wire.JsonObject) -> wire.JsonObject:
    """The event of a gateway that has the fields of the response beside the type (BerriAI/litellm#22102, read 2026-11-30)."""
    response = {key: value for key, value in raw.items() if key not in OF_EVENTS}
    return {"type": raw["type"], "error": raw.get("error"), "response": response}


def _beside(raw: wire.JsonObject) -> list[StreamEvent]:
    """What stands beside the response in an event."""
    return [ExtraReceived(key, value) for key, value in extra_fields(raw, OF_EVENTS).items()]


_OF_RESPONSES = frozenset({*wire.BEGIN_TYPES, *wire.END_TYPES})
"""Events with the response."""
_FAILED = ("response.failed",)
"""The one that may have nothing but an error."""
OF_EVENTS = frozenset({"type", "sequence_number", "response", "error", "obfuscation", "event_id"})
"""Fields of an event beside the response that are read, or are of no use after it."""
_OF_REQUESTS = ("response.steer.", "response.inject.")
"""Events about input that the caller sent: its errors are none of the response."""


def _start(
    service: AnyService, state: State, events: list[StreamEvent], raw: wire.JsonObject
) -> State:
    tools = declared_tools(raw, state.tools)
    if state.started:
        return state if tools == state.tools else replace(state, tools=tools)
    response = msgspec.convert(raw, wire.Response, strict=False)
    events.append(Started(id=response.id or "", model=response.model or "", provider=service.name))
    return replace(state, started=True, tools=tools)


def read_response(
    service: AnyService, state: State, events: list[StreamEvent], raw: wire.JsonObject
) -> State:
    """The response at its end: append the events of everything that was not emitted yet. Raises msgspec's errors."""
    state = _start(service, state, events, raw)
    response = msgspec.convert(raw, wire.Response, strict=False)
    reader = ItemReader(service.name, events, state.order)
    output = without_repeated_calls(response.output or [])
    written = raw.get("output_text")
    if not output and not state.items.in_order() and written and isinstance(written, str):
        part = {"type": "output_text", "text": written}
        output = [{"type": "message", "role": "assistant", "content": [part]}]
    items: list[Item] = []
    for raw_item, item in zip(output, _matches(state, output), strict=True):
        items.append(reader.complete(item, raw_item))
    matched = {item.number for item in items}
    known = [item for item in items if item.number >= 0]
    unmatched = state.items.in_order() if len(known) < state.items.identity.count else ()
    for item in unmatched:
        if item.number not in matched:
            items.append(
                item if item.done else reader.complete(item, _beginning(item), final=False)
            )
    reader.hide_answered(items)
    reader.repeat_lists(items)
    events += speech_part(state)
    events += [ExtraReceived(name, None) for name in sorted(state.live)]
    events += [
        ExtraReceived(key, value)
        for key, value in extra_fields(raw, wire.KNOWN_FIELDS_RESPONSE).items()
    ]
    if response.usage:
        events.append(UsageReported(read_usage(response.usage)))
    reason = (response.incomplete_details or {}).get("reason") or response.status
    events.append(
        Finished(
            finish_reason_of(str(reason), FINISH),
            str(reason) if reason else None,
        )
    )
    return replace(state, ended=True, items=Items(), live=frozenset())


def _beginning(item: Item) -> wire.JsonObject:
    """How an item began whose end is missing, without the status that it had then."""
    return {key: value for key, value in (item.raw or {}).items() if key != "status"}


def _matches(state: State, output: Sequence[wire.JsonObject]) -> list[Item]:
    """The item of each one of the output: by id, else the next one in order, else the one at the same index, else a new one."""
    known = state.items.in_order()
    by_id = state.items.by_ids(known)
    numbers: set[int] = set()
    matches: list[Item | None] = []
    for raw in output:
        item = by_id(raw)
        matches.append(item if item is not None and item.number not in numbers else None)
        numbers |= {item.number} if item is not None else set()
    if known and None not in matches:  # nearly every stream showed each item before
        kinds = [str(raw.get("type") or "") for raw in output]
        return [
            item if item.kind else replace(item, kind=kind)
            for item, kind in zip(matches, kinds, strict=True)
            if item is not None
        ]
    others = [item for item in known if item.number not in numbers]
    following = iter(others) if len(others) == matches.count(None) else None
    slots = {item.slot: item for item in known}
    free = state.items.free
    items: list[Item] = []
    for index, (raw, match) in enumerate(zip(output, matches, strict=True)):
        item, kind = match, str(raw.get("type") or "")
        if item is None:
            item = slots.get(index) if following is None else next(following)
            if item is None or item.number in numbers or not item.fits(kind):
                slot = free if index in slots else index
                free = max(free, slot + 1)
                item = Item(-1 - index, slot, kind, hosted=is_hosted(raw, state.tools))
                slots[slot] = item
            numbers.add(item.number)
        items.append(item if item.kind else replace(item, kind=kind))
    return items


def _response(head: ResponseHead) -> HttpResponse:
    """The response of an error inside the stream."""
    return HttpResponse(head.status, head.headers)
