"""An object that is almost JSON, read from its first brace, and each edit that makes JSON of it.

Mended: quotes inside texts, control characters, wrong escapes, single quotes, bare keys, Python's True, False and None,
commas too many or missing, brackets that were left open. A text that ends inside a string, a number or after a comma was
cut off, and stays a fault.
"""

import re
from typing import Any

import msgspec

from llm_pure.framing.json_codec import DECODE_ERRORS

DEPTH_LIMIT = 64

_SPACE = re.compile(r"\s*")
_KEY = re.compile(r"""\s*(["'])([\w .$/-]{1,64})\1\s*:""")
_BARE_KEY = re.compile(r"[A-Za-z_$][\w$-]{0,63}(?=\s*:)")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?=[\s,\]}]|$)")
_WORD = re.compile(r"(true|false|null|True|False|None)\b")
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_PYTHON_WORDS = {"True": "true", "False": "false", "None": "null"}
_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


class Edit(msgspec.Struct, frozen=True, kw_only=False):
    """`before` at this offset, in characters, becomes `after`."""

    offset: int
    before: str
    after: str


class ParseFailure(msgspec.Struct, frozen=True):
    """Why there is no object. final: no other reading is to be tried; it was cut off, or there is too much of it."""

    reason: str
    final: bool = False


class _Stuck(Exception):  # never leaves this file
    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.fault = ParseFailure(reason, final)


def parse_lenient(
    text: str, start: int, end: int, keys: frozenset[str] = frozenset()
) -> tuple[dict[str, Any], list[Edit], int] | ParseFailure:
    """(the object, the edits, where it ends) of what begins with a brace at `start`."""
    reader = _Reader(text[:end], keys)
    try:
        stop = reader.container(start, [])
    except _Stuck as stuck:
        return stuck.fault
    edits = sorted(reader.edits, key=lambda edit: edit.offset)
    try:
        value = msgspec.json.decode(apply_edits(text[:stop], edits)[start:])
    except (*DECODE_ERRORS, UnicodeEncodeError) as fault:
        return ParseFailure(f"it is no JSON even when mended: {fault}")
    return (value, edits, stop) if isinstance(value, dict) else ParseFailure("it is no object")


def apply_edits(text: str, edits: list[Edit]) -> str:
    """The text with the edits made; they do not overlap, and stand in order."""
    made: list[str] = []
    at = 0
    for edit in edits:
        made += (text[at : edit.offset], edit.after)
        at = edit.offset + len(edit.before)
    return "".join([*made, text[at:]])


class _Reader:
    """One pass over the text; `edits` grows."""

    def __init__(self, text: str, keys: frozenset[str]) -> None:
        self.text = text
        self.keys = keys
        self.edits: list[Edit] = []
        self.bare_keys = False  # seen one: the texts before others end there too
        self.steps = (
            20 * len(text) + 10_000
        )  # texts are looked through to their end, some more than once

    def container(self, at: int, inside: list[str]) -> int:
        """An object or a list that begins here; where it ends."""
        if len(inside) >= DEPTH_LIMIT:
            raise _Stuck("it is nested too deep", final=True)
        is_object = self.text[at] == "{"
        closer = "}" if is_object else "]"
        inside = [*inside, closer]
        at += 1
        comma = -1  # where the comma stands that nothing has followed yet
        first = True
        while True:
            at = self.space(at)
            if at >= len(self.text):
                if comma >= 0 or first:
                    raise _Stuck("it was cut off before a value", final=True)
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
            at = self.value(self.key(at, inside) if is_object else at, inside)

    def key(self, at: int, inside: list[str]) -> int:
        """A key and its colon; where the value begins."""
        bare = _BARE_KEY.match(self.text, at)
        if bare:
            self.edits.append(Edit(at, bare[0], f'"{bare[0]}"'))
            at = bare.end()
            self.bare_keys = True
        elif self.text[at] in "\"'":
            at = self.string(at, inside, is_key=True)
        else:
            raise _Stuck(f"there is no key at offset {at}")
        at = self.space(at)
        if at >= len(self.text):
            raise _Stuck("it was cut off after a key", final=True)
        if self.text[at] != ":":
            raise _Stuck(f"there is no colon at offset {at}")
        return self.space(at + 1)

    def value(self, at: int, inside: list[str]) -> int:
        """Any value; where it ends."""
        if at >= len(self.text):
            raise _Stuck("it was cut off before a value", final=True)
        if self.text[at] in "{[":
            return self.container(at, inside)
        if self.text[at] in "\"'":
            return self.string(at, inside, is_key=False)
        word = _WORD.match(self.text, at)
        if word:
            plain = _PYTHON_WORDS.get(word[0])
            if plain:
                self.edits.append(Edit(at, word[0], plain))
            return word.end()
        number = _NUMBER.match(self.text, at)
        if number is None:
            cut = re.fullmatch(r"[\w.+-]*", self.text[at:]) is not None
            raise _Stuck(f"there is no value at offset {at}", final=cut)
        if number.end() == len(self.text):
            raise _Stuck("it was cut off inside a number", final=True)
        return number.end()

    def space(self, at: int) -> int:
        """Past white space."""
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def string(self, at: int, inside: list[str], *, is_key: bool) -> int:
        """A text; where it ends. The first quote that may end it does, when those before it come in pairs."""
        quote = self.text[at]
        place, inner, last = at + 1, 0, -1
        while place < len(self.text):
            letter = self.text[place]
            if letter == "\\":
                place += 2
                continue
            self.steps -= 1
            if self.steps < 0:
                raise _Stuck("it has too many quotes to tell which end a text", final=True)
            if letter == quote:
                if self.ends(place + 1, inside, is_key=is_key):
                    last = place
                    if inner % 2 == 0:
                        break
                elif inner == 0 and not is_key and not self.text[place + 1 :].strip():
                    return self.ended(at, place, quote)
                inner += 1
            place += 1
        if last < 0:
            raise _Stuck("it was cut off inside a text", final=True)
        return self.ended(at, last, quote)

    def ended(self, at: int, last: int, quote: str) -> int:
        """The text between these two quotes is made good."""
        if quote == "'":
            self.edits += (Edit(at, "'", '"'), Edit(last, "'", '"'))
        self.escape(at + 1, last)
        return last + 1

    def ends(self, at: int, inside: list[str], *, is_key: bool) -> bool:
        """Would what stands here follow the end of a text?"""
        quoted, at = at, self.space(at)
        if at >= len(self.text):
            return False  # cut off, perhaps inside the text
        letter = self.text[at]
        if is_key:
            return letter == ":"
        if letter in "}]":
            return self.closes(at, inside)
        if inside[-1] == "]" and letter in "\"'":
            return "\n" in self.text[quoted:at]
        if inside[-1] == "]":
            return letter == "," and self.text[self.space(at + 1) :][:1] not in ("", ":", ")")
        if letter == ",":
            after = self.space(at + 1)
            return self.text[after : after + 1] == "}" or self.next_key(at + 1, inside)
        return at > quoted and self.next_key(at, inside)

    def next_key(self, at: int, inside: list[str]) -> bool:
        """Does a key stand here, one of those that are known?"""
        found = _KEY.match(self.text, at)
        if found is None:
            bare = _BARE_KEY.match(self.text, self.space(at))
            if bare is None or not (self.bare_keys or self.keys):
                return False
            return not self.keys or len(inside) > 1 or bare[0] in self.keys
        return not self.keys or len(inside) > 1 or found[2] in self.keys

    def closes(self, at: int, inside: list[str]) -> bool:
        """Do the brackets here close what is open, with something behind them that may stand there?"""
        still = list(inside)
        while at < len(self.text) and still and self.text[at] == still[-1]:
            still.pop()
            at = self.space(at + 1)
        if len(still) == len(inside):
            return False
        if not still:  # all is closed: the end, or something that is no part of the text any more
            return self.text[at : at + 1] not in ('"', "'", ")", ",", ";", "]", "}", ":")
        if at >= len(self.text):
            return True
        return self.text[at] == ","

    def escape(self, start: int, end: int) -> None:
        """The quotes, control characters and wrong escapes in a text, mended."""
        place = start
        while place < end:
            letter = self.text[place]
            if letter == "\\":
                good = _ESCAPE.match(self.text, place)
                if good:
                    place = good.end()
                    continue
                if self.text[place + 1 : place + 2] == "'":
                    self.edits.append(Edit(place, "\\", ""))
                    place += 2
                    continue
                self.edits.append(Edit(place, "\\", "\\\\"))
            elif letter == '"':
                self.edits.append(Edit(place, '"', '\\"'))
            elif letter < " ":
                after = _CONTROLS.get(letter, f"\\u{ord(letter):04x}")
                self.edits.append(Edit(place, letter, after))
            place += 1


__all__ = ["Edit", "ParseFailure", "apply_edits", "parse_lenient"]
