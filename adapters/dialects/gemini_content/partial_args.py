"""Fragments of a function call's arguments (Vertex, `streamFunctionCallArguments`) -> one object.

Each fragment has a path: {"jsonPath": "$.days[0].name", "stringValue": "Mon", "willContinue": true}. Fragments of one
string are consecutive while `willContinue` is set.
Source: google-genai 3.4.0 types.PartialArg (RFC 9535 paths); read 2026-11-20.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from llm_pure.adapters.dialects.gemini_content import wire

Step: TypeAlias = str | int

STEP_LIMIT = 64
"""Maximum steps of a path: each one nests the arguments deeper."""

_STEP = re.compile(
    r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d{1,4})\]"
    r"|\['(?P<single>[^'\\]*+(?:\\.[^'\\]*+)*+)'\]|\[\"(?P<double>[^\"\\]*+(?:\\.[^\"\\]*+)*+)\"\]"
)


def join_fragments(fragments: Iterable[wire.PartialArg]) -> dict[str, Any]:
    """The arguments. An invalid path, or one that clashes with an earlier path, is used as a key itself."""
    root: dict[str, Any] = {}
    for path, values in _runs(fragments):
        texts = [value for value in values if isinstance(value, str)]
        value = "".join(texts) if texts else values[-1]
        if path == "$" and value is None:  # neither a path nor a value
            continue
        if not _put(root, _steps(path), value):
            _put(root, [path], value)
    return root


def _runs(fragments: Iterable[wire.PartialArg]) -> Iterator[tuple[str, list[Any]]]:
    """Each value with its path: the pieces of a value are consecutive, and all but the last one have `willContinue`."""
    path, is_open = "", False
    values: list[Any] = []
    for fragment in fragments:
        fragment_path = fragment.jsonPath or "$"
        if values and not (is_open and fragment_path == path):
            yield path, values
            values = []
        path, is_open = fragment_path, bool(fragment.willContinue)
        values.append(_value(fragment))
    if values:
        yield path, values


def _value(fragment: wire.PartialArg) -> Any:
    if fragment.stringValue is not None:
        return fragment.stringValue
    if fragment.boolValue is not None:
        return fragment.boolValue
    number = fragment.numberValue
    return int(number) if number is not None and number.is_integer() else number


def _steps(path: str) -> list[Step]:
    """The keys and indexes of a path; the path itself as one key if it is invalid or too long."""
    matches = list(_STEP.finditer(path))
    if (
        len(matches) > STEP_LIMIT
        or not path.startswith("$")
        or "$" + "".join([match.group() for match in matches]) != path
    ):
        return [path]
    return [
        int(match["index"])
        if match["index"]
        else str(match["name"] or match["single"] or match["double"] or "")
        for match in matches
    ]


def _put(root: dict[str, Any], steps: list[Step], value: Any) -> bool:
    """Store a value under a path. Returns false if an earlier value has another type there."""
    holder: Any = root
    if not steps:  # the path of the root
        return False
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if not _ensure_slot(holder, step):
            return False
        before = holder[step]
        if following is not None:
            if before is None:
                before = [] if isinstance(following, int) else {}
            holder[step] = before
        else:
            holder[step] = value
        holder = before
    return True


def _ensure_slot(holder: Any, step: Step) -> bool:
    """Create the key or index if it is missing. Returns false for another type of holder, and for a gap in a list."""
    if isinstance(step, str):
        if not isinstance(holder, dict):
            return False
        holder.setdefault(step, None)
        return True
    if not isinstance(holder, list) or step > len(holder):
        return False
    if step == len(holder):
        holder.append(None)
    return True
