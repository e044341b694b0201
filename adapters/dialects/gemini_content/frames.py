"""Bytes of a streamed response -> the JSON of each item, in either of the two framings.

`?alt=sse` gives server-sent events; without it the body is one JSON array. In both, an error may be a bare object or an
array. The first byte decides, since gateways change content types.
"""

import re
from typing import Any

from llm_pure.framing import BYTE_ORDER_MARK, FramingFault
from llm_pure.framing.json_array import JsonArrayDecoder
from llm_pure.framing.json_codec import json_text
from llm_pure.framing.sse import SseDataDecoder

BEGIN, END, CLOSED = b"[", b"]", b""
"""Marks among the frames, never equal to an item: begin and end of a JSON body, and end of the bytes."""

_SPACE = b" \t\r\n"


class ItemDecoder:
    """Decoder of one body. Returns the data of events; for a JSON body its items between BEGIN and END."""

    __slots__ = ("_array", "_ended", "_seen", "_sse", "_start")

    def __init__(self) -> None:
        self._sse: SseDataDecoder | None = None
        self._array: JsonArrayDecoder | None = None
        self._ended = False
        self._seen = False  # an event was received
        self._start = b""  # the first bytes, while they may be a byte order mark

    @property
    def fault(self) -> FramingFault | None:
        """Set once the bytes cannot be framed."""
        inner = self._sse or self._array
        return inner.fault if inner else None

    @property
    def stray(self) -> bytes:
        """Bytes outside events and items, such as an error as bare JSON in mid-stream, or an HTML page."""
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
        data = self._start + data
        if BYTE_ORDER_MARK.startswith(data):
            self._start = data
            return []
        self._start = b""
        data = data.removeprefix(BYTE_ORDER_MARK).lstrip(_SPACE)  # has no meaning in either framing
        if not data:
            return []
        if data[:1] in b"[{":
            self._array = JsonArrayDecoder()
            return [BEGIN, *self._items(self._array, data)]
        self._sse = SseDataDecoder()
        return self.feed(data)

    def close(self) -> list[bytes]:
        """The event that the end of the body cut off, and CLOSED; nothing for a body that is not a stream."""
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


def normalized(raw: Any, data: bytes) -> tuple[Any, bytes]:
    """The response and its bytes in Google's form: without an object around it, and with its names.

    Code Assist puts the response beside its trace; gateways in Python write the names of fields as Python does.
    """
    if not isinstance(raw, dict):
        return raw, data
    inner = raw
    if not raw.get("candidates") and has_candidates(raw.get("response")):
        beside = {name: value for name, value in raw.items() if name != "response"}
        inner = {**beside, **raw["response"]}
    if _SNAKE_CASE.search(data):
        inner = _in_camel_case(inner, _DEPTH)
    return (raw, data) if inner is raw else (inner, json_text(inner).encode())


_SNAKE_CASE = re.compile(
    rb'"(?:usage_metadata|model_version|response_id|prompt_feedback|block_reason|finish_reason|function_call|thought_signature'
    rb'|inline_data|file_data|executable_code|code_execution_result|grounding_metadata|citation_metadata|safety_ratings)"\s*+:'
)
"""Quotes inside of a JSON text are escaped, so that it never matches."""
_DEPTH = 32
_OPAQUE = frozenset({"args", "response", "part_metadata"})
"""Fields with JSON of others, whose names stay."""


def _in_camel_case(value: Any, depth: int) -> Any:
    if depth == 0:
        return value
    if isinstance(value, list):
        return [_in_camel_case(item, depth - 1) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        _camel_case(name): item if name in _OPAQUE else _in_camel_case(item, depth - 1)
        for name, item in value.items()
    }


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return name if not first else "".join([first, *map(str.capitalize, others)])


def has_candidates(raw: Any) -> bool:
    """Whether decoded JSON has candidates, so that content is read even if there is an error beside it."""
    return isinstance(raw, dict) and bool(raw.get("candidates"))
