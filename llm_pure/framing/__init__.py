"""Split the bytes of a body into frames, independently of how the bytes are chunked.

Each decoder buffers an incomplete frame up to a limit: `feed(data)` returns the complete frames, `close()` the rest at the end of the
body. They never raise. Invalid bytes set `fault`; the frames before it are returned, and none follow.
"""

from typing import Protocol, TypeVar

import msgspec

F = TypeVar("F")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""U+FEFF in UTF-8, which some servers put before a body."""

FRAME_LIMIT = 64 * 1024 * 1024
"""The default limit of a frame, in bytes. Gemini sends images of several MB in one line."""


class Frame(Protocol):
    """A frame that has more than its data: the type of an event, the headers of a message."""

    @property
    def data(self) -> bytes:
        """The bytes that may be JSON."""
        ...


def frame_data(frame: "bytes | Frame") -> bytes:
    """Return the data of a frame, which many decoders return alone."""
    return frame if isinstance(frame, bytes) else frame.data


def with_data(frame: F, data: bytes) -> F:
    """Return the frame with other data."""
    if isinstance(frame, bytes):
        return data  # type: ignore[return-value]  # a frame that is bytes is its data
    if isinstance(frame, msgspec.Struct):
        name = "payload" if hasattr(frame, "payload") else "data"
        return msgspec.structs.replace(frame, **{name: data})
    return frame


class FramingFault(msgspec.Struct, frozen=True):
    """Why the bytes cannot be split into frames."""

    message: str
    evidence: bytes = b""
    """The first bytes of the invalid part."""


class FrameDecoder(Protocol[F]):
    """The interface of the decoders."""

    @property
    def fault(self) -> FramingFault | None:
        """The error of invalid bytes; no frames follow it."""
        ...

    @property
    def stray(self) -> bytes:
        """The first bytes outside frames: an HTML page or an error in place of a stream."""
        ...

    def feed(self, data: bytes) -> list[F]:
        """Return the frames that these bytes complete."""
        ...

    def close(self) -> list[F]:
        """End the body: return the rest of the buffer if it is a frame. It may be truncated."""
        ...


__all__ = [
    "BYTE_ORDER_MARK",
    "FRAME_LIMIT",
    "Frame",
    "FrameDecoder",
    "FramingFault",
    "frame_data",
    "with_data",
]
