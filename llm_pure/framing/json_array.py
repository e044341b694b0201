"""Bytes of one long JSON array -> the bytes of each item, as soon as its last byte is there.

Gemini streams so without `alt=sse`: `[{...}`, then `,\\r\\n{...}`, at last `]`. Items may be any JSON value; inside them
only strings and brackets are looked at, so decode them. A body that is a bare object, as an error may be, gives that
object as its one frame.

Source: RFC 8259, sections 2 to 7, and recorded answers of streamGenerateContent; read 2026-11-20.
"""

import re
from enum import Enum, auto

from llm_pure.framing import FRAME_LIMIT, FramingFault

_STRAY_LIMIT = 64 * 1024
_EVIDENCE_LIMIT = 100

_QUOTE = ord('"')
_CLOSERS = {ord("["): ord("]"), ord("{"): ord("}")}
_VALUE_STARTS = frozenset(b'[{"-0123456789tfn')

# All possessive: they never go back over bytes, and a string without an end costs one pass.
_SPACE = re.compile(rb"[ \t\r\n]*+")
_TO_BRACKET = re.compile(
    rb'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+[\[\]{}]', re.DOTALL
)
_WHOLE_STRINGS = re.compile(rb'(?:[^"]*+"[^"\\]*+(?:\\.[^"\\]*+)*+")*+[^"]*+', re.DOTALL)
_STRING_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_WORD_REST = re.compile(rb'[^ \t\r\n,:"\[\]{}]*+')
_WORD = re.compile(rb"true|false|null|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")


class _Expects(Enum):
    """What comes next; white space may stand before it, but for the two rests."""

    BODY = auto()  # "[", or "{" of a bare object
    FIRST = auto()  # an item or "]"
    ITEM = auto()  # an item
    NESTED_REST = auto()  # the rest of an item that began with a bracket or a quote
    WORD_REST = auto()  # the rest of a number, true, false or null
    COMMA = auto()  # "," or "]"
    NOTHING = auto()  # the end of the body


_PUNCTUATION = {
    (_Expects.BODY, ord("[")): _Expects.FIRST,
    (_Expects.FIRST, ord("]")): _Expects.NOTHING,
    (_Expects.COMMA, ord(",")): _Expects.ITEM,
    (_Expects.COMMA, ord("]")): _Expects.NOTHING,
}

_MISSING = {
    _Expects.FIRST: "a value or the closing bracket",
    _Expects.ITEM: "a value",
    _Expects.COMMA: "a comma or the closing bracket",
}


class JsonArrayDecoder:
    """One for each body. limit: bytes of one item; a longer one is a fault.

    ended: the closing bracket came, or the end of the bare object. A body that is over without it was cut off.
    """

    __slots__ = (
        "_after_item", "_begin", "_buffer", "_closers", "_expects", "_in_string", "_limit",
        "_scanned", "_stray", "ended", "fault",
    )  # fmt: skip

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self.fault: FramingFault | None = None
        self.ended = False
        self._expects = _Expects.BODY
        self._after_item = _Expects.COMMA
        self._buffer = bytearray()
        self._begin = 0  # where the item in the buffer begins; what is before it is done with
        self._scanned = 0  # how far it was looked at
        self._closers = bytearray()  # the brackets that the item still needs, innermost last
        self._in_string = False
        self._limit = limit
        self._stray = bytearray()

    @property
    def stray(self) -> bytes:
        """A body that is neither array nor object, or what followed after one; 64 KiB at most."""
        return bytes(self._stray)

    def feed(self, data: bytes) -> list[bytes]:
        """The items that these bytes complete."""
        if self.fault is not None:
            return []
        self._buffer += data
        found: list[bytes] = []
        while self._to_item() and self._to_end_of_item():
            found.append(bytes(self._buffer[self._begin : self._scanned]))
            self._begin = self._scanned
            self._expects = self._after_item
            self.ended = self._expects is _Expects.NOTHING
        if self.fault is not None:
            self._begin = self._scanned = len(self._buffer)
        del self._buffer[: self._begin]
        self._scanned -= self._begin
        self._begin = 0
        return found

    def close(self) -> list[bytes]:
        """Nothing: an item without its end cannot be read. `ended` tells whether the body was whole."""
        self._buffer.clear()
        self._scanned = 0
        return []

    def _to_item(self) -> bool:
        """Is the place now inside an item? False: more bytes are needed, or none will help."""
        while self._expects not in (_Expects.NESTED_REST, _Expects.WORD_REST):
            if self._expects is _Expects.NOTHING and self._stray:
                return self._keep_stray()
            at = self._begin = self._scanned = _end(_SPACE, self._buffer, self._scanned)
            if at == len(self._buffer):
                return False
            byte = self._buffer[at]
            after = _PUNCTUATION.get((self._expects, byte))
            if after is not None:
                self._expects = after
                self.ended = after is _Expects.NOTHING
                self._scanned += 1
            elif self._expects in (_Expects.FIRST, _Expects.ITEM) and byte in _VALUE_STARTS:
                self._start_item(byte)
            elif self._expects is _Expects.BODY and byte == ord("{"):
                self._after_item = _Expects.NOTHING
                self._start_item(byte)
            elif self._expects in _MISSING:
                self._scanned += 1
                return self._fail(f"{_MISSING[self._expects]} should stand here")
            else:
                return self._keep_stray()
        return True

    def _start_item(self, byte: int) -> None:
        nested = byte == _QUOTE or byte in _CLOSERS
        self._expects = _Expects.NESTED_REST if nested else _Expects.WORD_REST
        self._in_string = byte == _QUOTE
        self._scanned += self._in_string

    def _to_end_of_item(self) -> bool:
        """Is the item whole, up to `_scanned`? False: more bytes are needed, or none will help."""
        whole = self._scan_nested() if self._expects is _Expects.NESTED_REST else self._scan_word()
        if self._scanned - self._begin > self._limit:  # before any other fault, however it was cut
            self._scanned = self._begin + self._limit
            self._fail(f"an item is longer than {self._limit} bytes")
        return whole and self.fault is None

    def _scan_nested(self) -> bool:
        buffer, closers = self._buffer, self._closers
        while True:
            if self._in_string:
                at = self._scanned = _end(_STRING_REST, buffer, self._scanned)
                if at == len(buffer) or buffer[at] != _QUOTE:  # a backslash that waits for its mate
                    return False
                self._scanned += 1
                self._in_string = False
                if not closers:
                    return True
            found = _TO_BRACKET.match(buffer, self._scanned)
            if found is not None:
                self._scanned = found.end()
                byte = buffer[self._scanned - 1]
                if byte in _CLOSERS:
                    closers.append(_CLOSERS[byte])
                elif closers.pop() != byte:
                    return self._fail("a bracket does not match")
                elif not closers:
                    return True
                continue
            at = self._scanned = _end(_WHOLE_STRINGS, buffer, self._scanned)
            if at == len(buffer):
                return False
            self._scanned += 1
            self._in_string = True

    def _scan_word(self) -> bool:
        at = self._scanned = _end(_WORD_REST, self._buffer, self._scanned)
        if at == len(self._buffer):
            return False
        if _WORD.fullmatch(self._buffer, self._begin, at) is None:
            return self._fail("this is no JSON value")
        return True

    def _keep_stray(self) -> bool:
        self._expects = _Expects.NOTHING
        room = _STRAY_LIMIT - len(self._stray)
        self._stray += self._buffer[self._begin : self._begin + room]
        self._begin = self._scanned = len(self._buffer)
        return False

    def _fail(self, message: str) -> bool:
        shown = min(self._scanned, self._begin + _EVIDENCE_LIMIT)
        self.fault = FramingFault(message, bytes(self._buffer[self._begin : shown]))
        return False


def _end(pattern: re.Pattern[bytes], buffer: bytearray, at: int) -> int:
    """Where the pattern's match ends that begins here."""
    found = pattern.match(buffer, at)
    return at if found is None else found.end()
