"""Ids of tool calls: unique over the conversation, in the service's form, the same for a call and its result.

Made when a request is built, from the ids of the conversation, so that the same conversation has the same ids.
"""

import hashlib
import re
from collections import deque
from zlib import crc32

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import renamed
from llm_pure.adapters.dialects.common.turn_rules import CallIds, Placed, Turn
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.messages import ToolCall, ToolResult

_NINE = re.compile(r"[a-zA-Z0-9]{9}")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def wire_id(call_id: str, form: CallIds) -> str:
    """The id in the service's form; an id that has it stays as it is.

    >>> wire_id("call_1|fc_2", CallIds(invalid=re.compile(r"[^A-Za-z0-9_-]")))
    'call_1_fc_2'
    >>> wire_id("aB3dE6gH9", CallIds(nine_characters=True)), wire_id("call_1", CallIds(nine_characters=True))
    ('aB3dE6gH9', 'sPnjkEYJU')
    """
    if form.nine_characters:
        return _nine_characters(call_id)
    clean = call_id if form.invalid is None else form.invalid.sub("_", call_id)
    if form.max_length is None or len(clean) <= form.max_length:
        return clean
    return f"{clean[: form.max_length - 9]}_{crc32(call_id.encode(errors='replace')):08x}"


def with_wire_ids(turns: list[Turn], form: CallIds, adaptations: list[Adaptation]) -> list[Turn]:
    """The turns with wire ids in their calls and results.

    Of calls with one id, the later ones get another. A result belongs to the next call of its id in the assistant's last
    turn that has no result yet, else to the latest call of its id.
    """
    if _are_valid(turns, form):
        return turns
    ids = _Ids(form, adaptations)
    encoded: list[Turn] = []
    role = ""
    for turn in turns:
        if turn.role == "assistant" != role:
            ids.pending.clear()
        role = turn.role
        encoded.append(_with_parts(turn, ids))
    return encoded


def _are_valid(turns: list[Turn], form: CallIds) -> bool:
    """Whether all ids can stay as they are, as in most conversations."""
    used: set[str] = set()
    for turn in turns:
        for _, part in turn.parts:
            kind = type(part)
            if kind is ToolCall:
                call_id = part.id  # type: ignore[union-attr]
                if not call_id or call_id in used or wire_id(call_id, form) != call_id:
                    return False
                used.add(call_id)
            elif kind is ToolResult and part.tool_call_id not in used:  # type: ignore[union-attr]
                return False
    return True


def _with_parts(turn: Turn, ids: "_Ids") -> Turn:
    changed: dict[int, Placed] = {}
    for index, (path, part) in enumerate(turn.parts):
        if type(part) is ToolCall:
            call_id = ids.of_call(part.id, path)
            if call_id != part.id:
                changed[index] = (path, replace(part, id=call_id))
        elif type(part) is ToolResult:
            call_id = ids.of_result(part.tool_call_id, path)
            if call_id != part.tool_call_id:
                changed[index] = (path, replace(part, tool_call_id=call_id))
    if not changed:
        return turn
    parts = tuple([changed.get(index, placed) for index, placed in enumerate(turn.parts)])
    return replace(turn, parts=parts)


class _Ids:
    """The ids so far."""

    def __init__(self, form: CallIds, adaptations: list[Adaptation]) -> None:
        self.form = form
        self.adaptations = adaptations
        self.used: set[str] = set()
        self.latest: dict[str, str] = {}
        """Id in the conversation -> id on the wire, of the latest call."""
        self.next_number: dict[str, int] = {}
        """Id on the wire -> the number to try next for one more call of this id: all before it are in use."""
        self.pending: dict[str, deque[str]] = {}
        """The same, of calls in the last turn that have no result yet."""

    def of_call(self, call_id: str, path: str) -> str:
        encoded = wire_id(call_id, self.form) if call_id else ""
        if not encoded or encoded in self.used:
            first, number = encoded, self.next_number.get(encoded, 2 if call_id else 1)
            while not encoded or encoded in self.used:
                encoded = wire_id(f"{call_id or 'call'}_{number}", self.form)
                number += 1
            self.next_number[first] = number
        self.used.add(encoded)
        self.latest[call_id] = encoded
        self.pending.setdefault(call_id, deque()).append(encoded)
        self._report(f"{path}/id", call_id, encoded)
        return encoded

    def of_result(self, call_id: str, path: str) -> str:
        pending = self.pending.get(call_id)
        if pending:
            encoded = pending.popleft()
        else:
            encoded = self.latest.get(call_id) or wire_id(call_id, self.form)
        self._report(f"{path}/tool_call_id", call_id, encoded)
        return encoded

    def _report(self, path: str, call_id: str, encoded: str) -> None:
        if encoded != call_id and self.form.sent:
            reason = "ids are unique"
            if self.form.description:
                reason += f", and {self.form.description} here"
            self.adaptations.append(renamed(path, reason, call_id, encoded))


def _nine_characters(call_id: str) -> str:
    """The id if it is nine letters and digits, else a hash of it in this form.

    Source: mistralai/client-python: a foreign id is a 400, "invalid_function_call"; read 2026-11-20.
    """
    if _NINE.fullmatch(call_id):
        return call_id
    digest = hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).digest()
    return "".join([_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:9]])
