"""One turn sorted into the fields of most APIs: text, reasoning, tool calls, tool results, other parts.

Parts without a field are reported as adaptations; parts that must not be left out raise UnsupportedPart.
"""

import msgspec

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.turn_rules import Placed, Turn
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from llm_pure.types.rejection import UnsupportedPart


class AssistantTurn(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a turn of the assistant."""

    text: str = ""
    """All text, joined without a separator."""
    reasoning: tuple[Reasoning, ...] = ()
    """Reasoning that is sent back."""
    calls: tuple[ToolCall, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    """Opaque parts of this provider; others are not sent."""


class UserTurn(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a user, tool or system turn, with their paths."""

    results: tuple[tuple[str, ToolResult], ...] = ()
    rest: tuple[Placed, ...] = ()
    """All other parts, in order."""


def only_text(turn: Turn) -> str | None:
    """The text of a turn of one text, as nearly every turn is; None for any other."""
    if len(turn.parts) != 1:
        return None
    part = turn.parts[0][1]
    return part.text if type(part) is Text else None


def assistant_turn(turn: Turn, adaptations: list[Adaptation]) -> AssistantTurn:
    """Sort a turn of the assistant. Raises UnsupportedPart for a tool result."""
    texts: list[str] = []
    reasoning: list[Reasoning] = []
    calls: list[ToolCall] = []
    opaque: list[Opaque] = []
    for part_path, part in turn.parts:
        match part:
            case Text(text=text):
                texts.append(text)
            case Refusal(text=text):
                texts.append(text)
                adaptations.append(changed(part_path, "the API has no refusals; sent as text"))
            case Reasoning():
                reasoning.append(part)
            case ToolCall():
                calls.append(part)
            case Opaque():
                opaque.append(part)
            case Image() | Audio() | Document() | Video():
                reason = "the API takes no media in assistant messages"
                adaptations.append(dropped(part_path, reason))
            case ToolResult():
                raise UnsupportedPart(
                    f"{part_path}: an assistant message cannot contain a tool result"
                )
    return AssistantTurn(
        text="".join(texts), reasoning=tuple(reasoning), calls=tuple(calls), opaque=tuple(opaque)
    )


def user_turn(turn: Turn, adaptations: list[Adaptation]) -> UserTurn:
    """Sort the turn of a user, a tool or the system; the results have text only."""
    results: list[tuple[str, ToolResult]] = []
    rest: list[Placed] = []
    for part_path, part in turn.parts:
        if not isinstance(part, ToolResult):
            rest.append((part_path, part))
            continue
        results.append((part_path, part))
        if part.is_error:
            reason = "the API has no error flag for tool results"
            adaptations.append(dropped(f"{part_path}/is_error", reason, True))
    return UserTurn(results=tuple(results), rest=tuple(rest))


def result_text(result: ToolResult) -> str:
    """The text parts of a tool result, joined by line breaks."""
    return "\n".join([part.text for part in result.content if isinstance(part, Text)])


def without_name(turn: Turn, adaptations: list[Adaptation]) -> None:
    """Report a speaker's name as dropped."""
    if turn.name is not None:
        reason = "the API does not support speaker names"
        adaptations.append(dropped(f"{turn.path}/name", reason, turn.name))
