"""The Responses API as it comes over the wire; field names are its own.

Items of an answer and whole responses stay plain JSON: most kinds of item are handed on unread, and those that are
read are read by `Item`, wherever they stand. Events are one tagged union, so that a frame is decoded once.
"""

from typing import Any, TypeAlias, get_args

import msgspec

JsonObject: TypeAlias = dict[str, Any]


class Response(msgspec.Struct):
    """A whole answer, or what is known of it in a stream. usage: null while it is in progress."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    output: list[JsonObject] | None = None
    usage: JsonObject | None = None
    incomplete_details: JsonObject | None = None


KNOWN_FIELDS_RESPONSE = frozenset(
    {"id", "object", "model", "status", "output", "output_text", "usage", "error"}
)
"""The keys that a Completion says in its own words; all others are kept as they come. output_text repeats the text."""


class Item(msgspec.Struct):
    """The kinds of output item that are read: message, reasoning, function_call, custom_tool_call, image_generation_call."""

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


class TextDelta(msgspec.Struct, tag="response.output_text.delta", gc=False):
    """More of a message's text."""

    delta: str
    output_index: int = 0
    content_index: int = 0
    logprobs: list[JsonObject] | None = None


class RefusalDelta(msgspec.Struct, tag="response.refusal.delta"):
    """More of a refusal."""

    delta: str
    output_index: int = 0
    content_index: int = 0


class ReasoningDelta(msgspec.Struct, tag="response.reasoning_text.delta"):
    """More of the thoughts themselves: open-weight models show them."""

    delta: str
    output_index: int = 0
    content_index: int = 0


class SummaryDelta(msgspec.Struct, tag="response.reasoning_summary_text.delta"):
    """More of a summary of the thoughts."""

    delta: str
    output_index: int = 0
    summary_index: int = 0


class ArgumentsDelta(msgspec.Struct, tag="response.function_call_arguments.delta"):
    """More of a call's arguments."""

    delta: str
    output_index: int = 0


class InputDelta(msgspec.Struct, tag="response.custom_tool_call_input.delta"):
    """More of the input of a custom tool's call."""

    delta: str
    output_index: int = 0


class AnnotationAdded(msgspec.Struct, tag="response.output_text.annotation.added"):
    """A citation; the item has them all once it is done."""

    annotation: JsonObject
    output_index: int = 0


class ItemAdded(msgspec.Struct, tag="response.output_item.added"):
    """An item begins; a call has its id and name."""

    item: JsonObject
    output_index: int = 0


class ItemDone(msgspec.Struct, tag="response.output_item.done"):
    """An item, whole. This counts where the deltas said less."""

    item: JsonObject
    output_index: int = 0


class Created(msgspec.Struct, tag="response.created"):
    """The answer has an id."""

    response: JsonObject


class Queued(msgspec.Struct, tag="response.queued"):
    """It waits for a place; background answers only."""

    response: JsonObject


class InProgress(msgspec.Struct, tag="response.in_progress"):
    """The model is at work."""

    response: JsonObject


class Completed(msgspec.Struct, tag="response.completed"):
    """The end: the answer, whole."""

    response: JsonObject


class Incomplete(msgspec.Struct, tag="response.incomplete"):
    """The end: a limit or a filter cut the answer."""

    response: JsonObject


class Cancelled(msgspec.Struct, tag="response.cancelled"):
    """The end: somebody called it off."""

    response: JsonObject


class Failed(msgspec.Struct, tag="response.failed"):
    """The end: response.error tells why."""

    response: JsonObject


class Error(msgspec.Struct, tag="error"):
    """The stream broke: code, message and param here (the specification) or in `error` (what is recorded)."""

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
"""The events that say something new. All others repeat (`*.done`, `content_part.*`) or only report progress."""

EVENT = msgspec.json.Decoder(Event)


class Tag(msgspec.Struct):
    """Which event a frame is, when it is none of the known ones."""

    type: str | None = None


TAG = msgspec.json.Decoder(Tag)

KNOWN = frozenset([str(event.__struct_config__.tag) for event in get_args(Event)])
"""The tags of `Event`."""


class InputTokens(msgspec.Struct):
    """The answer of POST /responses/input_tokens."""

    input_tokens: int


INPUT_TOKENS = msgspec.json.Decoder(InputTokens)
