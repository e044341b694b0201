"""The size of a picture -> tokens, by each family's formula."""

from math import ceil, floor, sqrt

from llm_pure.media.image_info import Size, image_size
from llm_pure.tokens.profiles import FixedImageCost, ImageRule, PatchImageCost, TileImageCost

UNKNOWN_SIZE: Size = (1024, 1024)
"""What is taken for a picture that can't be looked at, such as one behind a URL."""

_NOISE = 1e-9  # 33.000000000001 patches are 33


def image_tokens(rule: ImageRule, size: Size, detail: str | None = None) -> int:
    """What a picture of this size costs in tokens, as input.

    >>> image_tokens(TileImageCost(base=85, tile=170), (1024, 1024))
    765
    """
    wide, high = max(1, size[0]), max(1, size[1])
    match rule:
        case TileImageCost():
            return _tiles(rule, wide, high, detail)
        case PatchImageCost():
            return _patches(rule, wide, high, detail)
        case FixedImageCost():
            if max(wide, high) <= rule.small_px:
                return rule.tokens
            return rule.tokens * ceil(wide / rule.tile_px) * ceil(high / rule.tile_px)


def _tiles(rule: TileImageCost, wide: int, high: int, detail: str | None) -> int:
    if detail == "low":
        return rule.base
    scale = min(1.0, rule.square_px / max(wide, high), rule.short_px / min(wide, high))
    across, down = ceil(wide * scale / rule.tile_px), ceil(high * scale / rule.tile_px)
    return rule.base + rule.tile * across * down


def _patches(rule: PatchImageCost, wide: int, high: int, detail: str | None) -> int:
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


__all__ = ["UNKNOWN_SIZE", "Size", "image_size", "image_tokens"]
