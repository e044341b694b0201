"""Bytes of a body -> frames, however the bytes were cut on the way.

Each decoder here is a small buffer with a stated limit: `feed(data)` gives the frames that are whole by now, `close()`
what is left when the body ends. They never raise. Bytes that break the framing set `fault`; the frames before it were
given, and none come after.
"""

from typing import Protocol, TypeVar

import msgspec

F = TypeVar("F")

FRAME_LIMIT = 64 * 1024 * 1024
"""The largest frame, in bytes, unless a decoder is told otherwise. Gemini sends images of several MB in one line."""


class FramingFault(msgspec.Struct, frozen=True):
    """Why the bytes cannot be framed. evidence: the first bytes of what was found."""

    message: str
    evidence: bytes = b""


class FrameDecoder(Protocol[F]):
    """What every decoder of this package is."""

    @property
    def fault(self) -> FramingFault | None:
        """Set once the bytes cannot be framed; nothing comes after."""
        ...

    @property
    def stray(self) -> bytes:
        """Bytes that belong to no frame, the first of them: the page or error that came in place of a stream."""
        ...

    def feed(self, data: bytes) -> list[F]:
        """The frames that these bytes complete."""
        ...

    def close(self) -> list[F]:
        """The body is over: what stood in the buffer, as far as it makes a frame. It may be cut off inside."""
        ...


__all__ = ["FRAME_LIMIT", "FrameDecoder", "FramingFault"]
