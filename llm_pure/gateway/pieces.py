"""A provider's stream -> pieces of bytes for the client: its own frames, or its events in another dialect. Pure.

Only complete frames are given, so that anything may be sent between two pieces.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from llm_pure.client.stream_reader import CHAT
from llm_pure.core.provider import StreamDecoder
from llm_pure.core.server import StreamEncoder
from llm_pure.framing import FRAME_LIMIT
from llm_pure.types.completion import Completion
from llm_pure.types.events import PartReceived, ReasoningDelta, StreamEvent, UsageReported
from llm_pure.types.messages import Reasoning
from llm_pure.types.result import Failure, LLMResult, Success

Split = Callable[[bytes], tuple[list[bytes], bytes]]

_BLANK = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")


def split_events(data: bytes) -> tuple[list[bytes], bytes]:
    """Server-sent events, each with its blank line, and the rest.

    >>> split_events(b"data: 1\\n\\ndata: 2\\n\\ndat")
    ([b'data: 1\\n\\n', b'data: 2\\n\\n'], b'dat')
    """
    if b"\r" not in data:
        frames = [frame + b"\n\n" for frame in data.split(b"\n\n")]
        rest = frames.pop()[:-2]
        return frames, rest
    frames, start = [], 0
    for match in _BLANK.finditer(data):
        frames.append(data[start : match.end()])
        start = match.end()
    return frames, data[start:]


def split_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """Lines, each with its end, and the rest."""
    lines = data.splitlines(keepends=True) if data else []
    rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
    return lines, rest


_ENDS: Mapping[Split, re.Pattern[bytes]] = {split_events: _BLANK, split_lines: re.compile(rb"\n")}
"""Split -> what ends a frame."""
_LONGEST_END = len(b"\r\n\r\n")


class Piece(NamedTuple):
    """Bytes for the client."""

    data: bytes
    content: bool
    """There is model output in them: from here on the call is not repeated."""


_NOTHING: LLMResult[tuple[Piece, ...]] = Success(())
_MARK = b"error"
"""In every frame that is an error."""
_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')
"""In the frame of OpenAI's chat completions that has only the usage."""


def _readable(frames: list[bytes]) -> list[bytes]:
    """The frames before the first that is no JSON; none if all are, since then the order of them is at fault."""
    for number, frame in enumerate(frames):
        for line in frame.splitlines():
            value = line.removeprefix(b"data:").strip()
            if not value.startswith((b"{", b"[")) or value == b"[DONE]":
                continue
            try:
                msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return frames[:number]
    return []


class PassedStream:
    """Decodes a stream for its end and its usage, and gives its frames as they came, up to the first that is faulty.

    Only complete frames are given, so that anything may be sent between two of them.
    """

    def __init__(
        self,
        decoder: StreamDecoder,
        split: Split,
        *,
        usage: bool = True,
        on_bytes: Callable[[], object] = bool,
    ) -> None:
        """usage: the client wants the frame that has only the usage. on_bytes: called when bytes arrive."""
        self._decoder = decoder
        self._split = split
        self._usage = usage
        self._on_bytes = on_bytes
        self._rest = bytearray()
        """The beginning of a frame."""
        self._searched = 0
        """Bytes of it in which no frame ends."""
        self._fault: Any = None

    def feed(self, data: bytes) -> LLMResult[tuple[Piece, ...]]:
        """Return the frames that these bytes complete. A fault comes after the frames before it."""
        self._on_bytes()
        if self._fault is not None:
            failure: LLMResult[tuple[Piece, ...]] = self._fault
            return failure
        frames = self._frames(data)
        if not frames:
            return self._within_limit()
        complete = b"".join(frames)
        if (
            len(frames) == 1
            or _MARK in complete
            or (not self._usage and _NO_CHOICES.search(complete) is not None)
        ):
            return self._feed_each(frames)
        events = self._decoder.feed(complete)
        if type(events) is Failure:
            return events
        fault = self._decoder.feed(b"")  # a fault comes with the call after it
        if type(fault) is Failure:
            self._fault = fault
            complete = b"".join(_readable(frames))
        content = any(map(CHAT.is_content, events.unwrap()))
        return Success((Piece(complete, content=content),)) if complete else _NOTHING

    def _frames(self, data: bytes) -> list[bytes]:
        """The frames that these bytes complete. No byte is searched for the end of a frame twice."""
        rest = self._rest
        if not rest:
            frames, tail = self._split(data)
        else:
            rest += data
            start = max(0, self._searched - _LONGEST_END + 1)
            if _ENDS[self._split].search(rest, start) is None:
                self._searched = len(rest)
                return []
            frames, tail = self._split(bytes(rest))
            rest.clear()
        rest += tail
        self._searched = len(tail)
        return frames

    def _within_limit(self) -> LLMResult[tuple[Piece, ...]]:
        """Nothing yet; the decoder's fault once a frame is longer than it takes."""
        if len(self._rest) <= FRAME_LIMIT:
            return _NOTHING
        events = self._decoder.feed(bytes(self._rest))
        fault = events if type(events) is Failure else self._decoder.feed(b"")
        self._rest.clear()
        if type(fault) is Failure:
            self._fault = fault
            return fault
        return _NOTHING

    def _feed_each(self, frames: list[bytes]) -> LLMResult[tuple[Piece, ...]]:
        """Feed frame by frame, where one of them may be an error, or only for us."""
        kept: list[bytes] = []
        content = False
        for frame in frames:
            events = self._decoder.feed(frame)
            if type(events) is Failure:
                if not kept:
                    return events
                self._fault = events
                break
            decoded = events.unwrap()
            if not self._usage and _is_only_usage(decoded):
                continue
            kept.append(frame)
            content = content or any(map(CHAT.is_content, decoded))
        return Success((Piece(b"".join(kept), content=content),)) if kept else _NOTHING

    def close(self) -> LLMResult[tuple[Piece, ...]]:
        """End the body; a frame without its blank line still counts."""
        if self._fault is not None:
            failure: LLMResult[tuple[Piece, ...]] = self._fault
            return failure
        rest, self._rest = bytes(self._rest), bytearray()
        if rest:
            events = self._decoder.feed(rest)
            if type(events) is Failure:
                return events
        closed = self._decoder.close()
        if type(closed) is Failure:
            return closed
        end = b"\n" if self._split is split_lines else b"\n\n"
        return Success((Piece(rest + end, content=False),) if rest else ())

    def partial(self) -> Completion:
        """The completion as far as it has been received."""
        return self._decoder.partial()


def _is_only_usage(events: tuple[StreamEvent, ...]) -> bool:
    return bool(events) and all(type(event) is UsageReported for event in events)


class EncodedStream:
    """Decodes the provider's stream, and encodes its events in the client's dialect."""

    def __init__(
        self,
        decoder: StreamDecoder,
        encoder: StreamEncoder,
        on_bytes: Callable[[], object],
        *,
        show_reasoning: bool = True,
    ) -> None:
        self._decoder = decoder
        self._encoder = encoder
        self._on_bytes = on_bytes
        self._show_reasoning = show_reasoning

    def feed(self, data: bytes) -> LLMResult[tuple[Piece, ...]]:
        """Return the bytes for the client."""
        self._on_bytes()
        return self._encode(self._decoder.feed(data))

    def close(self) -> LLMResult[tuple[Piece, ...]]:
        """End the body. The end of the client's stream is that of the exchange."""
        return self._encode(self._decoder.close())

    def partial(self) -> Completion:
        """The completion as far as it has been received."""
        return self._decoder.partial()

    def _encode(self, result: LLMResult[tuple[StreamEvent, ...]]) -> LLMResult[tuple[Piece, ...]]:
        if type(result) is Failure:
            return result
        events = result.unwrap()
        if not events:
            return _NOTHING
        if not self._show_reasoning:
            events = tuple([event for event in events if not _is_reasoning(event)])
        data = self._encoder.encode(events)
        content = any(map(CHAT.is_content, events))
        return Success((Piece(data, content=content),)) if data or content else _NOTHING


def _is_reasoning(event: StreamEvent) -> bool:
    part = event.part if isinstance(event, PartReceived) else event
    return isinstance(part, Reasoning | ReasoningDelta)
