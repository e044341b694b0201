"""Responses and stream events of the Responses API, under its own field names.

Items and Response objects stay plain JSON: most types of item are passed on unread, the others are converted to `Item`.
Events are one tagged union, so that a frame is decoded once.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias, get_args

import msgspec

JsonObject: TypeAlias = dict[str, Any]


class Response(msgspec.Struct):
    """A response, complete or in progress. usage: null while it is in progress."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    output: list[JsonObject] | None = None
    usage: JsonObject | None = None
    incomplete_details: JsonObject | None = None


KNOWN_FIELDS_RESPONSE = frozenset(
    {"id", "object", "model", "status", "output", "output_text", "usage", "error"}
)
"""The fields that a Completion has a place for; all others become extra fields. output_text repeats the text."""


class Item(msgspec.Struct):
    """The types of output item that are read: message, reasoning, function_call, custom_tool_call, image_generation_call."""

    content: list[JsonObject] | None = None
    summary: list[JsonObject] | None = None
    encrypted_content: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: Any = None
    input: Any = None
    result: str | None = None


class ContentPart(msgspec.Struct):
    """A part of a message's content, or of a reasoning item's content and summary."""

    type: str | None = None
    text: str | None = None
    refusal: str | None = None
    annotations: list[JsonObject] | None = None
    logprobs: list[JsonObject] | None = None


class Address(msgspec.Struct):
    """Where an event belongs: the item by its id, else by its index, and the part of it. Servers leave each of them out."""

    item_id: str | None = None
    output_index: int | None = None
    content_index: int | None = None
    """The part of the item; summary_index or command_index where the event has these."""
    agent: JsonObject | None = None
    """The agent that speaks, where several do."""


class Delta(Address, kw_only=True):
    """More text of a part."""

    delta: str | None
    logprobs: list[JsonObject] | None = None


class TextDelta(Delta, tag="response.output_text.delta", gc=False):
    """More of a message's text."""


class RefusalDelta(Delta, tag="response.refusal.delta", gc=False):
    """More of a refusal."""


class ReasoningDelta(Delta, tag="response.reasoning_text.delta", gc=False):
    """More of the reasoning itself: open-weight models show it."""


class SummaryDelta(Delta, tag="response.reasoning_summary_text.delta", kw_only=True, gc=False):
    """More of a summary of the reasoning."""

    content_index: int | None = msgspec.field(default=None, name="summary_index")


class ArgumentsDelta(Delta, tag="response.function_call_arguments.delta", gc=False):
    """More of a call's arguments."""


class InputDelta(Delta, tag="response.custom_tool_call_input.delta", gc=False):
    """More of the input of a custom tool's call."""


class Done(Address, kw_only=True):
    """The complete text of a part, which counts where the deltas had less."""

    text: str | None = None
    name: str | None = None
    """Of a call."""
    logprobs: list[JsonObject] | None = None


class TextDone(Done, tag="response.output_text.done"):
    """A part of a message is complete."""


class RefusalDone(Done, tag="response.refusal.done", kw_only=True):
    """A refusal is complete."""

    text: str | None = msgspec.field(default=None, name="refusal")


class ReasoningDone(Done, tag="response.reasoning_text.done"):
    """A part of the reasoning is complete."""


class SummaryDone(Done, tag="response.reasoning_summary_text.done", kw_only=True):
    """A summary is complete."""

    content_index: int | None = msgspec.field(default=None, name="summary_index")


class ArgumentsDone(Done, tag="response.function_call_arguments.done", kw_only=True):
    """A call's arguments are complete."""

    text: str | None = msgspec.field(default=None, name="arguments")


class InputDone(Done, tag="response.custom_tool_call_input.done", kw_only=True):
    """The input of a custom tool's call is complete."""

    text: str | None = msgspec.field(default=None, name="input")


class PartAdded(Address, tag="response.content_part.added", kw_only=True):
    """A part of a message or of the reasoning begins."""

    part: JsonObject | None = None


class PartDone(Address, tag="response.content_part.done", kw_only=True):
    """A part of a message or of the reasoning is complete."""

    part: JsonObject | None = None


class SummaryPartDone(Address, tag="response.reasoning_summary_part.done", kw_only=True):
    """A summary is complete."""

    content_index: int | None = msgspec.field(default=None, name="summary_index")
    part: JsonObject | None = None


class AnnotationAdded(Address, tag="response.output_text.annotation.added", kw_only=True):
    """A citation; the completed item has them all."""

    annotation: JsonObject | None


class ItemAdded(Address, tag="response.output_item.added", kw_only=True):
    """The beginning of an item; a call has its id and name."""

    item: JsonObject | None


class ItemDone(Address, tag="response.output_item.done", kw_only=True):
    """A completed item."""

    item: JsonObject | None


class Error(msgspec.Struct, tag="error"):
    """The stream failed: code, message and param here (as specified) or in `error` (as recorded)."""

    error: JsonObject | str | None = None
    code: str | int | None = None
    message: str | None = None
    param: str | None = None


Event: TypeAlias = (
    TextDelta
    | RefusalDelta
    | ReasoningDelta
    | SummaryDelta
    | ArgumentsDelta
    | InputDelta
    | TextDone
    | RefusalDone
    | ReasoningDone
    | SummaryDone
    | ArgumentsDone
    | InputDone
    | PartAdded
    | PartDone
    | SummaryPartDone
    | AnnotationAdded
    | ItemAdded
    | ItemDone
    | Error
)
"""The events of items. Those of the response, and of tools that the service runs, are read as plain JSON."""

EVENT = msgspec.json.Decoder(Event)

EVENT_TYPES = frozenset([str(event.__struct_config__.tag) for event in get_args(Event)])
"""The tags of `Event`."""

OTHER_TYPES: Mapping[str, str] = {"response.error": "error"} | {
    f"response.{name}.{end}": f"response.{known}.{end}"
    for name, known in (
        ("reasoning", "reasoning_text"),
        ("reasoning_summary", "reasoning_summary_text"),
        ("text", "output_text"),
        ("content_part", "output_text"),
    )
    for end in ("delta", "done")
    if (name, end) != ("content_part", "done")
}
"""Names of events in the first versions of the API, in the Realtime API and of gateways -> those of today.

Source: openai 1.66 to 1.90, types/responses; read 2026-11-30.
"""

BEGIN_TYPES = frozenset({"response.created", "response.queued", "response.in_progress"})
"""Events with the response, which is not complete."""

END_TYPES: Mapping[str, str] = {
    "response.completed": "completed",
    "response.incomplete": "incomplete",
    "response.cancelled": "cancelled",
    "response.failed": "failed",
    "response.done": "completed",
}
"""Events with the complete response -> its status, where the response itself has none. xAI has `response.done`."""
