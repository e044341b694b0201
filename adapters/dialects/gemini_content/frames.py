"""Bytes of a streamed answer -> the JSON of each item, whichever of the two framings the bytes are in.

`?alt=sse` gives server-sent events; without it the body is one JSON array, and an error may be a bare object or an
array in either. The first byte tells, since content types lie behind gateways.
"""

from llm_pure.framing import FramingFault
from llm_pure.framing.json_array import JsonArrayDecoder
from llm_pure.framing.sse import SseDataDecoder

BEGIN, END, CLOSED = b"[", b"]", b""
"""Frames that no item can be: a JSON body has begun, it has come to its end, and no more bytes will come."""

_SPACE = b" \t\r\n"


class ItemDecoder:
    """One for each body. Events are given as their data; the items of a JSON body stand between BEGIN and END."""

    __slots__ = ("_array", "_ended", "_seen", "_sse")

    def __init__(self) -> None:
        self._sse: SseDataDecoder | None = None
        self._array: JsonArrayDecoder | None = None
        self._ended = False
        self._seen = False  # an event came

    @property
    def fault(self) -> FramingFault | None:
        """Set once the bytes cannot be framed."""
        inner = self._sse or self._array
        return inner.fault if inner else None

    @property
    def stray(self) -> bytes:
        """Bytes outside of events and items: an error that came as bare JSON in mid-stream, or a page."""
        inner = self._sse or self._array
        return inner.stray if inner else b""

    def feed(self, data: bytes) -> list[bytes]:
        """The items that these bytes complete."""
        if self._sse is not None:
            items = self._sse.feed(data)
            self._seen = self._seen or bool(items)
            return items
        if self._array is not None:
            return self._items(self._array, data)
        data = data.lstrip(
            _SPACE
        )  # before the first byte that tells, it says nothing in either framing
        if not data:
            return []
        if data[:1] in b"[{":
            self._array = JsonArrayDecoder()
            return [BEGIN, *self._items(self._array, data)]
        self._sse = SseDataDecoder()
        return self.feed(data)

    def close(self) -> list[bytes]:
        """The event that the end of the body cut off; CLOSED, unless the body is no stream at all."""
        if self._sse is None:
            return [CLOSED] if self._array is not None else []
        items = self._sse.close()
        return [*items, CLOSED] if items or self._seen else []

    def _items(self, array: JsonArrayDecoder, data: bytes) -> list[bytes]:
        items = array.feed(data)
        if array.ended and not self._ended:
            self._ended = True
            items.append(END)
        return items
