"""The Llama API's responses, buffered or one event of a stream, under its field names.

`PlainChunk` is an event with nothing but more text, as nearly every event of a stream is.
"""

from typing import Any, Literal

import msgspec

from llm_pure.framing.json_codec import Scalar


class Function(msgspec.Struct):
    """arguments: JSON text, in fragments in a stream."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct):
    """A call, or a fragment of one in a stream."""

    id: str | None = None
    function: Function | None = None


class Content(msgspec.Struct):
    """The text, as an object. type: "text"."""

    type: str | None = None
    text: str | None = None


class Message(msgspec.Struct):
    """The model's message. content: one string or one object; no server is known to send a list."""

    content: Content | str | list[Content] | None = None
    stop_reason: str | None = None
    tool_calls: list[ToolCall] | None = None


class Metric(msgspec.Struct):
    """One measure of the call, such as num_prompt_tokens."""

    metric: str | None = None
    value: Any = None


class Body(msgspec.Struct):
    """A buffered response. model: not in Meta's schema; some servers of this API send it."""

    completion_message: Message
    id: str | None = None
    model: str | None = None
    metrics: list[Metric] | None = None


class Delta(msgspec.Struct):
    """The content of an event: text, or a fragment of a tool call, which has no index."""

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
    """One event, with the response's id and model."""

    event: Event
    id: str | None = None
    model: str | None = None


BODY = msgspec.json.Decoder(Body)
CHUNK = msgspec.json.Decoder(Chunk)

KNOWN_FIELDS_BODY = frozenset({"id", "model", "completion_message", "metrics"})
KNOWN_FIELDS_MESSAGE = frozenset({"role", "content", "stop_reason", "tool_calls"})
KNOWN_FIELDS_CALL = frozenset({"id", "type", "function"})
KNOWN_FIELDS_CHUNK = frozenset({"id", "model", "event"})
KNOWN_FIELDS_EVENT = frozenset({"event_type", "delta", "metrics", "stop_reason"})
"""The fields that a Completion has a place for; all others become extra fields."""


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
    """A chunk with nothing to keep beside its text: the id was in the first chunk.

    Unknown fields are forbidden so that a chunk with anything else is read the slow way.
    """

    event: PlainEvent
    id: Any = None
    model: Any = None


PLAIN_CHUNK = msgspec.json.Decoder(PlainChunk)


class EdgeFunction(msgspec.Struct, forbid_unknown_fields=True):
    """The function of a call, or a fragment of one."""

    name: str | None = None
    arguments: str | None = None


class EdgeDelta(msgspec.Struct, forbid_unknown_fields=True):
    """Text, or a fragment of a call."""

    type: Literal["text", "tool_call"]
    text: str | None = None
    id: str | None = None
    function: EdgeFunction | None = None


class EdgeEvent(msgspec.Struct, forbid_unknown_fields=True):
    """The event of an edge chunk."""

    event_type: str
    delta: EdgeDelta | None = None
    metrics: list[dict[str, Scalar]] | None = None
    stop_reason: str | None = None


class EdgeChunk(msgspec.Struct, forbid_unknown_fields=True):
    """The first chunk, the last ones, and those of calls, with nothing beyond what is read. A fork like PlainChunk."""

    event: EdgeEvent
    id: str | None = None
    model: str | None = None


EDGE_CHUNK = msgspec.json.Decoder(EdgeChunk)


class PlainCall(msgspec.Struct, forbid_unknown_fields=True):
    """A complete call."""

    id: str
    function: EdgeFunction
    type: str | None = None


class PlainContent(msgspec.Struct, forbid_unknown_fields=True):
    """Text as an object."""

    type: Literal["text"]
    text: str


class PlainMessage(msgspec.Struct, forbid_unknown_fields=True):
    """Text and calls only."""

    content: PlainContent | str | None = None
    stop_reason: str | None = None
    tool_calls: list[PlainCall] | None = None
    role: str | None = None


class PlainBody(msgspec.Struct, forbid_unknown_fields=True):
    """A buffered response with text and calls only. A fork like PlainChunk."""

    completion_message: PlainMessage
    id: str | None = None
    model: str | None = None
    metrics: list[dict[str, Scalar]] | None = None


PLAIN_BODY = msgspec.json.Decoder(PlainBody)
