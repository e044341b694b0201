"""Content blocks that become a part only when they are complete: image, citations, redacted reasoning, server tools."""

from collections.abc import Iterator
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.part_identity import Chain, chain_items
from llm_pure.framing.json_codec import json_object, json_text
from llm_pure.types.events import (
    ExtraReceived,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    StreamEvent,
)
from llm_pure.types.media import base64_text, from_base64
from llm_pure.types.messages import Image, Opaque, Part

CITATIONS = "citations"
"""The kind of the pending citations of a text block."""
SIGNATURE = "signature"
"""The kind of the pending signature of a reasoning block."""
KINDS = (
    "text",
    CITATIONS,
    "reasoningContent",
    SIGNATURE,
    "redactedContent",
    "toolUse",
    "toolResult",
    "image",
)
"""The kinds of block that a stream may have."""


class Pending(msgspec.Struct, frozen=True):
    """A block that is kept until it ends."""

    index: int
    """The index of its part."""
    pieces: Chain = None


def finished_block(name: str, kind: str, block: Pending) -> Iterator[StreamEvent]:
    """The events of a complete block."""
    pieces = chain_items(block.pieces)
    match kind:
        case "citations":
            yield from citation_events(pieces, block.index)
        case "signature":
            if len(pieces) > 1:
                yield ReasoningDelta("", block.index, signature="".join(pieces))
        case "redactedContent":
            yield PartReceived(redacted_part(name, pieces), block.index)
        case "toolUse":
            yield PartReceived(_server_call(name, pieces), block.index)
        case "toolResult":
            yield PartReceived(_tool_result(name, pieces), block.index)
        case _:
            yield PartReceived(_joined_image(name, pieces), block.index)


def citation_events(citations: list[dict[str, Any]], index: int) -> Iterator[StreamEvent]:
    """Citations are emitted in `extra`, and as metadata of their text so that they are replayed."""
    if citations:
        yield ProviderMetadataReceived(json_text({CITATIONS: citations}), index)
        yield ExtraReceived(CITATIONS, citations, append=True)


def redacted_part(name: str, pieces: list[str]) -> Opaque:
    """Encrypted reasoning as an Opaque part, with the base64 that the service sent."""
    text = pieces[0]
    if len(pieces) > 1:
        text = base64_text(b"".join([from_base64(piece) or b"" for piece in pieces]))
    block = {"reasoningContent": {"redactedContent": text}}
    return Opaque(name, "reasoningContent", json_text(block))


def image_part(name: str, raw: dict[str, Any]) -> Part:
    """An Image with bytes; any other image (in S3, or one that failed) as an Opaque part."""
    source = raw.get("source")
    text = source.get("bytes") if isinstance(source, dict) else None
    data = from_base64(text) if isinstance(text, str) else None
    if data is None or raw.get("error"):
        return Opaque(name, "image", json_text({"image": raw}))
    return Image(data=data, media_type=f"image/{raw.get('format')}")


def _joined_image(name: str, pieces: list[dict[str, Any]]) -> Part:
    """Join an image: the start has the format, each delta has separately encoded base64."""
    joined: dict[str, Any] = {}
    data: list[bytes] = []
    for piece in pieces:
        source = piece.get("source")
        text = source.get("bytes") if isinstance(source, dict) else None
        decoded = from_base64(text) if isinstance(text, str) else None
        if decoded is not None:
            data.append(decoded)
        joined |= piece
    if data:
        joined["source"] = {"bytes": base64_text(b"".join(data))}
    return image_part(name, joined)


def _server_call(name: str, pieces: list[Any]) -> Opaque:
    """The first piece is the start, the others are JSON text of the input."""
    text = "".join([piece for piece in pieces if isinstance(piece, str)])
    value = json_object(text) if text else {}
    starts = [piece for piece in pieces if isinstance(piece, dict)]
    call = {**(starts[0] if starts else {}), "input": text if value is None else value}
    return Opaque(name, "toolUse", json_text({"toolUse": call}))


def _tool_result(name: str, pieces: list[Any]) -> Opaque:
    """The first piece is the start, the others are lists of content. A result may have no start."""
    starts = [piece for piece in pieces if isinstance(piece, dict)]
    content = [item for piece in pieces if isinstance(piece, list) for item in piece]
    result = {**(starts[0] if starts else {}), "content": content}
    return Opaque(name, "toolResult", json_text({"toolResult": result}))
