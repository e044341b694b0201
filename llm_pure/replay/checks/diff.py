"""What changed in a provider's answers between two recordings: JSON paths that came, went, or have another type. Pure.

Values do not count, and neither does how many items a list has: `*` stands for each of them.
"""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.json_spans import documents
from llm_pure.replay.matching import MatchRules, canonical
from llm_pure.types.http import HttpResponse

Shape = dict[str, frozenset[str]]
"""JSON paths, and the types that were seen there."""

DEPTH_LIMIT = 100


class ShapeDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One path that changed. index: of the new interaction. old, new: types, "" where there was none."""

    kind: Literal["added", "removed", "retyped"]
    where: str
    index: int
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        types = {"added": self.new, "removed": self.old, "retyped": f"{self.old} -> {self.new}"}
        return f"{self.kind:8} interactions[{self.index}] {self.where}: {types[self.kind]}"


def diff_cassettes(old: Cassette, new: Cassette) -> Iterator[ShapeDifference]:
    """Every change in the answers to the same requests; what only one of the cassettes holds is one change."""
    left = list(old.interactions)
    for index, interaction in enumerate(new.interactions):
        before = _same(interaction, left)
        if before is None:
            what = f"{interaction.request.method} {interaction.request.url}"
            yield ShapeDifference(kind="added", where=what, index=index, new="an interaction")
            continue
        left.remove(before)
        yield from _drifts(json_shape(before.response), json_shape(interaction.response), index)
    for interaction in left:
        what = f"{interaction.request.method} {interaction.request.url}"
        index = old.interactions.index(interaction)
        yield ShapeDifference(kind="removed", where=what, index=index, old="an interaction")


def json_shape(response: HttpResponse) -> Shape:
    """The types at each path of an answer; of a stream's events each kind by itself, such as `[message_start] /type`."""
    found: dict[str, set[str]] = {"status": {str(response.status)}}
    for name, _ in response.headers:
        found.setdefault(f"header {name}", set()).add("header")
    text = response.body.decode("latin-1")
    for event, begin, end in documents(text):
        try:
            value = msgspec.json.decode(text[begin:end].encode("latin-1"))
        except DECODE_ERRORS:
            continue
        prefix = "" if event is None else f"{_kind(value)} "
        _walk(value, prefix, found, 0)
    return {path: frozenset(types) for path, types in found.items()}


_LOOSE = MatchRules(origin=False)


def _same(interaction: Interaction, others: list[Interaction]) -> Interaction | None:
    """The first with an equal request; else the first that went to the same place."""
    asked = canonical(interaction.request, _LOOSE)
    told = [(other, canonical(other.request, _LOOSE)) for other in others]
    equal = [other for other, one in told if one.key == asked.key]
    near = [other for other, one in told if (one.method, one.url) == (asked.method, asked.url)]
    return next(iter([*equal, *near]), None)


def _kind(value: Any) -> str:
    """What the event calls itself."""
    if isinstance(value, dict):
        named = value.get("type", value.get("object"))
        if isinstance(named, str):
            return f"[{named}]"
    return "[event]"


def _walk(value: Any, path: str, found: dict[str, set[str]], depth: int) -> None:
    found.setdefault(path if path.strip() else f"{path}/", set()).add(_type(value))
    if depth > DEPTH_LIMIT:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            step = str(name).replace("~", "~0").replace("/", "~1")
            _walk(inner, f"{path}/{step}", found, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, f"{path}/*", found, depth + 1)


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "list"
        case _:
            return "object"


def _drifts(old: Shape, new: Shape, index: int) -> Iterator[ShapeDifference]:
    for path in sorted(old.keys() | new.keys()):
        before, after = _words(old.get(path)), _words(new.get(path))
        if not before:
            yield ShapeDifference(kind="added", where=path, index=index, new=after)
        elif not after:
            yield ShapeDifference(kind="removed", where=path, index=index, old=before)
        elif before != after:
            yield ShapeDifference(kind="retyped", where=path, index=index, old=before, new=after)


def _words(types: frozenset[str] | None) -> str:
    return " or ".join(sorted(types or ()))
