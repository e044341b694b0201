"""Content blocks -> events. A block of a buffered response begins and ends at once; a streamed one has deltas in between.

`text`, `thinking` and `tool_use` have parts of their own. Every other kind (server tools and their results, redacted
thinking, compaction ...) becomes an Opaque part: the complete object, to be replayed unchanged.
"""

from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.adapters.dialects.common.extra_fields import extra_events, extra_fields
from llm_pure.adapters.dialects.common.json_objects import Chain, chain_items
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
    """An opaque block as it began, with the fields that deltas replaced."""
    held: str = ""
    """Input at the beginning of a call; used if no delta has any."""
    pieces: Chain = None
    """Citations of a text, input of an opaque block."""
    changed: bool = False
    """Deltas changed an opaque block."""


class Misplaced(Exception):
    """A delta or a field that this block cannot have. `step` and `parse_chat` turn it into a ProtocolError."""


def begin(name: str, part: int, raw: dict[str, Any]) -> tuple[Block, list[StreamEvent]]:
    """The block, and the events of its beginning."""
    match raw.get("type"):
        case "text":
            return _begin_text(part, raw)
        case "thinking":
            text, signature = _string(raw, "thinking"), _string(raw, "signature")
            events: list[StreamEvent] = []
            if text or signature:
                events.append(ReasoningDelta(text, part, 0, signature or None))
            # thinking always has metadata: it is replayed to this provider, and to no other
            provider_metadata = extra_fields(raw, {"type", "thinking", "signature"})
            events.append(
                ProviderMetadataReceived(json_text(provider_metadata), part, 0, "reasoning")
            )
            return Block(part=part, kind="thinking"), events
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
            raise Misplaced("a content block without a type")


def add_delta(block: Block, delta: dict[str, Any]) -> tuple[Block, list[StreamEvent]]:
    """The block after a delta, and the delta's events. Deltas of unknown types become extra fields."""
    match delta.get("type"), block.kind:
        case "text_delta", "text":
            text = _string(delta, "text")
            return block, [*([TextDelta(text, block.part)] if text else []), *_extra(delta, "text")]
        case "citations_delta", "text":
            citation = delta.get("citation")
            block = msgspec.structs.replace(block, pieces=(block.pieces, citation))
            return block, [ExtraReceived("citations", [citation], append=True)]
        case "thinking_delta", "thinking":
            text = _string(delta, "thinking")
            events = [ReasoningDelta(text, block.part)] if text else []
            return block, [*events, *_extra(delta, "thinking")]
        case "signature_delta", "thinking":
            signed = ReasoningDelta("", block.part, 0, _string(delta, "signature"))
            return block, [signed, *_extra(delta, "signature")]
        case "input_json_delta", "tool_use":
            piece = _string(delta, "partial_json")
            if not piece:
                return block, _extra(delta, "partial_json")
            call = ToolCallDelta(piece, block.part)
            return msgspec.structs.replace(block, held=""), [call, *_extra(delta, "partial_json")]
        case "input_json_delta", "opaque":
            piece = _string(delta, "partial_json")
            if piece:
                block = msgspec.structs.replace(block, pieces=(block.pieces, piece), changed=True)
            return block, _extra(delta, "partial_json")
        case (
            "compaction_delta",
            "opaque",
        ):  # its fields are complete: anthropic 2.11.0, lib/streaming
            raw = {**block.raw, **{k: v for k, v in delta.items() if k != "type"}}
            return msgspec.structs.replace(block, raw=raw, changed=True), []
        case str() as name, kind if name in _KNOWN:
            raise Misplaced(f"{name} in a block of kind {kind}")
        case str() as name, _:
            return block, [ExtraReceived(name, [delta], append=True)]
        case _:
            raise Misplaced("a delta without a type")


def end(name: str, block: Block) -> list[StreamEvent]:
    """The events of a block's end."""
    if block.kind == "text" and block.pieces is not None:
        provider_metadata = {"citations": chain_items(block.pieces)}
        return [ProviderMetadataReceived(json_text(provider_metadata), block.part)]
    if block.kind == "tool_use" and block.held:
        return [ToolCallDelta(block.held, block.part)]
    if block.kind == "opaque" and block.changed:
        raw = block.raw
        if block.pieces is not None:
            text = "".join(chain_items(block.pieces))
            value = json_object(text)
            raw = {**raw, "input": text if value is None else value}
        return [PartReceived(Opaque(name, str(raw["type"]), json_text(raw)), block.part)]
    return []


_KNOWN = frozenset(
    {
        "text_delta", "citations_delta", "thinking_delta", "signature_delta", "input_json_delta",
        "compaction_delta",
    }
)  # fmt: skip


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
    return Block(part=part, kind="text", pieces=pieces), events


def _fallback(raw: dict[str, Any]) -> list[StreamEvent]:
    """From here on another model generates. Source: anthropic 2.11.0, types/beta/beta_fallback_block.py."""
    to = raw.get("to")
    model = to.get("model") if isinstance(to, dict) else None
    return [Started(model=model)] if isinstance(model, str) else []


def _metadata(fields: dict[str, Any], part: int) -> list[StreamEvent]:
    return [ProviderMetadataReceived(json_text(fields), part)] if fields else []


def _extra(delta: dict[str, Any], known: str) -> list[StreamEvent]:
    return extra_events(delta, {"type", known})


def _string(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Misplaced(f"{key} is not a string")
    return value
