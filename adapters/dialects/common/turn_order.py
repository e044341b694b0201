"""One turn of a conversation, sorted into what most APIs have a place for: words, thoughts, calls, results, the rest.

What has no place is reported as an Adaptation; what may not be left out raises UnsupportedPart.
"""

import msgspec

from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.types.rejection import UnsupportedPart

Unsendable = UnsupportedPart
"""Older name, for dialects that are not on `core.dialect` yet."""

Placed = tuple[str, Part]
"""A part and where it stands, such as `messages/1/parts/0`."""


class AssistantTurn(msgspec.Struct, frozen=True, kw_only=True):
    """What the model said: words joined with nothing between them, thoughts that may go back, calls, own opaque parts."""

    text: str = ""
    thoughts: tuple[Reasoning, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    opaque: tuple[Opaque, ...] = ()


class UserTurn(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is told: tool results, and the rest in order, both with their places."""

    results: tuple[tuple[str, ToolResult], ...] = ()
    rest: tuple[Placed, ...] = ()


def assistant_turn(
    name: str, message: Message, path: str, told: list[Adaptation], *, replays: bool
) -> AssistantTurn:
    """The turn, sorted. replays: this API takes its own reasoning back. Raises UnsupportedPart for a tool's result."""
    texts: list[str] = []
    thoughts: list[Reasoning] = []
    calls: list[ToolCall] = []
    opaque: list[Opaque] = []
    for place, part in enumerate(message.parts):
        where = f"{path}/parts/{place}"
        match part:
            case Text(text=text):
                texts.append(text)
            case Refusal(text=text):
                texts.append(text)
                reason = "there are no refusals here; it goes as text"
                told.append(Adaptation(field=where, action="changed", reason=reason))
            case Reasoning(provider_metadata=ProviderMetadata(provider=other)) if other != name:
                told.append(dropped(where, f"it is reasoning of {other}"))
            case Reasoning() if not replays:
                told.append(dropped(where, "there is no place for reasoning here"))
            case Reasoning(provider_metadata=None, signature=str()):
                told.append(dropped(where, "it is signed, so it is another provider's reasoning"))
            case Reasoning():
                thoughts.append(part)
            case ToolCall():
                calls.append(part)
            case Opaque(provider=other, kind=kind) if other != name:
                told.append(dropped(where, f"{kind} is for {other} only"))
            case Opaque():
                opaque.append(part)
            case Image() | Audio() | Document():
                told.append(dropped(where, "an assistant turn holds no media here"))
            case ToolResult():
                raise UnsupportedPart(f"{where}: an assistant turn cannot hold a tool's result")
    return AssistantTurn(
        text="".join(texts), thoughts=tuple(thoughts), calls=tuple(calls), opaque=tuple(opaque)
    )


def user_turn(name: str, message: Message, path: str, told: list[Adaptation]) -> UserTurn:
    """The turn of a user, a tool or the system, sorted. Media and opaque parts of results stand among the rest."""
    results: list[tuple[str, ToolResult]] = []
    rest: list[Placed] = []
    for place, part in enumerate(message.parts):
        where = f"{path}/parts/{place}"
        if not isinstance(part, ToolResult):
            rest += _sendable(name, (where, part), told)
            continue
        results.append((where, part))
        media = [
            (f"{where}/content/{number}", one)
            for number, one in enumerate(part.content)
            if not isinstance(one, Text)
        ]
        if media:
            reason = "a tool's result is text here; what else there was follows as the user's"
            told.append(Adaptation(field=where, action="changed", reason=reason))
        for one in media:
            rest += _sendable(name, one, told)
        if part.is_error:
            reason = "there is no mark for a tool that failed"
            told.append(dropped(f"{where}/is_error", reason, True))
    return UserTurn(results=tuple(results), rest=tuple(rest))


def result_text(result: ToolResult) -> str:
    """The words of a tool's answer, a line break between its text parts."""
    return "\n".join([part.text for part in result.content if isinstance(part, Text)])


def without_name(message: Message, path: str, told: list[Adaptation]) -> None:
    """Reports that a speaker's name is not sent."""
    if message.name is not None:
        told.append(dropped(f"{path}/name", "speakers have no names here", message.name))


def _sendable(name: str, placed: Placed, told: list[Adaptation]) -> tuple[Placed, ...]:
    where, part = placed
    if isinstance(part, Opaque) and part.provider != name:
        told.append(dropped(where, f"{part.kind} is for {part.provider} only"))
        return ()
    return (placed,)


__all__ = [
    "AssistantTurn",
    "Placed",
    "Unsendable",
    "UserTurn",
    "assistant_turn",
    "dropped",
    "result_text",
    "user_turn",
    "without_name",
]
