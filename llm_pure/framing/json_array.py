"""Split one long JSON array into the bytes of its items, each as soon as it is complete.

Gemini streams in this format without `alt=sse`: `[{...}`, then `,\\r\\n{...}`, at last `]`. Items may be any JSON value; only
their strings and brackets are parsed, so they may be invalid JSON. A body that is a bare object, such as an error, is one frame.

Source: RFC 8259, sections 2 to 7, and recorded responses of streamGenerateContent; read 2026-11-20.
"""

import re
from enum import Enum, auto

from llm_pure.framing import FRAME_LIMIT, FramingFault

_STRAY_LIMIT = 64 * 1024
_EVIDENCE_LIMIT = 100

_QUOTE = ord('"')
_CLOSERS = {ord("["): ord("]"), ord("{"): ord("}")}
_VALUE_STARTS = frozenset(b'[{"-0123456789tfn')

# All quantifiers are possessive: no backtracking, and an unterminated string costs one pass.
_SPACE = re.compile(rb"[ \t\r\n]*+")
_TO_BRACKET = re.compile(
    rb'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+[\[\]{}]', re.DOTALL
)
_COMPLETE_STRINGS = re.compile(rb'(?:[^"]*+"[^"\\]*+(?:\\.[^"\\]*+)*+")*+[^"]*+', re.DOTALL)
_STRING_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_WORD_REST = re.compile(rb'[^ \t\r\n,:"\[\]{}]*+')
_WORD = re.compile(rb"true|false|null|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")


class _Expects(Enum):
    """The next token; white space may precede it, except for the two rests."""

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
    """Decodes one body. `limit`: maximum bytes of an item.

    `ended`: the closing bracket, or the end of the bare object, was received; a body without it is truncated.
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
        self._begin = 0  # start of the current item in the buffer
        self._scanned = 0  # end of the bytes that were parsed
        self._closers = bytearray()  # closing brackets that the item still needs, innermost last
        self._in_string = False
        self._limit = limit
        self._stray = bytearray()

    @property
    def stray(self) -> bytes:
        """A body that is neither array nor object, or the bytes after one; at most 64 KiB."""
        return bytes(self._stray)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the items that these bytes complete."""
        if self.fault is not None:
            return []
        self._buffer += data
        items: list[bytes] = []
        while self._to_item() and self._to_end_of_item():
            items.append(bytes(self._buffer[self._begin : self._scanned]))
            self._begin = self._scanned
            self._expects = self._after_item
            self.ended = self._expects is _Expects.NOTHING
        if self.fault is not None:
            self._begin = self._scanned = len(self._buffer)
        del self._buffer[: self._begin]
        self._scanned -= self._begin
        self._begin = 0
        return items

    def close(self) -> list[bytes]:
        """Return nothing: an incomplete item is dropped. `ended` is true if the body was complete."""
        self._buffer.clear()
        self._scanned = 0
        return []

    def _to_item(self) -> bool:
        """Advance into the next item. False: more bytes are needed, or the body has ended."""
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
                return self._fail(f"{_MISSING[self._expects]} is expected")
            else:
                return self._keep_stray()
        return True

    def _start_item(self, byte: int) -> None:
        nested = byte == _QUOTE or byte in _CLOSERS
        self._expects = _Expects.NESTED_REST if nested else _Expects.WORD_REST
        self._in_string = byte == _QUOTE
        self._scanned += self._in_string

    def _to_end_of_item(self) -> bool:
        """Advance to the item's end. False: more bytes are needed, or the item is invalid."""
        nested = self._expects is _Expects.NESTED_REST
        complete = self._scan_nested() if nested else self._scan_word()
        # the limit takes precedence, so that chunking does not matter
        if self._scanned - self._begin > self._limit:
            self._scanned = self._begin + self._limit
            self._fail(f"an item is longer than {self._limit} bytes")
        return complete and self.fault is None

    def _scan_nested(self) -> bool:
        buffer, closers = self._buffer, self._closers
        while True:
            if self._in_string:
                at = self._scanned = _end(_STRING_REST, buffer, self._scanned)
                if at == len(buffer) or buffer[at] != _QUOTE:  # ends in half an escape
                    return False
                self._scanned += 1
                self._in_string = False
                if not closers:
                    return True
            match = _TO_BRACKET.match(buffer, self._scanned)
            if match is not None:
                self._scanned = match.end()
                byte = buffer[self._scanned - 1]
                if byte in _CLOSERS:
                    closers.append(_CLOSERS[byte])
                elif closers.pop() != byte:
                    return self._fail("a bracket does not match")
                elif not closers:
                    return True
                continue
            at = self._scanned = _end(_COMPLETE_STRINGS, buffer, self._scanned)
            if at == len(buffer):
                return False
            self._scanned += 1
            self._in_string = True

    def _scan_word(self) -> bool:
        at = self._scanned = _end(_WORD_REST, self._buffer, self._scanned)
        if at == len(self._buffer):
            return False
        if _WORD.fullmatch(self._buffer, self._begin, at) is None:
            return self._fail("invalid JSON value")
        return True

    def _keep_stray(self) -> bool:
        self._expects = _Expects.NOTHING
        room = _STRAY_LIMIT - len(self._stray)
        self._stray += self._buffer[self._begin : self._begin + room]
        self._begin = self._scanned = len(self._buffer)
        return False

    def _fail(self, message: str) -> bool:
        end = min(self._scanned, self._begin + _EVIDENCE_LIMIT)
        self.fault = FramingFault(message, bytes(self._buffer[self._begin : end]))
        return False


def _end(pattern: re.Pattern[bytes], buffer: bytearray, at: int) -> int:
    """The end of the pattern's match at this index."""
    match = pattern.match(buffer, at)
    return at if match is None else match.end()
