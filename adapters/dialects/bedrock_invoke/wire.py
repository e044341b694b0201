"""Answers of the older vendors' bodies, and the frame that carries a piece of a streamed answer; names are theirs.

A whole answer and a chunk of a stream have the same keys but for Titan, so one Struct reads both.
Source: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html, ../shared/wire/bedrock.md section 9; read
2026-11-20.
"""

from typing import Any

import msgspec


class Chunk(msgspec.Struct):
    """A frame's payload. bytes: the vendor's own JSON; it comes in base64."""

    bytes: bytes


CHUNK = msgspec.json.Decoder(Chunk)


class Llama(msgspec.Struct):
    """Meta. The prompt is counted in the first chunk only; what is generated, anew in each."""

    generation: str | None = None
    stop_reason: str | None = None


class MistralOutput(msgspec.Struct):
    """One of the answers."""

    text: str | None = None
    stop_reason: str | None = None


class Mistral(msgspec.Struct):
    """The models that take a prompt."""

    outputs: list[MistralOutput] = []


class Generation(msgspec.Struct):
    """One of the answers."""

    text: str | None = None
    finish_reason: str | None = None


class CohereGenerations(msgspec.Struct):
    """Cohere's Command, whole."""

    generations: list[Generation] = []
    id: str | None = None


class CohereCall(msgspec.Struct):
    """A call; it has no id."""

    name: str = ""
    parameters: dict[str, Any] | None = None


class Cohere(msgspec.Struct):
    """Command R, whole or in events; Command in chunks. response: the whole answer again, in the last event."""

    text: str | None = None
    event_type: str | None = None
    generation_id: str | None = None
    finish_reason: str | None = None
    is_finished: bool | None = None
    tool_calls: list[CohereCall] | None = None
    citations: list[dict[str, Any]] | None = None
    response: dict[str, Any] | None = None


class J2Reason(msgspec.Struct):
    """Why it stopped."""

    reason: str | None = None


class J2Data(msgspec.Struct):
    """What it said; the tokens beside it are not read."""

    text: str | None = None


class J2Completion(msgspec.Struct):
    """One of the answers."""

    data: J2Data
    finishReason: J2Reason | None = None


class J2(msgspec.Struct):
    """AI21's Jurassic-2. It does not stream."""

    completions: list[J2Completion] = []
    id: str | int | None = None


class TitanResult(msgspec.Struct):
    """The answer."""

    outputText: str | None = None
    tokenCount: int | None = None
    completionReason: str | None = None


class Titan(msgspec.Struct):
    """Amazon's Titan, whole."""

    results: list[TitanResult] = []


class TitanChunk(msgspec.Struct):
    """Amazon's Titan, in pieces."""

    outputText: str | None = None
    completionReason: str | None = None


class OldClaude(msgspec.Struct):
    """Claude's text completions."""

    completion: str | None = None
    stop_reason: str | None = None
