"""The items of a response while it streams: which one an event belongs to, and what was emitted of its parts.

An item is found by its id, else by its output_index, else it is the one that began last: hosts change ids from event to
event, and leave indexes out or repeat them. Event indexes are `part_index(slot, content_index)`, in the order of the items.
"""

from collections.abc import Callable, Iterable
from io import SEEK_END, StringIO
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.common.part_identity import Entries, Parts
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.framing.json_codec import json_object

Lists: TypeAlias = "tuple[Lists, list[Any]] | None"
"""Lists that continue each other: what was before, and the newest one."""
PartKey: TypeAlias = tuple[str, int]
"""Kind of a part, and its index in the item.

Kinds: "text", "refusal" of a message; "content", "summary" of reasoning; "call"; "hosted", "stdout", "stderr", "output" of calls
that the service runs.
"""

PARTS_OF_ITEM = 2**20
"""Indexes reserved for the parts of one item."""
_ODD_PARTS = 2**19
"""First offset of parts that an item of its type does not have, or has at the same index already."""
_MAX_SLOT = 2**31

CALLS = frozenset({"function_call", "custom_tool_call"})
_HOME = {"text": "message", "refusal": "message", "content": "reasoning", "summary": "reasoning"}


def part_index(slot: int, content_index: int = 0) -> int:
    """The event index of a part."""
    return slot * PARTS_OF_ITEM + content_index


def join_lists(lists: Lists) -> list[Any]:
    """The items of the lists."""
    joined: list[list[Any]] = []
    while lists is not None:
        lists, values = lists
        joined.append(values)
    return [value for values in reversed(joined) for value in values]


class PartText(msgspec.Struct, frozen=True):
    """What was received of a part. Its text is a buffer that only grows, so that a delta costs a write and no new state."""

    index: int
    """The event index."""
    order: int = 0
    """Its position among the parts of the item, as they began."""
    buffer: StringIO = msgspec.field(default_factory=StringIO)
    stale: bool = False
    """A final event had another text than the deltas: with the item's end the entire part is emitted, then and later."""
    annotations: Lists = None
    logprobs: Lists = None
    values: Lists = None
    """JSON of a part that is no text: the outputs of a command."""

    @property
    def text(self) -> str:
        """The text so far."""
        return self.buffer.getvalue()

    @property
    def length(self) -> int:
        """The length of the text."""
        return self.buffer.seek(0, SEEK_END)

    def with_text(self, text: str, *, stale: bool = False) -> "PartText":
        """The part with another text."""
        buffer = StringIO()
        buffer.write(text)
        return replace(self, buffer=buffer, stale=stale)

    def extended(self, text: str | None) -> "tuple[PartText, str]":
        """The part with its complete text, and what that has beyond the text so far. Text that begins otherwise has no rest."""
        length = self.length
        if not text or (len(text) == length and text == self.text):
            return self, ""
        if self.stale or len(text) < length or not text.startswith(self.text):
            return self.with_text(text, stale=True), ""
        return self.with_text(text), text[length:]


class Item(msgspec.Struct, frozen=True):
    """One item of the output."""

    number: int
    slot: int
    """The item's place in the order of the output."""
    kind: str = ""
    """The item's type, "" before it is known."""
    item_id: str | None = None
    """As the item showed it itself."""
    raw: wire.JsonObject | None = None
    """The item as it began, until it is complete."""
    shown: bytes = b""
    """The complete item as JSON, without its id."""
    announced: bool = False
    """`output_item.added` was read."""
    done: bool = False
    call_id: str = ""
    name: str = ""
    """Both as emitted."""
    hosted: bool = False
    """A call that the service runs itself."""
    signed: bool = False
    """The encrypted content of the reasoning was emitted."""
    stale: bool = False
    """The reasoning was emitted in another order than the final item has."""
    parts: Entries = Entries()
    """PartKey -> PartText."""
    count: int = 0
    words: PartKey | None = None
    """The part of the message that began or went on last."""
    thought: PartKey | None = None
    """The piece of the reasoning that did."""

    def part(self, key: PartKey) -> PartText:
        """The part, an empty one if it has not begun."""
        part: PartText | None = self.parts.get(key)
        return PartText(self._index(key), self.count) if part is None else part

    def with_part(self, key: PartKey, part: PartText) -> "Item":
        """The item with this part, as its newest."""
        words = key if key[0] in ("text", "refusal") else self.words
        thought = key if key[0] in ("content", "summary") else self.thought
        same = words == self.words and thought == self.thought
        if same and self.parts.get(key) is part:  # most events that complete a part repeat it
            return self
        return replace(
            self,
            parts=self.parts.put(key, part),
            words=words,
            thought=thought,
            count=max(self.count, part.order + 1),
        )

    def texts(self, *kinds: str) -> list[tuple[PartKey, PartText]]:
        """The parts of these kinds that have begun, as they began."""
        entries: list[tuple[Any, PartText]] = self.parts.items()
        parts = [(key, part) for key, part in entries if key[0] in kinds]
        return sorted(parts, key=lambda entry: entry[1].order)

    def json(self) -> wire.JsonObject:
        """The item, once it is complete."""
        raw = json_object(self.shown.decode()) or {}
        return {"id": self.item_id, **raw} if self.item_id else raw

    def fits(self, kind: str) -> bool:
        """Return whether the item is of this type, as far as both are known."""
        return self.kind in ("", kind) or not kind or {self.kind, kind} <= CALLS

    def number_of(self, kind: str, index: int | None) -> int:
        """The index of a part; without one it is the last part of its kind, or the next one after one of another kind."""
        if kind == "call":
            return 0
        if index is not None:
            return index
        newest = self.words if kind in ("text", "refusal") else self.thought
        if newest is None:
            return 0
        return newest[1] if newest[0] == kind else newest[1] + 1

    def repeats(self, kind: str, index: int | None, text: str | None) -> bool:
        """Return whether this is the text of a part of the item."""
        if text is None:
            return False
        part = self.part((kind, self.number_of(kind, index)))
        return part.length == len(text) and part.text == text

    def _index(self, key: PartKey) -> int:
        kind, offset = key
        offset = 0 if kind in ("content", "summary", "call") else offset % _ODD_PARTS
        if _HOME.get(kind, self.kind) not in (self.kind, "") or self._is_occupied(kind, offset):
            offset += _ODD_PARTS
        return part_index(self.slot, offset)

    def _is_occupied(self, kind: str, offset: int) -> bool:
        other = {"text": "refusal", "refusal": "text"}.get(kind)
        return other is not None and self.parts.get((other, offset)) is not None


class Items(msgspec.Struct, frozen=True):
    """All items that have begun."""

    identity: Parts = Parts()
    entries: Entries = Entries()
    """Number -> Item."""
    slots: Entries = Entries()
    """Slot -> number."""
    free: int = 0
    """The first slot after all that are in use."""

    def put(self, item: Item) -> "Items":
        """The items with this one changed."""
        if self.entries.get(item.number) is item:
            return self
        return replace(self, entries=self.entries.put(item.number, item))

    def in_order(self) -> list[Item]:
        """All items, in the order of the output."""
        return sorted([item for _, item in self.entries.items()], key=lambda item: item.slot)

    def by_ids(self, items: Iterable[Item]) -> "Callable[[wire.JsonObject], Item | None]":
        """Finds an item as `by_id` does, among all items at once."""
        numbers = dict(self.identity.by_id.items())
        by_number = {item.number: item for item in items}

        def find(raw: wire.JsonObject) -> Item | None:
            for part_id in (_text(raw.get("id")), _call_key(raw)):
                item = by_number.get(numbers.get((0, part_id), -1)) if part_id else None
                if item is not None and item.fits(str(raw.get("type") or "")):
                    return item
            return None

        return find

    def for_part(
        self, event: wire.Address, kind: str, part: str, text: str | None = None
    ) -> "tuple[Items, Item]":
        """The item of an event of a part: one of this type, unless its id says more. It begins if it is unknown.

        `part`: the kind of the part. `text`: its complete text, which may repeat that of a completed item.
        """
        number = self.identity.find(0, _text(event.item_id), None)
        if number is None:
            number = self._by_index(event, kind)
            item = None if number is None else self._item(number)
            if item is not None and item.done and not item.repeats(part, event.content_index, text):
                number = None
        if number is None:
            return self.begin(_text(event.item_id), event.output_index, kind)
        identity = self.identity.link(0, number, None, event.output_index)
        item = self._item(number)
        if not item.kind:
            item = replace(item, kind=kind)
        return (self if identity is self.identity else replace(self, identity=identity)), item

    def for_item(
        self, raw: wire.JsonObject, output_index: int | None, *, begins: bool
    ) -> "tuple[Items, Item]":
        """The item that an event shows, which begins with it if it is unknown. `begins`: it is `output_item.added`."""
        kind = str(raw.get("type") or "")
        number = self.by_id(raw)
        if number is None and output_index is not None:
            number = self.identity.find(0, None, output_index)
            if number is not None and not _continues(self._item(number), raw, begins=begins):
                number = None
        elif number is None and not begins:
            number = self.identity.last(0)
            if number is not None and not _continues(self._item(number), raw, begins=False):
                number = None
        if number is None:
            items, item = self.begin(_text(raw.get("id")), output_index, kind)
        else:
            items, item = self, self._item(number)
        return items._linked(item, raw, output_index)

    def by_id(self, raw: wire.JsonObject) -> int | None:
        """The number of the item with this id, or with the call_id of this call, and of the same type."""
        ids = (raw.get("id"), _call_key(raw))
        for part_id in ids:
            number = self.identity.find(0, _text(part_id), None)
            if number is not None and self._item(number).fits(str(raw.get("type") or "")):
                return number
        return None

    def begin(
        self, item_id: str | None, output_index: int | None, kind: str
    ) -> "tuple[Items, Item]":
        """Begin an item at the slot of its index, after all others if that is taken or missing."""
        slot = output_index
        known = slot is not None and slot < self.free and self.slots.get(slot) is not None
        if slot is None or known or not 0 <= slot < _MAX_SLOT:
            slot = self.free
        identity, number = self.identity.begin(0, item_id, output_index)
        items = Items(
            identity, self.entries, self.slots.put(slot, number), max(self.free, slot + 1)
        )
        return items, Item(number, slot, kind)

    def _item(self, number: int) -> Item:
        item: Item = self.entries.get(number)
        return item

    def _by_index(self, event: wire.Address, kind: str) -> int | None:
        """The number of the item at the index; without an index of the one that began last, if the event fits it."""
        index = event.output_index
        number = self.identity.last(0) if index is None else self.identity.find(0, None, index)
        if number is None:
            return None
        item = self._item(number)
        if not item.fits(kind):
            return None
        if index is None and event.item_id and not item.announced and not item.done:
            return None  # the item began with another id
        return number

    def _linked(
        self, item: Item, raw: wire.JsonObject, output_index: int | None
    ) -> "tuple[Items, Item]":
        identity = self.identity.link(0, item.number, _text(raw.get("id")), output_index)
        identity = identity.link(0, item.number, _call_key(raw), None)
        kind = str(raw.get("type") or "") or item.kind
        item_id = _text(raw.get("id")) or item.item_id
        if item.kind != kind or item.item_id != item_id:
            item = replace(item, kind=kind, item_id=item_id)
        return (self if identity is self.identity else replace(self, identity=identity)), item


def _continues(item: Item, raw: wire.JsonObject, *, begins: bool) -> bool:
    """Return whether an event with an unknown id shows the item that stands at its index, or that began last."""
    if not item.fits(str(raw.get("type") or "")):
        return False
    differ = item.item_id is not None and raw.get("id") is not None
    return not (differ and (item.done or (begins and item.announced)))


def without_repeated_calls(output: list[wire.JsonObject]) -> list[wire.JsonObject]:
    """The items without calls that are shown again under another id, with the same arguments or none.

    Source: microsoft/agent-framework#7485 (Foundry), read 2026-11-30.
    """
    kept: list[wire.JsonObject] = []
    calls: dict[tuple[str, str], list[Any]] = {}
    for raw in output:
        call_id = _call_key(raw)
        if call_id is not None:
            arguments = raw.get("arguments") or raw.get("input")
            known = calls.setdefault((call_id, str(raw.get("name"))), [])
            if known and (arguments in _NO_ARGUMENTS or arguments in known):
                continue
            known.append(arguments)
        kept.append(raw)
    return kept


_NO_ARGUMENTS: tuple[Any, ...] = (None, "", "{}", {})


def _call_key(raw: wire.JsonObject) -> str | None:
    """The call_id of a call; its result has the same one and is another item."""
    return _text(raw.get("call_id")) if str(raw.get("type")) in CALLS else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value and value != "null" else None
