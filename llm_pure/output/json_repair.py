"""Repair JSON objects that models write: almost-JSON text -> the object, and the edits that make it JSON.

Methods in order: the text as it is; the object in a code fence, in prose or before a copy of itself; quotes, commas and
control characters repaired (`json_parser`); the library json-repair (extra `repair`), accepted only if nothing is lost.
A value that was cut off is never completed by guessing. The same text always gives the same result.
"""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS, json_text
from llm_pure.output.json_parser import Edit, ParseFailure, parse_lenient

SIZE_LIMIT = 1_000_000
"""Longer texts, in characters, are only decoded as they are."""

LIBRARY_LIMIT = 20_000
"""Longer texts are not passed to json-repair, whose time is quadratic in some of them."""

RepairMethod: TypeAlias = Literal["unwrapped", "lenient", "library", "fenced", "bare"]


class Exact(msgspec.Struct, frozen=True):
    """The text is JSON."""

    value: dict[str, Any]


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """The text is JSON after the edits."""

    value: dict[str, Any]
    edits: tuple[Edit, ...]
    method: RepairMethod = msgspec.field(name="rung")  # its name in JSON


class Unrepairable(msgspec.Struct, frozen=True):
    """The text cannot be read as an object without guessing."""

    reason: str


Repair: TypeAlias = Exact | Repaired | Unrepairable

FENCE_LIMIT = 16
"""Maximum code fences that are tried."""

_FENCE_HEAD = re.compile(r"[\w+-]*+[ \t]*+\r?\n?")


def repair(
    text: str, *, keys: frozenset[str] = frozenset(), required: frozenset[str] = frozenset()
) -> Repair:
    """Repair the JSON object in a text.

    keys: the possible keys of the object, if known: they distinguish a quote inside a string from its end.
    required: keys that the object must have; an object without one was cut off.

    >>> repair('{"a": 1,}')
    Repaired(value={'a': 1}, edits=(Edit(offset=7, before=',', after=''),), method='lenient')
    """
    value = _decode(text)
    if isinstance(value, dict):
        return Exact(value)
    if len(text) > SIZE_LIMIT:
        return Unrepairable(f"not JSON, and longer than {SIZE_LIMIT} characters")
    if isinstance(value, str):
        inner = repair(value, keys=keys, required=required)
        if isinstance(inner, Unrepairable):
            return inner
        return Repaired(value=inner.value, edits=(Edit(0, text, value),), method="unwrapped")
    if value is not None:
        return Unrepairable(f"JSON, but not an object: {text[:40]}")
    result = _repair_object(text, keys or required)
    if isinstance(result, Repaired):
        missing = required - set(result.value)
        if missing:
            return Unrepairable(f"{min(missing)} is missing; the input may have been cut off")
        if keys and not set(result.value) <= keys:
            return Unrepairable(f"{min(set(result.value) - keys)!r} is not a known key")
    return result


def _repair_object(text: str, keys: frozenset[str]) -> Repair:
    reason = "no object in the input"
    for start, end in _candidates(text):
        inner = _decode(text[start:end])
        if isinstance(inner, dict):
            return Repaired(value=inner, edits=_around(text, start, end), method="unwrapped")
        first = _first_object(text, start, end)
        if first is not None:
            value, stop = first
            if _has_other_object(value, text[stop:end]):
                return Unrepairable("two different objects in the input")
            return Repaired(value=value, edits=_around(text, start, stop), method="unwrapped")
        parsed = parse_lenient(text, start, end, keys)
        if isinstance(parsed, ParseFailure):
            reason = parsed.reason
            if parsed.final:
                return Unrepairable(reason)
            continue
        value, edits, stop = parsed
        if _has_other_object(value, text[stop:end]):
            return Unrepairable("two different objects in the input")
        before = Edit(0, text[:start], "") if start else None
        after = Edit(stop, text[stop:], "") if text[stop:].strip() else None
        all_edits = tuple([edit for edit in (before, *edits, after) if edit is not None])
        return Repaired(value=value, edits=all_edits, method="lenient")
    return _by_library(text) or Unrepairable(reason)


def _candidates(text: str) -> list[tuple[int, int]]:
    """(start, end) of texts that may be the object: all of it if it starts with a brace, code fences, text from the first braces."""
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "{":
        return [(start, len(text))]
    fences = list(islice(_object_fences(text), FENCE_LIMIT))
    if fences:
        return fences
    return [(brace.start(), len(text)) for brace in islice(_OBJECT.finditer(text), 4)]


_OBJECT = re.compile(r"\{(?=\s*+[\"'\w}])")


def _object_fences(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of the contents of code fences that begin with a brace."""
    fence = text.find("```")
    while fence >= 0:
        head = _FENCE_HEAD.match(text, fence + 3)
        start = head.end() if head else fence + 3
        end = text.find("```", start)
        if end < 0:
            return
        content = text[start:end].rstrip()
        if content.lstrip().startswith("{"):
            yield start, start + len(content)
        fence = text.find("```", end + 3)


def _around(text: str, start: int, end: int) -> tuple[Edit, ...]:
    """Edits that remove the text before and after the object."""
    edits = (Edit(0, text[:start], ""), Edit(end, text[end:], ""))
    return tuple([edit for edit in edits if edit.before])


def _first_object(text: str, start: int, end: int) -> tuple[dict[str, Any], int] | None:
    """A valid object with text after it, and its end."""
    try:
        value, stop = json.JSONDecoder().raw_decode(text[start:end])
    except (ValueError, RecursionError):
        return None
    continues = text[start + stop : end].lstrip()[:1] in tuple("\"',);:")
    return (value, start + stop) if isinstance(value, dict) and not continues else None


def _has_other_object(value: dict[str, Any], rest: str) -> bool:
    """True if a different object follows; a copy, even a truncated one, does not count."""
    brace = rest.find("{")
    if brace < 0:
        return False
    matches = _first_object(rest, brace, len(rest))
    return matches is not None and matches[0] != value


def _by_library(text: str) -> Repaired | None:
    """The result of json-repair, if it has all letters and digits of the text and no others."""
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


def _decode(text: str) -> Any:
    """Decode JSON; None if the text is not JSON."""
    try:
        return msgspec.json.decode(text)
    except (*DECODE_ERRORS, UnicodeEncodeError):
        return None
