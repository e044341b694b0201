"""Tool arguments that are not quite JSON -> the object that was meant, and what was changed to read it.

A ladder: as it stands; out of a fence, prose or a second copy; with quotes, commas and control characters mended; then
the library json-repair (extra `repair`), whose answer counts only when it lost nothing. What was cut off inside a value
is never finished by guessing. The same text always gives the same answer.
"""

import json
import re
from importlib import import_module
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS, json_text
from llm_pure.output.json_parser import Edit, ParseFailure, parse_lenient

SIZE_LIMIT = 1_000_000
"""Longer texts, in characters, are only read as they stand."""

LIBRARY_LIMIT = 20_000
"""json-repair is not asked about longer ones: its time grows with the square of some."""

Rung: TypeAlias = Literal["unwrapped", "lenient", "library", "fenced", "bare"]


class Exact(msgspec.Struct, frozen=True):
    """JSON as it stood."""

    value: dict[str, Any]


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """What was meant, once the edits are made. rung: how far down the ladder it was found."""

    value: dict[str, Any]
    edits: tuple[Edit, ...]
    method: Rung = msgspec.field(name="rung")  # its name in JSON


class Unrepairable(msgspec.Struct, frozen=True):
    """Nothing that could be read without guessing."""

    reason: str


Repair: TypeAlias = Exact | Repaired | Unrepairable

_FENCE = re.compile(r"```[\w+-]*[ \t]*\r?\n?(.*?)\s*```", re.DOTALL)


def repair(
    text: str, *, keys: frozenset[str] = frozenset(), required: frozenset[str] = frozenset()
) -> Repair:
    """The object that a model meant with this text.

    keys: the names that its top level may have, where they are known: they tell a quote inside a text from its end.
    required: those that it must have; an object without one was cut off.

    >>> repair('{"a": 1,}')
    Repaired(value={'a': 1}, edits=(Edit(offset=7, before=',', after=''),), method='lenient')
    """
    value = _decoded(text)
    if isinstance(value, dict):
        return Exact(value)
    if len(text) > SIZE_LIMIT:
        return Unrepairable(f"it is no JSON, and longer than {SIZE_LIMIT} characters")
    if isinstance(value, str):
        inner = repair(value, keys=keys, required=required)
        if isinstance(inner, Unrepairable):
            return inner
        return Repaired(value=inner.value, edits=(Edit(0, text, value),), method="unwrapped")
    if value is not None:
        return Unrepairable(f"it is JSON, but no object: {text[:40]}")
    got = _climb(text, keys or required)
    if isinstance(got, Repaired):
        missing = required - set(got.value)
        if missing:
            return Unrepairable(f"{min(missing)} is missing; it may have been cut off")
        if keys and not set(got.value) <= keys:
            return Unrepairable(f"{min(set(got.value) - keys)!r} is no key of it")
    return got


def _climb(text: str, keys: frozenset[str]) -> Repair:
    reason = "there is no object in it"
    for start, end in _places(text):
        around = _around(text, start, end)
        inner = _decoded(text[start:end])
        if isinstance(inner, dict):
            return Repaired(value=inner, edits=around, method="unwrapped")
        whole = _first_object(text, start, end)
        if whole is not None:
            value, stop = whole
            if _other_object(value, text[stop:end]):
                return Unrepairable("there are two different objects in it")
            return Repaired(value=value, edits=_around(text, start, stop), method="unwrapped")
        mended = parse_lenient(text, start, end, keys)
        if isinstance(mended, ParseFailure):
            reason = mended.reason
            if mended.final:
                return Unrepairable(reason)
            continue
        value, edits, stop = mended
        if _other_object(value, text[stop:end]):
            return Unrepairable("there are two different objects in it")
        before = Edit(0, text[:start], "") if start else None
        after = Edit(stop, text[stop:], "") if text[stop:].strip() else None
        made = tuple([one for one in (before, *edits, after) if one is not None])
        return Repaired(value=value, edits=made, method="lenient")
    return _by_library(text) or Unrepairable(reason)


def _places(text: str) -> list[tuple[int, int]]:
    """Where the object may be: the whole text when it begins so, a fence, then what follows the first braces."""
    begins = len(text) - len(text.lstrip())
    if text[begins : begins + 1] == "{":
        return [(begins, len(text))]
    found = [
        (match.start(1), match.end(1))
        for match in _FENCE.finditer(text)
        if match[1].lstrip().startswith("{")
    ]
    braces = [match.start() for match in re.finditer(r"\{(?=\s*[\"'\w}])", text)][:4]
    return [*found, *[(brace, len(text)) for brace in braces if not found]]


def _around(text: str, start: int, end: int) -> tuple[Edit, ...]:
    """What stands before and after the object, taken away."""
    edits = (Edit(0, text[:start], ""), Edit(end, text[end:], ""))
    return tuple([edit for edit in edits if edit.before])


def _first_object(text: str, start: int, end: int) -> tuple[dict[str, Any], int] | None:
    """A good object with something after it, and where it ends."""
    try:
        value, stop = json.JSONDecoder().raw_decode(text[start:end])
    except (ValueError, RecursionError):
        return None
    goes_on = text[start + stop : end].lstrip()[:1] in tuple("\"',);:")
    return (value, start + stop) if isinstance(value, dict) and not goes_on else None


def _other_object(value: dict[str, Any], rest: str) -> bool:
    """Is there another object behind the first, and a different one? A copy, also a cut one, is nothing new."""
    place = rest.find("{")
    if place < 0:
        return False
    found = _first_object(rest, place, len(rest))
    return found is not None and found[0] != value


def _by_library(text: str) -> Repaired | None:
    """json-repair's answer, where every letter and digit of the text is in it and none was made up."""
    if len(text) > LIBRARY_LIMIT:
        return None
    try:
        library = import_module("json_repair")
        value = library.loads(text, stream_stable=True)
        written = json_text(value)
    except Exception:  # noqa: BLE001  no such package, or whatever it raises on odd text
        return None
    if not isinstance(value, dict) or not value or _letters(text) != _letters(written):
        return None
    return Repaired(value=value, edits=(Edit(0, text, written),), method="library")


def _letters(text: str) -> str:
    return "".join(re.findall(r"\w+", re.sub(r"\\[nrtbf]", "", text)))


def _decoded(text: str) -> Any:
    """The JSON value; None where there is none."""
    try:
        return msgspec.json.decode(text)
    except (*DECODE_ERRORS, UnicodeEncodeError):
        return None


__all__ = ["Edit", "Exact", "Repair", "Repaired", "Rung", "Unrepairable", "repair"]
