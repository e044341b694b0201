"""Content blocks -> events. A whole block begins and ends at once; a streamed one has deltas in between.

`text`, `thinking` and `tool_use` are parts of our own. Every other kind (server tools and their results, redacted
thinking, compaction ...) is an Opaque part: the whole object, to be sent back unchanged.
"""

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import msgspec

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
Chain: TypeAlias = "tuple[Any, Any] | None"
"""Pieces, newest first, each with all those before it: adding one is cheap, and the old chain stays as it was."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A block that has begun.

    part: where it stands in the answer. raw: an opaque block as it began, with what deltas replaced. held: input that
    came with the beginning of a call; it counts if no delta brings any. pieces: citations of a text, input of an opaque
    block.
    """

    part: int
    kind: Kind
    raw: dict[str, Any] = {}
    held: str = ""
    pieces: Chain = None
    changed: bool = False


class Misplaced(Exception):
    """A delta or a field that this block cannot have. It never leaves the dialect: `step` turns it into a value."""


def begin(name: str, part: int, raw: dict[str, Any]) -> tuple[Block, list[StreamEvent]]:
    """A block as it begins, and what it tells at once."""
    match raw.get("type"):
        case "text":
            return _begin_text(part, raw)
        case "thinking":
            text, signature = _string(raw, "thinking"), _string(raw, "signature")
            events: list[StreamEvent] = []
            if text or signature:
                events.append(ReasoningDelta(text, part, 0, signature or None))
            # thinking is always this provider's own: it wants it back, and no other may have it
            provider_metadata = _beside(raw, "type", "thinking", "signature")
            events.append(
                ProviderMetadataReceived(json_text(provider_metadata), part, 0, "reasoning")
            )
            return Block(part=part, kind="thinking"), events
        case "tool_use":
            events = [
                ToolCallDelta("", part, 0, _string(raw, "id"), _string(raw, "name")),
                *_echo(_beside(raw, "type", "id", "name", "input"), part),
            ]
            given = raw.get("input")
            held = given if isinstance(given, str) else json_text(given) if given else ""
            return Block(part=part, kind="tool_use", held=held), events
        case str() as word:
            events = [PartReceived(Opaque(name, word, json_text(raw)), part)]
            if word == "fallback":
                events += _fallen_back(raw)
            return Block(part=part, kind="opaque", raw=raw), events
        case _:
            raise Misplaced("a content block without a type")


def more(block: Block, delta: dict[str, Any]) -> tuple[Block, list[StreamEvent]]:
    """A delta: the block after it, and what it tells. Kinds that are not known are kept beside the answer."""
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
            told = [ReasoningDelta(text, block.part)] if text else []
            return block, [*told, *_extra(delta, "thinking")]
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
        ):  # it brings the fields whole: anthropic 2.11.0, lib/streaming
            raw = {**block.raw, **{k: v for k, v in delta.items() if k != "type"}}
            return msgspec.structs.replace(block, raw=raw, changed=True), []
        case str() as word, kind if word in _KNOWN:
            raise Misplaced(f"{word} in a block of kind {kind}")
        case str() as word, _:
            return block, [ExtraReceived(word, [delta], append=True)]
        case _:
            raise Misplaced("a delta without a type")


def end(name: str, block: Block) -> list[StreamEvent]:
    """What a block tells once it is whole."""
    if block.kind == "text" and block.pieces is not None:
        provider_metadata = {"citations": list(_in_order(block.pieces))}
        return [ProviderMetadataReceived(json_text(provider_metadata), block.part)]
    if block.kind == "tool_use" and block.held:
        return [ToolCallDelta(block.held, block.part)]
    if block.kind == "opaque" and block.changed:
        raw = block.raw
        if block.pieces is not None:
            text = "".join(_in_order(block.pieces))
            given = json_object(text)
            raw = {**raw, "input": text if given is None else given}
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
    events += _echo(_beside(raw, "type", "text", "citations"), part)
    citations = raw.get("citations")
    pieces: Chain = None
    if isinstance(citations, list) and citations:
        events.append(ExtraReceived("citations", citations, append=True))
        for citation in citations:
            pieces = (pieces, citation)
    return Block(part=part, kind="text", pieces=pieces), events


def _fallen_back(raw: dict[str, Any]) -> list[StreamEvent]:
    """From here on another model answers. Source: anthropic 2.11.0, types/beta/beta_fallback_block.py."""
    to = raw.get("to")
    model = to.get("model") if isinstance(to, dict) else None
    return [Started(model=model)] if isinstance(model, str) else []


def _echo(fields: dict[str, Any], part: int) -> list[StreamEvent]:
    return [ProviderMetadataReceived(json_text(fields), part)] if fields else []


def _extra(delta: dict[str, Any], modelled: str) -> list[StreamEvent]:
    return [ExtraReceived(key, value) for key, value in _beside(delta, "type", modelled).items()]


def _beside(raw: dict[str, Any], *modelled: str) -> dict[str, Any]:
    """The fields that are not modelled, and say something."""
    return {
        key: value for key, value in raw.items() if key not in modelled and says_something(value)
    }


def says_something(value: Any) -> bool:
    """Null and empty values do not."""
    return value is not None and value not in ("", [], {})


def _string(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Misplaced(f"{key} is no string")
    return value


def _in_order(chain: Chain) -> Iterator[Any]:
    found: list[Any] = []
    while chain is not None:
        chain, piece = chain
        found.append(piece)
    yield from reversed(found)
