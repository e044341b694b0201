"""Ollama's responses, buffered or one line of a stream, under Ollama's field names.

/api/chat answers in `message`, /api/generate in `response`, `thinking` and `tool_calls`. `PlainLine` is a line with
nothing but text, as nearly every line of a stream is.
"""

from typing import Any

import msgspec

from llm_pure.framing.json_codec import Scalar


class Function(msgspec.Struct):
    """A function's name and arguments; `arguments` is an object, kept as the text that was sent."""

    name: str | None = None
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class ToolCall(msgspec.Struct):
    """A call, always complete. Only newer servers send an id."""

    id: str | None = None
    function: Function | None = None
    name: str | None = None
    """With `arguments`, at servers that leave `function` out."""
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class Message(msgspec.Struct):
    """A message; `images` are bare base64."""

    content: str | None = None
    thinking: str | None = None
    reasoning: str | None = None
    """Another name of `thinking`, as is the next, at servers with OpenAI's API beside Ollama's."""
    reasoning_content: str | None = None
    images: list[str] | None = None
    tool_calls: list[ToolCall] | None = None


class Line(msgspec.Struct):
    """A buffered response or one line of a stream. Counts are missing when they are 0 (a prompt that was cached)."""

    model: str | None = None
    message: Message | None = None
    response: str | None = None
    thinking: str | None = None
    tool_calls: list[ToolCall] | None = None
    done: bool | None = None
    done_reason: str | None = None
    image: str | None = None
    """Of models that generate images; bare base64."""
    prompt_eval_count: Any = None
    prompt_eval_cached_count: Any = None
    eval_count: Any = None


LINE = msgspec.json.Decoder(Line)

KNOWN_FIELDS_LINE = frozenset(
    {
        "model", "message", "response", "thinking", "tool_calls", "done", "done_reason", "prompt_eval_count",
        "prompt_eval_cached_count", "eval_count", "image", "error",
    }
)  # fmt: skip
KNOWN_FIELDS_MESSAGE = frozenset({"role", *Message.__struct_fields__})
KNOWN_FIELDS_CALL = frozenset(ToolCall.__struct_fields__)
KNOWN_FIELDS_FUNCTION = frozenset({"name", "arguments"})
"""The fields that a Completion has a place for; all others become extra fields."""


class PlainMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """More text or more thinking."""

    role: Scalar = None
    content: str = ""
    thinking: str = ""


class PlainLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A line with nothing to keep beside its text: model and time are in the first line and in the last.

    Unknown fields are forbidden so that a line with anything else is read the slow way.
    """

    message: PlainMessage | None = None
    response: str = ""
    thinking: str = ""
    done: bool = False
    model: Any = None
    created_at: Any = None


PLAIN_LINE = msgspec.json.Decoder(PlainLine)


class LastFields(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The fields of the last line of a stream, and of a buffered response, besides `message`."""

    done: bool
    response: str = ""
    thinking: str = ""
    model: str | None = None
    created_at: str | None = None
    done_reason: str | None = None
    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_count: int | None = None
    prompt_eval_cached_count: int | None = None
    prompt_eval_duration: int | None = None
    eval_count: int | None = None
    eval_duration: int | None = None


class PlainFunction(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The function of a plain call. Newer servers number the calls."""

    name: str
    arguments: msgspec.Raw
    index: int | None = None


class PlainCall(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A call with nothing to keep but its number."""

    function: PlainFunction
    id: str = ""


class PlainAnswerMessage(PlainMessage, forbid_unknown_fields=True, gc=False):
    """Text, thinking and calls only."""

    tool_calls: list[PlainCall] = []


class EdgeLine(LastFields, forbid_unknown_fields=True, gc=False):
    """The first line of a stream, the last one, one with calls, or a buffered response, as Ollama sends it. A fork like PlainLine."""

    message: PlainAnswerMessage | None = None


EDGE_LINE = msgspec.json.Decoder(EdgeLine)
EDGE_FIELDS = (
    "created_at", "total_duration", "load_duration", "prompt_eval_duration", "eval_duration",
)  # fmt: skip
"""The extra fields of an edge line."""
