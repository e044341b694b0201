"""Cohere's answers, whole or one event of a stream; field names are theirs.

An event's place in `delta.message` holds one object where the whole answer has a list: `content`, `tool_calls`,
`citations`. `PlainDelta` is the event that carries nothing but more words, which is nearly every event of a stream.
"""

from typing import Any, Literal

import msgspec


class Function(msgspec.Struct):
    """arguments: JSON text, in pieces in a stream."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct):
    """A whole call in an answer, a piece of one in a stream."""

    id: str | None = None
    function: Function | None = None


class Content(msgspec.Struct):
    """One block of an answer. type: "text" or "thinking"; a delta may leave it out."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class Message(msgspec.Struct):
    """What the model says. content is a plain string at some servers that speak this API."""

    content: list[Content] | str | None = None
    tool_plan: str | None = None
    tool_calls: list[ToolCall] | None = None
    citations: list[Any] | None = None


class Answer(msgspec.Struct):
    """A whole answer."""

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
    """The news of an event. error: why the answer broke off, in message-end."""

    message: DeltaMessage | None = None
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    error: str | None = None


class Event(msgspec.Struct):
    """One event. index: which block or call, each counted from 0."""

    type: str
    id: str | None = None
    index: int = 0
    delta: Delta | None = None
    logprobs: Any = None


ANSWER = msgspec.json.Decoder(Answer)
EVENT = msgspec.json.Decoder(Event)

MODELLED_ANSWER = frozenset({"id", "message", "finish_reason", "usage", "logprobs"})
MODELLED_MESSAGE = frozenset({"role", "content", "tool_plan", "tool_calls", "citations"})
MODELLED_BLOCK = frozenset({"type", "text", "thinking"})
MODELLED_CALL = frozenset({"id", "type", "function"})
MODELLED_EVENT = frozenset({"type", "id", "index", "delta", "logprobs"})
MODELLED_DELTA = frozenset({"message", "finish_reason", "usage", "error"})
"""The keys that a Completion says in its own words; all others are kept as they come."""


class PlainContent(msgspec.Struct, forbid_unknown_fields=True):
    """More text or more thinking."""

    text: str = ""
    thinking: str = ""
    type: Any = None


class PlainMessage(msgspec.Struct, forbid_unknown_fields=True):
    """The message of a plain event."""

    content: PlainContent


class PlainNews(msgspec.Struct, forbid_unknown_fields=True):
    """The delta of a plain event."""

    message: PlainMessage


class PlainDelta(msgspec.Struct, forbid_unknown_fields=True):
    """An event with nothing to keep beside its words.

    The closed shape is not a check but a fork: an event with anything else in it takes the longer way.
    """

    type: Literal["content-delta"]
    delta: PlainNews
    index: int = 0
    logprobs: None = None


PLAIN_DELTA = msgspec.json.Decoder(PlainDelta)
