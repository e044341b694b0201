"""Wire Structs of Converse's responses and stream events; field names are the service's.

A content block is a union without a tag: an object with one key, its kind. `Plain*` are closed: the event with nothing but
a delta, which is nearly every event of a stream; `p` is padding.
Source: botocore 1.44.5, bedrock-runtime 2023-09-30 service model, and recorded responses; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.framing.json_codec import Scalar, ShallowObject


class ToolUse(msgspec.Struct):
    """A tool call."""

    toolUseId: str | None = None
    name: str | None = None
    type: str | None = None
    """"server_tool_use" for tools of the service."""
    input: msgspec.Raw = msgspec.Raw(b"")
    """An object, kept as the original text."""


class ReasoningText(msgspec.Struct):
    """Reasoning text. Only Claude signs it."""

    text: str | None = None
    signature: str | None = None


class ReasoningContent(msgspec.Struct):
    """A reasoning block: one of the two."""

    reasoningText: ReasoningText | None = None
    redactedContent: str | None = None


class CitedText(msgspec.Struct):
    """A piece of a text with citations."""

    text: str | None = None


class CitationsContent(msgspec.Struct):
    """A text with its sources."""

    content: list[CitedText] | None = None
    citations: list[dict[str, Any]] | None = None


class ImageSource(msgspec.Struct):
    """The bytes of an image."""

    bytes: str | None = None
    """Base64."""


class Image(msgspec.Struct):
    """An image."""

    format: str | None = None
    """Without "image/"."""
    source: ImageSource | None = None


class Block(msgspec.Struct):
    """A content block; none of these is set in a block of another kind."""

    text: str | None = None
    toolUse: ToolUse | None = None
    reasoningContent: ReasoningContent | None = None
    citationsContent: CitationsContent | None = None
    image: Image | None = None


class Message(msgspec.Struct):
    """The model's turn."""

    content: list[Block] | None = None


class Output(msgspec.Struct):
    """The wrapper of the message."""

    message: Message


class Body(msgspec.Struct):
    """A buffered response."""

    output: Output
    stopReason: str | None = None
    usage: dict[str, Any] | None = None


class MessageStart(msgspec.Struct):
    """messageStart."""

    role: str | None = None


class ToolUseStart(msgspec.Struct):
    """The head of a streamed call."""

    toolUseId: str | None = None
    name: str | None = None
    input: Any = None
    """Undocumented: gateways have all of the input here."""
    type: str | None = None


class Start(msgspec.Struct):
    """The kinds of block that have a start event; text and reasoning have none."""

    toolUse: ToolUseStart | None = None
    toolResult: dict[str, Any] | None = None
    image: Image | None = None


class StartEvent(msgspec.Struct):
    """contentBlockStart."""

    contentBlockIndex: int | None = None
    start: Start | None = None


class ReasoningDelta(msgspec.Struct):
    """A delta of a reasoning block."""

    text: str | None = None
    signature: str | None = None
    redactedContent: str | None = None


class ToolUseDelta(msgspec.Struct):
    """A delta of a tool call."""

    input: str | dict[str, Any] | None = None
    """The next piece of the arguments' JSON text; gateways send the complete object too."""
    toolUseId: str | None = None
    name: str | None = None


class Delta(msgspec.Struct):
    """A delta; none of these is set in a delta of another kind."""

    text: str | None = None
    toolUse: ToolUseDelta | None = None
    reasoningContent: ReasoningDelta | None = None
    citation: dict[str, Any] | None = None
    toolResult: list[dict[str, Any]] | None = None
    image: Image | None = None


class DeltaEvent(msgspec.Struct):
    """contentBlockDelta."""

    contentBlockIndex: int | None = None
    delta: Delta | None = None


class StopEvent(msgspec.Struct):
    """contentBlockStop."""

    contentBlockIndex: int | None = None


class MessageStop(msgspec.Struct):
    """messageStop: no more content; usage follows in `metadata`."""

    stopReason: str | None = None


class Metadata(msgspec.Struct):
    """metadata: the last event."""

    usage: dict[str, Any] | None = None


class PlainReasoning(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A delta of reasoning, or its signature."""

    text: str | None = None
    signature: str | None = None


class PlainToolUse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A delta of a tool call."""

    input: str


class PlainDelta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A delta of text, reasoning or a tool call."""

    text: str | None = None
    toolUse: PlainToolUse | None = None
    reasoningContent: PlainReasoning | None = None


class PlainDeltaEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Closed to select the fast path, not to reject: an event with other fields is read by the slow path."""

    contentBlockIndex: int
    delta: PlainDelta
    p: Any = None


class PlainMessageStart(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """messageStart."""

    role: str | None = None
    p: Scalar = None


class PlainToolUseStart(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The head of a call."""

    toolUseId: str
    name: str
    input: None = None
    type: None = None


class PlainStart(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The start of a call, or of a block without a start of its own."""

    toolUse: PlainToolUseStart | None = None


class PlainStartEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """contentBlockStart."""

    contentBlockIndex: int
    start: PlainStart
    p: Scalar = None


class PlainStopEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """contentBlockStop."""

    contentBlockIndex: int
    p: Scalar = None


class PlainMessageStop(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """messageStop."""

    stopReason: str | None = None
    p: Scalar = None


class PlainMetadata(msgspec.Struct, forbid_unknown_fields=True):
    """metadata."""

    usage: ShallowObject | None = None
    metrics: dict[str, Scalar] | None = None
    p: Scalar = None


BODY = msgspec.json.Decoder(Body)
PLAIN_DELTA = msgspec.json.Decoder(PlainDeltaEvent)

DELTAS = frozenset(Delta.__struct_fields__)
"""The kinds of delta that are read; others are kept in `extra`."""
KNOWN_FIELDS_DELTA = {
    "reasoningContent": frozenset(ReasoningDelta.__struct_fields__),
    "toolUse": frozenset(ToolUseDelta.__struct_fields__),
}
"""The fields of a delta of this kind that are read."""

KNOWN_FIELDS = frozenset(
    {"output", "role", "stopReason", "usage", "contentBlockIndex", "delta", "start", "p", "error"}
)
"""Keys with a field in Completion; all others are kept in `extra`."""


class PlainCall(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A complete call."""

    toolUseId: str
    name: str
    input: msgspec.Raw


class PlainThought(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A complete block of reasoning text."""

    reasoningText: PlainReasoning


class PlainBlock(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A block of text, reasoning or a call."""

    text: str | None = None
    toolUse: PlainCall | None = None
    reasoningContent: PlainThought | None = None


class PlainMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The message of a plain body."""

    content: list[PlainBlock] = []
    role: Scalar = None


class PlainOutput(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The wrapper of the message."""

    message: PlainMessage


class PlainBody(msgspec.Struct, forbid_unknown_fields=True):
    """A buffered response with text, reasoning and calls only. A fork like PlainDeltaEvent."""

    output: PlainOutput
    stopReason: str | None = None
    usage: ShallowObject | None = None
    metrics: ShallowObject | None = None


PLAIN_BODY = msgspec.json.Decoder(PlainBody)
