"""Wire Structs of the older vendors' responses, and of a stream's frames; field names are the vendors'.

A buffered response and a chunk of a stream have the same keys, except for Titan, so one Struct reads both.
Source: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html, ../shared/wire/bedrock.md section 9; read
2026-11-20.
"""

from typing import Any

import msgspec


class Chunk(msgspec.Struct):
    """A frame's payload."""

    bytes: bytes
    """The vendor's JSON; base64 on the wire."""


CHUNK = msgspec.json.Decoder(Chunk)


class Llama(msgspec.Struct):
    """Meta. Only the first chunk counts the prompt; each chunk counts the generated tokens so far."""

    generation: str | None = None
    stop_reason: str | None = None


class MistralOutput(msgspec.Struct):
    """A choice."""

    text: str | None = None
    stop_reason: str | None = None


class Mistral(msgspec.Struct):
    """Mistral's models that take a prompt."""

    outputs: list[MistralOutput] = []


class Generation(msgspec.Struct):
    """A choice."""

    text: str | None = None
    finish_reason: str | None = None


class CohereGenerations(msgspec.Struct):
    """Cohere's Command, buffered."""

    generations: list[Generation] = []
    id: str | None = None


class CohereCall(msgspec.Struct):
    """A call; it has no id."""

    name: str = ""
    parameters: dict[str, Any] | None = None


class Cohere(msgspec.Struct):
    """Command R, buffered or in events; Command in chunks."""

    text: str | None = None
    event_type: str | None = None
    generation_id: str | None = None
    finish_reason: str | None = None
    is_finished: bool | None = None
    tool_calls: list[CohereCall] | None = None
    citations: list[dict[str, Any]] | None = None
    response: dict[str, Any] | None = None
    """The complete response again, in the last event."""


class J2Reason(msgspec.Struct):
    """The finish reason."""

    reason: str | None = None


class J2Data(msgspec.Struct):
    """The text; the tokens beside it are not read."""

    text: str | None = None


class J2Completion(msgspec.Struct):
    """A choice."""

    data: J2Data
    finishReason: J2Reason | None = None

    @property
    def reason(self) -> str | None:
        """The finish reason."""
        return None if self.finishReason is None else self.finishReason.reason


class J2(msgspec.Struct):
    """AI21's Jurassic-2. It does not stream."""

    completions: list[J2Completion] = []
    id: str | int | None = None


class TitanResult(msgspec.Struct):
    """A choice."""

    outputText: str | None = None
    tokenCount: int | None = None
    completionReason: str | None = None


class Titan(msgspec.Struct):
    """Amazon's Titan, buffered."""

    results: list[TitanResult] = []


class TitanChunk(msgspec.Struct):
    """Amazon's Titan, a chunk."""

    outputText: str | None = None
    completionReason: str | None = None


class OldClaude(msgspec.Struct):
    """Claude's text completions."""

    completion: str | None = None
    stop_reason: str | None = None
