"""Every call of a tool has one result after it, and every result a call, as most services require.

OpenAI: "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'"; Anthropic:
"`tool_use` ids were found without `tool_result` blocks immediately after", "unexpected `tool_use_id` found in `tool_result`
blocks", "each tool_use must have a single result"; Responses: "No tool output found for function call"; Gemini: "the number of
function response parts is equal to the number of function call parts" (google-gemini/gemini-cli#16906, read 2026-11-30; the
others as generally known, unconfirmed). Agents that were interrupted leave such conversations behind, and so do programs that
cut off the beginning of a conversation.
"""

import re
from collections import deque
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import (
    added,
    changed,
    dropped,
    renamed,
    rewritten,
)
from llm_pure.adapters.dialects.common.turn_rules import Placed, Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.media import document_media_type, media_type_of
from llm_pure.types.messages import (
    NO_RESULT,
    Audio,
    Document,
    Image,
    Opaque,
    Text,
    ToolCall,
    ToolResult,
    ToolResultContent,
    Video,
)

ERROR_TEXT = "Error."
"""Text of a result that is an error and says nothing else.

Anthropic: "content cannot be empty if `is_error` is true" (jlevy/markform#153, can1357/oh-my-pi#2250); read 2026-11-30.
"""


def pair_results(turns: list[Turn], rules: TurnRules, adaptations: list[Adaptation]) -> list[Turn]:
    """The turns with a result for each call, and without results for which there is no call.

    A result that stands elsewhere is moved behind its call; one without a call becomes text of the user.
    """
    return turns if _are_paired(turns, rules) else _Pairing(turns, rules, adaptations).paired()


def _are_paired(turns: Sequence[Turn], rules: TurnRules) -> bool:
    """Whether nothing has to change, as in most conversations."""
    anywhere, ordered = rules.results == "anywhere", _by_order(rules)
    waiting: dict[str, int] = {}
    order: deque[str] = deque()  # filled only where the order counts
    for turn in turns:
        is_assistant = turn.role == "assistant"
        if is_assistant and waiting and not anywhere:
            return False
        for _, part in turn.parts:
            if type(part) is ToolCall and is_assistant:
                waiting[part.id] = waiting.get(part.id, 0) + 1
                if ordered:
                    order.append(part.id)
            elif type(part) is ToolResult and not is_assistant:
                call_id = part.tool_call_id
                if call_id not in waiting or (ordered and order.popleft() != call_id):
                    return False
                waiting[call_id] -= 1
                if not waiting[call_id]:
                    del waiting[call_id]
    return not waiting


def _by_order(rules: TurnRules) -> bool:
    """Whether the service knows by the order alone which of two calls of one tool a result answers."""
    return rules.call_ids is not None and not rules.call_ids.sent


_STRINGS = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"')
"""Of JSON."""


class _Call(msgspec.Struct):
    """A call of the conversation."""

    turn: int
    path: str
    part: ToolCall
    result: Placed | None = None
    is_answered: bool = False


class _Pairing:
    """The search for pairs in one conversation."""

    def __init__(self, turns: list[Turn], rules: TurnRules, adaptations: list[Adaptation]) -> None:
        self.turns = turns
        self.adaptations = adaptations
        self.in_place = rules.results == "anywhere"
        self.marked_errors = rules.marked_errors
        self.calls: list[_Call] = []
        self.by_id: dict[str, list[_Call]] = {}

    @cached_property
    def opaque_texts(self) -> frozenset[str]:
        """The strings in parts that only their provider understands."""
        opaque = [
            part.json for turn in self.turns for _, part in turn.parts if isinstance(part, Opaque)
        ]
        return frozenset([text for json in opaque for text in _STRINGS.findall(json)])

    def paired(self) -> list[Turn]:
        kept: list[list[Turn]] = []
        last, first_result = -1, 0
        for index, turn in enumerate(self.turns):
            if turn.role == "assistant":
                last, first_result = index, index + 1
                for path, part in turn.parts:
                    if isinstance(part, ToolCall):
                        call = _Call(index, path, part)
                        self.calls.append(call)
                        self.by_id.setdefault(part.id, []).append(call)
                kept.append([turn])
            else:
                kept.append(self._results_of(turn, last, is_late=index > first_result))
                first_result += turn.role == "tool" and index == first_result
        for call in self.calls:
            if not call.is_answered and not self._is_elsewhere(call.part.id):
                reason = "a call needs a result here; it has none in the conversation"
                self.adaptations.append(changed(call.path, reason, after=NO_RESULT))
                result = ToolResult(
                    tool_call_id=call.part.id,
                    content=(Text(NO_RESULT),),
                    name=call.part.name,
                    is_error=self.marked_errors,
                )
                call.result = (call.path, result)
        behind: dict[int, list[Placed]] = {}
        for call in self.calls:
            if call.result is not None:
                behind.setdefault(call.turn, []).append(call.result)
        paired: list[Turn] = []
        for index, group in enumerate(kept):
            paired += group
            results = behind.get(index)
            if results:
                path = results[0][0].rpartition("/parts/")[0]
                paired.append(Turn("tool", path, tuple(results)))
        return paired

    def _results_of(self, turn: Turn, last: int, *, is_late: bool) -> list[Turn]:
        """The turn without its results that stand behind their calls; what becomes text follows in a turn of the user.

        `is_late`: other messages come between the turn and the last calls.
        """
        parts: list[Placed] = []
        texts: list[Placed] = []
        for path, part in turn.parts:
            if not isinstance(part, ToolResult):
                parts.append((path, part))
                continue
            call = self._call_of(part, last)
            if call is None and not self._is_elsewhere(part.tool_call_id):
                texts += self._as_text(path, part)
                continue
            if call is not None and call.part.id != part.tool_call_id:
                reason = "the id of the call of this tool"
                ids = part.tool_call_id, call.part.id
                self.adaptations.append(renamed(f"{path}/tool_call_id", reason, *ids))
                part = replace(part, tool_call_id=call.part.id)
            if call is None or self.in_place:
                parts.append((path, part))
                continue
            if is_late or call.turn != last:
                reason = "tool results directly follow their calls here, before other messages"
                self.adaptations.append(rewritten(path, reason))
            call.result = (path, part)
        if turn.name and not parts:
            reason = "a message of tool results has no name here"
            self.adaptations.append(dropped(f"{turn.path}/name", reason, turn.name))
        turns = [replace(turn, parts=tuple(parts))] if parts or not turn.parts else []
        return [*turns, Turn("user", turn.path, tuple(texts))] if texts else turns

    def _call_of(self, result: ToolResult, last: int) -> _Call | None:
        """The call that the result answers: the first of its id in the latest turn that waits for one.

        A result without an id answers a call by the name of its tool.
        """
        calls = self.by_id.get(result.tool_call_id, [])
        if not calls and not result.tool_call_id and result.name:
            calls = [
                call for call in self.calls if call.turn == last and call.part.name == result.name
            ]
        waiting = [call for call in calls if not call.is_answered]
        call = next((call for call in waiting if call.turn == waiting[-1].turn), None)
        if call is not None:
            call.is_answered = True
        return call

    def _is_elsewhere(self, call_id: str) -> bool:
        """Whether the id stands in a part that only its provider understands, which may be a call or a result."""
        return bool(call_id) and call_id in self.opaque_texts

    def _as_text(self, path: str, result: ToolResult) -> list[Placed]:
        reason = f"no call waits for a result with the id {result.tool_call_id!r}; it is sent as text of the user"
        self.adaptations.append(changed(path, reason))
        label = f"Result of {result.name}:" if result.name else "Result of a tool:"
        content = [(f"{path}/content/{index}", part) for index, part in enumerate(result.content)]
        return [(path, Text(label)), *content]


def with_error_text(turn: Turn, adaptations: list[Adaptation]) -> Turn:
    """The turn with text in each result that is an error without content."""
    parts = list(turn.parts)
    for index, (path, part) in enumerate(turn.parts):
        if isinstance(part, ToolResult) and part.is_error and not part.content:
            reason = "the result of an error needs text here"
            adaptations.append(added(f"{path}/content", reason, ERROR_TEXT))
            parts[index] = (path, replace(part, content=(Text(ERROR_TEXT),)))
    return replace(turn, parts=tuple(parts))


def without_media(
    result: ToolResult, path: str, rules: TurnRules, adaptations: list[Adaptation]
) -> tuple[ToolResult, list[Placed]]:
    """The result without media that it cannot hold, and these media."""
    supported = rules.result_media
    if result.is_error and not rules.error_media:
        supported = frozenset({Opaque})
    if supported is None or all(type(part) is Text for part in result.content):
        return result, []
    kept: list[ToolResultContent] = []
    moved: list[Placed] = []
    for index, part in enumerate(result.content):
        if type(part) is Text or (type(part) in supported and _is_held(part, rules)):
            kept.append(part)
        else:
            moved.append((f"{path}/content/{index}", part))
    if not moved:
        return result, []
    kinds = ", ".join(sorted({type(part).__name__ for _, part in moved}))
    holder = "a tool result" if supported is rules.result_media else "the result of an error"
    reason = f"{holder} cannot hold {kinds} here; it follows in the user turn"
    adaptations.append(changed(path, reason))
    return replace(result, content=tuple(kept)), moved


def _is_held(part: Any, rules: TurnRules) -> bool:
    """Whether media of a supported type are in a form that a tool result can hold."""
    if not isinstance(part, Image | Audio | Document | Video):
        return True
    if part.data is None:
        return rules.result_urls
    if rules.result_media_types is None:
        return True
    if isinstance(part, Document):
        media_type = document_media_type(part.data, part.media_type, part.name)
    else:
        media_type = media_type_of(part.data) or part.media_type
    return media_type in rules.result_media_types
