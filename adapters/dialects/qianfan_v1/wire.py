"""Responses of Qianfan version 1, buffered or one frame of a stream, under Qianfan's field names.

`PlainFrame` is a frame with nothing but more text, as nearly every frame of a stream is.
"""

from typing import Any

import msgspec


class FunctionCall(msgspec.Struct):
    """The only call of a response. arguments: JSON text. thoughts: the reason of the call."""

    name: str | None = None
    arguments: str | None = None
    thoughts: str | None = None


class Frame(msgspec.Struct):
    """A buffered response or one frame of a stream. result: in a stream, the new text."""

    id: str | None = None
    result: str | None = None
    function_call: FunctionCall | None = None
    is_end: bool | None = None
    is_truncated: bool | None = None
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None


FRAME = msgspec.json.Decoder(Frame)

KNOWN_FIELDS_FRAME = frozenset(
    {
        "id", "object", "result", "function_call", "is_end", "is_truncated", "finish_reason", "usage",
        "sentence_id", "error_code", "error_msg",
    }
)  # fmt: skip
KNOWN_FIELDS_CALL = frozenset({"name", "arguments"})
"""The fields that a Completion has a place for; all others become extra fields."""


class PlainFrame(msgspec.Struct, forbid_unknown_fields=True):
    """A frame with nothing to keep beside its text: id and time are in the first and in the last frame.

    Unknown fields are forbidden so that a frame with anything else is read the slow way.
    """

    result: str
    id: Any = None
    object: Any = None
    created: Any = None
    sentence_id: Any = None
    is_end: bool = False
    is_truncated: bool = False
    need_clear_history: bool = False
    finish_reason: None = None
    usage: msgspec.Raw = msgspec.Raw()


PLAIN_FRAME = msgspec.json.Decoder(PlainFrame)
