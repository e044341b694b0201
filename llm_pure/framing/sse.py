"""Split a body into server-sent events, by the WHATWG HTML standard, "9.2.6 Interpreting an event stream".

Lines end in CR, LF or CRLF; a byte order mark at the start is dropped; comments are skipped; several data lines are joined
with LF; an event without data is dropped. Data stays bytes: JSON decoding checks the UTF-8. Two deviations: `close` returns
the event that the end of the body truncated, which the standard discards; a line `error: ...` is the data of an event "error".

Source: html.spec.whatwg.org/multipage/server-sent-events.html, read 2026-11-20.
"""

import re
from functools import lru_cache
from itertools import repeat
from typing import Generic, TypeVar

import msgspec

from llm_pure.framing import BYTE_ORDER_MARK, FRAME_LIMIT, FramingFault
from llm_pure.framing.json_codec import any_json, json_text

F = TypeVar("F")

_STRAY_LIMIT = 64 * 1024
_FIELDS = (b"data", b"event", b"id", b"retry", b"error")
_NAME = b"\nevent: "

HEARTBEAT_TYPES = frozenset({"ping", "heartbeat", "keepalive", "keep-alive", "keep_alive"})
"""Types of events that carry nothing, whatever their data."""
_HEARTBEATS = frozenset([_NAME + name.encode() for name in HEARTBEAT_TYPES])
_ERROR = _NAME + b"error"
_MARKED = _HEARTBEATS | {_ERROR}
_MARK = re.compile(rb"(?m:^event: ?(?:error|%s)$)" % "|".join(sorted(HEARTBEAT_TYPES)).encode())

_ENDS_IN_DATA = re.compile(rb"(?:(?:event|id|retry|):[^\n]*+\n)*+data: ?([^\n]*+)")
"""An event whose last line is its only line of data (DashScope)."""


class SseEvent(msgspec.Struct, frozen=True, gc=False):
    """One event."""

    data: bytes
    """The data lines, joined with LF."""
    type: str = "message"
    id: str = ""
    """The last id in the stream so far."""


class ErrorData(bytes):
    """The data of an event of the type "error": it reports an error, whatever its form."""


class _EventBuffer(Generic[F]):
    """Base of both decoders: bytes up to the next blank line, and the general parser of events."""

    __slots__ = (
        "_buffer", "_cr", "_last_id", "_limit", "_scanned", "_started", "_stray", "_types", "fault",
    )  # fmt: skip

    _bare_json = False
    """A line that is a JSON object, without a field's name, is data."""

    def __init__(self, limit: int = FRAME_LIMIT, *, repeats_types: bool = False) -> None:
        self.fault: FramingFault | None = None
        self._types = (
            "unknown" if repeats_types else ""
        )  # of events in their JSON; "": not looked at
        self._buffer = bytearray()  # no blank line in it
        self._scanned = 0  # bytes of the buffer that were searched for one
        self._started = False  # past a possible byte order mark
        self._cr = False  # the last byte was a CR: an LF that follows belongs to it
        self._last_id = ""
        self._limit = limit
        self._stray = bytearray()

    @property
    def stray(self) -> bytes:
        """Lines that are not fields of an event, at most 64 KiB: an error as bare JSON or HTML."""
        return bytes(self._stray) if self._stray else b""

    def feed(self, data: bytes) -> list[F]:
        """Return the events that these bytes complete."""
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
        frames = self._frames(blocks) if blocks else []
        if len(buffer) > self._limit and self.fault is None:
            self._is_too_long(bytes(buffer))
        return frames

    def close(self) -> list[F]:
        """Return the event that the end of the body truncated, if it has data; its last line may be truncated too.

        A line truncated within its field's name is dropped, and not stray, since the field is unknown.
        """
        if not self._buffer:  # nearly always: services end the last event
            return []
        rest, self._buffer = bytes(self._buffer), bytearray()
        last = rest[rest.rfind(b"\n") + 1 :]
        if any(name.startswith(last) and name != last for name in _FIELDS):
            rest = rest[: len(rest) - len(last)]
        return self._frames(rest) if rest and self.fault is None else []

    def _frames(self, blocks: bytes) -> list[F]:
        """Parse complete events, separated by blank lines."""
        raise NotImplementedError

    def _events(self, blocks: bytes) -> list[SseEvent]:
        """Parse events of any form, one by one."""
        events: list[SseEvent] = []
        check_limit = len(blocks) > self._limit
        for block in blocks.split(b"\n\n"):
            if check_limit and self._is_too_long(block):
                break
            event = self._event(block)
            if event is not None:
                events.append(event)
        return events

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
            elif self._bare_json and _is_object(line):
                data.append(line)
            elif name == b"error" and value:  # llama.cpp: the data of an event of this name
                data.append(value)
                event_type = event_type or "error"
            elif name != b"retry" and len(self._stray) < _STRAY_LIMIT:
                self._stray += (line + b"\n")[: _STRAY_LIMIT - len(self._stray)]
        if not data:
            return None
        return SseEvent(b"\n".join(data), event_type or "message", self._last_id)

    def _is_too_long(self, block: bytes) -> bool:
        """Check the limit without LF at either end, which a blank line may leave there depending on the chunks."""
        lines = block.strip(b"\n")
        if len(lines) <= self._limit:
            return False
        self.fault = FramingFault(
            f"an event is longer than {self._limit} bytes", lines[: min(100, self._limit)]
        )
        self._buffer.clear()
        return True

    def _unify_line_ends(self, data: bytes) -> bytes:
        """Replace CR and CRLF by LF. A CR at the end ends its line at once; an LF that follows is dropped later."""
        if self._cr and data:
            data = data.removeprefix(b"\n")
            self._cr = False
        if data:
            self._cr = data.endswith(b"\r")
        lines = data.split(b"\r\n")  # split and join: bytes.replace takes twice as long here
        return b"\n".join(lines).replace(b"\r", b"\n")

    def _skip_bom(self, data: bytes) -> bytes:
        """Drop a byte order mark; buffer the first bytes while they may be one."""
        if len(data) > len(BYTE_ORDER_MARK) and not self._buffer:
            self._started = True
            return data.removeprefix(BYTE_ORDER_MARK)
        start = bytes(self._buffer) + data
        self._buffer.clear()
        self._scanned = 0
        if len(start) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(start):
            self._buffer += start
            return b""
        self._started = True
        return start.removeprefix(BYTE_ORDER_MARK)


class SseDecoder(_EventBuffer[SseEvent]):
    """Decodes one body into events. `limit`: maximum bytes of an event."""

    __slots__ = ()

    def _frames(self, blocks: bytes) -> list[SseEvent]:
        plain = _plain_events(blocks) if len(blocks) <= self._limit else None
        if plain is None:
            return self._events(blocks)
        datas, names = plain
        if len(datas) == 1:  # services write event by event
            return [SseEvent(datas[0], _type(names[0]), self._last_id)]
        return list(map(SseEvent, datas, map(_type, names), repeat(self._last_id)))


class SseDataDecoder(_EventBuffer[bytes]):
    """Decodes one body into the data of its events, for APIs whose JSON has its own type. Otherwise like SseDecoder.

    Gateways leave blank lines or the name of the field out: lines that are each a JSON object are one event each.
    Events of a type in HEARTBEAT_TYPES are dropped: their data is no JSON of the API. The data of "error" is ErrorData.

    `repeats_types`: the API's JSON repeats the type of its event. A gateway may leave it out, and it is added here: the first
    event that has a name, and is no heartbeat, decides for the stream.
    """

    __slots__ = ()

    _bare_json = True

    def _frames(self, blocks: bytes) -> list[bytes]:
        if self._types:
            self._find_types(blocks)
            if self._types == "missing":
                events = map(_with_type, self._events(blocks))
                return [data for event in events for data in _data_of(event)]
        plain = _plain_events(blocks) if len(blocks) <= self._limit else None
        if plain is None:
            return self._datas(blocks)
        datas, names = plain
        if _MARKED.isdisjoint(names):
            return datas
        return [
            ErrorData(data) if name == _ERROR else data
            for data, name in zip(datas, names, strict=True)
            if name not in _HEARTBEATS
        ]

    def _find_types(self, blocks: bytes) -> None:
        for named in _NAMED.finditer(blocks) if self._types == "unknown" else ():
            raw = any_json(named[2])
            if named[1].decode("utf-8", "replace") not in _NO_TYPES and isinstance(raw, dict):
                self._types = "" if "type" in raw else "missing"
                break

    def _datas(self, blocks: bytes) -> list[bytes]:
        """Parse the data of events of any form, with a fast path for those whose last line is their only data."""
        if len(blocks) > self._limit:  # one of them may be too long
            return [data for event in self._events(blocks) for data in _data_of(event)]
        datas: list[bytes] = []
        for block in blocks.split(b"\n\n"):
            ends_in_data = _ENDS_IN_DATA.fullmatch(block)
            if ends_in_data is not None and not _MARK.search(block, 0, ends_in_data.start(1)):
                datas.append(ends_in_data[1])
            else:
                event = self._event(block)
                datas += [] if event is None else _data_of(event)
        return datas


_NAMED = re.compile(
    rb"(?:\A|\n)event: ?([^\n]++)\n(?:(?!data:|event:)[^\n]++\n)*+data: ?(\{[^\n]*+)"
)
"""An event with a name and JSON in one line of data."""
_NO_TYPES = HEARTBEAT_TYPES | {"message", "error"}


def _with_type(event: SseEvent) -> SseEvent:
    """The event with its type in its JSON."""
    raw = any_json(event.data)
    if event.type in _NO_TYPES or not isinstance(raw, dict) or "type" in raw:
        return event
    rest = event.data.lstrip()[1:].lstrip()
    comma = b"" if rest.startswith(b"}") else b","
    name = json_text(event.type).encode()
    return msgspec.structs.replace(event, data=b'{"type":' + name + comma + rest)


def _data_of(event: SseEvent) -> list[bytes]:
    if event.type in HEARTBEAT_TYPES:
        return []
    if event.type == "error":
        return [ErrorData(event.data)]
    lines = event.data.split(b"\n")
    are_events = len(lines) > 1 and all(_is_object(line) or line == b"[DONE]" for line in lines)
    return lines if are_events else [event.data]


def _is_object(line: bytes) -> bool:
    """Whether a line may be a JSON object of its own."""
    return line.startswith(b"{") and line.rstrip().endswith(b"}")


def _plain_events(blocks: bytes) -> tuple[list[bytes], list[bytes]] | None:
    """Fast path: (data, `event:` lines) of events that are one data line, maybe with one `event:` line before it: nearly all.
    None if an event has another form.

    The bytes are split where data lines begin, so each piece is the data, a blank line and the name of the next event.
    """
    if blocks.startswith(b"data: "):  # no names, as services write them whose JSON has its type
        datas = blocks[len(b"data: ") :].split(b"\n\ndata: ")
        if blocks.count(b"\n") == 2 * len(datas) - 2:
            return datas, [b""] * len(datas)
    pieces = iter((b"\n" + blocks + b"\n").split(b"\ndata: "))
    name = next(pieces)
    if name and not (len(name) < _NAME_LIMIT and _is_name(name)):
        return None
    datas = []
    names: list[bytes] = []
    for piece in pieces:
        data, end, after = piece.partition(b"\n")
        if not end:  # the data goes on in another line
            return None
        datas.append(data)
        names.append(name)
        if after != name:
            if after and not (len(after) < _NAME_LIMIT and _is_name(after)):
                return None
            name = after
    return datas, names


_NAME_LIMIT = 100


@lru_cache(maxsize=64)
def _is_name(lines: bytes) -> bool:
    """Return whether this is an `event:` line alone: a stream repeats a few of them."""
    return lines.startswith(_NAME) and lines.find(b"\n", 1) < 0


@lru_cache(maxsize=64)
def _type(name: bytes) -> str:
    return name[len(_NAME) :].decode("utf-8", "replace") or "message"
