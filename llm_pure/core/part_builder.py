"""`PartBuilder`: one part of a message, of the pieces that events have of it."""

from io import StringIO
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

    def compact(self) -> None:
        """Move the chunks to the buffer."""
        if self.buffer is None:
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
        text = self.text()
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
