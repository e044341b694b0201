"""Output items -> events. A completed item emits what was not emitted of it, and replaces what was emitted otherwise.

One reasoning item is one part: its text, then its summaries, with an empty line between.
"""

from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.hosted_calls import complete_hosted
from llm_pure.adapters.dialects.openai_responses.open_items import (
    CALLS,
    Item,
    Lists,
    PartKey,
    PartText,
    join_lists,
    part_index,
)
from llm_pure.framing.json_codec import arguments_text, json_object, json_text
from llm_pure.types.events import (
    ExtraReceived,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.messages import (
    Image,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)

BETWEEN_THOUGHTS = "\n\n"
LISTS = ("annotations", "logprobs")
"""The fields of a text that arrive as lists in several chunks."""


class ListOrder(msgspec.Struct, frozen=True):
    """Whether the annotations and log probabilities were emitted in the order of the output."""

    annotations: int = -1
    """Event index of the part that the last ones belong to."""
    logprobs: int = -1
    unordered: frozenset[str] = frozenset()
    """The lists that must be emitted again at the end, in order."""


class ItemReader:
    """Appends the events of items to `events`; `order` is the order of the lists after them."""

    def __init__(self, name: str, events: list[StreamEvent], order: ListOrder) -> None:
        self.name = name
        self.events = events
        self.order = order

    def begin(self, item: Item, raw: wire.JsonObject) -> Item:
        """An item that begins: a call's id and name, which come before its arguments. Raises msgspec's errors."""
        if item.announced or item.done:
            return item
        item = replace(item, raw=raw, announced=True)
        if item.kind not in CALLS or item.hosted:
            return item
        call = msgspec.convert(raw, wire.Item)
        call_id, name = call.call_id or "", call.name or ""
        self.events.append(ToolCallDelta("", part_index(item.slot), 0, call_id, name))
        return replace(item, call_id=call_id or item.call_id, name=name or item.name)

    def complete(self, item: Item, raw: wire.JsonObject, *, final: bool = True) -> Item:
        """A completed item. Raises msgspec's errors. `final`: false if the item's end is missing, and this is how it began."""
        if item.done:
            if _is_repeated(item, raw):
                return item
            if item.item_id and raw.get(
                "id"
            ):  # hosts change ids in every event: the first one stays
                raw = {**raw, "id": item.item_id}
        match item.kind:
            case "message":
                item = self._message(item, raw)
            case "reasoning":
                item = self._reasoning(item, raw)
            case "function_call" | "custom_tool_call" if not item.hosted:
                item = self._call(item, raw)
            case kind:
                self._other(item, kind, raw, final=final)
        return replace(
            item, item_id=item.item_id or raw.get("id"), done=True, raw=None, shown=_shown(raw)
        )

    def hide_answered(self, items: list[Item]) -> None:
        """Make the calls opaque whose results the response has too: the service ran them, as hosted agents do.

        Source: microsoft/agent-framework#3967 and #8078 (Foundry), read 2026-11-30.
        """
        answered = [item.json().get("call_id") for item in items if item.kind in _CALL_OUTPUTS]
        for item in items if answered else ():
            if item.kind in CALLS and not item.hosted and item.call_id in answered:
                opaque = Opaque(self.name, item.kind, json_text(item.json()))
                self.events.append(PartReceived(opaque, part_index(item.slot)))

    def complete_text(self, key: PartKey, part: PartText, text: str | None) -> PartText:
        """The part with its complete text, of which the rest is emitted. Text that begins otherwise waits for the item's end."""
        part, rest = part.extended(text)
        if rest:
            self.events.append(_DELTAS[key[0]](rest, part.index))
        return part

    def add_values(self, part: PartText, name: str, values: list[Any]) -> PartText:
        """Emit more annotations or log probabilities of a part."""
        self.events.append(ExtraReceived(name, values, append=True))
        if part.index < getattr(self.order, name):
            self._repeat(name)
        self.order = replace(self.order, **{name: part.index})
        return replace(part, **{name: (getattr(part, name), values)})

    def complete_values(self, part: PartText, name: str, values: list[Any] | None) -> PartText:
        """Emit what the complete list has beyond the one so far; another list is emitted at the end."""
        if not values:
            return part
        received = join_lists(getattr(part, name))
        if values[: len(received)] == received:
            rest = values[len(received) :]
            return self.add_values(part, name, rest) if rest else part
        self._repeat(name)
        return replace(part, **{name: (None, values)})

    def repeat_lists(self, items: list[Item]) -> None:
        """Emit the lists that came in another order than that of the output."""
        for name in sorted(self.order.unordered):
            parts = [part for item in items for _, part in item.parts.items()]
            parts.sort(key=lambda part: part.index)
            lists: list[Lists] = [getattr(part, name) for part in parts]
            self.events.append(
                ExtraReceived(name, [value for values in lists for value in join_lists(values)])
            )

    def _repeat(self, name: str) -> None:
        if name not in self.order.unordered:
            self.order = replace(self.order, unordered=self.order.unordered | {name})

    def _message(self, item: Item, raw: wire.JsonObject) -> Item:
        """One part for each content part; the item's own fields go with each part, and show which belong together."""
        own = unread_fields(raw, "type", "role", "content")
        final: dict[PartKey, tuple[wire.JsonObject, wire.ContentPart]] = {}
        for index, raw_part in enumerate(msgspec.convert(raw, wire.Item).content or ()):
            part = msgspec.convert(raw_part, wire.ContentPart)
            kind = CONTENT_KINDS.get(part.type or ("output_text" if part.text else ""))
            if kind in ("text", "refusal"):
                final[kind, index] = (raw_part, part)
            else:
                alone = json_text({**raw, "content": [raw_part]})
                opaque = Opaque(self.name, "message", alone)
                self.events.append(PartReceived(opaque, part_index(item.slot, index)))
        keys = _aligned([key for key, _ in item.texts("text", "refusal")], [*final])
        for final_key, (raw_part, part) in final.items():
            key = keys[final_key]
            text = part.refusal if key[0] == "refusal" else part.text
            received = self.complete_text(key, item.part(key), text)
            fields = unread_fields(raw_part, "type", "text", "refusal", "logprobs")
            self._close_text(
                key, received, {"item": own, "part": fields} if fields else {"item": own}
            )
            for name in LISTS:
                received = self.complete_values(received, name, getattr(part, name))
            item = item.with_part(key, received)
        final_keys = {*keys.values()}
        others = [entry for entry in item.texts("text", "refusal") if entry[0] not in final_keys]
        for key, received in others:
            self._close_text(key, received, {"item": own} if raw else None)
            item = item.with_part(key, received)
        return item

    def _close_text(self, key: PartKey, part: PartText, own: wire.JsonObject | None) -> None:
        """The metadata of a part; the entire part if its text is another one than was emitted."""
        kind: Literal["text", "refusal"] = "refusal" if key[0] == "refusal" else "text"
        metadata = None if own is None else json_text(own)
        if part.stale:
            provider_metadata = None if metadata is None else ProviderMetadata(self.name, metadata)
            part_type = Refusal if kind == "refusal" else Text
            self.events.append(PartReceived(part_type(part.text, provider_metadata), part.index))
        elif metadata is not None:
            self.events.append(ProviderMetadataReceived(metadata, part.index, 0, kind))

    def _reasoning(self, item: Item, raw: wire.JsonObject) -> Item:
        read = msgspec.convert(raw, wire.Item)
        received = item.texts("content", "summary")
        emitted = BETWEEN_THOUGHTS.join([part.text for _, part in received if part.length])
        final = {
            (kind, index): text
            for kind, pieces in (("content", read.content), ("summary", read.summary))
            for index, piece in enumerate(pieces or ())
            if (text := msgspec.convert(piece, wire.ContentPart).text)
        }
        text = BETWEEN_THOUGHTS.join(final.values())
        if not text.startswith(emitted) or item.stale:
            texts = {
                key: part.text for key, part in received if key[0] not in {k for k, _ in final}
            }
            texts |= final
            text = BETWEEN_THOUGHTS.join([texts[key] for key in sorted(texts) if texts[key]])
            final = texts
        index = item.part(("content", 0)).index
        own = unread_fields(raw, "type", "encrypted_content")
        signature = None if item.signed else read.encrypted_content or None
        metadata = ProviderMetadata(self.name, json_text(own)) if raw else None
        stale = item.stale or not text.startswith(emitted)
        if stale:
            signature = read.encrypted_content or None
            self.events.append(PartReceived(Reasoning(text, signature, metadata), index))
        else:
            if len(text) > len(emitted) or signature is not None:
                self.events.append(ReasoningDelta(text[len(emitted) :], index, 0, signature))
            if metadata is not None:
                self.events.append(ProviderMetadataReceived(metadata.json, index, 0, "reasoning"))
        for order, (key, piece) in enumerate(final.items()):
            item = item.with_part(key, PartText(index, order).with_text(piece))
        return replace(item, stale=stale, signed=item.signed or signature is not None)

    def _call(self, item: Item, raw: wire.JsonObject) -> Item:
        read = msgspec.convert(raw, wire.Item)
        custom = item.kind == "custom_tool_call"
        arguments = read.input if custom else read.arguments
        key = ("call", 0)
        part = item.part(key)
        text = _arguments(arguments)
        if part.length and (text == "{}" or _is_same_json(part.text, arguments)):
            text = ""
        own = unread_fields(raw, "type", "call_id", "name", "input" if custom else "arguments")
        if custom:
            own = {"type": "custom_tool_call", **own}
        call_id, name = item.call_id or read.call_id or "", item.name or read.name or ""
        metadata = json_text(own)
        part, rest = part.extended(text)
        if part.stale:
            provider_metadata = ProviderMetadata(self.name, metadata) if raw else None
            call = ToolCall(call_id, name, part.text, provider_metadata)
            self.events.append(PartReceived(call, part.index))
        else:
            if rest or not item.announced or (call_id, name) != (item.call_id, item.name):
                news = ("" if item.call_id else call_id, "" if item.name else name)
                self.events.append(ToolCallDelta(rest, part.index, 0, *news))
            if raw:
                self.events.append(ProviderMetadataReceived(metadata, part.index))
        item = item.with_part(key, part)
        return replace(item, announced=True, call_id=call_id, name=name)

    def _other(self, item: Item, kind: str, raw: wire.JsonObject, *, final: bool) -> None:
        index = part_index(item.slot)
        if kind == "image_generation_call":
            if final or item.parts.get(("hosted", 0)) is None:
                self.events.append(PartReceived(_image(self.name, raw), index))
            return
        raw = complete_hosted(item, raw or {"type": kind})
        self.events.append(PartReceived(Opaque(self.name, kind or "None", json_text(raw)), index))


_CALL_OUTPUTS = frozenset([f"{kind}_output" for kind in CALLS])

CONTENT_KINDS = {
    "output_text": "text",
    "text": "text",
    "refusal": "refusal",
    "reasoning_text": "content",
    "summary_text": "summary",
}
"""Type of a content part -> kind of the part that it is."""

_DELTAS: Any = {
    "text": TextDelta,
    "refusal": RefusalDelta,
    "content": ReasoningDelta,
    "summary": ReasoningDelta,
    "call": ToolCallDelta,
}
"""Kind of a part -> the event with more of it."""


def _aligned(received: list[PartKey], final: list[PartKey]) -> dict[PartKey, PartKey]:
    """Key of a final part -> the key under which it was received: the same, else the next one of the same kind."""
    keys: dict[PartKey, PartKey] = {key: key for key in final}
    for kind in dict.fromkeys([kind for kind, _ in received]):
        before = sorted([key for key in received if key[0] == kind])
        after = [key for key in final if key[0] == kind]
        if {*before} <= {*after}:
            continue
        beyond = max(index for _, index in [*before, *after]) + 1
        for number, key in enumerate(after):
            keys[key] = before[number] if number < len(before) else (kind, beyond + number)
    return keys


def _is_repeated(item: Item, raw: wire.JsonObject) -> bool:
    """Return whether the item was completed with the same content: hosts change ids and encrypt anew in every event."""
    return (item.signed or not raw.get("encrypted_content")) and item.shown == _shown(raw)


def _shown(raw: wire.JsonObject) -> bytes:
    """The item as JSON, without what changes from event to event."""
    return msgspec.json.encode(
        {key: value for key, value in raw.items() if key not in ("id", "encrypted_content")}
    )


def _is_same_json(text: str, value: Any) -> bool:
    return not isinstance(value, str) and value is not None and json_object(text) == value


def _arguments(value: Any) -> str:
    return value if isinstance(value, str) else arguments_text(value) if value else ""


def _image(name: str, raw: wire.JsonObject) -> Image | Opaque:
    """The generated image; the call as an Opaque part if it has no result."""
    result = msgspec.convert(raw, wire.Item).result
    data = from_base64(result) if result else None
    if not data:
        return Opaque(name, "image_generation_call", json_text(raw))
    metadata = ProviderMetadata(name, json_text(unread_fields(raw, "type", "result")))
    return Image(data=data, media_type=media_type_of(data), provider_metadata=metadata)


def unread_fields(raw: wire.JsonObject, *read: str) -> wire.JsonObject:
    """The fields that are not part of an event, to be replayed unchanged. To the API null is the same as absent."""
    return {key: value for key, value in raw.items() if key not in read and value is not None}
