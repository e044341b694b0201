"""What a stream says, one event after another; `collect` folds them into the Completion.

index: which part of the answer an event belongs to. Deltas of one index make one part, and parts stand in the order of
their indexes. choice: which answer, when several were asked for.
"""

from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.types.completion import FinishReason, Usage
from llm_pure.types.messages import Part


class Started(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="started"):
    """The answer has begun. Fields that the provider names later come in another Started; "" says nothing."""

    id: str = ""
    model: str = ""
    provider: str = ""


class TextDelta(msgspec.Struct, frozen=True, gc=False, tag="text_delta"):
    """More of the answer's words; never empty."""

    text: str
    index: int = 0
    choice: int = 0


class ReasoningDelta(msgspec.Struct, frozen=True, gc=False, tag="reasoning_delta"):
    """More of what the model thinks. signature replaces an earlier one; text may be "" when only the signature comes."""

    text: str
    index: int = 0
    choice: int = 0
    signature: str | None = None


class RefusalDelta(msgspec.Struct, frozen=True, gc=False, tag="refusal_delta"):
    """More of the words with which the model declines."""

    text: str
    index: int = 0
    choice: int = 0


class ToolCallDelta(msgspec.Struct, frozen=True, gc=False, tag="tool_call_delta"):
    """More of a tool call. arguments: the next piece of its JSON text. id and name come once, as soon as they are known."""

    arguments: str = ""
    index: int = 0
    choice: int = 0
    id: str = ""
    name: str = ""


class PartReceived(msgspec.Struct, frozen=True, tag="part_received"):
    """A part that came whole: an image, a tool's result, an opaque part. It stands in place of what its index held."""

    part: Part
    index: int = 0
    choice: int = 0


class ProviderMetadataReceived(msgspec.Struct, frozen=True, gc=False, tag="echo_received"):
    """Fields of a part that must go back to this provider unchanged.

    json: an object as text; its keys are put over those that came before for the same part. "{}" only marks the
    part as this provider's. kind: the part to make when nothing else of this index has come.
    """

    json: str
    index: int = 0
    choice: int = 0
    kind: Literal["text", "reasoning", "refusal"] = "text"


class ExtraReceived(msgspec.Struct, frozen=True, tag="extra_received"):
    """Something beyond the model of this library, under the provider's own name for it.

    append: the value is a list that continues the one before; else it replaces it. choice None is the whole answer.
    """

    name: str
    value: Any
    append: bool = False
    choice: int | None = None


class UsageReported(msgspec.Struct, frozen=True, tag="usage_reported"):
    """Usage of the whole call as known by now; the last one counts, they are never added."""

    usage: Usage


class Finished(msgspec.Struct, frozen=True, gc=False, tag="finished"):
    """The model has stopped, and why. Usage may still follow."""

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
