"""Llama API's answers, whole or one event of a stream; field names are theirs.

`PlainChunk` is the event that carries nothing but more words, which is nearly every event of a stream.
"""

from typing import Any, Literal

import msgspec


class Function(msgspec.Struct):
    """arguments: JSON text, in pieces in a stream."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct):
    """A whole call."""

    id: str | None = None
    function: Function | None = None


class Content(msgspec.Struct):
    """The words, as an object. type: "text"."""

    type: str | None = None
    text: str | None = None


class Message(msgspec.Struct):
    """What the model says; content is one string or one object, a list at none that is known."""

    content: Content | str | list[Content] | None = None
    stop_reason: str | None = None
    tool_calls: list[ToolCall] | None = None


class Metric(msgspec.Struct):
    """One measure of the call, such as num_prompt_tokens."""

    metric: str | None = None
    value: Any = None


class Answer(msgspec.Struct):
    """A whole answer. model: not in Meta's schema, at some servers that speak this API."""

    completion_message: Message
    id: str | None = None
    model: str | None = None
    metrics: list[Metric] | None = None


class Delta(msgspec.Struct):
    """The news of an event: words, or a piece of a tool call, which says no index."""

    type: str | None = None
    text: str | None = None
    id: str | None = None
    function: Function | None = None


class Event(msgspec.Struct):
    """event_type: start, progress, complete or metrics."""

    event_type: str | None = None
    delta: Delta | None = None
    metrics: list[Metric] | None = None
    stop_reason: str | None = None


class Chunk(msgspec.Struct):
    """One event and whose it is."""

    event: Event
    id: str | None = None
    model: str | None = None


ANSWER = msgspec.json.Decoder(Answer)
CHUNK = msgspec.json.Decoder(Chunk)

KNOWN_FIELDS_ANSWER = frozenset({"id", "model", "completion_message", "metrics"})
KNOWN_FIELDS_MESSAGE = frozenset({"role", "content", "stop_reason", "tool_calls"})
KNOWN_FIELDS_CALL = frozenset({"id", "type", "function"})
KNOWN_FIELDS_CHUNK = frozenset({"id", "model", "event"})
KNOWN_FIELDS_EVENT = frozenset({"event_type", "delta", "metrics", "stop_reason"})
"""The keys that a Completion says in its own words; all others are kept as they come."""


class PlainDelta(msgspec.Struct, forbid_unknown_fields=True):
    """More text."""

    text: str
    type: Literal["text"]


class PlainEvent(msgspec.Struct, forbid_unknown_fields=True):
    """The event of a plain chunk."""

    event_type: Literal["progress"]
    delta: PlainDelta
    metrics: None = None
    stop_reason: None = None


class PlainChunk(msgspec.Struct, forbid_unknown_fields=True):
    """A chunk with nothing to keep beside its words: its id was in the first one.

    The closed shape is not a check but a fork: a chunk with anything else in it takes the longer way.
    """

    event: PlainEvent
    id: Any = None
    model: Any = None


PLAIN_CHUNK = msgspec.json.Decoder(PlainChunk)
