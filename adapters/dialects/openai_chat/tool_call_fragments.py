"""Pieces of a stream that only make sense together: OpenRouter's reasoning details, and streamed audio."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from llm_pure.framing.json_codec import json_text
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.messages import Audio, ProviderMetadata

Piece: TypeAlias = tuple[int, dict[str, Any]]
"""(choice, the wire's object)."""

Chain: TypeAlias = "tuple[Any, Piece] | None"
"""Pieces, newest first, each with all those before it: adding one is cheap, and the old chain stays as it was."""


_TEXTS = ("text", "summary", "data")
"""Fields of a reasoning detail that come in pieces."""


def chained(chain: Chain) -> Iterator[Piece]:
    """The pieces, oldest first."""
    pieces: list[Piece] = []
    while chain is not None:
        chain, piece = chain
        pieces.append(piece)
    return reversed(pieces)


def merged_details(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries of one `index` and `type` are fragments of one: texts are joined, of all else the last that was said counts.

    Source: OpenRouter, "Reasoning tokens", read 2026-11-20.
    """
    merged: dict[object, dict[str, Any]] = {}
    for place, detail in enumerate(details):
        key = (detail["index"], detail.get("type")) if _is_fragment(detail) else ("at", place)
        entry = merged.setdefault(key, {})
        for name, value in detail.items():
            if name in _TEXTS and isinstance(entry.get(name), str):
                entry[name] += value or ""
            elif value is not None or name not in entry:
                entry[name] = value
    return list(merged.values())


def _is_fragment(detail: dict[str, Any]) -> bool:
    """Does it say what it is a piece of, in words that can be joined?"""
    words = [detail.get(name) for name in ("type", *_TEXTS)]
    return isinstance(detail.get("index"), int | str) and all(
        isinstance(word, str | None) for word in words
    )


def audio_part(name: str, pieces: list[dict[str, Any]]) -> Audio:
    """One sound of all its pieces. Its id goes back in the next turn; `expires_at` (seconds since 1970) is kept."""
    data = b"".join([from_base64(str(piece.get("data") or "")) or b"" for piece in pieces])
    transcript = "".join([str(piece.get("transcript") or "") for piece in pieces])
    last: dict[str, Any] = {}
    for piece in pieces:
        last |= {name: value for name, value in piece.items() if value is not None}
    more = {name: last[name] for name in last if name not in ("id", "data", "transcript")}
    file_id = last.get("id")
    return Audio(
        data=data or None,
        file_id=file_id if isinstance(file_id, str) else None,
        media_type=media_type_of(data),
        transcript=transcript or None,
        provider_metadata=ProviderMetadata(name, json_text(more)) if more else None,
    )
