"""Tokens of an image by its size, by the formula of the model."""

from math import ceil, floor, sqrt

from llm_pure.media.image_info import Size
from llm_pure.tokens.profiles import FixedImageCost, ImageRule, PatchImageCost, TileImageCost

UNKNOWN_SIZE: Size = (1024, 1024)
"""Assumed size of images that are not available, such as those behind a URL."""

_NOISE = 1e-9  # 33.000000000001 patches are 33


def image_tokens(rule: ImageRule, size: Size, detail: str | None = None) -> int:
    """Input tokens of an image of this size.

    >>> image_tokens(TileImageCost(base=85, tile=170), (1024, 1024))
    765
    """
    width, height = max(1, size[0]), max(1, size[1])
    match rule:
        case TileImageCost():
            return _tiles(rule, width, height, detail)
        case PatchImageCost():
            return _patches(rule, width, height, detail)
        case FixedImageCost():
            if max(width, height) <= rule.small_px:
                return rule.tokens
            return rule.tokens * ceil(width / rule.tile_px) * ceil(height / rule.tile_px)


def _tiles(rule: TileImageCost, width: int, height: int, detail: str | None) -> int:
    if detail == "low":
        return rule.base
    scale = min(1.0, rule.square_px / max(width, height), rule.short_px / min(width, height))
    across, down = ceil(width * scale / rule.tile_px), ceil(height * scale / rule.tile_px)
    return rule.base + rule.tile * across * down


def _patches(rule: PatchImageCost, width: int, height: int, detail: str | None) -> int:
    limit = {"low": rule.low, "high": rule.high}.get(detail or "auto", rule.auto)
    scale = min(1.0, limit.long_px / max(width, height))
    count = _count(width * scale, height * scale, rule.patch_px)
    if limit.patches is not None and count > limit.patches:
        scale = _shrink_scale(width, height, rule.patch_px, limit.patches)
        count = min(_count(width * scale, height * scale, rule.patch_px), limit.patches)
    return ceil(count * rule.percent / 100)


def _shrink_scale(width: int, height: int, patch_px: int, max_patches: int) -> float:
    """Scale by area to the allowed number of patches, then until one side is an integer number of patches.

    As OpenAI's guide "Images and vision" had it (unconfirmed for today): 1800 x 2400 px become 1056 x 1408, 1452 patches.
    """
    scale = sqrt(patch_px * patch_px * max_patches / (width * height))
    sides = [side * scale / patch_px for side in (width, height)]
    return scale * min([floor(side) / side if side >= 1 else 1.0 for side in sides])


def _count(width: float, height: float, patch_px: int) -> int:
    return ceil(width / patch_px - _NOISE) * ceil(height / patch_px - _NOISE)
