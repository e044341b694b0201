"""The Messages API as it is sent; field names are the provider's.

Shapes are wide, since many services speak this API. `PlainDelta` is the one narrow exception: the event that carries
nothing but more of the answer, which is nearly every event of a stream.
Source: anthropic 2.11.0 (types/raw_message_stream_event.py and its members), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

import msgspec


class Message(msgspec.Struct):
    """A whole answer, or the beginning of a streamed one. content: blocks, read by their `type`."""

    id: str | None = None
    model: str | None = None
    content: list[dict[str, Any]] | None = None
    stop_reason: str | None = None
    usage: dict[str, Any] | None = None


class MessageStart(msgspec.Struct):
    """The first event."""

    message: Message


class BlockStart(msgspec.Struct):
    """A block begins; those without deltas come whole."""

    index: int
    content_block: dict[str, Any]


class BlockDelta(msgspec.Struct):
    """More of a block."""

    index: int
    delta: dict[str, Any]


class BlockStop(msgspec.Struct):
    """A block is whole."""

    index: int


class Stop(msgspec.Struct):
    """Why the model stopped."""

    stop_reason: str | None = None


class MessageDelta(msgspec.Struct):
    """The end of the answer. usage: cumulative; it replaces what message_start said, key by key."""

    delta: Stop = msgspec.field(default_factory=Stop)
    usage: dict[str, Any] | None = None


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

KNOWN_FIELDS_MESSAGE = frozenset({"type", "role", "id", "model", "content", "stop_reason", "usage"})
KNOWN_FIELDS_EVENT: Mapping[str, frozenset[str]] = {
    "message_start": frozenset({"type", "message"}),
    "content_block_start": frozenset({"type", "index", "content_block"}),
    "content_block_delta": frozenset({"type", "index", "delta"}),
    "content_block_stop": frozenset({"type", "index"}),
    "message_delta": frozenset({"type", "delta", "usage"}),
    "message_stop": frozenset({"type"}),
}
KNOWN_FIELDS_STOP = frozenset({"stop_reason"})
"""The keys that a Completion says in its own words; all others are kept as they come."""


class TextPiece(
    msgspec.Struct, tag_field="type", tag="text_delta", forbid_unknown_fields=True, gc=False
):
    """More text."""

    text: str


class ThinkingPiece(
    msgspec.Struct, tag_field="type", tag="thinking_delta", forbid_unknown_fields=True, gc=False
):
    """More thinking."""

    thinking: str


class InputPiece(
    msgspec.Struct, tag_field="type", tag="input_json_delta", forbid_unknown_fields=True, gc=False
):
    """More of a tool's input, as JSON text; the first piece is often empty."""

    partial_json: str


class PlainDelta(
    msgspec.Struct,
    tag_field="type",
    tag="content_block_delta",
    forbid_unknown_fields=True,
    gc=False,
):
    """A delta with nothing to keep beside it.

    The closed shape is not a check but a fork: an event with anything else in it takes the longer way, so that what is
    not modelled is kept too.
    """

    index: int
    delta: TextPiece | ThinkingPiece | InputPiece


PLAIN_DELTA = msgspec.json.Decoder(PlainDelta)
