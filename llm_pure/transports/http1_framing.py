"""Where the response to a request ends among the bytes of an HTTP/1.1 connection. No I/O.

The libraries of the transports parse responses; this counts beside them, for two things that they differ in: bytes after the
end of a response, which nobody asked for and which must not begin the next one, and heads that say two things about the
length of the body, which are refused over every transport alike.
"""

import re
from enum import Enum, auto

_START = b"HTTP/"
_REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) [!-~]+ HTTP/1\.1\r\n")
_STATUS_LINE = re.compile(rb"HTTP/(?:0\.9|1\.0|1\.1|2\.0) ([1-9][0-9]{2})[ \r\n]")
_BLANK_BEFORE_COLON = re.compile(rb"^[^:\s]+[ \t]+:", re.MULTILINE)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_HEAD_END = re.compile(rb"\n\r?\n")
_LENGTH_FIELDS = re.compile(rb"\n(content-length|transfer-encoding)[ \t]*:[ \t]*([^\r\n]*)")
"""Of a head in lower case. Read without a flag, and from a literal, it takes a fifth of the time."""
_EARLY_ERROR = re.compile(rb"HTTP/1\.[01] [45][0-9]{2}[ \r\n]")
_HEAD_LIMIT = 64 * 1024
_FIELD_LIMIT = 127
_LINE_LIMIT = 8 * 1024
"""Of the line with the size of a chunk, which may have extensions."""
_WITHOUT_BODY = (204, 304)


class _Phase(Enum):
    UNUSED = auto()
    """No request was sent."""
    HEAD = auto()
    LENGTH = auto()
    CHUNK_SIZE = auto()
    CHUNK = auto()
    TRAILER = auto()
    UNTIL_CLOSE = auto()
    OVER = auto()
    UNKNOWN = auto()
    """Not HTTP/1.1: nothing is counted, and the connection serves no other request."""


class ResponseFraming:
    """Counts the bytes of one connection, response after response."""

    def __init__(self) -> None:
        self.problem = ""
        """Why the response is refused."""
        self.is_head_refused = False
        self.has_unasked = False
        """True once bytes came that belong to no response."""
        self._phase = _Phase.UNUSED
        self._method = b""
        self._line = bytearray()
        self._left = 0

    @property
    def is_reusable(self) -> bool:
        """True if the next bytes of the connection can only be the response to the next request."""
        return self._phase in (_Phase.OVER, _Phase.UNUSED) and not self.has_unasked

    @property
    def awaits_head(self) -> bool:
        """True from the first byte of a request to the end of the head of its response."""
        return self._phase is _Phase.HEAD

    def sent(self, data: bytes) -> None:
        """Note bytes that are about to be sent: a request line begins the next request."""
        if self._phase not in (_Phase.UNUSED, _Phase.OVER, _Phase.UNKNOWN):
            return
        request_line = _REQUEST_LINE.match(data)
        if request_line is not None:
            self.begin(request_line[1])
        elif self._phase is _Phase.UNUSED:
            self._phase = _Phase.UNKNOWN  # such as the handshake of a SOCKS proxy

    def begin(self, method: bytes = b"") -> None:
        """Begin a request with this method."""
        self._phase, self._method, self._line = _Phase.HEAD, method, bytearray()

    def receive(self, data: bytes) -> bytes:
        """Return the bytes that belong to the response; all that follow it set `has_unasked`."""
        position = self._position_after(data)
        if position == len(data):
            return data
        self.has_unasked = True
        return data[:position]

    def _position_after(self, data: bytes) -> int:
        """Return where the response ends in the data, its length if it goes on."""
        position, end = 0, len(data)
        while position < end and not self.problem:
            match self._phase:
                case _Phase.LENGTH | _Phase.CHUNK:
                    count = min(self._left, end - position)
                    position += count
                    self._left -= count
                    if not self._left:
                        chunked = self._phase is _Phase.CHUNK
                        self._phase = _Phase.CHUNK_SIZE if chunked else _Phase.OVER
                case _Phase.CHUNK_SIZE | _Phase.TRAILER:
                    position = self._read_line(data, position)
                case _Phase.HEAD:
                    position = self._read_head(data, position)
                case _Phase.OVER | _Phase.UNUSED:
                    return position
                case _Phase.UNTIL_CLOSE | _Phase.UNKNOWN:
                    return end
        return end if self.problem else position

    def _read_line(self, data: bytes, position: int) -> int:
        """Read a line of a chunked body. Return where it ends."""
        line_end = data.find(b"\n", position)
        if line_end < 0:
            self._line += data[position:]
            if len(self._line) > _LINE_LIMIT:
                self._refuse("a line of a chunked body that is too long")
            return len(data)
        line, self._line = self._line + data[position : line_end + 1], bytearray()
        if self._phase is _Phase.TRAILER:
            self._phase = _Phase.TRAILER if line.rstrip(b"\r\n") else _Phase.OVER
            return line_end + 1
        size_line = _CHUNK_SIZE.fullmatch(line)
        if size_line is None:
            self._refuse("a chunk without a size")
            return len(data)
        size = int(size_line[1], 16)
        self._phase, self._left = (_Phase.CHUNK, size + 2) if size else (_Phase.TRAILER, 0)
        return line_end + 1

    def _refuse(self, problem: str) -> None:
        self.problem, self._phase = problem, _Phase.UNKNOWN

    def _read_head(self, data: bytes, position: int) -> int:
        """Read up to the empty line after the fields. Return where it ends."""
        if not self._line and data.startswith(_START, position):
            end = _HEAD_END.search(data, position)
            if end is not None and end.end() - position <= _HEAD_LIMIT:  # it came in one piece
                self._phase = self._phase_after(data[position : end.end()])
                return end.end()
        seen = len(self._line)
        self._line += data[position:]
        end = _HEAD_END.search(self._line, max(0, seen - 2))
        size = len(self._line) if end is None else end.end()
        if not self._line.startswith(_START[:size]) or size > _HEAD_LIMIT:
            what = "no status line" if size <= _HEAD_LIMIT else f"more than {_HEAD_LIMIT} bytes"
            self._refuse_head(f"a response with {what} at its beginning")
        elif end is not None:
            head, self._line = bytes(self._line[:size]), bytearray()
            self._phase = self._phase_after(head)
            return position + size - seen
        return len(data)

    def _refuse_head(self, problem: str) -> _Phase:
        self._refuse(problem)
        self.is_head_refused = True
        return _Phase.UNKNOWN

    def _phase_after(self, head: bytes) -> _Phase:
        status_line = _STATUS_LINE.match(head)
        if status_line is None:
            return self._refuse_head("a response with no status line at its beginning")
        status = int(status_line[1])
        if self._method == b"CONNECT" and 200 <= status < 300:
            return _Phase.UNKNOWN
        if status == 101:
            return self._refuse_head("a change of the protocol, for which nobody asked")
        if status < 200:
            return _Phase.HEAD  # the final response follows
        fields = [(name, value.strip()) for name, value in _LENGTH_FIELDS.findall(head.lower())]
        lengths = [value for name, value in fields if name == b"content-length"]
        codings = [value for name, value in fields if name == b"transfer-encoding"]
        problem = _head_problem(head) or _length_problem(lengths, codings)
        if problem:
            return self._refuse_head(problem)
        if self._method == b"HEAD" or status in _WITHOUT_BODY:
            return _Phase.OVER
        if codings:
            return _Phase.CHUNK_SIZE
        if not lengths:
            return _Phase.UNTIL_CLOSE
        self._left = int(lengths[0])
        return _Phase.LENGTH if self._left else _Phase.OVER


def _head_problem(head: bytes) -> str:
    """Return why these fields are refused, or ""."""
    if head.count(b"\n") > _FIELD_LIMIT + 2:
        return f"more than {_FIELD_LIMIT} fields in the head"
    has_blank = b" :" in head or b"\t:" in head  # the pattern takes ten times as long
    if has_blank and _BLANK_BEFORE_COLON.search(head):
        return "a blank before a colon in the head"
    return ""


def _length_problem(lengths: list[bytes], codings: list[bytes]) -> str:
    """Return why these fields do not say where the body ends, or ""."""
    if len(lengths) > 1 or (lengths and b"," in lengths[0]):
        return "more than one content-length"
    if lengths and codings:
        return "both content-length and transfer-encoding"
    if lengths and not (lengths[0].isdigit() and len(lengths[0]) <= 18):
        return "a content-length that is no length"
    if codings and codings != [b"chunked"]:
        return "a transfer-encoding other than chunked"
    return ""


def is_early_error(data: bytes) -> bool:
    """True if a response that came while its request was being sent is an error, so that the rest need not be sent."""
    while data.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):  # "100 Continue" and the like
        end = _HEAD_END.search(data)
        if end is None:
            return False
        data = data[end.end() :]
    return _EARLY_ERROR.match(data) is not None
