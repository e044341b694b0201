"""Spark's websocket frames as they come back; field names are theirs. `PlainFrame` carries nothing but more words."""

from typing import Any, Literal

import msgspec


class Header(msgspec.Struct):
    """code: 0 when all is well. sid: the call's id. status: 0 first, 1 more, 2 last."""

    code: int = 0
    message: str | None = None
    sid: str | None = None
    status: int | None = None


class FunctionCall(msgspec.Struct):
    """The one call of an answer. arguments: JSON text."""

    name: str | None = None
    arguments: str | None = None


class Piece(msgspec.Struct):
    """More of the answer. reasoning_content: X1 models think aloud."""

    content: str | None = None
    reasoning_content: str | None = None
    function_call: FunctionCall | None = None


class Choices(msgspec.Struct):
    """status: as in the header."""

    status: int | None = None
    text: list[Piece] | None = None


class UsageText(msgspec.Struct):
    """Where the counts are."""

    text: dict[str, Any] | None = None


class Payload(msgspec.Struct):
    """What is new."""

    choices: Choices | None = None
    usage: UsageText | None = None


class Frame(msgspec.Struct):
    """One message of the service."""

    header: Header
    payload: Payload | None = None


FRAME = msgspec.json.Decoder(Frame)

KNOWN_FIELDS_FRAME = frozenset({"header", "payload"})
KNOWN_FIELDS_HEADER = frozenset({"code", "message", "sid", "status"})
KNOWN_FIELDS_PAYLOAD = frozenset({"choices", "usage"})
KNOWN_FIELDS_CHOICES = frozenset({"status", "seq", "text"})
KNOWN_FIELDS_PIECE = frozenset(
    {"content", "reasoning_content", "function_call", "role", "index", "content_type"}
)
KNOWN_FIELDS_CALL = frozenset({"name", "arguments"})
"""The keys that a Completion says in its own words; all others are kept as they come."""


class PlainHeader(msgspec.Struct, forbid_unknown_fields=True):
    """The header of a plain frame."""

    code: Literal[0]
    status: Literal[0, 1]
    message: Any = None
    sid: Any = None


class PlainPiece(msgspec.Struct, forbid_unknown_fields=True):
    """More text or more reasoning."""

    content: str = ""
    reasoning_content: str = ""
    role: Any = None
    index: Any = None
    content_type: Any = None


class PlainChoices(msgspec.Struct, forbid_unknown_fields=True):
    """The choices of a plain frame."""

    text: tuple[PlainPiece]
    status: Literal[0, 1]
    seq: Any = None


class PlainPayload(msgspec.Struct, forbid_unknown_fields=True):
    """The payload of a plain frame."""

    choices: PlainChoices


class PlainFrame(msgspec.Struct, forbid_unknown_fields=True):
    """A frame with nothing to keep beside its words: the call's id was in the first.

    The closed shape is not a check but a fork: a frame with anything else in it takes the longer way.
    """

    header: PlainHeader
    payload: PlainPayload


PLAIN_FRAME = msgspec.json.Decoder(PlainFrame)
