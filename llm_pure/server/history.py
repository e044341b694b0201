"""The history of a client, whose program may have a call twice: as a block of the content and in `tool_calls`.

Calls without results, and results without calls, are a matter of the service: its builder pairs them as its rules say.
Source: ../shared/gateway.md 3.1 (calls that are there twice), read 2026-11-29.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import any_json
from llm_pure.types.messages import Message, Part, ToolCall


def without_repeated_calls(
    messages: Sequence[Message], adaptations: list[Adaptation]
) -> list[Message]:
    """The messages, in which each call is there once."""
    return [
        _once(message, f"messages/{index}", adaptations) if message.role == "assistant" else message
        for index, message in enumerate(messages)
    ]


def _once(message: Message, path: str, adaptations: list[Adaptation]) -> Message:
    """The message with one call of each that is there twice, as a block of the content and in `tool_calls`."""
    calls: dict[str, ToolCall] = {}
    kept: list[Part] = []
    for index, part in enumerate(message.parts):
        before = calls.get(part.id) if isinstance(part, ToolCall) else None
        if isinstance(part, ToolCall) and part.id:
            calls.setdefault(part.id, part)
            if before is not None and _is_same(before, part):
                reason = "the same call stands in the message before"
                adaptations.append(
                    Adaptation(field=f"{path}/parts/{index}", action="rewritten", reason=reason)
                )
                continue
        kept.append(part)
    return message if len(kept) == len(message.parts) else replace(message, parts=tuple(kept))


def _is_same(first: ToolCall, second: ToolCall) -> bool:
    if first.name != second.name:
        return False
    texts = (first.arguments, second.arguments)
    before, after = (any_json(text.encode("utf-8", "replace")) for text in texts)
    return bool(before == after)
