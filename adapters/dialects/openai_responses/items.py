"""Output items -> events. A completed item emits everything that its deltas did not.

Indexes of parts: `part_index(output_index, content_index)`, so that parts have the order of the items, however their
deltas interleave. One reasoning item is one part: its text, then its summaries, with an empty line between.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.chat.message_input import arguments_text
from llm_pure.framing.json_codec import json_text
from llm_pure.types.events import (
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.messages import Image, Opaque, ProviderMetadata

PARTS_OF_ITEM = 4096
"""Indexes reserved for the parts of one item; no message is known to have as many."""

BETWEEN_THOUGHTS = "\n\n"


def part_index(output_index: int, content_index: int = 0) -> int:
    """The event index of a part."""
    return output_index * PARTS_OF_ITEM + content_index


class ItemEvents(msgspec.Struct, frozen=True):
    """The events of an item, and its lists, which belong to the entire completion."""

    events: list[StreamEvent]
    annotations: list[wire.JsonObject] = []
    logprobs: list[wire.JsonObject] = []


def read_added(output_index: int, item: wire.JsonObject) -> list[StreamEvent]:
    """An item that begins: a call's id and name, which come before its arguments. Raises msgspec's errors."""
    if item.get("type") not in ("function_call", "custom_tool_call"):
        return []
    call = msgspec.convert(item, wire.Item)
    index = part_index(output_index)
    return [ToolCallDelta("", index, 0, call.call_id or "", call.name or "")]


def read_done(
    name: str,
    output_index: int,
    item: wire.JsonObject,
    streamed: frozenset[int],
    *,
    announced: bool,
) -> ItemEvents:
    """A completed item. Raises msgspec's errors, which the caller turns into values.

    `streamed`: indexes of parts whose text came in deltas. `announced`: the call's id and name were emitted.
    """
    index = part_index(output_index)
    match item.get("type"):
        case "message":
            return _message(name, output_index, item, streamed)
        case "reasoning":
            return ItemEvents(_reasoning(index, item, streamed))
        case "function_call" | "custom_tool_call":
            return ItemEvents(_call(index, item, streamed, announced=announced))
        case "image_generation_call":
            return ItemEvents([PartReceived(_image(name, item), index)])
        case kind:
            return ItemEvents([PartReceived(Opaque(name, str(kind), json_text(item)), index)])


def _message(
    name: str, output_index: int, item: wire.JsonObject, streamed: frozenset[int]
) -> ItemEvents:
    """One part for each content part; the item's own fields go with each part, and show which belong together."""
    result = ItemEvents([], [], [])
    own = _unread_fields(item, "type", "role", "content")
    for content_index, raw in enumerate(msgspec.convert(item, wire.Item).content or ()):
        part = msgspec.convert(raw, wire.ContentPart)
        index = part_index(output_index, content_index)
        if part.type not in ("output_text", "text", "refusal"):
            alone = json_text({**item, "content": [raw]})
            result.events.append(PartReceived(Opaque(name, "message", alone), index))
            continue
        part_fields = _unread_fields(raw, "type", "text", "refusal", "logprobs")
        metadata = json_text({"item": own, "part": part_fields} if part_fields else {"item": own})
        if part.type == "refusal":
            if index not in streamed:
                result.events.append(RefusalDelta(part.refusal or "", index))
            result.events.append(ProviderMetadataReceived(metadata, index, 0, "refusal"))
            continue
        if index not in streamed and part.text:
            result.events.append(TextDelta(part.text, index))
        result.events.append(ProviderMetadataReceived(metadata, index))
        result.annotations.extend(part.annotations or ())
        result.logprobs.extend(part.logprobs or ())
    return result


def _reasoning(index: int, raw: wire.JsonObject, streamed: frozenset[int]) -> list[StreamEvent]:
    item = msgspec.convert(raw, wire.Item)
    events: list[StreamEvent] = []
    parts = [
        msgspec.convert(part, wire.ContentPart)
        for part in [*(item.content or ()), *(item.summary or ())]
    ]
    text = BETWEEN_THOUGHTS.join([part.text for part in parts if part.text])
    if index in streamed:
        text = ""
    if text or item.encrypted_content:
        events.append(ReasoningDelta(text, index, 0, item.encrypted_content or None))
    metadata = _unread_fields(raw, "type", "encrypted_content")
    events.append(ProviderMetadataReceived(json_text(metadata), index, 0, "reasoning"))
    return events


def _call(
    index: int, raw: wire.JsonObject, streamed: frozenset[int], *, announced: bool
) -> list[StreamEvent]:
    item = msgspec.convert(raw, wire.Item)
    custom = raw.get("type") == "custom_tool_call"
    text = item.input or "" if custom else _arguments(item.arguments)
    events: list[StreamEvent] = []
    if index in streamed:
        text = ""
    if text or not announced:
        call_id, name = ("", "") if announced else (item.call_id or "", item.name or "")
        events.append(ToolCallDelta(text, index, 0, call_id, name))
    metadata = _unread_fields(raw, "type", "call_id", "name", "input" if custom else "arguments")
    if custom:
        metadata = {"type": "custom_tool_call", **metadata}
    events.append(ProviderMetadataReceived(json_text(metadata), index))
    return events


def _arguments(value: Any) -> str:
    return value if isinstance(value, str) else arguments_text(value) if value else ""


def _image(name: str, raw: wire.JsonObject) -> Image | Opaque:
    """The generated image; the call as an Opaque part if it has no result."""
    result = msgspec.convert(raw, wire.Item).result
    data = from_base64(result) if result else None
    if not data:
        return Opaque(name, "image_generation_call", json_text(raw))
    metadata = ProviderMetadata(name, json_text(_unread_fields(raw, "type", "result")))
    return Image(data=data, media_type=media_type_of(data), provider_metadata=metadata)


def _unread_fields(raw: wire.JsonObject, *read: str) -> wire.JsonObject:
    """The fields that are not part of an event, to be replayed unchanged. To the API null is the same as absent."""
    return {key: value for key, value in raw.items() if key not in read and value is not None}
