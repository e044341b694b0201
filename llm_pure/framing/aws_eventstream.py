"""Decode and encode application/vnd.amazon.eventstream, the format of Bedrock's streams.

A message, numbers big-endian: its length u32, the length of its headers u32, CRC-32 of those 8 bytes, headers, payload,
CRC-32 of everything before. A header: length of the name u8, name, type u8, value. Both checksums are verified, and an
invalid length is an error as soon as it arrives, so that the decoder never waits for 4 GiB.

Source: smithy.io/2.0/aws/amazon-eventstream.html; read 2026-11-20.
"""

import struct
import sys
from functools import lru_cache
from zlib import crc32

import msgspec

from llm_pure.framing import FramingFault

PAYLOAD_LIMIT = 24 * 1024 * 1024
"""Maximum payload of the format, in bytes."""

HEADERS_LIMIT = 128 * 1024
"""Maximum length of all headers of a message in the format, in bytes."""

HeaderValue = bool | int | bytes | str
"""A timestamp is an int, in milliseconds since 1970 in UTC; a UUID is 16 bytes."""

MessageHeaders = tuple[tuple[str, HeaderValue], ...]

_U8, _U16, _U32 = struct.Struct(">B"), struct.Struct(">H"), struct.Struct(">I")
_LENGTHS = struct.Struct(">II")
_PRELUDE = struct.Struct(">III")
_OVERHEAD = _PRELUDE.size + _U32.size

_TRUE, _FALSE, _INT32, _INT64, _BYTES, _STRING, _UUID = 0, 1, 4, 5, 6, 7, 9
_NUMBERS = {
    2: struct.Struct(">b"),
    3: struct.Struct(">h"),
    _INT32: struct.Struct(">i"),
    _INT64: struct.Struct(">q"),
    8: struct.Struct(">q"),
}
_TRUNCATED = "a header goes beyond the end of the headers"
_EVIDENCE_LIMIT = 100
_HEADS_LIMIT = 256
_HEAD_SIZE_LIMIT = 1024


class EventStreamMessage(msgspec.Struct, frozen=True, gc=False):
    """One message."""

    headers: MessageHeaders = ()
    """In order, with unique names; the format's own names begin with a colon."""
    payload: bytes = b""

    @property
    def data(self) -> bytes:
        """The payload, under the name that all frames have."""
        return self.payload

    def header(self, name: str) -> HeaderValue | None:
        """Return the value of a header, None without it."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class _Head(msgspec.Struct, frozen=True):
    """The verified and parsed start of a message, up to its payload; cached by its bytes."""

    length: int
    """Of the message."""
    headers: MessageHeaders
    checksum: int
    """Of these bytes; the message's checksum continues from it."""


class EventStreamDecoder:
    """Decodes one body. `limit`: maximum bytes of a payload."""

    __slots__ = ("_buffer", "_head_size", "_heads", "_limit", "_needed", "fault")

    def __init__(self, limit: int = PAYLOAD_LIMIT) -> None:
        self.fault: FramingFault | None = None
        self._buffer = bytearray()  # begins with a message
        self._needed = _U32.size  # bytes for the next step: its length, its prelude, all of it
        self._limit = limit
        self._heads: dict[bytes, _Head] = {}  # a stream repeats few
        self._head_size = 0  # of the last message; usually that of the next, too

    @property
    def stray(self) -> bytes:
        """Always empty: bytes outside messages are an error."""
        return b""

    def feed(self, data: bytes) -> list[EventStreamMessage]:
        """Return the messages that these bytes complete."""
        if self.fault is not None:
            return []
        self._buffer += data
        messages: list[EventStreamMessage] = []
        if len(self._buffer) < self._needed:
            return messages
        body = bytes(self._buffer)
        begin = 0
        while len(body) - begin >= self._needed:
            part = body[begin : begin + self._needed]
            if self._needed == _U32.size:
                end = self._add_complete(body, begin, messages)
                if end == begin:
                    self._check_length(part)
                begin = end
            elif self._needed == _PRELUDE.size:
                self._check_prelude(part)
            else:
                self._needed = _U32.size
                messages += self._messages(part)
                begin += len(part)
        del self._buffer[:begin]
        return messages

    def close(self) -> list[EventStreamMessage]:
        """Return nothing: an incomplete message cannot be verified."""
        self._buffer.clear()
        return []

    def _add_complete(self, body: bytes, begin: int, messages: list[EventStreamMessage]) -> int:
        """Fast path: append the next messages as long as they are complete and valid. Return their end.

        In a long stream the start of nearly every message is in the cache, and as long as the one before.
        """
        heads, start_size, size = self._heads, self._head_size, len(body)
        lengths_at, checksum_at = _LENGTHS.unpack_from, _U32.unpack_from
        while True:
            head = heads.get(body[begin : begin + start_size])
            if head is None:
                if size - begin < _OVERHEAD:
                    break
                length, headers_size = lengths_at(body, begin)
                payload_size = length - headers_size - _OVERHEAD
                if begin + length > size or not 0 <= payload_size <= self._limit:
                    break
                start_size = _PRELUDE.size + headers_size
                is_small = headers_size <= _HEAD_SIZE_LIMIT
                start = body[begin : begin + start_size]
                head = _known_head(start) if is_small else _read_head(start)
                if head is None:
                    break
                if is_small and len(heads) < _HEADS_LIMIT:
                    heads[start] = head
            end = begin + head.length
            if end > size:
                break
            payload = body[begin + start_size : end - 4]
            if crc32(payload, head.checksum) != checksum_at(body, end - 4)[0]:
                break
            messages.append(EventStreamMessage(head.headers, payload))
            begin = end
        self._head_size = start_size
        return begin

    def _check_length(self, part: bytes) -> None:
        (length,) = _U32.unpack(part)
        if not _OVERHEAD <= length <= _OVERHEAD + HEADERS_LIMIT + self._limit:
            self._fail(f"a message cannot have {length} bytes", part)
        else:
            self._needed = _PRELUDE.size

    def _check_prelude(self, part: bytes) -> None:
        length, headers, checksum = _PRELUDE.unpack(part)
        payload = length - headers - _OVERHEAD
        if checksum != crc32(part[: _LENGTHS.size]):
            self._fail("the checksum of a message's lengths is wrong", part)
        elif headers > HEADERS_LIMIT or payload < 0:
            self._fail(f"the headers of a message cannot have {headers} bytes", part)
        elif payload > self._limit:
            self._fail(f"a payload is longer than {self._limit} bytes", part)
        else:
            self._needed = length

    def _messages(self, part: bytes) -> tuple[EventStreamMessage, ...]:
        """Decode one complete message; none if it is corrupt."""
        end = _PRELUDE.size + _LENGTHS.unpack_from(part)[1]
        start, payload = part[:end], part[end : -_U32.size]
        if _U32.unpack_from(part, len(part) - _U32.size)[0] != crc32(payload, crc32(start)):
            return self._fail("the checksum of a message is wrong", part)
        block = start[_PRELUDE.size :]
        headers = _parse_headers(block)
        if isinstance(headers, str):
            return self._fail(headers, block)
        return (EventStreamMessage(headers, payload),)

    def _fail(self, message: str, evidence: bytes) -> tuple[()]:
        self.fault = FramingFault(message, evidence[:_EVIDENCE_LIMIT])
        self._needed = sys.maxsize  # no step follows
        self._buffer.clear()
        return ()


def encode_message(headers: MessageHeaders = (), payload: bytes = b"") -> bytes:
    """Encode a message, for recorders and tests.

    An int is encoded in 32 bits if it fits, else in 64. The format's limits are not checked; raises struct.error if a name
    has more than 255 bytes, a value more than 65535, or an int more than 64 bits.

    >>> EventStreamDecoder().feed(encode_message(((":message-type", "event"),), b"{}"))
    [EventStreamMessage(headers=((':message-type', 'event'),), payload=b'{}')]
    """
    block = b"".join([_encode_header(name, value) for name, value in headers])
    lengths = _LENGTHS.pack(_OVERHEAD + len(block) + len(payload), len(block))
    message = lengths + _U32.pack(crc32(lengths)) + block + payload
    return message + _U32.pack(crc32(message))


def _encode_header(name: str, value: HeaderValue) -> bytes:
    start = _U8.pack(len(name.encode())) + name.encode()
    match value:
        case bool():
            return start + _U8.pack(_TRUE if value else _FALSE)
        case int():
            kind = _INT32 if -(2**31) <= value < 2**31 else _INT64
            return start + _U8.pack(kind) + _NUMBERS[kind].pack(value)
        case str():
            return start + _U8.pack(_STRING) + _U16.pack(len(value.encode())) + value.encode()
        case _:
            return start + _U8.pack(_BYTES) + _U16.pack(len(value)) + value


def _parse_headers(block: bytes) -> MessageHeaders | str:
    """Parse the headers; return an error text if they are invalid."""
    headers: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(block):
            end = at + 1 + block[at]
            name = block[at + 1 : end].decode()
            value, at = _parse_value(block[end], block, end + 1)
            if value is None:
                return f"a header has the unknown type {block[end]}"
            if at > len(block):
                return _TRUNCATED
            if name in headers:
                return f"duplicate header {name!r}"
            headers[name] = value
    except (IndexError, struct.error):
        return _TRUNCATED
    except UnicodeDecodeError:
        return "a header is not UTF-8"
    return tuple(headers.items())


def _read_head(start: bytes) -> _Head | None:
    """Verify and parse the start of a message; None if it is invalid."""
    if _U32.unpack_from(start, _LENGTHS.size)[0] != crc32(start[: _LENGTHS.size]):
        return None
    block = start[_PRELUDE.size :]
    is_small = len(block) <= _HEAD_SIZE_LIMIT
    headers = _known_headers(block) if is_small else _parse_headers(block)
    if len(start) > _PRELUDE.size + HEADERS_LIMIT or isinstance(headers, str):
        return None
    return _Head(_U32.unpack_from(start)[0], headers, crc32(start))


_known_headers = lru_cache(maxsize=_HEADS_LIMIT)(_parse_headers)
"""All streams of a service repeat few blocks of headers. Messages with equal ones share them."""

_known_head = lru_cache(maxsize=_HEADS_LIMIT)(_read_head)
"""The streams of a service repeat few starts of messages: the same headers, with payloads of the same lengths."""


def _parse_value(kind: int, block: bytes, at: int) -> tuple[HeaderValue | None, int]:
    """(value, its end); the value is None for an unknown type."""
    if kind in (_BYTES, _STRING):
        start = at + _U16.size
        end = start + int(_U16.unpack_from(block, at)[0])
        value = block[start:end]
        return (value.decode() if kind == _STRING else value), end
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind == _UUID:
        return block[at : at + 16], at + 16
    number = _NUMBERS.get(kind)
    if number is None:
        return None, at
    return int(number.unpack_from(block, at)[0]), at + number.size
