"""Compare the response shapes of two recordings: JSON paths that were added, removed or have another type. Pure.

Values and the lengths of lists are ignored: `*` stands for each item.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.json_spans import escape_step, iter_documents
from llm_pure.replay.matching import MatchRules, canonical
from llm_pure.replay.secrets.redaction import redact_url
from llm_pure.types.http import HttpResponse
from llm_pure.types.redact import redact

Shape = dict[str, frozenset[str]]
"""JSON path -> the types of its values."""

DEPTH_LIMIT = 100


class ShapeDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A path that changed."""

    kind: Literal["added", "removed", "retyped"]
    where: str
    index: int
    """Index of the new interaction; for a removed interaction, of the old one."""
    old: str = ""
    new: str = ""
    """The types before and after, "" if there are none."""

    def __str__(self) -> str:
        types = {"added": self.new, "removed": self.old, "retyped": f"{self.old} -> {self.new}"}
        where = redact(self.where)  # the names of a JSON object may be anything
        return f"{self.kind:8} interactions[{self.index}] {where}: {redact(types[self.kind])}"


def diff_cassettes(old: Cassette, new: Cassette) -> Iterator[ShapeDifference]:
    """Yield the changes in the responses to the same requests. An interaction in only one cassette is one change."""
    known = _Unmatched(old)
    for index, interaction in enumerate(new.interactions):
        before = known.take(interaction)
        if before is None:
            where = _request_line(interaction)
            yield ShapeDifference(kind="added", where=where, index=index, new="an interaction")
            continue
        yield from _changes(json_shape(before.response), json_shape(interaction.response), index)
    for index, interaction in known.remaining():
        where = _request_line(interaction)
        yield ShapeDifference(kind="removed", where=where, index=index, old="an interaction")


def _request_line(interaction: Interaction) -> str:
    """Return method and URL without secrets: cassettes of other recorders may have some."""
    return f"{interaction.request.method} {redact_url(interaction.request.url)}"


def json_shape(response: HttpResponse) -> Shape:
    """Return the types at each path of a response; stream events by their kind, such as `[message_start] /type`."""
    shape: dict[str, set[str]] = {"status": {str(response.status)}}
    shape |= {f"header {name}": {"header"} for name, _ in response.headers}
    text = response.body.decode("latin-1")
    for event, begin, end in iter_documents(text):
        try:
            value = msgspec.json.decode(text[begin:end].encode("latin-1"))
        except DECODE_ERRORS:
            continue
        prefix = "" if event is None else f"{_event_kind(value)} "
        _add_types(value, prefix, shape)
    return {path: frozenset(types) for path, types in shape.items()}


_ANY_ORIGIN = MatchRules(origin=False)


class _Unmatched:
    """The interactions of the old cassette that no new one was compared with, by their requests."""

    def __init__(self, cassette: Cassette) -> None:
        self._interactions = dict(enumerate(cassette.interactions))
        self._by_key: dict[bytes, deque[int]] = {}
        self._by_url: dict[tuple[str, str], deque[int]] = {}
        for index, interaction in self._interactions.items():
            request = canonical(interaction.request, _ANY_ORIGIN)
            self._by_key.setdefault(request.key, deque()).append(index)
            self._by_url.setdefault((request.method, request.url), deque()).append(index)

    def take(self, interaction: Interaction) -> Interaction | None:
        """Return and forget the first one with an equal request, else the first with the same method and URL."""
        request = canonical(interaction.request, _ANY_ORIGIN)
        for waiting in (
            self._by_key.get(request.key),
            self._by_url.get((request.method, request.url)),
        ):
            while waiting:
                before = self._interactions.pop(waiting.popleft(), None)
                if before is not None:
                    return before
        return None

    def remaining(self) -> Iterator[tuple[int, Interaction]]:
        """Yield index and interaction of those that are left."""
        yield from self._interactions.items()


def _event_kind(value: Any) -> str:
    if isinstance(value, dict):
        kind = value.get("type", value.get("object"))
        if isinstance(kind, str):
            return f"[{kind}]"
    return "[event]"


def _add_types(root: Any, root_path: str, shape: dict[str, set[str]]) -> None:
    waiting = [(root, root_path, 0)]
    while waiting:
        value, path, depth = waiting.pop()
        type_name = _TYPE_NAMES.get(type(value), "object")
        shape.setdefault(path if path.strip() else f"{path}/", set()).add(type_name)
        if depth > DEPTH_LIMIT:
            continue
        if isinstance(value, dict):
            for name, inner in value.items():
                waiting.append((inner, f"{path}/{escape_step(str(name))}", depth + 1))
        elif isinstance(value, list):
            waiting += [(inner, f"{path}/*", depth + 1) for inner in value]


_TYPE_NAMES = {
    type(None): "null", bool: "bool", int: "number", float: "number", str: "string", list: "list"
}  # fmt: skip


def _changes(old: Shape, new: Shape, index: int) -> Iterator[ShapeDifference]:
    for path in sorted(old.keys() | new.keys()):
        before, after = (" or ".join(sorted(shape.get(path, ()))) for shape in (old, new))
        if before != after:
            kind: Literal["added", "removed", "retyped"] = (
                "added" if not before else "removed" if not after else "retyped"
            )
            yield ShapeDifference(kind=kind, where=path, index=index, old=before, new=after)
