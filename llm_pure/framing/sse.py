"""Bytes -> server-sent events, as the WHATWG HTML standard says in "9.2.6 Interpreting an event stream".

Lines end in CR, LF or CRLF; a byte order mark at the start is dropped; comments are skipped; several data lines join
with LF; an event without data is not dispatched. Data stays bytes: JSON decoding checks the UTF-8. One departure, for
the caller's good: `close` gives the event that the end of the body cut off, which the standard discards.

Source: html.spec.whatwg.org/multipage/server-sent-events.html, read 2026-11-20.
"""

import re
from functools import lru_cache
from typing import Generic, TypeVar

import msgspec

from llm_pure.framing import FRAME_LIMIT, FramingFault

F = TypeVar("F")

_BOM = b"\xef\xbb\xbf"
_STRAY_LIMIT = 64 * 1024
_FIELDS = (b"data", b"event", b"id", b"retry")
_NAME = b"\nevent: "

_ENDS_IN_DATA = re.compile(rb"(?:(?:event|id|retry|):[^\n]*\n)*data: ?([^\n]*)")
"""An event with one line of data, its last one (DashScope)."""


class SseEvent(msgspec.Struct, frozen=True, gc=False):
    """One event. data: its data lines, joined with LF. type: "message" unless named. id: the last id that was sent."""

    data: bytes
    type: str = "message"
    id: str = ""


class _EventBuffer(Generic[F]):
    """What both decoders are: bytes that wait for their blank line, and the reading of events one by one."""

    __slots__ = ("_buffer", "_cr", "_last_id", "_limit", "_scanned", "_started", "_stray", "fault")

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self.fault: FramingFault | None = None
        self._buffer = bytearray()  # no blank line in it
        self._scanned = 0  # bytes of the buffer that were searched for one
        self._started = False  # past the place where a byte order mark may stand
        self._cr = False  # the last byte was a CR: an LF that follows belongs to it
        self._last_id = ""
        self._limit = limit
        self._stray = bytearray()

    @property
    def stray(self) -> bytes:
        """Lines that are no field of an event, 64 KiB at most: an error that came as bare JSON or HTML."""
        return bytes(self._stray)

    def feed(self, data: bytes) -> list[F]:
        """The events that these bytes complete."""
        if self.fault is not None:
            return []
        if self._cr or b"\r" in data:
            data = self._unify_line_ends(data)
        buffer = self._buffer
        if not self._started:
            data = self._skip_bom(data)
        if buffer:
            buffer += data
            end = buffer.rfind(b"\n\n", max(self._scanned - 1, 0))
            blocks = bytes(buffer[:end]) if end >= 0 else b""
            del buffer[: end + 2 if end >= 0 else 0]
        else:
            end = data.rfind(b"\n\n")
            blocks = data[:end] if end >= 0 else b""
            rest = data[end + 2 :] if end >= 0 else data
            if rest:
                buffer += rest
        self._scanned = len(buffer)
        found = self._frames(blocks) if blocks else []
        if len(buffer) > self._limit and self.fault is None:
            self._is_too_long(bytes(buffer))
        return found

    def close(self) -> list[F]:
        """The event that the end of the body cut off, if it has data; the last of its lines may be cut too.

        A line that was cut inside of its field's name is no stray: nobody knows what it would have said.
        """
        rest, self._buffer = bytes(self._buffer), bytearray()
        last = rest[rest.rfind(b"\n") + 1 :]
        if any(name.startswith(last) and name != last for name in _FIELDS):
            rest = rest[: len(rest) - len(last)]
        return self._frames(rest) if rest and self.fault is None else []

    def _frames(self, blocks: bytes) -> list[F]:
        """Whole events, with blank lines between them."""
        raise NotImplementedError

    def _events(self, blocks: bytes) -> list[SseEvent]:
        """Events of any kind, one by one."""
        found: list[SseEvent] = []
        one_may_be_too_long = len(blocks) > self._limit
        for block in blocks.split(b"\n\n"):
            if one_may_be_too_long and self._is_too_long(block):
                break
            event = self._event(block)
            if event is not None:
                found.append(event)
        return found

    def _event(self, block: bytes) -> SseEvent | None:
        data: list[bytes] = []
        event_type = ""
        for line in block.split(b"\n"):
            if not line or line.startswith(b":"):
                continue
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                data.append(value)
            elif name == b"event":
                event_type = value.decode("utf-8", "replace")
            elif name == b"id":
                if b"\0" not in value:
                    self._last_id = value.decode("utf-8", "replace")
            elif name != b"retry" and len(self._stray) < _STRAY_LIMIT:
                self._stray += (line + b"\n")[: _STRAY_LIMIT - len(self._stray)]
        if not data:
            return None
        return SseEvent(b"\n".join(data), event_type or "message", self._last_id)

    def _is_too_long(self, block: bytes) -> bool:
        """A blank line may have left an LF at either end; whether it did depends on how the bytes were cut."""
        lines = block.strip(b"\n")
        if len(lines) <= self._limit:
            return False
        self.fault = FramingFault(
            f"an event is longer than {self._limit} bytes", lines[: min(100, self._limit)]
        )
        self._buffer.clear()
        return True

    def _unify_line_ends(self, data: bytes) -> bytes:
        """CR and CRLF become LF. A CR at the end counts at once; the LF that may follow it is dropped then."""
        if self._cr and data:
            data = data.removeprefix(b"\n")
            self._cr = False
        if data:
            self._cr = data.endswith(b"\r")
        lines = data.split(b"\r\n")  # split and join: bytes.replace takes twice as long here
        return b"\n".join(lines).replace(b"\r", b"\n")

    def _skip_bom(self, data: bytes) -> bytes:
        """Holds the first bytes back while they may still be a byte order mark."""
        start = bytes(self._buffer) + data
        self._buffer.clear()
        self._scanned = 0
        if len(start) < len(_BOM) and _BOM.startswith(start):
            self._buffer += start
            return b""
        self._started = True
        return start.removeprefix(_BOM)


class SseDecoder(_EventBuffer[SseEvent]):
    """One for each body. limit: bytes of one event; a longer one is a fault."""

    __slots__ = ()

    def _frames(self, blocks: bytes) -> list[SseEvent]:
        plain = _plain_events(blocks) if len(blocks) <= self._limit else None
        if plain is None:
            return self._events(blocks)
        last_id = self._last_id
        return [SseEvent(data, _type(name), last_id) for data, name in zip(*plain, strict=True)]


class SseDataDecoder(_EventBuffer[bytes]):
    """The data of each event and no more, for APIs whose JSON says itself what it is. Else like SseDecoder."""

    __slots__ = ()

    def _frames(self, blocks: bytes) -> list[bytes]:
        plain = _plain_events(blocks) if len(blocks) <= self._limit else None
        return self._datas(blocks) if plain is None else plain[0]

    def _datas(self, blocks: bytes) -> list[bytes]:
        """The data of events of any kind; of those that end in their one line of data at once."""
        if len(blocks) > self._limit:  # one of them may be too long
            return [event.data for event in self._events(blocks)]
        found: list[bytes] = []
        for block in blocks.split(b"\n\n"):
            ends_in_data = _ENDS_IN_DATA.fullmatch(block)
            if ends_in_data is not None:
                found.append(ends_in_data[1])
            else:
                event = self._event(block)
                found += [] if event is None else [event.data]
        return found


def _plain_events(blocks: bytes) -> tuple[list[bytes], list[bytes]] | None:
    """Data, and names as they came, of events that are one data line each and maybe a name before it: nearly all that
    there are. None where one of them is anything else.

    Cut where data lines begin, so that one piece is a line of data, a blank line and the name of the next event.
    """
    pieces = iter((b"\n" + blocks + b"\n").split(b"\ndata: "))
    name = next(pieces)
    if not _is_name(name):
        return None
    datas: list[bytes] = []
    names: list[bytes] = []
    for piece in pieces:
        data, end, after = piece.partition(b"\n")
        if not end:  # the data goes on in another line
            return None
        datas.append(data)
        names.append(name)
        if after != name:
            if not _is_name(after):
                return None
            name = after
    return datas, names


def _is_name(lines: bytes) -> bool:
    return not lines or (lines.startswith(_NAME) and lines.find(b"\n", 1) < 0 and len(lines) < 100)


@lru_cache(maxsize=64)
def _type(name: bytes) -> str:
    return name[len(_NAME) :].decode("utf-8", "replace") or "message"
