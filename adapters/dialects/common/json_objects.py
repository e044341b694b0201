"""JSON objects put over one another, and long lists that grow inside a frozen State."""

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")


def merge_objects(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Both objects as one. Where both have an object under a key, these are merged too; else `override` counts.

    >>> merge_objects({"a": {"b": 1}, "c": 1}, {"a": {"d": 2}, "c": 2})
    {'a': {'b': 1, 'd': 2}, 'c': 2}
    """
    merged = dict(base)
    for key, value in override.items():
        before = merged.get(key)
        if before and isinstance(before, dict) and isinstance(value, Mapping):
            merged[key] = merge_objects(before, value)
        else:
            merged[key] = value
    return merged


Chain: TypeAlias = "tuple[Chain[T], T] | None"
"""Items, newest first, each with the chain before it: appending costs the same at any length, and changes no chain."""


def chain_items(chain: Chain[T]) -> list[T]:
    """The items, oldest first.

    >>> chain_items(((None, "a"), "b"))
    ['a', 'b']
    """
    items: list[T] = []
    while chain is not None:
        chain, item = chain
        items.append(item)
    items.reverse()
    return items
