"""Image dimensions and truncation, read from the file's structure; no pixels are decoded.

Sources: the formats' specifications (PNG 1.2, GIF89a, ITU T.81 for JPEG, the WebP container, BMP, TIFF 6.0, ISO/IEC 23008-12
for HEIC and AVIF); by general knowledge, read 2026-11-21.
"""

import re
from collections.abc import Callable
from typing import Literal, TypeAlias

from llm_pure.types.media import media_type_of

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""

_MAX_STEPS = 1_000_000
"""Parts of a file that are read. A file with more is malicious, and is accepted unchecked."""
_MAX_JPEG_SEGMENTS = 5_000
_ISO_HEAD = 64 * 1024
"""Bytes of an ISO media file that are searched for sizes."""


def image_size(data: bytes) -> Size | None:
    """Return width and height of a PNG, GIF, JPEG, WebP, BMP, TIFF, HEIC or AVIF; None for other data.

    >>> image_size(b"GIF89a" + bytes([64, 1, 240, 0]))
    (320, 240)
    """
    read, _ = _FORMATS.get(media_type_of(data) or "", _UNKNOWN)
    return read(data)


def is_truncated(data: bytes) -> bool:
    """Return true if the image's structure extends beyond the last byte. Trailing bytes are allowed."""
    _, check = _FORMATS.get(media_type_of(data) or "", _UNKNOWN)
    return check(data)


def _uint(data: bytes, start: int, length: int, order: Literal["little", "big"] = "little") -> int:
    return int.from_bytes(data[start : start + length], order)


# PNG: chunks of length, name, data and checksum; the last one is IEND


def _png_size(data: bytes) -> Size | None:
    return (_uint(data, 16, 4, "big"), _uint(data, 20, 4, "big")) if len(data) >= 24 else None


def _png_truncated(data: bytes) -> bool:
    start = 8
    for _ in range(_MAX_STEPS):
        if start + 12 > len(data):
            return True
        if data[start + 4 : start + 8] == b"IEND":
            return False
        start += 12 + _uint(data, start, 4, "big")
    return False


# GIF: a screen, then blocks of length-prefixed blocks; many files lack the trailer


def _gif_size(data: bytes) -> Size | None:
    return (_uint(data, 6, 2), _uint(data, 8, 2)) if len(data) >= 10 else None


def _gif_truncated(data: bytes) -> bool:
    if len(data) < 13:
        return True
    start, end = 13 + _gif_palette(data[10]), len(data)
    has_frame, steps = False, _MAX_STEPS
    while start < end and steps > 0:
        kind = data[start]
        if kind == 0x2C and start + 10 <= end:
            start += 11 + _gif_palette(data[start + 9])  # its descriptor, palette and code size
            has_frame = True
        elif kind == 0x21:
            start += 2
        else:
            return kind != 0x3B or not has_frame
        while start < end and data[start] and steps > 0:
            start += 1 + data[start]
            steps -= 1
        if start >= end:
            return True
        start += 1
        steps -= 1
    return start >= end and (not has_frame or start > end)


def _gif_palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


# JPEG: length-prefixed segments; the data after a scan's header contains no marker but the end


_JPEG_SIZES = frozenset(
    {*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), 0xCD, 0xCE, 0xCF}
)
_NO_FILL = re.compile(rb"[^\xff]")


def _jpeg_size(data: bytes) -> Size | None:
    start = _jpeg_segment(data, _JPEG_SIZES)
    if start is None:
        return None
    return _uint(data, start + 7, 2, "big"), _uint(data, start + 5, 2, "big")


def _jpeg_truncated(data: bytes) -> bool:
    scan = _jpeg_segment(data, frozenset({0xDA}))
    return scan is None or data.find(b"\xff\xd9", scan) < 0


def _jpeg_segment(data: bytes, markers: frozenset[int]) -> int | None:
    """The start of the first segment with one of these markers."""
    start = 2
    for _ in range(_MAX_JPEG_SEGMENTS):
        filled = _NO_FILL.search(data, start)  # any number of FF may precede a marker
        if filled is None or filled.start() == start or filled.start() + 8 > len(data):
            return None
        start = filled.start() - 1
        marker = data[start + 1]
        if marker in markers:
            return start
        is_bare = marker == 0x01 or 0xD0 <= marker <= 0xD7
        start += 2 if is_bare else 2 + _uint(data, start + 2, 2, "big")
    return None


# WebP: a RIFF file with its length


def _webp_size(data: bytes) -> Size | None:
    if len(data) < 30:
        return None
    match data[12:16]:
        case b"VP8X":
            return _uint(data, 24, 3) + 1, _uint(data, 27, 3) + 1
        case b"VP8 ":
            return _uint(data, 26, 2) & 0x3FFF, _uint(data, 28, 2) & 0x3FFF
        case b"VP8L":
            bits = _uint(data, 21, 4)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return None


def _webp_truncated(data: bytes) -> bool:
    return len(data) < 20 or len(data) < 8 + _uint(data, 4, 4)


# BMP: the header has the start of the pixels. TIFF: the first directory may be anywhere


def _bmp_size(data: bytes) -> Size | None:
    if len(data) < 26:
        return None
    return _uint(data, 18, 4), abs(int.from_bytes(data[22:26], "little", signed=True))


def _bmp_truncated(data: bytes) -> bool:
    size = _bmp_size(data)
    if size is None or len(data) < 34:
        return True
    pixels = len(data) - _uint(data, 10, 4)
    if _uint(data, 30, 4) not in (0, 3):
        return pixels <= 0  # compressed, of unknown length
    row = (size[0] * _uint(data, 28, 2) + 31) // 32 * 4
    return pixels < row * size[1]


def _tiff_size(data: bytes) -> Size | None:
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    if data[2:4] not in (b"*\0", b"\0*"):
        return None  # BigTIFF
    directory = _uint(data, 4, 4, order)
    sides: dict[int, int] = {}
    for entry in range(min(_uint(data, directory, 2, order), 64)):
        start = directory + 2 + 12 * entry
        tag, kind = _uint(data, start, 2, order), _uint(data, start + 2, 2, order)
        if tag in (256, 257):
            sides[tag] = _uint(data, start + 8, 2 if kind == 3 else 4, order)
    return (sides[256], sides[257]) if len(sides) == 2 else None


# HEIC and AVIF: length-prefixed boxes; `ispe` has the size of the image, its tiles or its thumbnail


def _iso_size(data: bytes) -> Size | None:
    head = data[:_ISO_HEAD]
    sizes: list[Size] = []
    start = head.find(b"ispe")
    while 0 <= start <= len(head) - 16:
        sizes.append((_uint(head, start + 8, 4, "big"), _uint(head, start + 12, 4, "big")))
        start = head.find(b"ispe", start + 4)
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def _iso_truncated(data: bytes) -> bool:
    start, has_data = 0, False
    for _ in range(_MAX_STEPS):
        if start + 8 > len(data):
            break
        length = _uint(data, start, 4, "big")
        has_data = has_data or data[start + 4 : start + 8] == b"mdat"
        if length == 1:
            length = _uint(data, start + 8, 8, "big")
        if length == 0:
            return not has_data  # to the end of the file
        if length < 8:
            return True
        start += length
    return not has_data or start != len(data)


_Format: TypeAlias = tuple[Callable[[bytes], Size | None], Callable[[bytes], bool]]
_ISO: _Format = (_iso_size, _iso_truncated)
_UNKNOWN: _Format = (lambda _: None, lambda _: False)
_FORMATS: dict[str, _Format] = {
    "image/avif": _ISO,
    "image/bmp": (_bmp_size, _bmp_truncated),
    "image/gif": (_gif_size, _gif_truncated),
    "image/heic": _ISO,
    "image/heif": _ISO,
    "image/jpeg": (_jpeg_size, _jpeg_truncated),
    "image/png": (_png_size, _png_truncated),
    "image/tiff": (_tiff_size, lambda _: False),
    "image/webp": (_webp_size, _webp_truncated),
}
"""Media type -> (size, is it truncated). A TIFF's parts may be anywhere, so its end is not checked."""
