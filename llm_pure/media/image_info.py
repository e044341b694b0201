"""How large a picture says it is, and whether its bytes are all there: read from its structure, nothing is decoded.

Sources: the formats' specifications (PNG 1.2, GIF89a, ITU T.81 for JPEG, the WebP container, BMP, TIFF 6.0, ISO/IEC 23008-12
for HEIC and AVIF); by general knowledge, read 2026-11-21.
"""

import re
from collections.abc import Callable
from typing import Literal, TypeAlias

from llm_pure.types.media import media_type_of

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""

_JPEG_SIZES = frozenset(
    {*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), 0xCD, 0xCE, 0xCF}
)
_STEPS = 1_000_000
"""How many parts of a picture are looked at. One with more was made to be slow, and is not judged."""
_SEGMENTS = 5_000
"""The same for what stands before a JPEG's own data."""
_NO_FILL = re.compile(rb"[^\xff]")
_ISO_HEAD = 64 * 1024
"""Bytes of an ISO media file in which the sizes of its pictures are looked for."""


def image_size(data: bytes) -> Size | None:
    """Width and height of a PNG, GIF, JPEG, WebP, BMP, TIFF, HEIC or AVIF; None for other bytes.

    >>> image_size(b"GIF89a" + bytes([64, 1, 240, 0]))
    (320, 240)
    """
    read = _SIZES.get(media_type_of(data) or "")
    return None if read is None else read(data)


def is_truncated(data: bytes) -> bool:
    """Does the picture's own structure reach beyond its last byte? Bytes after its end do no harm."""
    read = _CUTS.get(media_type_of(data) or "")
    return read is not None and read(data)


# PNG: chunks of length, name, data and checksum; the last one is IEND


def _png_size(data: bytes) -> Size | None:
    return (_big(data[16:20]), _big(data[20:24])) if len(data) >= 24 else None


def _png_is_cut(data: bytes) -> bool:
    place = 8
    for _ in range(_STEPS):
        if place + 12 > len(data):
            return True
        if data[place + 4 : place + 8] == b"IEND":
            return False
        place += 12 + _big(data[place : place + 4])
    return False


# GIF: a screen, then blocks of blocks, each with its length before it; many are written without the trailer


def _gif_size(data: bytes) -> Size | None:
    return (_little(data[6:8]), _little(data[8:10])) if len(data) >= 10 else None


def _gif_is_cut(data: bytes) -> bool:
    if len(data) < 13:
        return True
    place, end = 13 + _palette(data[10]), len(data)
    seen, steps = False, _STEPS
    while place < end and steps > 0:
        kind = data[place]
        if kind == 0x2C and place + 10 <= end:
            place += 11 + _palette(data[place + 9])  # its descriptor, palette and code size
            seen = True
        elif kind == 0x21:
            place += 2
        else:
            return kind != 0x3B or not seen
        while place < end and data[place] and steps > 0:
            place += 1 + data[place]
            steps -= 1
        if place >= end:
            return True
        place += 1
        steps -= 1
    return place >= end and (not seen or place > end)


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


# JPEG: segments that say their length; after the head of a scan, data in which no marker but the end can be found


def _jpeg_size(data: bytes) -> Size | None:
    place = _segment(data, _JPEG_SIZES)
    return (
        None
        if place is None
        else (_big(data[place + 7 : place + 9]), _big(data[place + 5 : place + 7]))
    )


def _jpeg_is_cut(data: bytes) -> bool:
    scan = _segment(data, frozenset({0xDA}))
    return scan is None or data.find(b"\xff\xd9", scan) < 0


def _segment(data: bytes, markers: frozenset[int]) -> int | None:
    """Where the first segment with one of these markers begins."""
    place = 2
    for _ in range(_SEGMENTS):
        filled = _NO_FILL.search(data, place)  # any number of FF may stand before a marker
        if filled is None or filled.start() == place or filled.start() + 8 > len(data):
            return None
        place = filled.start() - 1
        marker = data[place + 1]
        if marker in markers:
            return place
        is_bare = marker == 0x01 or 0xD0 <= marker <= 0xD7
        place += 2 if is_bare else 2 + _big(data[place + 2 : place + 4])
    return None


# WebP, in a RIFF file that says its length


def _webp_size(data: bytes) -> Size | None:
    if len(data) < 30:
        return None
    match data[12:16]:
        case b"VP8X":
            return _little(data[24:27]) + 1, _little(data[27:30]) + 1
        case b"VP8 ":
            return _little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF
        case b"VP8L":
            bits = _little(data[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return None


def _webp_is_cut(data: bytes) -> bool:
    return len(data) < 20 or len(data) < 8 + _little(data[4:8])


# BMP, whose head says where the pixels begin; TIFF, whose first directory may be anywhere


def _bmp_size(data: bytes) -> Size | None:
    if len(data) < 26:
        return None
    return _little(data[18:22]), abs(int.from_bytes(data[22:26], "little", signed=True))


def _bmp_is_cut(data: bytes) -> bool:
    size = _bmp_size(data)
    if size is None or len(data) < 34:
        return True
    pixels = len(data) - _little(data[10:14])
    if _little(data[30:34]) not in (0, 3):
        return pixels <= 0  # compressed: how many bytes it has is not said
    row = (size[0] * _little(data[28:30]) + 31) // 32 * 4
    return pixels < row * size[1]


def _tiff_size(data: bytes) -> Size | None:
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    if data[2:4] not in (b"*\0", b"\0*"):
        return None  # BigTIFF

    def number(place: int, length: int) -> int:
        return int.from_bytes(data[place : place + length], order)

    directory = number(4, 4)
    sides: dict[int, int] = {}
    for entry in range(min(number(directory, 2), 64)):
        place = directory + 2 + 12 * entry
        tag, kind = number(place, 2), number(place + 2, 2)
        if tag in (256, 257):
            sides[tag] = number(place + 8, 2 if kind == 3 else 4)
    return (sides[256], sides[257]) if len(sides) == 2 else None


# HEIC and AVIF: boxes that say their length; `ispe` holds a size, of the picture, its tiles or its thumbnail


def _iso_size(data: bytes) -> Size | None:
    head = data[:_ISO_HEAD]
    found: list[Size] = []
    place = head.find(b"ispe")
    while 0 <= place <= len(head) - 16:
        found.append((_big(head[place + 8 : place + 12]), _big(head[place + 12 : place + 16])))
        place = head.find(b"ispe", place + 4)
    return max(found, key=lambda size: size[0] * size[1]) if found else None


def _iso_is_cut(data: bytes) -> bool:
    place, seen = 0, False
    for _ in range(_STEPS):
        if place + 8 > len(data):
            break
        length = _big(data[place : place + 4])
        seen = seen or data[place + 4 : place + 8] == b"mdat"
        if length == 1:
            length = _big(data[place + 8 : place + 16])
        if length == 0:
            return not seen  # to the end of the file
        if length < 8:
            return True
        place += length
    return not seen or place != len(data)


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


_SIZES: dict[str, Callable[[bytes], Size | None]] = {
    "image/avif": _iso_size,
    "image/bmp": _bmp_size,
    "image/gif": _gif_size,
    "image/heic": _iso_size,
    "image/heif": _iso_size,
    "image/jpeg": _jpeg_size,
    "image/png": _png_size,
    "image/tiff": _tiff_size,
    "image/webp": _webp_size,
}
_CUTS: dict[str, Callable[[bytes], bool]] = {
    "image/avif": _iso_is_cut,
    "image/bmp": _bmp_is_cut,
    "image/gif": _gif_is_cut,
    "image/heic": _iso_is_cut,
    "image/heif": _iso_is_cut,
    "image/jpeg": _jpeg_is_cut,
    "image/png": _png_is_cut,
    "image/webp": _webp_is_cut,
}

__all__ = ["Size", "image_size", "is_truncated"]
