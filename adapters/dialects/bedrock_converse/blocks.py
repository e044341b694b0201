"""Content blocks of an answer that make one part as a whole, wherever they came from: a stream's pieces or an answer."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from llm_pure.framing.json_codec import json_object, json_text
from llm_pure.types.events import ExtraReceived, PartReceived, ProviderMetadataReceived, StreamEvent
from llm_pure.types.media import base64_text, from_base64
from llm_pure.types.messages import Image, Opaque, Part

CITATIONS = "citations"
"""The kind under which the citations of a text block are kept; they are told beside the text."""

Chain: TypeAlias = "tuple[Any, Any] | None"
"""Pieces, newest first, each with all those before it: adding one is cheap, and the old chain stays as it was."""


class Pending(msgspec.Struct, frozen=True):
    """A block that is kept until it stops. index: of its part."""

    index: int
    pieces: Chain = None

    def in_order(self) -> list[Any]:
        """The pieces, oldest first."""
        found: list[Any] = []
        chain = self.pieces
        while chain is not None:
            chain, piece = chain
            found.append(piece)
        return found[::-1]


def finished_block(name: str, kind: str, block: Pending) -> Iterator[StreamEvent]:
    """What a block tells once all its pieces are there."""
    pieces = block.in_order()
    match kind:
        case "citations":
            yield from cited(pieces, block.index)
        case "redactedContent":
            yield PartReceived(redacted(name, pieces), block.index)
        case "toolUse":
            yield PartReceived(_server_call(name, pieces), block.index)
        case "toolResult":
            yield PartReceived(_tool_result(name, pieces), block.index)
        case _:
            yield PartReceived(_picture_of_pieces(name, pieces), block.index)


def cited(citations: list[dict[str, Any]], index: int) -> Iterator[StreamEvent]:
    """Citations stand in `extra` for the reader, and on their text so that they go back with it."""
    if citations:
        yield ProviderMetadataReceived(json_text({CITATIONS: citations}), index)
        yield ExtraReceived(CITATIONS, citations, append=True)


def redacted(name: str, pieces: list[str]) -> Opaque:
    """Reasoning that only the service can read. Its base64 stays as it came."""
    text = pieces[0]
    if len(pieces) > 1:
        text = base64_text(b"".join([from_base64(piece) or b"" for piece in pieces]))
    block = {"reasoningContent": {"redactedContent": text}}
    return Opaque(name, "reasoningContent", json_text(block))


def picture(name: str, raw: dict[str, Any]) -> Part:
    """An image by its bytes; any other (in S3, or one that failed) stays whole."""
    source = raw.get("source")
    text = source.get("bytes") if isinstance(source, dict) else None
    data = from_base64(text) if isinstance(text, str) else None
    if data is None:
        return Opaque(name, "image", json_text({"image": raw}))
    return Image(data=data, media_type=f"image/{raw.get('format')}")


def _picture_of_pieces(name: str, pieces: list[dict[str, Any]]) -> Part:
    """The start says the format, the deltas bring the bytes, each piece in base64 of its own."""
    whole: dict[str, Any] = {}
    data: list[bytes] = []
    for piece in pieces:
        source = piece.get("source")
        text = source.get("bytes") if isinstance(source, dict) else None
        found = from_base64(text) if isinstance(text, str) else None
        if found is not None:
            data.append(found)
        whole |= piece
    if data:
        whole["source"] = {"bytes": base64_text(b"".join(data))}
    return picture(name, whole)


def _server_call(name: str, pieces: list[Any]) -> Opaque:
    """The first piece is the start, the others are JSON text of the input."""
    text = "".join([piece for piece in pieces if isinstance(piece, str)])
    given = json_object(text) if text else {}
    starts = [piece for piece in pieces if isinstance(piece, dict)]
    call = {**(starts[0] if starts else {}), "input": text if given is None else given}
    return Opaque(name, "toolUse", json_text({"toolUse": call}))


def _tool_result(name: str, pieces: list[Any]) -> Opaque:
    """The first piece is the start, the others are lists of content. A result may come without its start."""
    starts = [piece for piece in pieces if isinstance(piece, dict)]
    content = [item for piece in pieces if isinstance(piece, list) for item in piece]
    result = {**(starts[0] if starts else {}), "content": content}
    return Opaque(name, "toolResult", json_text({"toolResult": result}))
