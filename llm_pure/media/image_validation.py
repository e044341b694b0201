"""Reject unusable images before sending: SVG, archives, truncated files, decompression bombs.

Unknown formats pass, since the provider may support them. No pixels are decoded.
"""

import re

from llm_pure.media.image_info import image_size, is_truncated
from llm_pure.types.media import media_type_of
from llm_pure.types.messages import Image, Message, ToolResult

PIXEL_LIMIT = 100_000_000
"""Images above this pixel count are rejected as decompression bombs; providers accept far fewer."""

_MIN_SIZE = 32
"""Bytes required for the truncation check; shorter data only identifies the format."""

_MARKUP = re.compile(rb"\s*+(?:\xef\xbb\xbf)?+\s*+<(?:\?xml|!DOCTYPE|!--|svg|html)", re.IGNORECASE)


def image_problem(data: bytes) -> str | None:
    """Return why models cannot read this image, None if they may.

    >>> image_problem(b"<svg/>")
    'SVG and other markup is not supported as an image; render it as PNG'
    """
    kind = media_type_of(data)
    if kind is None:
        if _MARKUP.match(data[:200]):
            return "SVG and other markup is not supported as an image; render it as PNG"
        return None if data else "the image is empty"
    if not kind.startswith("image/"):
        return f"the data is {kind}, not an image"
    size = image_size(data)
    if size is not None and size[0] * size[1] > PIXEL_LIMIT:
        return f"the image has {size[0]} x {size[1]} pixels, more than {PIXEL_LIMIT}"
    if size is not None and 0 in size:
        return f"the image has {size[0]} x {size[1]} pixels"
    if len(data) >= _MIN_SIZE and is_truncated(data):
        return f"the {kind.partition('/')[2].upper()} is truncated: its end is missing"
    return None


def find_invalid_image(messages: tuple[Message, ...]) -> tuple[str, str] | None:
    """Return (path, problem) of the first invalid image, None if there is none."""
    for i, message in enumerate(messages):
        for j, part in enumerate(message.parts):
            for item in part.content if isinstance(part, ToolResult) else (part,):
                if isinstance(item, Image) and item.data is not None:
                    problem = image_problem(item.data)
                    if problem is not None:
                        return f"messages/{i}/parts/{j}", problem
    return None
