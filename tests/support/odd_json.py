"""JSON with up to a few changes, for laws that hold two readers of it together."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import msgspec
from hypothesis import strategies as st

ODD: list[Any] = [
    None, "", "a", "null", 0, 1, -1, 1.5, 10**30, "5", True, [], {}, ["a"], [None], [{}], {"a": 1}, {"a": None},
    {"type": "text", "text": "x"}, [{"type": "text", "text": "x"}], {"message": "no"}, "\ud83d",
]  # fmt: skip
"""Values that a field is given; the last one is encoded as half of a surrogate pair."""


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (object or list, key or index) of a value."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _objects(inner)


def change(draw: st.DrawFn, body: Any, names: Sequence[str], most: int = 3) -> bytes:
    """Make up to `most` changes in place: a value replaced, a field left out or added under one of the names, a value repeated."""
    for _ in range(draw(st.integers(0, most))):
        places = list(_places(body))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "remove", "add", "repeat"])):
            case "replace":
                holder[key] = deepcopy(draw(st.sampled_from(ODD)))
            case "remove":
                del holder[key]
            case "add":
                draw(st.sampled_from(list(_objects(body))))[draw(st.sampled_from(names))] = deepcopy(draw(st.sampled_from(ODD)))  # fmt: skip
            case _ if isinstance(holder, list):
                holder.append(holder[key])
    text = msgspec.json.encode(_without_surrogates(body))
    return text.replace(b'"SURROGATE"', b'"\\ud83d"')


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_surrogates(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    return "SURROGATE" if value == "\ud83d" else value
