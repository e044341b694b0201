"""JSON objects put over one another, and long lists that grow inside a frozen State."""

from collections.abc import Mapping
from typing import Any, TypeAlias


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
