"""The websocket frames that Spark sends, under its field names. `PlainFrame` has nothing but more text."""

from typing import Any, Literal

import msgspec


class Header(msgspec.Struct):
    """code: 0 for no error. sid: the call's id. status: 0 first frame, 1 more, 2 last."""

    code: int = 0
    message: str | None = None
    sid: str | None = None
    status: int | None = None


class FunctionCall(msgspec.Struct):
    """The only call of a response. arguments: JSON text."""

    name: str | None = None
    arguments: str | None = None


class Piece(msgspec.Struct):
    """More of the response. reasoning_content: of X1 models."""

    content: str | None = None
    reasoning_content: str | None = None
    function_call: FunctionCall | None = None


class Choices(msgspec.Struct):
    """status: as in the header."""

    status: int | None = None
    text: list[Piece] | None = None


class UsageText(msgspec.Struct):
    """text: the token counts. prompt_tokens is all input, question_tokens the last question's share of it."""

    text: dict[str, Any] | None = None


class Payload(msgspec.Struct):
    """The content of a frame."""

    choices: Choices | None = None
    usage: UsageText | None = None


class Frame(msgspec.Struct):
    """One message from the service."""

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
"""The fields that a Completion has a place for; all others become extra fields."""


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
    """A frame with nothing to keep beside its text: the call's id was in the first frame.

    Unknown fields are forbidden so that a frame with anything else is read the slow way.
    """

    header: PlainHeader
    payload: PlainPayload


PLAIN_FRAME = msgspec.json.Decoder(PlainFrame)
