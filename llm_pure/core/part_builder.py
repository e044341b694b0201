"""`PartBuilder`: one part of a message, of the pieces that events have of it."""

from collections.abc import Sequence
from io import StringIO
from itertools import pairwise
from typing import Any

from llm_pure.framing.json_codec import json_object, json_text
from llm_pure.types.messages import Part, ProviderMetadata, Reasoning, Refusal, Text, ToolCall


class PartBuilder:
    """One part under construction. Its text is a buffer, if `compact` was called, and the chunks since."""

    __slots__ = (
        "buffer", "chunks", "complete", "id", "kind", "metadata", "name", "provider", "signature",
    )  # fmt: skip

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.buffer: StringIO | None = None
        self.chunks: list[str] = []
        self.signature: str | None = None
        self.provider = ""
        self.metadata: list[str] = []  # JSON objects
        self.id = ""
        self.name = ""
        self.complete: Part | None = None

    @property
    def is_cumulative(self) -> bool:
        """Whether this is a text of which each chunk has all of it so far."""
        chunks = self.chunks
        return len(chunks) >= _SNAPSHOTS and self.kind in _TEXTS and are_cumulative(chunks)

    def compact(self) -> None:
        """Move the chunks to the buffer; of cumulative ones three say the same as all."""
        if self.buffer is None:
            if self.is_cumulative:
                first, second, *_, last = dict.fromkeys(self.chunks)
                self.chunks = [first, second, last]
                return
            self.buffer = StringIO()
        self.buffer.write("".join(self.chunks))
        self.chunks.clear()

    def text(self) -> str:
        """The text so far."""
        if self.buffer is None:
            return "".join(self.chunks)
        self.compact()
        return self.buffer.getvalue()

    def arguments(self, text: str) -> str:
        """The arguments in the chunks, which services repeat. `text`: the chunks joined."""
        chunks = self.chunks
        if text[:1] in _ENCODED:
            if any('"custom' in json for json in self.metadata):  # the input of a custom tool
                return text
        elif "}{" not in text:
            for chunk in chunks[1:]:
                if chunk.lstrip()[:1] == "{":
                    break
            else:  # nearly always
                if len(chunks) > 1:
                    self.chunks = [text]  # needed at the finish, and again at the end
                return text
        from llm_pure.core.call_arguments import join_arguments  # imported late: start-up

        return join_arguments(chunks or (text,))

    def provider_metadata(self) -> ProviderMetadata | None:
        """All metadata as one object; a single one stays as it was received, byte for byte."""
        if not self.metadata:
            return None
        filled = [json for json in self.metadata if json != "{}"] or ["{}"]
        if len(filled) > 1:
            merged: dict[str, Any] = {}
            for json in filled:
                merged |= json_object(json) or {}
            filled = [json_text(merged)]
        self.metadata = filled
        return ProviderMetadata(self.provider, filled[0])

    def part(self) -> Part | None:
        """Return the part so far, None while it is empty."""
        text = self.chunks[-1] if self.is_cumulative else self.text()
        metadata = self.provider_metadata()
        match self.kind:
            case "complete":
                return self.complete
            case "tool_call":
                return ToolCall(self.id, self.name, self.arguments(text) or "{}", metadata)
            case "reasoning":
                if not text and self.signature is None and metadata is None:
                    return None
                return Reasoning(text, self.signature, metadata)
            case "refusal":
                return Refusal(text, metadata)
            case _:
                return None if not text and metadata is None else Text(text, metadata)


_ENCODED = ('"', "n")
"""First characters of arguments that are JSON inside a JSON text, or null."""


def are_cumulative(chunks: Sequence[str]) -> bool:
    """Return whether each chunk has all of the text so far: services send so what should be deltas.

    Source: QwenLM/qwen-code#3896 (DashScope), platform.minimax.io "OpenAI SDK" (`text_buffer`), read 2026-11-30.

    >>> are_cumulative(["Paris is", "Paris is the capital", "Paris is the capital."]), are_cumulative(["ha", "haha"])
    (True, False)
    """
    return (
        len(chunks) >= _SNAPSHOTS
        and len(chunks[-1]) >= max(_SNAPSHOT_LENGTH, len(chunks[0]) + 1)
        and all(after.startswith(before) for after, before in pairwise(reversed(chunks)))
        and len({*chunks}) >= _SNAPSHOTS
        and not chunks[0].isspace()
    )


_TEXTS = ("text", "reasoning")
_SNAPSHOTS, _SNAPSHOT_LENGTH = 3, 20
"""Fewer or shorter chunks may begin with each other by chance."""
