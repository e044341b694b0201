"""Worst inputs of a regular expression, derived from its own parse tree; and how the time of a call grows.

For each repetition of a pattern: a text that leads to it, then one of the characters (or the whole body) that it
repeats, n times, then a character that cannot follow. Patterns that backtrack, or that start again at each repetition,
take quadratic time or more for one of them.
"""

import re
import time
from collections.abc import Callable, Iterator
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_SAMPLES = " \n\r\ta0A_-./:\"'\\=+,{[(]})<>~`\x00é"
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_WHITE = " \n\r\t"
_MAX_PUMPS = 10
_MAX_CASES = 5_000


def pumped_texts(pattern: "re.Pattern[Any]") -> Iterator[Callable[[int], Any]]:
    """Yield functions: length -> a text of about that length that is hard for the pattern."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.LOCALE)
    seen: set[tuple[str, str, str]] = set()
    literal = (
        {*map(chr, pattern.pattern), *_WHITE}
        if isinstance(pattern.pattern, bytes)
        else {*pattern.pattern, *_WHITE}
    )
    for prefix, body in _repeats(list(tree), pattern.flags, ""):
        chosen = sorted(body, key=lambda pump: not set(pump) <= literal)[:_MAX_PUMPS]
        for pump in [*chosen, prefix, prefix + chosen[0]] if body else [prefix]:
            for suffix in ("", "\x00", "\n\x00"):
                for start in dict.fromkeys((prefix, "")):
                    if pump and len(seen) < _MAX_CASES and (start, pump, suffix) not in seen:
                        seen.add((start, pump, suffix))
                        yield _text(pattern, start, pump, suffix)


def _text(pattern: "re.Pattern[Any]", start: str, pump: str, suffix: str) -> Callable[[int], Any]:
    def text(length: int) -> Any:
        full = start + pump * max(1, length // len(pump)) + suffix
        return full.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else full

    text.__doc__ = f"{start!r} + n * {pump!r} + {suffix!r}"
    return text


def _repeats(items: list[Any], flags: int, prefix: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (a text that leads to the repetition, texts that its body matches)."""
    for op, arg in items:
        if op in _REPEATS:
            low, high, body = arg
            samples = _samples(list(body), flags)
            if high > 16:
                yield prefix, samples
            yield from _repeats(list(body), flags, prefix)
            prefix += (samples[0] if samples else "") * min(low, 40)
        elif op is codes.SUBPATTERN:
            yield from _repeats(list(arg[3]), flags | arg[1], prefix)
            prefix += _first(list(arg[3]), flags | arg[1])
        elif op is codes.ATOMIC_GROUP:
            yield from _repeats(list(arg), flags, prefix)
            prefix += _first(list(arg), flags)
        elif op is codes.BRANCH:
            for branch in arg[1]:
                yield from _repeats(list(branch), flags, prefix)
            prefix += _first(list(arg[1][0]), flags)
        elif op in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _repeats(list(arg[1]), flags, prefix)
            if op is codes.ASSERT and arg[0] < 0:  # a lookbehind: its text stands before
                prefix += _first(list(arg[1]), flags)
        else:
            prefix += _first([(op, arg)], flags)


def _first(items: list[Any], flags: int) -> str:
    """Return one text that these items match, without looking at assertions."""
    text = ""
    for op, arg in items:
        if op in _REPEATS:
            text += _first(list(arg[2]), flags) * min(arg[0], 40)
        elif op is codes.SUBPATTERN:
            text += _first(list(arg[3]), flags | arg[1])
        elif op is codes.ATOMIC_GROUP:
            text += _first(list(arg), flags)
        elif op is codes.BRANCH:
            text += _first(list(arg[1][0]), flags)
        else:
            text += (_characters(op, arg, flags) or [""])[0]
    return text


def _samples(items: list[Any], flags: int) -> list[str]:
    if len(items) == 1 and items[0][0] in (codes.IN, codes.ANY, codes.NOT_LITERAL, codes.LITERAL):
        return _characters(items[0][0], items[0][1], flags)
    branches = [items]
    if len(items) == 1 and items[0][0] is codes.SUBPATTERN:
        inner = list(items[0][1][3])
        branches = (
            [list(b) for b in inner[0][1][1]] if inner and inner[0][0] is codes.BRANCH else [inner]
        )
    texts = [_first(branch, flags) for branch in branches]
    inner_repeats = [
        pump for branch in branches for _, body in _repeats(branch, flags, "") for pump in body
    ]
    return [text for text in dict.fromkeys([*texts, *inner_repeats]) if text]


def _characters(op: Any, arg: Any, flags: int) -> list[str]:
    """Return a few characters of each kind that one item matches."""
    if op is codes.LITERAL:
        return [chr(arg)]
    if op is codes.ANY:
        return [char for char in _SAMPLES if char != "\n" or flags & re.DOTALL]
    if op is codes.NOT_LITERAL:
        return [char for char in _SAMPLES if ord(char) != arg]
    if op is not codes.IN:
        return []
    literals = [
        chr(value if kind is codes.LITERAL else value[0])
        for kind, value in arg
        if kind in (codes.LITERAL, codes.RANGE)
    ]
    is_negated = arg[0][0] is codes.NEGATE
    candidates = dict.fromkeys([*literals, *_SAMPLES])
    return [char for char in candidates if _is_member(char, arg) != is_negated]


def _is_member(char: str, members: list[Any]) -> bool:
    for kind, value in members:
        match kind:
            case codes.LITERAL if ord(char) == value:
                return True
            case codes.RANGE if value[0] <= ord(char) <= value[1]:
                return True
            case codes.CATEGORY:
                name = str(value)
                classes = {
                    "DIGIT": char.isdigit(),
                    "SPACE": char.isspace(),
                    "WORD": char.isalnum() or char == "_",
                }
                if classes[name.rpartition("_")[2]] != ("NOT" in name):
                    return True
    return False


def growth(
    call: Callable[[Any], Any],
    make: Callable[[int], Any],
    *,
    start: int = 2_000,
    enough_s: float = 0.02,
    limit: int = 64_000,
) -> float:
    """Return how many times longer a call takes for an input four times as long; 0.0 if it is too fast to measure.

    The input grows until a call takes `enough_s` of CPU time, so that a cubic call ends soon. 4 is linear, 16 quadratic.
    """
    before, length = 0.0, start
    while length <= limit:
        value = make(length)
        spent = min(_cpu_s(call, value) for _ in range(2))
        if spent >= enough_s:
            if not before:
                value = make(length // 4)
                before = min(_cpu_s(call, value) for _ in range(2))
            return spent / max(before, enough_s / 64)
        before, length = spent, length * 4
    return 0.0


def _cpu_s(call: Callable[[Any], Any], value: Any) -> float:
    begin = time.thread_time()
    call(value)
    return time.thread_time() - begin
