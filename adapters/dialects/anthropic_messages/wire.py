"""Wire Structs of the Messages API; field names are the provider's.

Most fields are optional, since many services implement this API. `Plain*` are closed: events with nothing but what a stream
of text, thinking and calls needs, which are nearly all.
Source: anthropic 2.11.0 (types/raw_message_stream_event.py and its members), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from llm_pure.framing.json_codec import Scalar, ShallowObject


class Message(msgspec.Struct):
    """A buffered response, or the beginning of a streamed one."""

    id: str | None = None
    model: str | None = None
    content: list[dict[str, Any]] | str | None = None
    """Blocks, read by their `type`. Gateways send text, or null for an empty message."""
    stop_reason: str | None = None
    usage: dict[str, Any] | None = None


class MessageStart(msgspec.Struct):
    """The first event."""

    message: Message | None = None


class BlockStart(msgspec.Struct):
    """A block begins; a block without deltas is complete. Some gateways leave `index` out."""

    index: int | None = None
    content_block: dict[str, Any] | None = None


class BlockDelta(msgspec.Struct):
    """A delta of a block."""

    index: int | None = None
    delta: dict[str, Any] | None = None


class BlockStop(msgspec.Struct):
    """A block ends."""

    index: int | None = None


class Stop(msgspec.Struct):
    """The reason why the model stopped."""

    stop_reason: str | None = None


class MessageDelta(msgspec.Struct):
    """The end of the message."""

    delta: Stop | None = None
    usage: dict[str, Any] | None = None
    """Cumulative; it replaces the usage of message_start, key by key."""


class MessageStop(msgspec.Struct):
    """The last event."""


Event = MessageStart | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop

EVENTS: Mapping[str, type[Event]] = {
    "message_start": MessageStart,
    "content_block_start": BlockStart,
    "content_block_delta": BlockDelta,
    "content_block_stop": BlockStop,
    "message_delta": MessageDelta,
    "message_stop": MessageStop,
}

KNOWN_FIELDS_MESSAGE = frozenset(
    {"type", "role", "id", "model", "content", "stop_reason", "usage", "error"}
)
KNOWN_FIELDS_EVENT: Mapping[str, frozenset[str]] = {
    "message_start": frozenset({"type", "message", "error"}),
    "content_block_start": frozenset({"type", "index", "content_block", "error"}),
    "content_block_delta": frozenset({"type", "index", "delta", "error"}),
    "content_block_stop": frozenset({"type", "index", "error"}),
    "message_delta": frozenset({"type", "delta", "usage", "error"}),
    "message_stop": frozenset({"type", "error"}),
}
KNOWN_FIELDS_STOP = frozenset({"stop_reason"})
"""Keys with a field in Completion; all others are kept in `extra`."""


class TextPiece(
    msgspec.Struct, tag_field="type", tag="text_delta", forbid_unknown_fields=True, gc=False
):
    """A text delta."""

    text: str


class ThinkingPiece(
    msgspec.Struct, tag_field="type", tag="thinking_delta", forbid_unknown_fields=True, gc=False
):
    """A thinking delta."""

    thinking: str


class InputPiece(
    msgspec.Struct, tag_field="type", tag="input_json_delta", forbid_unknown_fields=True, gc=False
):
    """A piece of a tool's input, as JSON text; the first piece is often empty."""

    partial_json: str


class SignaturePiece(
    msgspec.Struct, tag_field="type", tag="signature_delta", forbid_unknown_fields=True, gc=False
):
    """The signature of a thinking block."""

    signature: str


class PlainDelta(
    msgspec.Struct,
    tag_field="type",
    tag="content_block_delta",
    forbid_unknown_fields=True,
    gc=False,
):
    """A delta with no further fields.

    Closed to select the fast path, not to reject: an event with other fields is read by the slow path, which keeps them.
    """

    index: int
    delta: TextPiece | ThinkingPiece | InputPiece | SignaturePiece


class _NoDelta(msgspec.Struct, tag_field="type", tag="", forbid_unknown_fields=True, gc=False):
    """No event: beside it msgspec requires the tag of PlainDelta, which as the only type would be taken without one."""

    index: None
    delta: None


_TAGGED: Any = PlainDelta | _NoDelta
PLAIN_DELTA: msgspec.json.Decoder[PlainDelta] = msgspec.json.Decoder(_TAGGED)


class PlainOpening(msgspec.Struct, tag_field="type", tag="message", forbid_unknown_fields=True):
    """The message of a plain message_start."""

    id: str
    model: str
    content: tuple[()]
    role: Scalar = None
    stop_reason: None = None
    stop_sequence: None = None
    usage: ShallowObject | None = None
    stop_details: None = None
    container: None = None
    context_management: None = None


class PlainMessageStart(
    msgspec.Struct, tag_field="type", tag="message_start", forbid_unknown_fields=True
):
    """The beginning of a message without content."""

    message: PlainOpening


class PlainBlockStart(
    msgspec.Struct, tag_field="type", tag="content_block_start", forbid_unknown_fields=True
):
    """A block begins."""

    index: int
    content_block: ShallowObject


class PlainBlockStop(
    msgspec.Struct, tag_field="type", tag="content_block_stop", forbid_unknown_fields=True, gc=False
):
    """A block ends."""

    index: int


class PlainStop(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The reason why the model stopped."""

    stop_reason: str | None = None
    stop_sequence: None = None
    stop_details: None = None
    container: None = None


class PlainMessageDelta(
    msgspec.Struct, tag_field="type", tag="message_delta", forbid_unknown_fields=True
):
    """The end of the message."""

    delta: PlainStop
    usage: ShallowObject | None = None
    context_management: None = None


class PlainMessageStop(
    msgspec.Struct, tag_field="type", tag="message_stop", forbid_unknown_fields=True, gc=False
):
    """The last event."""


PlainEdge: TypeAlias = (
    PlainMessageStart | PlainBlockStart | PlainBlockStop | PlainMessageDelta | PlainMessageStop
)
"""The beginning or the end of a message or a block, as most services send it. Closed like PlainDelta."""

PLAIN_EVENT: msgspec.json.Decoder[PlainDelta | PlainEdge] = msgspec.json.Decoder(
    PlainDelta | PlainEdge
)


class PlainText(msgspec.Struct, tag_field="type", tag="text", forbid_unknown_fields=True, gc=False):
    """A block of text without citations."""

    text: str
    citations: None = None


class PlainToolUse(msgspec.Struct, tag_field="type", tag="tool_use", forbid_unknown_fields=True):
    """A call."""

    id: str
    name: str
    input: dict[str, Any]


class PlainThinking(
    msgspec.Struct, tag_field="type", tag="thinking", forbid_unknown_fields=True, gc=False
):
    """A block of thinking."""

    thinking: str
    signature: str = ""


class PlainMessage(msgspec.Struct, tag_field="type", tag="message", forbid_unknown_fields=True):
    """A buffered response with text, thinking and calls only. A fork like PlainDelta."""

    id: str
    model: str
    content: list[PlainText | PlainThinking | PlainToolUse]
    stop_reason: str
    role: Scalar = None
    usage: ShallowObject | None = None
    stop_sequence: str | None = None
    stop_details: None = None
    container: None = None
    context_management: None = None


PLAIN_MESSAGE = msgspec.json.Decoder(PlainMessage)
