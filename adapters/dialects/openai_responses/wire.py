"""Responses and stream events of the Responses API, under its own field names.

Items and Response objects stay plain JSON: most types of item are passed on unread, the others are converted to `Item`.
Events are one tagged union, so that a frame is decoded once.
"""

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
    input: str | None = None
    result: str | None = None


class ContentPart(msgspec.Struct):
    """A part of a message's content, or of a reasoning item's content and summary."""

    type: str | None = None
    text: str | None = None
    refusal: str | None = None
    annotations: list[JsonObject] | None = None
    logprobs: list[JsonObject] | None = None


class Delta(msgspec.Struct):
    """More text of a part."""

    delta: str
    output_index: int = 0


class TextDelta(Delta, tag="response.output_text.delta", gc=False):
    """More of a message's text."""

    content_index: int = 0
    logprobs: list[JsonObject] | None = None


class RefusalDelta(Delta, tag="response.refusal.delta"):
    """More of a refusal."""

    content_index: int = 0


class ReasoningDelta(Delta, tag="response.reasoning_text.delta"):
    """More of the reasoning itself: open-weight models show it."""

    content_index: int = 0


class SummaryDelta(Delta, tag="response.reasoning_summary_text.delta"):
    """More of a summary of the reasoning."""

    summary_index: int = 0


class ArgumentsDelta(Delta, tag="response.function_call_arguments.delta"):
    """More of a call's arguments."""


class InputDelta(Delta, tag="response.custom_tool_call_input.delta"):
    """More of the input of a custom tool's call."""


class AnnotationAdded(msgspec.Struct, tag="response.output_text.annotation.added"):
    """A citation; the completed item has them all."""

    annotation: JsonObject
    output_index: int = 0


class ItemAdded(msgspec.Struct, tag="response.output_item.added"):
    """The beginning of an item; a call has its id and name."""

    item: JsonObject
    output_index: int = 0


class ItemDone(msgspec.Struct, tag="response.output_item.done"):
    """A completed item."""

    item: JsonObject
    output_index: int = 0


class Progress(msgspec.Struct):
    """The response, not complete yet."""

    response: JsonObject


class Created(Progress, tag="response.created"):
    """The first event, with the response's id."""


class Queued(Progress, tag="response.queued"):
    """The response is queued; background responses only."""


class InProgress(Progress, tag="response.in_progress"):
    """The response is in progress."""


class End(msgspec.Struct):
    """The response at its end."""

    response: JsonObject


class Completed(End, tag="response.completed"):
    """The complete response."""


class Incomplete(End, tag="response.incomplete"):
    """A limit or a filter cut the response off."""


class Cancelled(End, tag="response.cancelled"):
    """The response was cancelled."""


class Failed(End, tag="response.failed"):
    """The response failed; response.error has the reason."""


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
    | AnnotationAdded
    | ItemAdded
    | ItemDone
    | Created
    | Queued
    | InProgress
    | Completed
    | Incomplete
    | Cancelled
    | Failed
    | Error
)
"""The events with new content. All others repeat it (`*.done`, `content_part.*`) or only report progress."""

EVENT = msgspec.json.Decoder(Event)


EVENT_TYPES = frozenset([str(event.__struct_config__.tag) for event in get_args(Event)])
"""The tags of `Event`."""
