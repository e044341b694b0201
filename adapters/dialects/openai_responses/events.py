"""One event of a stream, of an item or of a tool -> the next state and its events. Those of the response are in `stream`."""

from typing import Any, NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import extra_events
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.hosted_calls import (
    AUDIO_EVENTS,
    HOSTED_EVENTS,
    PARTIAL_IMAGE,
    PROGRESS_FIELDS,
    HostedEvent,
    event_fields,
    is_hosted,
    is_progress,
)
from llm_pure.adapters.dialects.openai_responses.items import (
    BETWEEN_THOUGHTS,
    CONTENT_KINDS,
    ItemReader,
)
from llm_pure.adapters.dialects.openai_responses.open_items import (
    Item,
    Items,
    PartKey,
    join_lists,
    part_index,
)
from llm_pure.adapters.dialects.openai_responses.state import Run, State
from llm_pure.framing.json_codec import json_text
from llm_pure.types.events import (
    ExtraReceived,
    PartReceived,
    ReasoningDelta,
    RefusalDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from llm_pure.types.media import from_base64, from_base64_pieces, media_type_of
from llm_pure.types.messages import Audio, Image, ProviderMetadata

Events: TypeAlias = list[StreamEvent]

AUDIO_INDEX = 2**52
"""Event index of the spoken answer: no item has it."""


class PartForm(NamedTuple):
    """The part that an event of the API belongs to."""

    item: str
    kind: str
    delta: Any = None
    """Makes the event with more of it."""


_DELTAS: dict[type[Any], PartForm] = {
    wire.TextDelta: PartForm("message", "text", TextDelta),
    wire.RefusalDelta: PartForm("message", "refusal", RefusalDelta),
    wire.ReasoningDelta: PartForm("reasoning", "content", ReasoningDelta),
    wire.SummaryDelta: PartForm("reasoning", "summary", ReasoningDelta),
    wire.ArgumentsDelta: PartForm("function_call", "call", ToolCallDelta),
    wire.InputDelta: PartForm("custom_tool_call", "call", ToolCallDelta),
}
_DECODERS: dict[type[Any], Any] = {event: msgspec.json.Decoder(event).decode for event in _DELTAS}
_DONE: dict[type[Any], PartForm] = {
    wire.TextDone: _DELTAS[wire.TextDelta],
    wire.RefusalDone: _DELTAS[wire.RefusalDelta],
    wire.ReasoningDone: _DELTAS[wire.ReasoningDelta],
    wire.SummaryDone: _DELTAS[wire.SummaryDelta],
    wire.ArgumentsDone: _DELTAS[wire.ArgumentsDelta],
    wire.InputDone: _DELTAS[wire.InputDelta],
}
_FORM_OF_PART = {
    "text": PartForm("message", "text"),
    "refusal": PartForm("message", "refusal"),
    "content": PartForm("reasoning", "content", ReasoningDelta),
    "summary": PartForm("reasoning", "summary", ReasoningDelta),
}


def read_item_event(name: str, state: State, event: wire.Event) -> tuple[State, Events]:
    """An event of an item. Raises msgspec's errors."""
    events: Events = []
    if isinstance(event, wire.Error):
        return state, events
    if event.agent is not None:
        state = _with_agent(state, events, event.agent)
    if isinstance(event, wire.Delta):
        return _read_delta(name, state, events, event), events
    if isinstance(event, wire.Done):
        form = _DONE[type(event)]
        return _read_done(name, state, events, event, form, event.text), events
    match event:
        case wire.ItemAdded(item=dict() as raw):
            items, item = state.items.for_item(raw, event.output_index, begins=True)
            item = _hosted_as(item, raw, state)
            item = ItemReader(name, events, state.order).begin(item, raw)
            return replace(state, items=items.put(item)), events
        case wire.ItemDone(item=dict() as raw):
            if not state.started:  # metadata needs the provider, which no event has shown
                events.append(Started(provider=name))
            items, item = state.items.for_item(raw, event.output_index, begins=False)
            reader = ItemReader(name, events, state.order)
            item = reader.complete(_hosted_as(item, raw, state), raw)
            return replace(state, items=items.put(item), order=reader.order), events
        case wire.PartDone(part=dict() as part) | wire.SummaryPartDone(part=dict() as part):
            return _read_part(name, state, events, event, part), events
        case wire.PartAdded(part=dict() as part, content_index=None):
            return _begin_part(state, event, part), events
        case wire.AnnotationAdded(annotation=dict() as annotation):
            return _read_annotation(name, state, events, event, annotation), events
        case _:
            return state, events


def _hosted_as(item: Item, raw: wire.JsonObject, state: State) -> Item:
    if item.hosted or not is_hosted(raw, state.tools):
        return item
    return replace(item, hosted=True)


def read_other_event(
    name: str, state: State, kind: str, raw: wire.JsonObject
) -> tuple[State, Events]:
    """An event of a tool that the service runs, of the spoken answer, or an unknown one, which becomes an extra field."""
    events: Events = []
    hosted = HOSTED_EVENTS.get(kind)
    if hosted is not None:
        return _read_hosted(state, events, kind, raw, hosted), events
    if kind == PARTIAL_IMAGE and (image := _partial_image(name, raw)) is not None:
        items, item = state.items.for_part(_address(raw), "image_generation_call", "hosted")
        item = item.with_part(("hosted", 0), item.part(("hosted", 0)))
        events.append(PartReceived(image, part_index(item.slot)))
        return replace(state, items=items.put(item)), events
    piece = raw.get("delta")
    if kind in AUDIO_EVENTS and isinstance(piece, str):
        state = _with_agent(state, events, raw.get("agent"))
        events.append(ExtraReceived(kind, [piece], append=True))
        state = replace(state, live=state.live | {kind})
        if AUDIO_EVENTS[kind] == "data":
            return replace(state, audio=(state.audio, [piece])), events
        return replace(state, transcript=(state.transcript, [piece])), events
    if is_progress(kind):
        state = _with_agent(state, events, raw.get("agent"))
        return state, events + extra_events(raw, PROGRESS_FIELDS)
    fields = event_fields(raw)
    if raw.get("type") is not None and fields:
        events.append(ExtraReceived(kind, [fields], append=True))
    return state, events


def speech_part(state: State) -> Events:
    """The spoken answer as one part, after all items."""
    if state.audio is None and state.transcript is None:
        return []
    data = from_base64_pieces(join_lists(state.audio))
    audio = Audio(
        data=data or None,
        media_type=media_type_of(data),
        transcript="".join(join_lists(state.transcript)) or None,
    )
    return [PartReceived(audio, AUDIO_INDEX)]


def _read_delta(name: str, state: State, events: Events, event: wire.Delta) -> State:
    text = event.delta
    if not text and not event.logprobs:
        return state
    form = _DELTAS[type(event)]
    items, item = state.items.for_part(event, form.item, form.kind)
    item = replace(item, done=False) if item.done else item
    if item.hosted:
        return _add_hosted(
            replace(state, items=items), events, item, "response.custom_tool_call_input.delta",
            ("hosted", 0), {"delta": text}, text or "",
        )  # fmt: skip
    key = (form.kind, item.number_of(form.kind, event.content_index))
    begun = item.parts.get(key) is not None
    part = item.part(key)
    if event.logprobs:
        reader = ItemReader(name, events, state.order)
        part = reader.add_values(part, "logprobs", event.logprobs)
        state = replace(state, order=reader.order)
    if text:
        shown = text
        if form.delta is ReasoningDelta and item.thought not in (None, key):
            shown = BETWEEN_THOUGHTS + text
            item = replace(item, stale=item.stale or begun)
        events.append(form.delta(shown, part.index))
        part.buffer.write(text)
    item = item.with_part(key, part)
    run = Run(
        _DECODERS[type(event)], event.item_id, event.output_index, event.content_index, form.delta, part.index, part.buffer.write
    )  # fmt: skip
    return replace(state, items=items.put(item), run=run)


def _read_done(
    name: str,
    state: State,
    events: Events,
    event: wire.Address,
    form: PartForm,
    text: str | None,
) -> State:
    """The complete text of a part. What it has beyond the deltas is emitted."""
    if not text:
        return state
    items, item = state.items.for_part(event, form.item, form.kind, text)
    if item.hosted:
        return replace(state, items=items.put(_with_hosted_text(item, ("hosted", 0), text)))
    key = (form.kind, item.number_of(form.kind, event.content_index))
    reader = ItemReader(name, events, state.order)
    part = item.part(key)
    if form.delta is ReasoningDelta:
        item = _complete_thought(item, events, key, text)
        return replace(state, items=items.put(item))
    call_name = getattr(event, "name", None)
    if form.kind == "call" and call_name and not item.name:
        events.append(ToolCallDelta("", part.index, 0, "", call_name))
        item = replace(item, name=call_name)
    part = reader.complete_text(key, part, text)
    if isinstance(event, wire.Done):
        part = reader.complete_values(part, "logprobs", event.logprobs)
    return _with_items(state, items.put(item.with_part(key, part)), reader)


def _with_items(state: State, items: Items, reader: ItemReader) -> State:
    """The same state if nothing changed: most events that complete a part repeat it."""
    if items is state.items and reader.order is state.order:
        return state
    return replace(state, items=items, order=reader.order)


def _complete_thought(item: Item, events: Events, key: PartKey, text: str) -> Item:
    """The complete text of a piece of the reasoning: more of the newest piece, or a new one; others wait for the item's end."""
    begun = item.parts.get(key) is not None
    part = item.part(key)
    received = part.text
    if text == received:
        return item
    newest = item.thought in (None, key) or not begun
    if newest and text.startswith(received):
        rest = text[len(received) :]
        between = BETWEEN_THOUGHTS if not begun and item.thought is not None else ""
        events.append(ReasoningDelta(between + rest, part.index))
    else:
        item = replace(item, stale=True)
    return item.with_part(key, part.with_text(text))


def _read_part(
    name: str, state: State, events: Events, event: wire.Address, raw: wire.JsonObject
) -> State:
    """A complete part of a message or of the reasoning."""
    kind = CONTENT_KINDS.get(str(raw.get("type")))
    if kind is None:
        return state
    form = _FORM_OF_PART[kind]
    text = raw.get("refusal" if kind == "refusal" else "text")
    state = _read_done(name, state, events, event, form, text if isinstance(text, str) else None)
    if not (raw.get("annotations") or raw.get("logprobs")):
        return state
    lists = {key: raw.get(key) for key in ("annotations", "logprobs")}
    if not any(isinstance(values, list) and values for values in lists.values()):
        return state
    items, item = state.items.for_part(event, form.item, kind, str(text))
    key = (kind, item.number_of(kind, event.content_index))
    reader = ItemReader(name, events, state.order)
    part = item.part(key)
    for list_name, values in lists.items():
        if isinstance(values, list):
            part = reader.complete_values(part, list_name, values)
    return replace(state, items=items.put(item.with_part(key, part)), order=reader.order)


def _begin_part(state: State, event: wire.Address, raw: wire.JsonObject) -> State:
    """Another part without an index of its own: it is the next one."""
    kind = CONTENT_KINDS.get(str(raw.get("type")))
    if kind not in ("text", "refusal"):
        return state
    items, item = state.items.for_part(event, "message", "text")
    if item.words is None:
        return replace(state, items=items.put(item))
    key = (kind, item.words[1] + 1)
    return replace(state, items=items.put(item.with_part(key, item.part(key))))


def _read_annotation(
    name: str, state: State, events: Events, event: wire.Address, annotation: wire.JsonObject
) -> State:
    items, item = state.items.for_part(event, "message", "text")
    key = ("text", item.number_of("text", event.content_index))
    reader = ItemReader(name, events, state.order)
    part = reader.add_values(item.part(key), "annotations", [annotation])
    return replace(state, items=items.put(item.with_part(key, part)), order=reader.order)


def _with_agent(state: State, events: Events, agent: Any) -> State:
    """Emit the agent that speaks, where it is another one than before."""
    if agent is None or agent == state.agent:
        return state
    events.append(ExtraReceived("agent", agent))
    return replace(state, agent=agent, live=state.live | {"agent"})


def _read_hosted(
    state: State, events: Events, kind: str, raw: wire.JsonObject, form: HostedEvent
) -> State:
    """More of a call that the service runs. A complete text is emitted as far as its deltas have not shown it."""
    number = raw.get("command_index")
    index = number if isinstance(number, int) else 0
    value = raw.get(form.field)
    fields = event_fields(raw)
    text = value if isinstance(value, str) else ""
    items, item = state.items.for_part(
        _address(raw), form.item, form.part, text if form.final else None
    )
    state = replace(state, items=items)
    if isinstance(value, dict):  # what a command writes
        for stream in ("stdout", "stderr"):
            if isinstance(piece := value.get(stream), str) and piece:
                item = _with_piece(item, (stream, index), piece)
        return _show(replace(state, items=items.put(item)), events, kind, fields)
    if isinstance(value, list):
        part = item.part((form.part, index))
        item = item.with_part((form.part, index), replace(part, values=(part.values, value)))
        return _show(replace(state, items=items.put(item)), events, kind, fields)
    key = (form.part, index)
    if not form.final:
        return _add_hosted(state, events, item, kind, key, fields, text)
    rest = text.removeprefix(item.part(key).text)
    item = _with_hosted_text(item, key, text)
    state = replace(state, items=items.put(item))
    return _show(state, events, kind, {**fields, form.field: rest}) if rest else state


def _add_hosted(
    state: State,
    events: Events,
    item: Item,
    kind: str,
    key: PartKey,
    fields: wire.JsonObject,
    text: str,
) -> State:
    item = _with_piece(item, key, text) if text else item
    return _show(replace(state, items=state.items.put(item)), events, kind, fields)


def _show(state: State, events: Events, kind: str, fields: wire.JsonObject) -> State:
    """Emit an event of the API as an extra field, until the part with its content has come."""
    events.append(ExtraReceived(kind, [fields], append=True))
    return state if kind in state.live else replace(state, live=state.live | {kind})


def _with_piece(item: Item, key: PartKey, text: str) -> Item:
    part = item.part(key)
    part.buffer.write(text)
    return item.with_part(key, part)


def _with_hosted_text(item: Item, key: PartKey, text: str) -> Item:
    return item.with_part(key, item.part(key).with_text(text))


def _address(raw: wire.JsonObject) -> wire.Address:
    item_id, output_index = raw.get("item_id"), raw.get("output_index")
    return wire.Address(
        item_id if isinstance(item_id, str) else None,
        output_index if isinstance(output_index, int) else None,
    )


def _partial_image(name: str, raw: wire.JsonObject) -> Image | None:
    """The image as far as it is drawn; the next one, and the complete one, replace it."""
    encoded = raw.get("partial_image_b64")
    data = from_base64(encoded) if isinstance(encoded, str) else None
    if not data:
        return None
    fields = {key: value for key, value in event_fields(raw).items() if key != "partial_image_b64"}
    metadata = ProviderMetadata(name, json_text(fields))
    return Image(data=data, media_type=media_type_of(data), provider_metadata=metadata)
