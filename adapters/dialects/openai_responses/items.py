"""Output items -> events. An item that is done tells everything that its deltas did not.

Where parts stand: `part_index(output_index, content_index)`, so that parts have the order of the items, whichever way
their deltas interleave. One item of reasoning is one part: its thoughts, then its summaries, with an empty line between.
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
"""Indexes that one item takes; no message is known to have as many parts."""

BETWEEN_THOUGHTS = "\n\n"


def part_index(output_index: int, content_index: int = 0) -> int:
    """The event index of a part."""
    return output_index * PARTS_OF_ITEM + content_index


class Told(msgspec.Struct, frozen=True):
    """What an item tells: events, and the lists that belong to the whole answer."""

    events: list[StreamEvent]
    annotations: list[wire.JsonObject] = []
    logprobs: list[wire.JsonObject] = []


def begun(output_index: int, item: wire.JsonObject) -> list[StreamEvent]:
    """A call's id and name, which come before its arguments; other items say nothing yet. Raises msgspec's errors."""
    if item.get("type") not in ("function_call", "custom_tool_call"):
        return []
    call = msgspec.convert(item, wire.Item)
    index = part_index(output_index)
    return [ToolCallDelta("", index, 0, call.call_id or "", call.name or "")]


def finished(
    name: str, output_index: int, item: wire.JsonObject, heard: frozenset[int], *, announced: bool
) -> Told:
    """Everything of an item but what was heard before. Raises msgspec's errors, which the caller turns into values.

    heard: the parts whose deltas came. announced: the item was `begun`.
    """
    match item.get("type"):
        case "message":
            return _message(name, output_index, item, heard)
        case "reasoning":
            return Told(_reasoning(part_index(output_index), item, heard))
        case "function_call" | "custom_tool_call":
            return Told(_call(part_index(output_index), item, heard, announced=announced))
        case "image_generation_call":
            return Told([PartReceived(_picture(name, item), part_index(output_index))])
        case kind:
            whole = Opaque(name, str(kind), json_text(item))
            return Told([PartReceived(whole, part_index(output_index))])


def _message(name: str, output_index: int, item: wire.JsonObject, heard: frozenset[int]) -> Told:
    """One part for each of its content; the item's own fields go with each, and tell which belong together."""
    told = Told([], [], [])
    own = _rest(item, "type", "role", "content")
    for place, raw in enumerate(msgspec.convert(item, wire.Item).content or ()):
        part = msgspec.convert(raw, wire.ContentPart)
        index = part_index(output_index, place)
        if part.type not in ("output_text", "text", "refusal"):
            alone = json_text({**item, "content": [raw]})
            told.events.append(PartReceived(Opaque(name, "message", alone), index))
            continue
        rest = _rest(raw, "type", "text", "refusal", "logprobs")
        provider_metadata = json_text({"item": own, "part": rest} if rest else {"item": own})
        if part.type == "refusal":
            if index not in heard:
                told.events.append(RefusalDelta(part.refusal or "", index))
            told.events.append(ProviderMetadataReceived(provider_metadata, index, 0, "refusal"))
            continue
        if index not in heard and part.text:
            told.events.append(TextDelta(part.text, index))
        told.events.append(ProviderMetadataReceived(provider_metadata, index))
        told.annotations.extend(part.annotations or ())
        told.logprobs.extend(part.logprobs or ())
    return told


def _reasoning(index: int, raw: wire.JsonObject, heard: frozenset[int]) -> list[StreamEvent]:
    item = msgspec.convert(raw, wire.Item)
    events: list[StreamEvent] = []
    parts = [
        msgspec.convert(one, wire.ContentPart)
        for one in [*(item.content or ()), *(item.summary or ())]
    ]
    text = BETWEEN_THOUGHTS.join([part.text for part in parts if part.text])
    if (text and index not in heard) or item.encrypted_content:
        shown = "" if index in heard else text
        events.append(ReasoningDelta(shown, index, 0, item.encrypted_content or None))
    provider_metadata = _rest(raw, "type", "encrypted_content")
    events.append(ProviderMetadataReceived(json_text(provider_metadata), index, 0, "reasoning"))
    return events


def _call(
    index: int, raw: wire.JsonObject, heard: frozenset[int], *, announced: bool
) -> list[StreamEvent]:
    item = msgspec.convert(raw, wire.Item)
    custom = raw.get("type") == "custom_tool_call"
    text = item.input or "" if custom else _arguments(item.arguments)
    events: list[StreamEvent] = []
    if index in heard:
        text = ""
    if text or not announced:
        call_id, called = ("", "") if announced else (item.call_id or "", item.name or "")
        events.append(ToolCallDelta(text, index, 0, call_id, called))
    provider_metadata = _rest(raw, "type", "call_id", "name", "input" if custom else "arguments")
    if custom:
        provider_metadata = {"type": "custom_tool_call", **provider_metadata}
    events.append(ProviderMetadataReceived(json_text(provider_metadata), index))
    return events


def _arguments(given: Any) -> str:
    return given if isinstance(given, str) else arguments_text(given) if given else ""


def _picture(name: str, raw: wire.JsonObject) -> Image | Opaque:
    """The picture, or the call as it is while it has none."""
    result = msgspec.convert(raw, wire.Item).result
    data = from_base64(result) if result else None
    if not data:
        return Opaque(name, "image_generation_call", json_text(raw))
    provider_metadata = ProviderMetadata(name, json_text(_rest(raw, "type", "result")))
    return Image(data=data, media_type=media_type_of(data), provider_metadata=provider_metadata)


def _rest(raw: wire.JsonObject, *modelled: str) -> wire.JsonObject:
    """The fields that no part says, to go back as they came. Null is as good as absent to the API."""
    return {k: v for k, v in raw.items() if k not in modelled and v is not None}
