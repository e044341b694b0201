"""Tokenizer profiles of models, as data: encodings, overheads, rules for tools and images.

Sources, read 2026-11-20: TIK openai/tiktoken 0.14.0 (tiktoken/model.py); COOK OpenAI's cookbook, "How to count tokens with
tiktoken"; LITE litellm 1.109.1 (image tables of its token counter). What is marked "fitted" was fitted by this project to
recorded usage; the numbers and their spread are in docs/reference/tokens-and-costs.md.
"""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec


class ToolOverhead(msgspec.Struct, frozen=True, kw_only=True):
    """Overhead of tool definitions in tokens: per function, property, enum and enum value; `end` once."""

    function: int
    properties: int = 3
    key: int = 3
    enum: int = -3
    item: int = 3
    end: int = 12


class TileImageCost(msgspec.Struct, frozen=True, kw_only=True, tag="tiles"):
    """A base, plus tokens per 512 px tile after scaling the image into a square and to a short side."""

    base: int
    tile: int
    square_px: int = 2048
    short_px: int = 768
    tile_px: int = 512


class PatchLimit(msgspec.Struct, frozen=True):
    """The size that an image is scaled down to."""

    long_px: int
    patches: int | None
    """Maximum number of patches; None for any."""


class PatchImageCost(msgspec.Struct, frozen=True, kw_only=True, tag="patches"):
    """One token per patch, times `percent` / 100. The limit depends on the requested detail."""

    percent: int
    patch_px: int
    auto: PatchLimit
    low: PatchLimit
    high: PatchLimit


class FixedImageCost(msgspec.Struct, frozen=True, kw_only=True, tag="fixed"):
    """Fixed tokens per tile; one tile for an image of at most `small_px` in both directions."""

    tokens: int
    small_px: int
    tile_px: int


ImageRule: TypeAlias = TileImageCost | PatchImageCost | FixedImageCost


class TokenizerProfile(msgspec.Struct, frozen=True, kw_only=True):
    """Rules for counting the tokens of models whose names start with `prefix`."""

    prefix: str
    encoding: str
    """Name of the tokenizer."""
    public: bool = True
    """The tokenizer is the model's own. Otherwise counts are estimates: `percent` / 100 of the tokenizer's."""
    percent: int = 100
    message: int = 4
    """Overhead of a message, with its role."""
    name: int = 1
    """Overhead of a name."""
    reply: int = 3
    """Overhead of the response."""
    call: int = 7
    """Overhead of a tool call."""
    tools: ToolOverhead = ToolOverhead(function=7)
    images: ImageRule
    reasoning: bool = False
    """Reasoning of earlier turns counts."""
    preamble: int = 0
    """Approximate tokens that the provider adds before the messages."""
    audio_per_s: int = 10
    page: int = 1000
    """Tokens of a page of a document."""
    source: str


_GPT_4O_TILES = TileImageCost(base=85, tile=170)
_OLD = ToolOverhead(function=10)
_OLD_PATCHES = PatchLimit(2048, 1536)
_MID = PatchLimit(2048, 6144)


def _patches(percent: int, limit: PatchLimit) -> PatchImageCost:
    return PatchImageCost(percent=percent, patch_px=32, auto=limit, low=limit, high=limit)


_SMALL_MODELS = _patches(162, _OLD_PATCHES)
_GPT_5_4 = PatchImageCost(
    percent=120, patch_px=32, auto=PatchLimit(2048, 2500), low=_MID, high=PatchLimit(2048, 2500)
)
_GPT_5_5 = PatchImageCost(
    percent=120,
    patch_px=32,
    auto=PatchLimit(6000, 10_000),
    low=PatchLimit(512, None),
    high=PatchLimit(2048, 2500),
)
_GPT_5_6 = PatchImageCost(
    percent=120,
    patch_px=32,
    auto=PatchLimit(65_535, None),
    low=PatchLimit(512, None),
    high=PatchLimit(2048, 2500),
)
_CLAUDE = PatchLimit(1568, 1568)
_CLAUDE_IMAGES = PatchImageCost(percent=100, patch_px=28, auto=_CLAUDE, low=_CLAUDE, high=_CLAUDE)
_GEMINI_IMAGES = FixedImageCost(tokens=258, small_px=384, tile_px=768)


def _openai(
    prefix: str, images: ImageRule, encoding: str = "o200k_base", tools: ToolOverhead | None = None
) -> TokenizerProfile:
    return TokenizerProfile(
        prefix=prefix,
        encoding=encoding,
        images=images,
        tools=tools or ToolOverhead(function=7),
        source="TIK, COOK, LITE",
    )


def _newer(prefix: str, images: ImageRule) -> TokenizerProfile:
    """Reasoning models: the overhead of the response is one token less than in COOK (fitted: gpt-5 to gpt-5.6 and o3)."""
    row = _openai(prefix, images)
    return msgspec.structs.replace(row, reply=2, source=f"{row.source}; reply fitted")


def _estimated(
    prefix: str, percent: int, images: ImageRule, **fields: int | bool | ToolOverhead
) -> TokenizerProfile:
    """Models without a public tokenizer: o200k_base, scaled by a percentage."""
    row = TokenizerProfile(
        prefix=prefix,
        encoding="o200k_base",
        public=False,
        percent=percent,
        images=images,
        source="fitted",
    )
    return msgspec.structs.replace(row, **fields)


TOKENIZER_PROFILES: Sequence[TokenizerProfile] = (
    _openai("gpt-4o-mini", TileImageCost(base=2833, tile=5667)),
    _openai("gpt-4o", _GPT_4O_TILES),
    _openai("chatgpt-4o", _GPT_4O_TILES),
    _openai("ft:gpt-4o", _GPT_4O_TILES),
    _openai("gpt-4.1-mini", _patches(162, _MID)),
    _openai("gpt-4.1-nano", _patches(246, _OLD_PATCHES)),
    _openai("gpt-4.1", _GPT_4O_TILES),
    _openai("gpt-4.5", _GPT_4O_TILES),
    _newer("gpt-5.6", _GPT_5_6),
    _newer("gpt-5.5", _GPT_5_5),
    _newer("gpt-5.4", _GPT_5_4),
    _newer("gpt-5.2", _patches(120, _MID)),
    _newer("gpt-5-mini", _SMALL_MODELS),
    _newer("gpt-5-nano", _patches(246, _OLD_PATCHES)),
    _newer("gpt-5", TileImageCost(base=70, tile=140)),
    _newer("gpt-6", _GPT_5_6),
    _newer("o4-mini", _patches(172, _OLD_PATCHES)),
    _newer("o1", TileImageCost(base=75, tile=150)),
    _newer("o3", TileImageCost(base=75, tile=150)),
    _openai("computer-use-preview", TileImageCost(base=65, tile=129)),
    msgspec.structs.replace(
        _openai("gpt-oss", _GPT_4O_TILES, "o200k_harmony"),
        preamble=61,
        source="TIK; preamble fitted",
    ),
    _openai("gpt-4", _GPT_4O_TILES, "cl100k_base", _OLD),
    _openai("gpt-3.5", _GPT_4O_TILES, "cl100k_base", _OLD),
    _openai("gpt-35", _GPT_4O_TILES, "cl100k_base", _OLD),
    _openai("text-embedding-", _GPT_4O_TILES, "cl100k_base"),
    _openai("davinci-002", _GPT_4O_TILES, "cl100k_base"),
    _openai("babbage-002", _GPT_4O_TILES, "cl100k_base"),
    _estimated(
        "claude",
        110,
        _CLAUDE_IMAGES,
        reasoning=True,
        page=2250,
        tools=ToolOverhead(function=60, end=430),
    ),
    _estimated("gemini", 105, _GEMINI_IMAGES, message=0, reply=0, audio_per_s=32, page=258),
)
"""The first matching prefix applies; a path or region before the name is ignored."""

UNKNOWN = _estimated("", 115, _GPT_4O_TILES)
"""Every other model."""


def profile_for(model: str, plan: str | None = None) -> TokenizerProfile:
    """The profile of a model. plan: config.pricing_plan, which names the model of an Azure deployment.

    >>> profile_for("openai/gpt-4.1-mini").encoding, profile_for("us.anthropic.claude-sonnet-5-5").public
    ('o200k_base', False)
    """
    for candidate in (plan or "", model):
        name = candidate.rsplit("/", 1)[-1].lower()
        for profile in TOKENIZER_PROFILES:
            if name.startswith(profile.prefix) or f".{profile.prefix}" in name:
                return profile
    return UNKNOWN
