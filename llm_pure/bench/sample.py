"""A streamed answer to be read again and again, by this library and by others."""

from collections.abc import Iterator

import msgspec

from llm_pure.types.http import Headers, ResponseHead

PIECE = 64 * 1024
"""Bytes of one piece, unless a bench says otherwise: the most that httpx reads from a socket at once."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One streamed answer."""

    dialect: str
    provider: str
    """The provider of ours that reads it."""
    content_type: str
    frames: tuple[bytes, ...]
    """The bytes of the wire, an event each; the complete body as one, where nobody needs them apart."""
    payloads: tuple[bytes, ...]
    """The JSON texts of its events, already cut out: the input of the floor."""
    text: str
    """The text of all its deltas."""
    headers: Headers = ()
    """The headers of the response; without them, the content type alone."""

    @property
    def head(self) -> ResponseHead:
        """Status and headers."""
        return ResponseHead(200, self.headers or (("content-type", self.content_type),))

    @property
    def body(self) -> bytes:
        """The complete stream."""
        return b"".join(self.frames)

    @property
    def events(self) -> int:
        """The number of events that have data."""
        return len(self.payloads)

    def pieces(self, size: int = PIECE) -> tuple[bytes, ...]:
        """The body, cut every `size` bytes."""
        return tuple(cut(self.body, size))


def cut(body: bytes, size: int) -> Iterator[bytes]:
    """The bytes in pieces of `size`."""
    return (body[at : at + size] for at in range(0, len(body), size))
