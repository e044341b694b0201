"""Which part of a response a fragment belongs to: the id decides, then the index, then the part that began last.

Servers leave ids and indexes out, repeat them, or count them differently, so neither alone is an identity. A missing index
is no index, never 0. Dialects use `Parts` for tool calls, items and blocks.
"""

from typing import Any, TypeAlias

import msgspec

Key: TypeAlias = "tuple[int, int | str] | int | str"


class Entries(msgspec.Struct, frozen=True):
    """A mapping inside a frozen State. `put` returns a new one, in amortized logarithmic time.

    Layers of doubling size, the newest last: a put adds a layer of one, and joins layers that are not smaller.
    """

    layers: tuple[dict[Key, Any], ...] = ()

    def get(self, key: Key) -> Any:
        """The value of the key; None without one."""
        for layer in reversed(self.layers):
            if key in layer:
                return layer[key]
        return None

    def items(self) -> list[tuple[Key, Any]]:
        """Every key with its value, in no order."""
        merged: dict[Key, Any] = {}
        for layer in self.layers:
            merged |= layer
        return list(merged.items())

    def put(self, key: Key, value: Any) -> "Entries":
        """The mapping with this value."""
        if not self.layers:
            return Entries(({key: value},))
        layers, newest = [*self.layers], {key: value}
        while layers and len(layers[-1]) <= len(newest):
            newest = {**layers.pop(), **newest}
        return Entries((*layers, newest))


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
