"""The events of a stream; `collect` folds them into a Completion.

`index` is the part that an event belongs to: deltas of one index make one part, and parts are ordered by index.
`choice` is the alternative, if several were requested.
"""

from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.types.completion import FinishReason, Usage
from llm_pure.types.messages import Part, SafeRepr


class Started(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="started"):
    """The response has begun. Fields that arrive later come in another Started; empty fields change nothing."""

    id: str = ""
    model: str = ""
    provider: str = ""


class TextDelta(msgspec.Struct, frozen=True, gc=False, tag="text_delta"):
    """More text; never empty."""

    text: str
    index: int = 0
    choice: int = 0


class ReasoningDelta(msgspec.Struct, frozen=True, gc=False, tag="reasoning_delta"):
    """More reasoning; the text is empty if only the signature arrives."""

    text: str
    index: int = 0
    choice: int = 0
    signature: str | None = None
    """Replaces an earlier one."""


class RefusalDelta(msgspec.Struct, frozen=True, gc=False, tag="refusal_delta"):
    """More text of a refusal."""

    text: str
    index: int = 0
    choice: int = 0


class ToolCallDelta(msgspec.Struct, frozen=True, gc=False, tag="tool_call_delta"):
    """More of a tool call. `id` and `name` come once, as soon as they are known."""

    arguments: str = ""
    """The next chunk of the arguments' JSON text."""
    index: int = 0
    choice: int = 0
    id: str = ""
    name: str = ""


class PartReceived(msgspec.Struct, frozen=True, tag="part_received"):
    """A complete part: an image, a tool result, an opaque part. It replaces the earlier content of its index."""

    part: Part
    index: int = 0
    choice: int = 0


class ProviderMetadataReceived(msgspec.Struct, frozen=True, gc=False, tag="echo_received"):
    """Fields of a part that must be sent back to this provider unchanged."""

    json: str
    """A JSON object as text, merged over earlier ones of the part; "{}" only marks the part as this provider's."""
    index: int = 0
    choice: int = 0
    kind: Literal["text", "reasoning", "refusal"] = "text"
    """The type of the part, if nothing else of this index arrives."""


class ExtraReceived(SafeRepr, msgspec.Struct, frozen=True, tag="extra_received"):
    """A field that this library does not model, under the provider's name."""

    name: str
    value: Any
    """None: the field is no more, since a part has its content now."""
    append: bool = False
    """The value continues the earlier one: a list, or an object whose lists and objects do. Otherwise it replaces it."""
    choice: int | None = None
    """None: the response, not one choice."""


class UsageReported(msgspec.Struct, frozen=True, tag="usage_reported"):
    """Usage of the call so far; the last one counts, they are not summed."""

    usage: Usage


class Finished(msgspec.Struct, frozen=True, gc=False, tag="finished"):
    """The choice is complete. Usage may still follow."""

    finish_reason: FinishReason
    raw_finish_reason: str | None = None
    choice: int = 0


StreamEvent: TypeAlias = (
    Started
    | TextDelta
    | ReasoningDelta
    | RefusalDelta
    | ToolCallDelta
    | PartReceived
    | ProviderMetadataReceived
    | ExtraReceived
    | UsageReported
    | Finished
)
