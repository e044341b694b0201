"""Lenient JSON parser: parse an object that is almost JSON, and return the edits that make it JSON.

Repaired: quotes inside strings, control characters, invalid escapes, single quotes, bare keys, Python's True, False and
None, extra or missing commas, unclosed brackets. Input that ends inside a string or number, or after a comma, was cut
off: a failure.
"""

import re
from typing import Any

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS

DEPTH_LIMIT = 64

_SPACE = re.compile(r"\s*+")
_KEY = re.compile(r"""\s*+(["'])([\w .$/-]{1,64})\1\s*+:""")
_BARE_KEY = re.compile(r"[A-Za-z_$][\w$-]{0,63}+(?=\s*+:)")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?=[\s,\]}]|$)")
_WORD = re.compile(r"(true|false|null|True|False|None)\b")
_WORD_TO_END = re.compile(r"[\w.+-]*+")
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_PYTHON_WORDS = {"True": "true", "False": "false", "None": "null"}
_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


class Edit(msgspec.Struct, frozen=True, kw_only=False):
    """`before` at this offset, in characters, becomes `after`."""

    offset: int
    before: str
    after: str


class ParseFailure(msgspec.Struct, frozen=True):
    """Why the input is not an object."""

    reason: str
    final: bool = False
    """True if the input was cut off or exceeds a limit, so that no other method can help."""


class _CannotParse(Exception):  # internal to this file
    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.failure = ParseFailure(reason, final)


def parse_lenient(
    text: str, start: int, end: int, keys: frozenset[str] = frozenset()
) -> tuple[dict[str, Any], list[Edit], int] | ParseFailure:
    """Parse the object that begins with a brace at `start`: (object, edits, end)."""
    reader = _Reader(text[:end], keys)
    try:
        stop = reader.container(start, [])
    except _CannotParse as failure:
        return failure.failure
    except RecursionError:  # the caller's stack is almost used up
        return ParseFailure("nested too deep", final=True)
    edits = sorted(reader.edits, key=lambda edit: edit.offset)
    try:
        value = msgspec.json.decode(apply_edits(text[:stop], edits)[start:])
    except (*DECODE_ERRORS, UnicodeEncodeError) as failure:
        return ParseFailure(f"not JSON even after repair: {failure}")
    return (value, edits, stop) if isinstance(value, dict) else ParseFailure("not an object")


def apply_edits(text: str, edits: list[Edit]) -> str:
    """Apply edits to a text; they must be in order and not overlap."""
    parts: list[str] = []
    at = 0
    for edit in edits:
        parts += (text[at : edit.offset], edit.after)
        at = edit.offset + len(edit.before)
    return "".join([*parts, text[at:]])


class _Reader:
    """One pass over the text, collecting edits."""

    def __init__(self, text: str, keys: frozenset[str]) -> None:
        self.text = text
        self.keys = keys
        self.edits: list[Edit] = []
        self.end = len(text.rstrip())
        self.bare_keys = False  # one was seen: strings may end before bare keys
        self.steps = 20 * len(text) + 10_000  # strings are scanned to their end, some repeatedly

    def container(self, at: int, closers: list[str]) -> int:
        """Parse an object or array at this position; return its end."""
        if len(closers) >= DEPTH_LIMIT:
            raise _CannotParse("nested too deep", final=True)
        is_object = self.text[at] == "{"
        closer = "}" if is_object else "]"
        closers = [*closers, closer]
        at += 1
        comma = -1  # position of a comma without a value after it
        first = True
        while True:
            at = self.space(at)
            if at >= len(self.text):
                if comma >= 0 or first:
                    raise _CannotParse("input ends before a value", final=True)
                self.edits.append(Edit(at, "", closer))
                return at
            if self.text[at] == closer:
                if comma >= 0:
                    self.edits.append(Edit(comma, ",", ""))
                return at + 1
            if self.text[at] == "," and not first and comma < 0:
                comma = at
                at += 1
                continue
            if not first and comma < 0:
                self.edits.append(Edit(at, "", ","))
            comma, first = -1, False
            at = self.value(self.key(at, closers) if is_object else at, closers)

    def key(self, at: int, closers: list[str]) -> int:
        """Parse a key and its colon; return the start of the value."""
        bare = _BARE_KEY.match(self.text, at)
        if bare:
            self.edits.append(Edit(at, bare[0], f'"{bare[0]}"'))
            at = bare.end()
            self.bare_keys = True
        elif self.text[at] in "\"'":
            at = self.string(at, closers, is_key=True)
        else:
            raise _CannotParse(f"no key at offset {at}")
        at = self.space(at)
        if at >= len(self.text):
            raise _CannotParse("input ends after a key", final=True)
        if self.text[at] != ":":
            raise _CannotParse(f"no colon at offset {at}")
        return self.space(at + 1)

    def value(self, at: int, closers: list[str]) -> int:
        """Parse any value; return its end."""
        if at >= len(self.text):
            raise _CannotParse("input ends before a value", final=True)
        if self.text[at] in "{[":
            return self.container(at, closers)
        if self.text[at] in "\"'":
            return self.string(at, closers, is_key=False)
        word = _WORD.match(self.text, at)
        if word:
            plain = _PYTHON_WORDS.get(word[0])
            if plain:
                self.edits.append(Edit(at, word[0], plain))
            return word.end()
        number = _NUMBER.match(self.text, at)
        if number is None:
            cut = _WORD_TO_END.fullmatch(self.text, at) is not None
            raise _CannotParse(f"no value at offset {at}", final=cut)
        if number.end() == len(self.text):
            raise _CannotParse("input ends inside a number", final=True)
        return number.end()

    def space(self, at: int) -> int:
        """Skip white space."""
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def string(self, at: int, closers: list[str], *, is_key: bool) -> int:
        """Parse a string; return its end. The first quote that may end it does, if an even number precedes it."""
        quote = self.text[at]
        position, inner, last = at + 1, 0, -1
        while position < len(self.text):
            letter = self.text[position]
            self.steps -= 1
            if self.steps < 0:
                raise _CannotParse("too many quotes to find the end of a string", final=True)
            if letter == "\\":
                position += 2
                continue
            if letter == quote:
                if self.ends(position + 1, closers, is_key=is_key):
                    last = position
                    if inner % 2 == 0:
                        break
                elif inner == 0 and not is_key and position + 1 >= self.end:
                    return self.finish_string(at, position, quote)
                inner += 1
            position += 1
        if last < 0:
            raise _CannotParse("input ends inside a string", final=True)
        return self.finish_string(at, last, quote)

    def finish_string(self, at: int, last: int, quote: str) -> int:
        """Repair the string between these two quotes."""
        if quote == "'":
            self.edits += (Edit(at, "'", '"'), Edit(last, "'", '"'))
        self.escape(at + 1, last)
        return last + 1

    def ends(self, at: int, closers: list[str], *, is_key: bool) -> bool:
        """True if the text at this position can follow the end of a string."""
        quoted, at = at, self.space(at)
        if at >= len(self.text):
            return False  # input ends, perhaps inside the string
        letter = self.text[at]
        if is_key:
            return letter == ":"
        if letter in "}]":
            return self.closes(at, closers)
        if closers[-1] == "]" and letter in "\"'":
            return "\n" in self.text[quoted:at]
        if closers[-1] == "]":
            after = self.space(at + 1)
            return letter == "," and self.text[after : after + 1] not in ("", ":", ")")
        if letter == ",":
            after = self.space(at + 1)
            return self.text[after : after + 1] == "}" or self.next_key(at + 1, closers)
        return at > quoted and self.next_key(at, closers)

    def next_key(self, at: int, closers: list[str]) -> bool:
        """True if a known key is at this position."""
        match = _KEY.match(self.text, at)
        if match is None:
            bare = _BARE_KEY.match(self.text, self.space(at))
            if bare is None or not (self.bare_keys or self.keys):
                return False
            return not self.keys or len(closers) > 1 or bare[0] in self.keys
        return not self.keys or len(closers) > 1 or match[2] in self.keys

    def closes(self, at: int, closers: list[str]) -> bool:
        """True if the brackets here close open containers, and the text after them is possible there."""
        open_brackets = list(closers)
        while at < len(self.text) and open_brackets and self.text[at] == open_brackets[-1]:
            open_brackets.pop()
            at = self.space(at + 1)
        if len(open_brackets) == len(closers):
            return False
        if not open_brackets:  # all closed: the end, or text outside of the object
            return self.text[at : at + 1] not in ('"', "'", ")", ",", ";", "]", "}", ":")
        if at >= len(self.text):
            return True
        return self.text[at] == ","

    def escape(self, start: int, end: int) -> None:
        """Escape quotes and control characters, and repair invalid escapes."""
        position = start
        while position < end:
            letter = self.text[position]
            if letter == "\\":
                valid = _ESCAPE.match(self.text, position)
                if valid:
                    position = valid.end()
                    continue
                if self.text[position + 1 : position + 2] == "'":
                    self.edits.append(Edit(position, "\\", ""))
                    position += 2
                    continue
                self.edits.append(Edit(position, "\\", "\\\\"))
            elif letter == '"':
                self.edits.append(Edit(position, '"', '\\"'))
            elif letter < " ":
                after = _CONTROLS.get(letter, f"\\u{ord(letter):04x}")
                self.edits.append(Edit(position, letter, after))
            position += 1
