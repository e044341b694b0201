"""Arguments of a function call that come in pieces (Vertex, `streamFunctionCallArguments`) -> one object.

Each piece names its place: {"jsonPath": "$.days[0].name", "stringValue": "Mon", "willContinue": true}. Pieces of one
string follow each other while `willContinue` is set.
Source: google-genai 3.4.0 types.PartialArg (RFC 9535 paths); read 2026-11-20.
"""

import re
from collections.abc import Iterable
from typing import Any, TypeAlias

from llm_pure.adapters.dialects.gemini_content import wire

Step: TypeAlias = str | int

_STEP = re.compile(
    r"\.(?P<name>[^.\[\]]+)|\[(?P<place>\d{1,4})\]|\[(?P<quote>['\"])(?P<key>.*?)(?P=quote)\]"
)


def assembled(pieces: Iterable[wire.PartialArg]) -> dict[str, Any]:
    """The arguments. A path that cannot be read, or that clashes with an earlier one, becomes a key as it stands."""
    root: dict[str, Any] = {}
    open_path: str | None = None
    for piece in pieces:
        value = _value(piece)
        steps = _steps(piece.jsonPath)
        if not _put(root, steps, value, more=piece.jsonPath == open_path):
            _put(root, [piece.jsonPath], value, more=piece.jsonPath == open_path)
        open_path = piece.jsonPath if piece.willContinue else None
    return root


def _value(piece: wire.PartialArg) -> Any:
    if piece.stringValue is not None:
        return piece.stringValue
    if piece.boolValue is not None:
        return piece.boolValue
    number = piece.numberValue
    return int(number) if number is not None and number.is_integer() else number


def _steps(path: str) -> list[Step]:
    """The keys and places of a path; the path itself when it is none."""
    found = list(_STEP.finditer(path))
    if not path.startswith("$") or "$" + "".join([one.group() for one in found]) != path:
        return [path]
    return [
        int(one["place"]) if one["place"] else str(one["name"] or one["key"] or "") for one in found
    ]


def _put(root: dict[str, Any], steps: list[Step], value: Any, *, more: bool) -> bool:
    """Puts a value where the steps lead; False when something else is in the way."""
    holder: Any = root
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if not _has_place(holder, step):
            return False
        before = holder[step]
        if following is not None:
            if before is None:
                before = [] if isinstance(following, int) else {}
            holder[step] = before
        elif more and isinstance(before, str):
            holder[step] = before + value if isinstance(value, str) else before
        else:
            holder[step] = value
        holder = before
    return True


def _has_place(holder: Any, step: Step) -> bool:
    """Is there such a key or place? A new one is made, as long as a list stays without gaps."""
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
