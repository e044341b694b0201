"""A complete stream of messages, reasoning and calls of functions -> its events, in one pass. All other streams are read by `step`.

Such a stream repeats itself: the end of each part, of each item and of the response has what the deltas had. As long as it
does, nothing of the items needs to be kept but their texts. A law holds this path and `step` together.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.hosted_calls import PROGRESS_FIELDS
from llm_pure.adapters.dialects.openai_responses.items import BETWEEN_THOUGHTS, CONTENT_KINDS
from llm_pure.adapters.dialects.openai_responses.open_items import part_index
from llm_pure.adapters.dialects.openai_responses.response import plain_parts
from llm_pure.adapters.dialects.openai_responses.state import INITIAL, Run, State
from llm_pure.adapters.dialects.openai_responses.stream import (
    FINISH,
    OF_EVENTS,
    read_deltas,
    read_text_run,
)
from llm_pure.core.service import AnyService
from llm_pure.framing.json_codec import DECODE_ERRORS, plain_json
from llm_pure.framing.sse import SseEvent
from llm_pure.types.completion import finish_reason_of
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import ResponseHead
from llm_pure.types.messages import Opaque, Reasoning, ToolCall


def read_run(
    service: AnyService,
    head: ResponseHead,
    state: State,
    frames: Sequence[SseEvent],
    position: int,
    events: list[StreamEvent],
) -> tuple[State, int]:
    """Fast path for a complete plain stream, and for consecutive deltas of one text."""
    if state is not INITIAL or position or frames[-1].type not in _ENDS:
        return read_text_run(state, frames, position, events)
    try:
        read = _read_stream(service.name, frames)
    except DECODE_ERRORS:
        read = None
    if read is None:
        return state, position
    events += read
    return _ENDED, len(frames)


_ENDED = State(started=True, ended=True)
_ENDS = ("response.completed", "response.incomplete")
_THOUGHT_BEGINS = "response.reasoning_summary_part.added"


class _Item:
    """An item that has begun."""

    __slots__ = ("call_id", "json", "kind", "name", "slot", "texts")

    def __init__(self, slot: int, kind: str, call_id: str, name: str) -> None:
        self.slot = slot
        self.kind = kind
        self.call_id = call_id
        self.name = name
        self.texts: dict[int, list[str]] = {}  # deltas of each part, by its index
        self.json: wire.JsonObject | None = None  # once it is complete

    def text(self, index: int) -> str:
        """The text of a part so far."""
        return "".join(self.texts.get(index, ()))


_Items = dict[str | None, _Item]


def _read_stream(name: str, frames: Sequence[SseEvent]) -> list[StreamEvent] | None:
    """The events of a plain stream, None for any other. Raises msgspec's errors."""
    events: list[StreamEvent] = []
    items: _Items = {}
    decode = wire.EVENT.decode
    position, count = 0, len(frames)
    while position < count:
        frame = frames[position]
        position += 1
        kind = frame.type
        if kind in wire.BEGIN_TYPES:
            is_plain = _begin(name, events, kind, plain_json(frame.data))
        elif kind in _ENDS:
            is_plain = _end(items, events, kind, plain_json(frame.data))
            return events if is_plain and position == count else None
        elif kind == _THOUGHT_BEGINS:
            raw = plain_json(frame.data)
            is_plain = type(raw) is dict and raw.get("type") == kind and raw.get("agent") is None
            is_plain = is_plain and raw.keys() <= PROGRESS_FIELDS
        elif not events:  # the item before the response
            return None
        else:
            event = decode(frame.data)
            read = _READERS.get(type(event))
            is_plain = read is not None and read(name, items, events, event)
            if read is _add_text and is_plain:
                position = _read_texts(items, events, event, frames, position)
        if not is_plain:
            return None
    return None


def _read_texts(
    items: _Items,
    events: list[StreamEvent],
    before: Any,
    frames: Sequence[SseEvent],
    position: int,
) -> int:
    """Read the deltas that continue the text of the one before. Return the position of the first other frame."""
    item = items[before.item_id]
    run = Run(
        decode=_TEXT_DELTA.decode,
        item_id=before.item_id,
        output_index=before.output_index,
        content_index=before.content_index,
        delta=TextDelta,
        index=part_index(item.slot, before.content_index),
        write=item.texts[before.content_index].append,
    )
    return read_deltas(run, frames, position, events)


_TEXT_DELTA = msgspec.json.Decoder(wire.TextDelta)


def _begin(name: str, events: list[StreamEvent], kind: str, raw: Any) -> bool:
    response = _response_of(kind, raw)
    if response is None or response.get("output"):
        return False
    response_id, model = response.get("id"), response.get("model")
    if not (isinstance(response_id, str) and isinstance(model, str)):
        return False
    if not events:
        events.append(Started(id=response_id, model=model, provider=name))
    return True


def _response_of(kind: str, raw: Any) -> wire.JsonObject | None:
    """The response of an event that has nothing beside it, if its fields have the usual types and there is no error."""
    if type(raw) is not dict or raw.get("type") != kind or not raw.keys() <= OF_EVENTS:
        return None
    response = raw.get("response")
    if type(response) is not dict or raw.get("error") is not None:
        return None
    is_usual = (
        response.get("error") is None
        and isinstance(response.get("status"), str)
        and isinstance(response.get("output"), list)
        and isinstance(response.get("usage"), dict | None)
        and isinstance(response.get("incomplete_details"), dict | None)
    )
    return response if is_usual else None


def _end(items: _Items, events: list[StreamEvent], kind: str, raw: Any) -> bool:
    """The response again: the same items, and what it has beyond them."""
    response = _response_of(kind, raw)
    if response is None or not items:
        return False
    if not (
        isinstance(response.get("id"), str | None) and isinstance(response.get("model"), str | None)
    ):
        return False
    reason = (response.get("incomplete_details") or {}).get("reason") or response["status"]
    encode = msgspec.json.encode
    if response["status"] not in ("completed", "incomplete") or not isinstance(reason, str):
        return False
    if encode(response["output"]) != encode([item.json for item in items.values()]):
        return False
    events += [
        ExtraReceived(key, value)
        for key, value in extra_fields(response, wire.KNOWN_FIELDS_RESPONSE).items()
    ]
    if response.get("usage"):
        events.append(UsageReported(read_usage(response["usage"])))
    events.append(Finished(finish_reason_of(reason, FINISH), reason))
    return True


def _add_item(name: str, items: _Items, events: list[StreamEvent], event: wire.ItemAdded) -> bool:
    raw = event.item
    if raw is None or event.agent is not None or event.output_index != len(items):
        return False
    item_id, kind = raw.get("id"), raw.get("type")
    if not isinstance(item_id, str) or item_id in ("", "null") or item_id in items:
        return False
    call_id = function = ""
    if kind == "function_call":
        call_id, function = raw.get("call_id") or "", raw.get("name") or ""
        others = {item.call_id for item in items.values()}
        is_own = isinstance(call_id, str) and call_id not in (*_NO_IDS, item_id)
        if not is_own or call_id in items or call_id in others:
            return False
        if not isinstance(function, str) or not function:
            return False
        events.append(ToolCallDelta("", part_index(len(items)), 0, call_id, function))
    elif kind not in ("message", "reasoning"):
        return False
    if any(item.call_id == item_id for item in items.values()):
        return False
    items[item_id] = _Item(len(items), str(kind), call_id, function)
    return True


_NO_IDS = ("", "null")


def _item_of(items: _Items, event: wire.Address, kind: str) -> _Item | None:
    """The open item of an event, if it is of this kind, and the event has nothing unusual."""
    item = items.get(event.item_id)
    if item is None or item.json is not None or item.kind != kind or event.agent is not None:
        return None
    return item if event.output_index in (None, item.slot) else None


def _add_text(name: str, items: _Items, events: list[StreamEvent], event: wire.Delta) -> bool:
    item, text, index = _item_of(items, event, "message"), event.delta, event.content_index
    if item is None or not text or event.logprobs or index is None or not 0 <= index < _MAX_PARTS:
        return False
    if index in item.texts:
        item.texts[index].append(text)
    else:
        item.texts[index] = [text]
    events.append(TextDelta(text, part_index(item.slot, index)))
    return True


_MAX_PARTS = 1000


def _add_thought(name: str, items: _Items, events: list[StreamEvent], event: wire.Delta) -> bool:
    """More of the newest piece of the reasoning, or of the next one."""
    item, text, index = _item_of(items, event, "reasoning"), event.delta, event.content_index
    if item is None or not text or event.logprobs:
        return False
    count, source = len(item.texts), type(event).__name__
    if count and (item.name != source or index not in (count - 1, count)):
        return False
    if index == count:
        item.texts[count] = [text]
        item.name = source
        text = BETWEEN_THOUGHTS + text if count else text
    elif index is not None and count:
        item.texts[index].append(text)
    else:
        return False
    events.append(ReasoningDelta(text, part_index(item.slot)))
    return True


def _add_arguments(name: str, items: _Items, events: list[StreamEvent], event: wire.Delta) -> bool:
    item, text = _item_of(items, event, "function_call"), event.delta
    if item is None or not text or event.logprobs:
        return False
    item.texts.setdefault(0, []).append(text)
    events.append(ToolCallDelta(text, part_index(item.slot)))
    return True


def _text_done(kind: str) -> Callable[[str, _Items, list[StreamEvent], Any], bool]:
    """The reader of the end of a part, which has the text of its deltas."""

    def read(name: str, items: _Items, events: list[StreamEvent], event: wire.Done) -> bool:
        item = _item_of(items, event, kind)
        index = 0 if kind == "function_call" else event.content_index
        if item is None or index is None or event.logprobs:
            return False
        return event.text == item.text(index)

    return read


def _part_added(name: str, items: _Items, events: list[StreamEvent], event: wire.PartAdded) -> bool:
    return event.content_index is not None and event.agent is None and event.part is not None


def _part_done(name: str, items: _Items, events: list[StreamEvent], event: Any) -> bool:
    part, index = event.part, event.content_index
    kind = CONTENT_KINDS.get(str(part.get("type"))) if part else None
    item = _item_of(items, event, "message" if kind == "text" else "reasoning")
    if item is None or index is None or kind in (None, "refusal"):
        return False
    if kind != "text" and not (item.name and _KINDS[item.name] == kind):
        return False
    return bool(
        part.get("text") == item.text(index)
        and not part.get("annotations")
        and not part.get("logprobs")
    )


_KINDS = {wire.SummaryDelta.__name__: "summary", wire.ReasoningDelta.__name__: "content"}


def _item_done(name: str, items: _Items, events: list[StreamEvent], event: wire.ItemDone) -> bool:
    """The item again, with the texts of its deltas: what it has beyond them is metadata of its parts."""
    raw = event.item
    if raw is None or event.agent is not None:
        return False
    item_id = raw.get("id")
    item = items.get(item_id) if isinstance(item_id, str) else None
    if item is None or item.json is not None or raw.get("type") != item.kind:
        return False
    parts = plain_parts(name, [raw])
    if parts is None or event.output_index not in (None, item.slot):
        return False
    if item.kind == "message":
        texts = [getattr(part, "text", "") for part in parts]
        if texts != [item.text(index) for index in range(len(parts))]:
            return False
        if any(index >= len(parts) for index in item.texts):
            return False
    elif item.kind == "reasoning":
        thoughts = BETWEEN_THOUGHTS.join([item.text(index) for index in item.texts])
        part = parts[0]
        if not isinstance(part, Reasoning) or part.text != thoughts:
            return False
        if part.signature is not None:
            events.append(ReasoningDelta("", part_index(item.slot), 0, part.signature))
    elif raw.get("arguments") != item.text(0) or not _is_same_call(item, parts[0]):
        return False
    for index, part in enumerate(parts):
        if isinstance(part, Opaque) or part.provider_metadata is None:
            return False
        at, metadata = part_index(item.slot, index), part.provider_metadata.json
        if isinstance(part, Reasoning):
            events.append(ProviderMetadataReceived(metadata, at, 0, "reasoning"))
        else:
            events.append(ProviderMetadataReceived(metadata, at))
    item.json = raw
    return True


def _is_same_call(item: _Item, call: Any) -> bool:
    return isinstance(call, ToolCall) and (call.id, call.name) == (item.call_id, item.name)


_READERS: dict[type[Any], Callable[[str, _Items, list[StreamEvent], Any], bool]] = {
    wire.TextDelta: _add_text,
    wire.ReasoningDelta: _add_thought,
    wire.SummaryDelta: _add_thought,
    wire.ArgumentsDelta: _add_arguments,
    wire.TextDone: _text_done("message"),
    wire.ReasoningDone: _text_done("reasoning"),
    wire.SummaryDone: _text_done("reasoning"),
    wire.ArgumentsDone: _text_done("function_call"),
    wire.PartAdded: _part_added,
    wire.PartDone: _part_done,
    wire.SummaryPartDone: _part_done,
    wire.ItemAdded: _add_item,
    wire.ItemDone: _item_done,
}
"""Event -> its reader, which returns false if the event is not plain. Any other event makes the stream none."""
