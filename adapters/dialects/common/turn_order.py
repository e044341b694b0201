"""One message sorted into the fields of most APIs: text, reasoning, tool calls, tool results, other parts.

Parts without a field are reported as adaptations; parts that must not be left out raise UnsupportedPart.
"""

import msgspec

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
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

Placed = tuple[str, Part]
"""A part's path, such as `messages/1/parts/0`, and the part."""


class AssistantTurn(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an assistant message."""

    text: str = ""
    """All text, joined without a separator."""
    reasoning: tuple[Reasoning, ...] = ()
    """Reasoning that may be replayed to this provider."""
    calls: tuple[ToolCall, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    """Opaque parts of this provider."""


class UserTurn(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a user, tool or system message, with their paths."""

    results: tuple[tuple[str, ToolResult], ...] = ()
    rest: tuple[Placed, ...] = ()
    """All other parts, in order, with the media and opaque parts of results."""


def assistant_turn(
    name: str, message: Message, path: str, adaptations: list[Adaptation], *, replays: bool
) -> AssistantTurn:
    """Sort an assistant message. `replays`: the API accepts its own reasoning. Raises UnsupportedPart for a tool result."""
    texts: list[str] = []
    reasoning: list[Reasoning] = []
    calls: list[ToolCall] = []
    opaque: list[Opaque] = []
    for index, part in enumerate(message.parts):
        part_path = f"{path}/parts/{index}"
        match part:
            case Text(text=text):
                texts.append(text)
            case Refusal(text=text):
                texts.append(text)
                adaptations.append(changed(part_path, "the API has no refusals; sent as text"))
            case Reasoning(provider_metadata=ProviderMetadata(provider=provider)) if (
                provider != name
            ):
                adaptations.append(dropped(part_path, f"it is reasoning of {provider}"))
            case Reasoning() if not replays:
                adaptations.append(dropped(part_path, "the API takes no reasoning as input"))
            case Reasoning(provider_metadata=None, signature=str()):
                reason = "it is signed, so it is another provider's reasoning"
                adaptations.append(dropped(part_path, reason))
            case Reasoning():
                reasoning.append(part)
            case ToolCall():
                calls.append(part)
            case Opaque(provider=provider, kind=kind) if provider != name:
                adaptations.append(dropped(part_path, f"{kind} is for {provider} only"))
            case Opaque():
                opaque.append(part)
            case Image() | Audio() | Document():
                reason = "the API takes no media in assistant messages"
                adaptations.append(dropped(part_path, reason))
            case ToolResult():
                raise UnsupportedPart(
                    f"{part_path}: an assistant message cannot contain a tool result"
                )
    return AssistantTurn(
        text="".join(texts), reasoning=tuple(reasoning), calls=tuple(calls), opaque=tuple(opaque)
    )


def user_turn(name: str, message: Message, path: str, adaptations: list[Adaptation]) -> UserTurn:
    """Sort the message of a user, a tool or the system. Drops opaque parts of other providers."""
    results: list[tuple[str, ToolResult]] = []
    rest: list[Placed] = []
    for index, part in enumerate(message.parts):
        part_path = f"{path}/parts/{index}"
        if not isinstance(part, ToolResult):
            rest += _sendable(name, part_path, part, adaptations)
            continue
        results.append((part_path, part))
        media = [
            (f"{part_path}/content/{content_index}", content)
            for content_index, content in enumerate(part.content)
            if not isinstance(content, Text)
        ]
        if media:
            reason = "the API takes text as a tool result; other parts follow in the user turn"
            adaptations.append(changed(part_path, reason))
        for content_path, content in media:
            rest += _sendable(name, content_path, content, adaptations)
        if part.is_error:
            reason = "the API has no error flag for tool results"
            adaptations.append(dropped(f"{part_path}/is_error", reason, True))
    return UserTurn(results=tuple(results), rest=tuple(rest))


def result_text(result: ToolResult) -> str:
    """The text parts of a tool result, joined by line breaks."""
    return "\n".join([part.text for part in result.content if isinstance(part, Text)])


def without_name(message: Message, path: str, adaptations: list[Adaptation]) -> None:
    """Report a speaker's name as dropped."""
    if message.name is not None:
        reason = "the API does not support speaker names"
        adaptations.append(dropped(f"{path}/name", reason, message.name))


def _sendable(
    name: str, part_path: str, part: Part, adaptations: list[Adaptation]
) -> tuple[Placed, ...]:
    if isinstance(part, Opaque) and part.provider != name:
        adaptations.append(dropped(part_path, f"{part.kind} is for {part.provider} only"))
        return ()
    return ((part_path, part),)
