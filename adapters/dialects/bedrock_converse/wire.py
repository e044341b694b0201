"""Converse's answers and stream events, as bedrock-runtime sends them; field names are its own.

A content block is a union without a tag: an object with one key, which names its kind. `Plain*` is the closed shape of
the event that carries nothing but more of a block, which is nearly every event of a stream; `p` is padding.
Source: botocore 1.44.5, bedrock-runtime 2023-09-30 service model, and recorded answers; read 2026-11-20.
"""

from typing import Any

import msgspec


class ToolUse(msgspec.Struct):
    """A call. input: an object, kept as the text that came. type: "server_tool_use" when the service runs it itself."""

    toolUseId: str = ""
    name: str = ""
    type: str | None = None
    input: msgspec.Raw = msgspec.Raw(b"")


class ReasoningText(msgspec.Struct):
    """What the model thought. Only Claude signs it."""

    text: str | None = None
    signature: str | None = None


class ReasoningContent(msgspec.Struct):
    """A whole reasoning block: one of the two."""

    reasoningText: ReasoningText | None = None
    redactedContent: str | None = None


class CitedText(msgspec.Struct):
    """A piece of an answer that cites."""

    text: str = ""


class CitationsContent(msgspec.Struct):
    """Words with the places that they come from."""

    content: list[CitedText] = []
    citations: list[dict[str, Any]] = []


class ImageSource(msgspec.Struct):
    """bytes: base64."""

    bytes: str | None = None


class Image(msgspec.Struct):
    """format: without "image/"."""

    format: str = ""
    source: ImageSource | None = None


class Block(msgspec.Struct):
    """One content block of an answer; none of these is set in a block of another kind."""

    text: str | None = None
    toolUse: ToolUse | None = None
    reasoningContent: ReasoningContent | None = None
    citationsContent: CitationsContent | None = None
    image: Image | None = None


class Message(msgspec.Struct):
    """The model's turn."""

    content: list[Block] | None = None


class Output(msgspec.Struct):
    """Where the message is."""

    message: Message


class Body(msgspec.Struct):
    """A whole answer."""

    output: Output
    stopReason: str | None = None
    usage: dict[str, Any] | None = None


class MessageStart(msgspec.Struct):
    """messageStart."""

    role: str | None = None


class ToolUseStart(msgspec.Struct):
    """The head of a streamed call."""

    toolUseId: str = ""
    name: str = ""
    type: str | None = None


class Start(msgspec.Struct):
    """Only these kinds of block have a start event; text and reasoning just begin."""

    toolUse: ToolUseStart | None = None
    toolResult: dict[str, Any] | None = None
    image: Image | None = None


class StartEvent(msgspec.Struct):
    """contentBlockStart."""

    contentBlockIndex: int
    start: Start


class ReasoningDelta(msgspec.Struct):
    """More of a reasoning block."""

    text: str | None = None
    signature: str | None = None
    redactedContent: str | None = None


class ToolUseDelta(msgspec.Struct):
    """input: the next piece of the arguments' JSON text."""

    input: str | None = None


class Delta(msgspec.Struct):
    """One of these; none in a delta of another kind."""

    text: str | None = None
    toolUse: ToolUseDelta | None = None
    reasoningContent: ReasoningDelta | None = None
    citation: dict[str, Any] | None = None
    toolResult: list[dict[str, Any]] | None = None
    image: Image | None = None


class DeltaEvent(msgspec.Struct):
    """contentBlockDelta."""

    contentBlockIndex: int
    delta: Delta


class StopEvent(msgspec.Struct):
    """contentBlockStop."""

    contentBlockIndex: int


class MessageStop(msgspec.Struct):
    """messageStop: no more content; usage follows in `metadata`."""

    stopReason: str


class Metadata(msgspec.Struct):
    """metadata: the last event."""

    usage: dict[str, Any] | None = None


class PlainReasoning(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """More thoughts, or their signature."""

    text: str | None = None
    signature: str | None = None


class PlainToolUse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """More of a call."""

    input: str


class PlainDelta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """More text, more reasoning or more of a call."""

    text: str | None = None
    toolUse: PlainToolUse | None = None
    reasoningContent: PlainReasoning | None = None


class PlainDeltaEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The closed shape is not a check but a fork: an event with anything else in it takes the longer way."""

    contentBlockIndex: int
    delta: PlainDelta
    p: Any = None


BODY = msgspec.json.Decoder(Body)
PLAIN_DELTA = msgspec.json.Decoder(PlainDeltaEvent)

DELTAS = frozenset(Delta.__struct_fields__)
"""The kinds of delta that are read; others are kept as they come."""

MODELLED = frozenset(
    {"output", "role", "stopReason", "usage", "contentBlockIndex", "delta", "start", "p"}
)
"""The keys that a Completion says in its own words; all others are kept as they come."""
