"""Qianfan's first API: answers, whole or one frame of a stream; field names are theirs.

`PlainFrame` is the frame that carries nothing but more words, which is nearly every frame of a stream.
"""

from typing import Any

import msgspec


class FunctionCall(msgspec.Struct):
    """The one call of an answer. arguments: JSON text. thoughts: why it is made."""

    name: str | None = None
    arguments: str | None = None
    thoughts: str | None = None


class Frame(msgspec.Struct):
    """A whole answer or one frame of a stream. result: what is new, in a stream."""

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
"""The keys that a Completion says in its own words; all others are kept as they come."""


class PlainFrame(msgspec.Struct, forbid_unknown_fields=True):
    """A frame with nothing to keep beside its words: id and time were in the first, and come with the last.

    The closed shape is not a check but a fork: a frame with anything else in it takes the longer way.
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
