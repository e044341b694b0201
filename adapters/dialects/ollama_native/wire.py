"""Ollama's answers, whole or one line of a stream; field names are theirs.

/api/chat speaks in `message`, /api/generate in `response`, `thinking` and `tool_calls` beside it. `PlainLine` is the
line that carries nothing but more words, which is nearly every line of a stream.
"""

from typing import Any

import msgspec


class Function(msgspec.Struct):
    """arguments: an object, kept as the text that was sent."""

    name: str | None = None
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class ToolCall(msgspec.Struct):
    """A call, always whole. id: newer servers only."""

    id: str | None = None
    function: Function | None = None


class Message(msgspec.Struct):
    """images: bare base64."""

    content: str | None = None
    thinking: str | None = None
    images: list[str] | None = None
    tool_calls: list[ToolCall] | None = None


class Line(msgspec.Struct):
    """A whole answer or one line of a stream. Counts are missing when they are 0 (a prompt that was cached)."""

    model: str | None = None
    message: Message | None = None
    response: str | None = None
    thinking: str | None = None
    tool_calls: list[ToolCall] | None = None
    done: bool | None = None
    done_reason: str | None = None
    prompt_eval_count: Any = None
    eval_count: Any = None


LINE = msgspec.json.Decoder(Line)

MODELLED_LINE = frozenset(
    {
        "model", "message", "response", "thinking", "tool_calls", "done", "done_reason", "prompt_eval_count",
        "eval_count", "error",
    }
)  # fmt: skip
MODELLED_MESSAGE = frozenset({"role", "content", "thinking", "tool_calls", "images"})
MODELLED_CALL = frozenset({"id", "function"})
MODELLED_FUNCTION = frozenset({"name", "arguments"})
"""The keys that a Completion says in its own words; all others are kept as they come."""


class PlainMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """More text or more thinking."""

    role: Any = None
    content: str = ""
    thinking: str = ""


class PlainLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A line with nothing to keep beside its words: model and time were in the first line, and come with the last.

    The closed shape is not a check but a fork: a line with anything else in it takes the longer way.
    """

    message: PlainMessage | None = None
    response: str = ""
    thinking: str = ""
    done: bool = False
    model: Any = None
    created_at: Any = None


PLAIN_LINE = msgspec.json.Decoder(PlainLine)
