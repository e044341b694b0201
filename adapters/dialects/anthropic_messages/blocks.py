"""Content blocks -> events. A block of a buffered response begins and ends at once; a streamed one has deltas in between.

`text`, `thinking` and `tool_use` have parts of their own. Every other kind (server tools and their results, redacted
thinking, compaction ...) becomes an Opaque part: the complete object, to be replayed unchanged.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.adapters.dialects.common.extra_fields import extra_events, extra_fields
from llm_pure.adapters.dialects.common.part_identity import Chain, chain_items
from llm_pure.adapters.dialects.common.repeated_text import new_text
from llm_pure.framing.json_codec import json_object, json_text
from llm_pure.types.events import (
    ExtraReceived,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from llm_pure.types.messages import Opaque

Kind: TypeAlias = Literal["text", "thinking", "tool_use", "opaque"]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A block that has begun."""

    part: int
    """The index of its part in the message."""
    kind: Kind
    raw: dict[str, Any] = {}
    """An opaque block as it began."""
    held: str = ""
    """Input at the beginning of a call, used if no delta has any; text or thinking at a beginning, which deltas may repeat."""
    repeated: int = 0
    """How much of the held text the deltas have repeated."""
    pieces: Chain = None
    """Citations of a text, signature of thinking, input and fields of an opaque block."""
    changed: bool = False
    """Deltas changed an opaque block; a signature came in several pieces."""
    closed: bool = False
    """The block has ended."""
    has_deltas: bool = False
    """A delta came under the index with which the block began."""


class Misplaced(Exception):
    """A field that a block cannot have, an event out of order. `step` and `parse_chat` turn it into a ProtocolError."""


def begin(name: str, part: int, raw: dict[str, Any]) -> tuple[Block, list[StreamEvent]]:
    """The block, and the events of its beginning."""
    match raw.get("type"):
        case "text":
            return _begin_text(part, raw)
        case "thinking":
            text, signature = _string(raw, "thinking"), _string(raw, "signature")
            text = text or _string(raw, "text")  # as gateways name it
            events: list[StreamEvent] = []
            if text or signature:
                events.append(ReasoningDelta(text, part, 0, signature or None))
            # thinking always has metadata: it is replayed to this provider, and to no other
            provider_metadata = extra_fields(raw, {"type", "thinking", "signature"})
            events.append(
                ProviderMetadataReceived(json_text(provider_metadata), part, 0, "reasoning")
            )
            pieces = (None, signature) if signature else None
            return Block(part=part, kind="thinking", pieces=pieces, held=text), events
        case "tool_use":
            events = [
                ToolCallDelta("", part, 0, _string(raw, "id"), _string(raw, "name")),
                *_metadata(extra_fields(raw, {"type", "id", "name", "input"}), part),
            ]
            value = raw.get("input")
            held = value if isinstance(value, str) else json_text(value) if value else ""
            return Block(part=part, kind="tool_use", held=held), events
        case str() as kind:
            events = [PartReceived(Opaque(name, kind, json_text(raw)), part)]
            if kind == "fallback":
                events += _fallback(raw)
            return Block(part=part, kind="opaque", raw=raw), events
        case _:
            for key in ("text", "thinking"):  # its key names the type too
                if isinstance(raw.get(key), str):
                    return begin(name, part, {**raw, "type": key})
            raise Misplaced("a content block without a type")


def kind_of_delta(delta: dict[str, Any]) -> Kind | None:
    """The kind of block that a delta begins where a content_block_start is missing; None for other deltas."""
    return _KINDS.get(str(delta.get("type")))


def can_hold(block: Block, delta: dict[str, Any]) -> bool:
    """Whether the block may have this delta. A block may have any delta of an unknown type."""
    return block.kind in _HOLDERS.get(str(delta.get("type")), (block.kind,))


def add_delta(block: Block, delta: dict[str, Any]) -> tuple[Block, list[StreamEvent]]:
    """The block after a delta, and the delta's events.

    Deltas of unknown types become extra fields, and those that the block cannot hold.
    """
    match delta.get("type"), block.kind:
        case "text_delta", "text":
            block, text = _new_text(block, _string(delta, "text"))
            return block, [*([TextDelta(text, block.part)] if text else []), *_extra(delta, "text")]
        case "citations_delta", "text":
            citation = delta.get("citation")
            if citation is None:
                return block, _extra(delta, "citation")
            block = msgspec.structs.replace(block, pieces=(block.pieces, citation))
            return block, [ExtraReceived("citations", [citation], append=True)]
        case "thinking_delta", "thinking":
            block, text = _new_text(block, _string(delta, "thinking"))
            events: list[StreamEvent] = [ReasoningDelta(text, block.part)] if text else []
            return block, [*events, *_extra(delta, "thinking")]
        case "signature_delta", "thinking":
            block, events = add_signature(block, _string(delta, "signature"))
            return block, [*events, *_extra(delta, "signature")]
        case "input_json_delta", "tool_use":
            piece = _json_piece(delta)
            if not piece:
                return block, _extra(delta, "partial_json")
            call = ToolCallDelta(piece, block.part)
            return msgspec.structs.replace(block, held=""), [call, *_extra(delta, "partial_json")]
        case "input_json_delta", "opaque":
            piece = _json_piece(delta)
            if piece:
                block = msgspec.structs.replace(block, pieces=(block.pieces, piece), changed=True)
            return block, _extra(delta, "partial_json")
        case (
            "compaction_delta",
            "opaque",
        ):  # its fields are complete: anthropic 2.11.0, lib/streaming
            fields = {key: value for key, value in delta.items() if key != "type"}
            pieces = (block.pieces, fields)
            return msgspec.structs.replace(block, pieces=pieces, changed=True), []
        case str() as name, _:
            return block, [ExtraReceived(name, [delta], append=True)]
        case _:
            raise Misplaced("a delta without a type")


def with_type(delta: dict[str, Any]) -> dict[str, Any]:
    """The delta with its type, which its key names too, or a block's (QuantumNous/new-api#1579)."""
    kind = delta.get("type")
    if isinstance(kind, str):
        return {**delta, "type": _KEYS[kind]} if kind in _KEYS and kind in delta else delta
    kind = next((_KEYS[key] for key in _KEYS if delta.get(key) is not None), None)
    return delta if kind is None else {**delta, "type": kind}


def add_signature(block: Block, piece: str) -> tuple[Block, list[StreamEvent]]:
    """Emit the first piece of a signature at once, and all of it when the block ends: services send it in one piece."""
    if not piece or block.pieces == (None, piece):  # the same again
        return block, []
    begins = block.pieces is None
    block = msgspec.structs.replace(block, pieces=(block.pieces, piece), changed=not begins)
    return block, [ReasoningDelta("", block.part, 0, piece)] if begins else []


def _new_text(block: Block, text: str) -> tuple[Block, str]:
    """The block after a delta, and what is new in the delta's text."""
    if not block.held:
        return block, text
    held, repeated, new = new_text(block.held, block.repeated, text)
    return msgspec.structs.replace(block, held=held, repeated=repeated), new


def end(name: str, block: Block) -> list[StreamEvent]:
    """The events of a block's end."""
    repeated = block.held[: block.repeated]  # it was no repetition
    if block.kind == "text" and (block.pieces is not None or repeated):
        events: list[StreamEvent] = [TextDelta(repeated, block.part)] if repeated else []
        if block.pieces is not None:
            metadata = json_text({"citations": chain_items(block.pieces)})
            events.append(ProviderMetadataReceived(metadata, block.part))
        return events
    if block.kind == "thinking" and (block.changed or repeated):
        signature = "".join(chain_items(block.pieces)) if block.changed else None
        return [ReasoningDelta(repeated, block.part, 0, signature)]
    if block.kind == "tool_use" and block.held:
        return [ToolCallDelta(block.held, block.part)]
    if block.kind == "opaque" and block.changed:
        raw = dict(block.raw)
        pieces = chain_items(block.pieces)
        for fields in pieces:
            if isinstance(fields, dict):
                raw |= fields
        text = "".join([piece for piece in pieces if isinstance(piece, str)])
        if text:
            value = json_object(text)
            raw["input"] = text if value is None else value
        return [PartReceived(Opaque(name, str(raw["type"]), json_text(raw)), block.part)]
    return []


_KEYS: Mapping[str, str] = {
    "text": "text_delta",
    "thinking": "thinking_delta",
    "signature": "signature_delta",
    "partial_json": "input_json_delta",
    "citation": "citations_delta",
}
"""Key of a delta -> its type."""
_KINDS: Mapping[str, Kind] = {
    "text_delta": "text",
    "citations_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "input_json_delta": "tool_use",
}
"""Type of a delta -> the kind of its block."""
_HOLDERS: Mapping[str, tuple[Kind, ...]] = {
    **{delta: (kind,) for delta, kind in _KINDS.items()},
    "input_json_delta": ("tool_use", "opaque"),
    "compaction_delta": ("opaque",),
}
"""Type of a delta -> the kinds of block that may have it."""


def _begin_text(part: int, raw: dict[str, Any]) -> tuple[Block, list[StreamEvent]]:
    text = _string(raw, "text")
    events: list[StreamEvent] = [TextDelta(text, part)] if text else []
    events += _metadata(extra_fields(raw, {"type", "text", "citations"}), part)
    citations = raw.get("citations")
    pieces: Chain = None
    if isinstance(citations, list) and citations:
        events.append(ExtraReceived("citations", citations, append=True))
        for citation in citations:
            pieces = (pieces, citation)
    return Block(part=part, kind="text", pieces=pieces, held=text), events


def _fallback(raw: dict[str, Any]) -> list[StreamEvent]:
    """From here on another model generates. Source: anthropic 2.11.0, types/beta/beta_fallback_block.py."""
    to = raw.get("to")
    model = to.get("model") if isinstance(to, dict) else None
    return [Started(model=model)] if isinstance(model, str) else []


def _metadata(fields: dict[str, Any], part: int) -> list[StreamEvent]:
    return [ProviderMetadataReceived(json_text(fields), part)] if fields else []


def _extra(delta: dict[str, Any], known: str) -> list[StreamEvent]:
    return extra_events(delta, {"type", known})


def _json_piece(delta: dict[str, Any]) -> str:
    """A piece of the input's JSON text. Gateways send the complete object too."""
    value = delta.get("partial_json")
    return json_text(value) if isinstance(value, dict) else _string(delta, "partial_json")


def _string(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Misplaced(f"{key} is not a string")
    return value
