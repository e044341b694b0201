"""Which part of a response a fragment belongs to: the id decides, then the index, then the part that began last.

Servers leave ids and indexes out, repeat them, or count them differently, so neither alone is an identity. A missing index
is no index, never 0. Dialects use `Parts` for items and blocks, and `Calls` for tool calls, whose names and arguments come
in fragments.
"""

from typing import Any, TypeAlias

import msgspec

from llm_pure.framing.json_codec import json_object
from llm_pure.types.events import ToolCallDelta

Key: TypeAlias = "tuple[int | str, int | str] | int | str"


class Entries(msgspec.Struct, frozen=True):
    """A mapping inside a frozen State. `put` returns a new one, in amortized logarithmic time.

    Layers of doubling size, the newest last: a put adds a layer of one, and joins layers that are not smaller.
    """

    layers: tuple[dict[Key, Any], ...] = ()

    def get(self, key: Key) -> Any:
        """The value of the key; None without one."""
        if len(self.layers) == 1:
            return self.layers[0].get(key)
        for layer in reversed(self.layers):
            if key in layer:
                return layer[key]
        return None

    def items(self) -> list[tuple[Key, Any]]:
        """Every key with its value, in no order."""
        if len(self.layers) == 1:
            return list(self.layers[0].items())
        merged: dict[Key, Any] = {}
        for layer in self.layers:
            merged |= layer
        return list(merged.items())

    def put(self, key: Key, value: Any) -> "Entries":
        """The mapping with this value."""
        if not self.layers:
            return Entries(({key: value},))
        if len(self.layers) == 1 and len(self.layers[0]) < _ONE_LAYER:
            return Entries(({**self.layers[0], key: value},))
        layers, newest = [*self.layers], {key: value}
        while layers and len(layers[-1]) <= len(newest):
            newest = {**layers.pop(), **newest}
        return Entries((*layers, newest))


_ONE_LAYER = 16
"""Up to so many entries are one layer: a copy of them costs less than to keep layers."""

Chain: TypeAlias = "tuple[Any, Any] | None"
"""(the chain before, the newest item), None for no items. Append with `(chain, item)`: it costs the same at any length."""


def chain_items(chain: Chain) -> list[Any]:
    """The items, oldest first.

    >>> chain_items(((None, "a"), "b"))
    ['a', 'b']
    """
    items: list[Any] = []
    while chain is not None:
        chain, item = chain
        items.append(item)
    items.reverse()
    return items


class Parts(msgspec.Struct, frozen=True):
    """The numbers of the parts that began, counted over the response, by id, by index, and the last one."""

    count: int = 0
    by_id: Entries = Entries()
    """(choice, id) -> number."""
    by_index: Entries = Entries()
    """(choice, index) -> number."""
    newest: Entries = Entries()
    """choice -> number of the part that began or went on last."""

    def find(self, choice: int, part_id: str | None, index: int | None) -> int | None:
        """The number of the part with this id, else of the one at this index; None if both are unknown or missing."""
        number: int | None = self.by_id.get((choice, part_id)) if part_id else None
        if number is None and index is not None:
            number = self.by_index.get((choice, index))
        return number

    def last(self, choice: int) -> int | None:
        """The number of the part that began or went on last; None before the first."""
        number: int | None = self.newest.get(choice)
        return number

    def begin(self, choice: int, part_id: str | None, index: int | None) -> "tuple[Parts, int]":
        """Begin a part: the parts with it, and its number."""
        number = self.count
        return Parts(
            number + 1,
            self.by_id.put((choice, part_id), number) if part_id else self.by_id,
            self.by_index if index is None else self.by_index.put((choice, index), number),
            self.newest.put(choice, number),
        ), number

    def link(self, choice: int, number: int, part_id: str | None, index: int | None) -> "Parts":
        """The parts in which this id and this index mean this number, which is the last one."""
        by_id, by_index, newest = self.by_id, self.by_index, self.newest
        if part_id and by_id.get((choice, part_id)) != number:
            by_id = by_id.put((choice, part_id), number)
        if index is not None and by_index.get((choice, index)) != number:
            by_index = by_index.put((choice, index), number)
        if newest.get(choice) != number:
            newest = newest.put(choice, number)
        if by_id is self.by_id and by_index is self.by_index and newest is self.newest:
            return self
        return Parts(self.count, by_id, by_index, newest)


class CallHead(msgspec.Struct, frozen=True):
    """What is known of a tool call besides its arguments."""

    id: str = ""
    name: str = ""
    has_arguments: bool = False
    complete_arguments: str = ""
    """The arguments, if one fragment with a name had all of them: a JSON object."""


NO_CALL = CallHead()


class Calls(msgspec.Struct, frozen=True):
    """The tool calls that began."""

    parts: Parts = Parts()
    heads: Entries = Entries()
    """Number of a call -> its CallHead."""
    last: tuple[int, int | None, int] = (-1, None, -1)
    """(choice, index, number) of the call that went on last, once it has arguments."""
    first: int = 0
    """The index of the part that the first call is; the others follow it."""

    def read(
        self,
        choice: int,
        index: int | None,
        call_id: str | None,
        name: str | None,
        arguments: str,
        *,
        complete: bool = False,
    ) -> "tuple[Calls, ToolCallDelta]":
        """Assign a fragment to the call that it continues, or begin a call. The event's index is `first` plus the number of the call.

        `complete`: it is an entry of a buffered response, so a call of its own.

        A known id decides, then a known index, then the call that went on last. A name begins a call, unless it continues
        the name of the call at its index. Empty ids and names, and the ids "null" and "None", mean none (DashScope, GLM
        hosted by Mistral, servers in Python). The event has the id when it is new, and the complete name so far when it changed.
        """
        if arguments and not call_id and not name and not complete:
            last_choice, last_index, last = self.last
            if last_index == index and last_choice == choice:  # nearly every fragment
                return self, ToolCallDelta(arguments, self.first + last, choice)
        if call_id in NO_IDS:
            call_id, name = "", "" if name in NO_IDS else name
        call_id, name = call_id or "", name or ""
        parts = self.parts
        number: int | None = None
        if parts.count and not complete:
            number = parts.find(choice, call_id, index)
            if number is None and not call_id and (index is None or not name):
                number = parts.last(choice)
                if number is not None and not arguments:  # it may announce a call of that index
                    return self, ToolCallDelta("", self.first + number, choice)
        head: CallHead = NO_CALL if number is None else self.heads.get(number) or NO_CALL
        if number is None or (name and self._begins(choice, head, call_id, index, name, arguments)):
            parts, number = parts.begin(choice, call_id, index)
            head = NO_CALL
        else:
            parts = parts.link(choice, number, call_id, index)
        if not arguments:
            complete_arguments = head.complete_arguments
        else:
            complete_arguments = (
                arguments if name and not head.has_arguments and _is_object(arguments) else ""
            )
        after = CallHead(
            head.id or call_id,
            _join_name(head.name, name),
            head.has_arguments or bool(arguments),
            complete_arguments,
        )
        calls = Calls(
            parts,
            self.heads if after == head else self.heads.put(number, after),
            (choice, index, number)
            if after.has_arguments and not complete_arguments
            else (-1, None, -1),
            self.first,
        )
        return calls, ToolCallDelta(
            arguments,
            self.first + number,
            choice,
            after.id if after.id != head.id else "",
            after.name if after.name != head.name else "",
        )

    def _begins(
        self,
        choice: int,
        head: CallHead,
        call_id: str,
        index: int | None,
        name: str,
        arguments: str,
    ) -> bool:
        """Whether a fragment with a name begins another call than the one at its index, or than the last one."""
        if call_id and self.parts.by_id.get((choice, call_id)) is not None:
            return False
        if call_id and head.id:
            return True
        if head.has_arguments and head.name and name != head.name:
            return True
        # Google's compatible API
        if head.complete_arguments and name == head.name and _is_object(arguments):
            return arguments != head.complete_arguments
        if index is not None or not head.name:
            return False
        return name != head.name or (head.has_arguments and arguments.lstrip().startswith("{"))


NO_IDS = ("null", "None")
"""Ids that mean none."""
"""Ids that mean none."""


def _is_object(arguments: str) -> bool:
    """Whether a fragment of arguments is a JSON object. Few begin and end like one."""
    return arguments[:1] == "{" and arguments[-1:] == "}" and json_object(arguments) is not None


def _join_name(before: str, name: str) -> str:
    """The name with another piece of it; NVIDIA repeats the complete name in each chunk."""
    return name or before if name.startswith(before) else before + name
