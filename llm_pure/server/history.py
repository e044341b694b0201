"""The history of a client, whose program may have cut it anywhere, as every service takes it: each call has its result.

Source: ../shared/gateway.md 3.1 (calls without results after trimming or an abort; calls that are there twice), read 2026-11-29.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import any_json
from llm_pure.types.messages import NO_RESULT, Message, Opaque, Part, Text, ToolCall, ToolResult


def completed_history(messages: Sequence[Message], adaptations: list[Adaptation]) -> list[Message]:
    """The messages, in which each call is there once and has a result, and each result has a call."""
    merged = [
        _once(message, f"messages/{index}", adaptations) if message.role == "assistant" else message
        for index, message in enumerate(messages)
    ]
    if not any(isinstance(p, ToolCall | ToolResult) for m in merged for p in m.parts):
        return merged
    completed: list[Message] = []
    open_calls: dict[str, ToolCall] = {}
    known: set[str] = set()
    insert_at = 0
    for index, message in enumerate(merged):
        if message.role == "assistant":
            calls = message.tool_calls
            is_same_turn = bool(completed) and completed[-1].role == "assistant"
            if not is_same_turn:
                _interrupt(completed, insert_at, open_calls, adaptations)
            open_calls |= {call.id: call for call in calls}
            known |= open_calls.keys()
            completed.append(message)
            insert_at = len(completed)
            continue
        for part in message.parts:
            if isinstance(part, ToolResult):
                open_calls.pop(part.tool_call_id, None)
        completed.append(_with_known_results(message, known, f"messages/{index}", adaptations))
    _interrupt(completed, insert_at, open_calls, adaptations)
    return completed


def _interrupt(
    completed: list[Message],
    at: int,
    calls: dict[str, ToolCall],
    adaptations: list[Adaptation],
) -> None:
    """Add a result for each of the open calls, after the turn that has them."""
    if not calls:
        return
    results = [
        ToolResult(tool_call_id=call.id, content=(Text(NO_RESULT),), name=call.name, is_error=True)
        for call in calls.values()
    ]
    completed.insert(at, Message("tool", tuple(results)))
    reason = f"calls without results: {', '.join(calls)[:100]}"
    adaptations.append(Adaptation(field=f"messages/{at}", action="added", reason=reason))
    calls.clear()


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


def _with_known_results(
    message: Message, known: set[str], path: str, adaptations: list[Adaptation]
) -> Message:
    """The message, with the content of results whose call is not there as content of the user."""
    if all(not isinstance(p, ToolResult) or p.tool_call_id in known for p in message.parts):
        return message
    parts: list[Part] = []
    for index, part in enumerate(message.parts):
        if not isinstance(part, ToolResult) or part.tool_call_id in known:
            parts.append(part)
            continue
        parts += [item for item in part.content if not isinstance(item, Opaque)]
        reason = "the call of this result is not in the conversation: its content is the user's"
        adaptations.append(
            Adaptation(field=f"{path}/parts/{index}", action="changed", reason=reason)
        )
    role = "tool" if any(isinstance(part, ToolResult) for part in parts) else "user"
    return replace(message, role=role, parts=tuple(parts))
