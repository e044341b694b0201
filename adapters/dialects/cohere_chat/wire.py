"""Cohere's responses, buffered or one event of a stream, under Cohere's field names.

`delta.message` of an event holds one object where the buffered response has a list: `content`, `tool_calls`,
`citations`. `PlainDelta` is an event with nothing but text, as nearly every event of a stream is.
"""

from typing import Any, Literal

import msgspec

from llm_pure.framing.json_codec import ShallowObject


class Function(msgspec.Struct):
    """arguments: JSON text, in fragments in a stream."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct, frozen=True):
    """A complete call in a buffered response, a fragment of one in a stream."""

    id: str | None = None
    function: Function | None = None


class Content(msgspec.Struct, frozen=True):
    """One block of a response. type: "text" or "thinking"; a delta may leave it out."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class Message(msgspec.Struct):
    """The model's message. content is a plain string at some servers that speak this API."""

    content: list[Content] | str | None = None
    tool_plan: str | None = None
    tool_calls: list[ToolCall] | None = None
    citations: list[Any] | None = None


class Body(msgspec.Struct):
    """A buffered response."""

    message: Message
    id: str | None = None
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None


class DeltaMessage(msgspec.Struct):
    """What an event adds to the message. Lists, and so nothing, in message-start."""

    content: Content | list[Any] | None = None
    tool_plan: str | None = None
    tool_calls: ToolCall | list[Any] | None = None
    citations: dict[str, Any] | list[Any] | None = None


class Delta(msgspec.Struct):
    """The content of an event. `error`, in message-end: why the response is incomplete."""

    message: DeltaMessage | None = None
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    error: str | None = None


class Event(msgspec.Struct):
    """One event. index: which block or call, each counted from 0."""

    type: str
    id: str | None = None
    index: int | None = None
    delta: Delta | None = None
    logprobs: Any = None


BODY = msgspec.json.Decoder(Body)
EVENT = msgspec.json.Decoder(Event)

KNOWN_FIELDS_BODY = frozenset({"id", "message", "finish_reason", "usage", "logprobs"})
KNOWN_FIELDS_MESSAGE = frozenset({"role", "content", "tool_plan", "tool_calls", "citations"})
KNOWN_FIELDS_BLOCK = frozenset({"type", "text", "thinking"})
KNOWN_FIELDS_CALL = frozenset({"id", "type", "function"})
KNOWN_FIELDS_EVENT = frozenset({"type", "id", "index", "delta", "logprobs"})
KNOWN_FIELDS_DELTA = frozenset({"message", "finish_reason", "usage", "error"})
"""The fields that a Completion has a place for; all others become extra fields."""


class PlainContent(msgspec.Struct, forbid_unknown_fields=True):
    """More text or more thinking."""

    text: str = ""
    thinking: str = ""
    type: Any = None


class PlainMessage(msgspec.Struct, forbid_unknown_fields=True):
    """The message of a plain event."""

    content: PlainContent


class PlainDeltaMessage(msgspec.Struct, forbid_unknown_fields=True):
    """The delta of a plain event."""

    message: PlainMessage


class PlainDelta(msgspec.Struct, forbid_unknown_fields=True):
    """An event with nothing to keep beside its text.

    Unknown fields are forbidden so that an event with anything else is read the slow way.
    """

    type: Literal["content-delta"]
    delta: PlainDeltaMessage
    index: int | None = None
    logprobs: None = None


PLAIN_DELTA = msgspec.json.Decoder(PlainDelta)


class PlainFunction(Function, forbid_unknown_fields=True):
    """The function of a plain call."""


class PlainCall(ToolCall, frozen=True, forbid_unknown_fields=True):
    """A call with nothing to keep beside it."""

    type: str | None = None
    function: PlainFunction | None = None


class PlainBlock(Content, frozen=True, forbid_unknown_fields=True):
    """A block of text or thinking."""

    type: Literal["text", "thinking"] | None = None


class EdgeMessage(msgspec.Struct, forbid_unknown_fields=True):
    """What an edge event adds to the message."""

    role: str | None = None
    content: PlainBlock | tuple[()] | None = None
    tool_plan: str | None = None
    tool_calls: PlainCall | tuple[()] | None = None
    citations: tuple[()] | None = None


class EdgeDelta(msgspec.Struct, forbid_unknown_fields=True):
    """The content of an edge event."""

    message: EdgeMessage | None = None
    finish_reason: str | None = None
    usage: ShallowObject | None = None
    error: str | None = None


class EdgeEvent(msgspec.Struct, forbid_unknown_fields=True):
    """An event at the beginning or the end of a message, a block or a call, or of a call. A fork like PlainDelta."""

    type: Literal[
        "message-start", "content-start", "content-end", "tool-plan-delta", "tool-call-start", "tool-call-delta",
        "tool-call-end", "message-end",
    ]  # fmt: skip
    id: str | None = None
    index: int | None = None
    delta: EdgeDelta | None = None
    logprobs: None = None


EDGE_EVENT = msgspec.json.Decoder(EdgeEvent)
NO_EXTRA_FIELDS: dict[str, Any] = {"delta": {"message": {"content": {}, "tool_calls": {}}}}
"""An edge event as JSON, as far as its reader looks for fields beyond its Struct."""


class PlainAnswerMessage(msgspec.Struct, forbid_unknown_fields=True):
    """The message of a plain body."""

    content: list[PlainBlock] | None = None
    role: str | None = None
    tool_plan: str | None = None
    tool_calls: list[PlainCall] | None = None
    citations: tuple[()] | None = None


class PlainBody(msgspec.Struct, forbid_unknown_fields=True):
    """A buffered response with text, thinking and calls only. A fork like PlainDelta."""

    message: PlainAnswerMessage
    id: str | None = None
    finish_reason: str | None = None
    usage: ShallowObject | None = None


PLAIN_BODY = msgspec.json.Decoder(PlainBody)
