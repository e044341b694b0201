"""Pictures -> tokens: how large they are, by their first bytes, and each family's formula."""

from math import ceil, floor, sqrt
from typing import TypeAlias

from llm_pure.tokens.families import Fixed, ImageRule, Patches, Tiles

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""

UNKNOWN_SIZE: Size = (1024, 1024)
"""What is taken for a picture that can't be looked at, such as one behind a URL."""

_NOISE = 1e-9  # 33.000000000001 patches are 33
_JPEG_SIZES = frozenset(
    {*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), 0xCD, 0xCE, 0xCF}
)


def size_of(data: bytes) -> Size | None:
    """Width and height of a PNG, GIF, JPEG, WebP or BMP; None for other bytes. Sources: the formats' specifications.

    >>> size_of(b"GIF89a" + bytes([64, 1, 240, 0]))
    (320, 240)
    """
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return _big(data[16:20]), _big(data[20:24])
    if data[:3] == b"GIF" and len(data) >= 10:
        return _little(data[6:8]), _little(data[8:10])
    if data[:2] == b"BM" and len(data) >= 26:
        return _little(data[18:22]), abs(int.from_bytes(data[22:26], "little", signed=True))
    if data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp(data)
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    return None


def image_tokens(rule: ImageRule, size: Size, detail: str | None = None) -> int:
    """What a picture of this size costs in tokens, as input.

    >>> image_tokens(Tiles(base=85, tile=170), (1024, 1024))
    765
    """
    wide, high = max(1, size[0]), max(1, size[1])
    match rule:
        case Tiles():
            return _tiles(rule, wide, high, detail)
        case Patches():
            return _patches(rule, wide, high, detail)
        case Fixed():
            if max(wide, high) <= rule.small_px:
                return rule.tokens
            return rule.tokens * ceil(wide / rule.tile_px) * ceil(high / rule.tile_px)


def _tiles(rule: Tiles, wide: int, high: int, detail: str | None) -> int:
    if detail == "low":
        return rule.base
    scale = min(1.0, rule.square_px / max(wide, high), rule.short_px / min(wide, high))
    across, down = ceil(wide * scale / rule.tile_px), ceil(high * scale / rule.tile_px)
    return rule.base + rule.tile * across * down


def _patches(rule: Patches, wide: int, high: int, detail: str | None) -> int:
    limit = {"low": rule.low, "high": rule.high}.get(detail or "auto", rule.auto)
    scale = min(1.0, limit.long_px / max(wide, high))
    count = _count(wide * scale, high * scale, rule.patch_px)
    if limit.patches is not None and count > limit.patches:
        scale = _shrunk(wide, high, rule.patch_px, limit.patches)
        count = min(_count(wide * scale, high * scale, rule.patch_px), limit.patches)
    return ceil(count * rule.percent / 100)


def _shrunk(wide: int, high: int, patch_px: int, most: int) -> float:
    """By area to what is allowed, then a little more, until one side is a whole number of patches.

    As OpenAI's guide "Images and vision" had it (unconfirmed for today): 1800 x 2400 px become 1056 x 1408, 1452 patches.
    """
    scale = sqrt(patch_px * patch_px * most / (wide * high))
    sides = [side * scale / patch_px for side in (wide, high)]
    return scale * min([floor(side) / side if side >= 1 else 1.0 for side in sides])


def _count(wide: float, high: float, patch_px: int) -> int:
    return ceil(wide / patch_px - _NOISE) * ceil(high / patch_px - _NOISE)


def _webp(data: bytes) -> Size | None:
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


def _jpeg(data: bytes) -> Size | None:
    """The frame header stands behind segments that say their own length."""
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in _JPEG_SIZES:
            return _big(data[place + 7 : place + 9]), _big(data[place + 5 : place + 7])
        fill = marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD7
        place += 1 if marker == 0xFF else 2 if fill else 2 + _big(data[place + 2 : place + 4])
    return None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


__all__ = ["UNKNOWN_SIZE", "Size", "image_tokens", "size_of"]
