"""DashScope's responses, buffered or one frame of a stream, under DashScope's field names.

A frame of a stream (with incremental_output) has the shape of a buffered response, with new content only. Content is a
plain string from text models and a list of one-key objects from the others. `PlainFrame` is a frame with nothing but
more text, as nearly every frame of a stream is.
"""

from typing import Any, Literal

import msgspec

from llm_pure.framing.json_codec import ShallowObject


class Function(msgspec.Struct):
    """arguments: JSON text, in fragments in a stream."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct):
    """A call, or a fragment of one in a stream; its id is "" in all fragments but the first."""

    id: str | None = None
    index: int | None = None
    function: Function | None = None


class Message(msgspec.Struct):
    """The model's message."""

    content: str | list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    tool_calls: list[ToolCall] | None = None


class Choice(msgspec.Struct):
    """One choice. finish_reason: the string "null" until the choice is finished."""

    index: int | None = None
    message: Message | None = None
    finish_reason: str | None = None
    logprobs: Any = None


class Output(msgspec.Struct):
    """The choices; text alone if result_format is "text"."""

    choices: list[Choice] | None = None
    text: str | None = None
    finish_reason: str | None = None


class Frame(msgspec.Struct):
    """A buffered response or one frame of a stream."""

    output: Output
    usage: dict[str, Any] | None = None
    request_id: str | None = None


FRAME = msgspec.json.Decoder(Frame)

KNOWN_FIELDS_FRAME = frozenset({"output", "usage", "code", "message", "status_code"})
KNOWN_FIELDS_OUTPUT = frozenset({"choices", "text", "finish_reason"})
KNOWN_FIELDS_CHOICE = frozenset({"index", "message", "finish_reason", "logprobs"})
KNOWN_FIELDS_MESSAGE = frozenset({"role", "content", "reasoning_content", "tool_calls"})
KNOWN_FIELDS_CALL = frozenset({"id", "index", "type", "function"})
"""The fields that a Completion has a place for; all others become extra fields."""


class PlainText(msgspec.Struct, forbid_unknown_fields=True):
    """One block of text."""

    text: str


class PlainMessage(msgspec.Struct, forbid_unknown_fields=True):
    """More text or more reasoning."""

    content: str | tuple[PlainText] | None = None
    reasoning_content: str | None = None
    role: Any = None


class PlainChoice(msgspec.Struct, forbid_unknown_fields=True):
    """The only choice of a plain frame."""

    message: PlainMessage
    finish_reason: Literal["null"] | None = None
    index: int = 0
    logprobs: None = None


class PlainOutput(msgspec.Struct, forbid_unknown_fields=True):
    """The output of a plain frame."""

    choices: tuple[PlainChoice]
    text: None = None
    finish_reason: None = None


class PlainFrame(msgspec.Struct, forbid_unknown_fields=True):
    """A frame with nothing to keep beside its text: the id was in the first frame, and usage is in the last as well.

    Unknown fields are forbidden so that a frame with anything else is read the slow way.
    """

    output: PlainOutput
    usage: msgspec.Raw = msgspec.Raw()
    request_id: Any = None


PLAIN_FRAME = msgspec.json.Decoder(PlainFrame)


class EdgeFunction(Function, forbid_unknown_fields=True):
    """The function of a call."""


class EdgeCall(msgspec.Struct, forbid_unknown_fields=True):
    """A call, or a fragment of one."""

    id: str | None = None
    index: int | None = None
    function: EdgeFunction | None = None
    type: str | None = None


class EdgeMessage(msgspec.Struct, forbid_unknown_fields=True):
    """Text, reasoning and calls only. A block of content is an object with a text, or with the URL of an image."""

    content: str | list[dict[str, str]] | None = None
    reasoning_content: str | None = None
    tool_calls: list[EdgeCall] | None = None
    role: str | None = None


class EdgeChoice(msgspec.Struct, forbid_unknown_fields=True):
    """The only choice of an edge frame."""

    message: EdgeMessage
    index: int | None = None
    finish_reason: str | None = None
    logprobs: None = None


class EdgeOutput(msgspec.Struct, forbid_unknown_fields=True):
    """The output of an edge frame."""

    choices: tuple[EdgeChoice]
    text: None = None
    finish_reason: None = None


class EdgeFrame(msgspec.Struct, forbid_unknown_fields=True):
    """The first frame, the last one, one with calls: with nothing to keep beside what is read. A fork like PlainFrame."""

    output: EdgeOutput
    usage: ShallowObject | None = None
    request_id: str | None = None


EDGE_FRAME = msgspec.json.Decoder(EdgeFrame)
