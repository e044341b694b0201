"""Pictures that no model can see, told before they are sent: drawings as text, archives, cut files, bombs.

Bytes of an unknown kind pass: the provider may know them. Nothing is decoded; a picture's own head says how large it is.
"""

import re

from llm_pure.media.image_info import image_size, is_truncated
from llm_pure.types.media import media_type_of
from llm_pure.types.messages import Image, Message, ToolResult

PIXEL_LIMIT = 100_000_000
"""More pixels than that are no picture but a bomb; services take far fewer."""

_HEAD = 32
"""Fewer bytes than that are a sign at the door, and no picture that could be judged."""

_TEXT_PICTURE = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?xml|!DOCTYPE|!--|svg|html)", re.IGNORECASE
)


def image_problem(data: bytes) -> str | None:
    """Why no model can see this; None when one may.

    >>> image_problem(b"<svg/>")
    'an SVG or other markup is no picture to a model: draw it as PNG first'
    """
    kind = media_type_of(data)
    if kind is None:
        if _TEXT_PICTURE.match(data[:200]):
            return "an SVG or other markup is no picture to a model: draw it as PNG first"
        return None if data else "there are no bytes in it"
    if not kind.startswith("image/"):
        return f"these bytes are {kind}, and no picture"
    size = image_size(data)
    if size is not None and size[0] * size[1] > PIXEL_LIMIT:
        return f"it says that it is {size[0]} by {size[1]} pixels; at most {PIXEL_LIMIT} are sent"
    if size is not None and 0 in size:
        return f"it says that it is {size[0]} by {size[1]} pixels, which is no picture"
    if len(data) >= _HEAD and is_truncated(data):
        name = kind.partition("/")[2].upper()
        return f"this {name} is cut off: its end is missing"
    return None


def find_invalid_image(messages: tuple[Message, ...]) -> tuple[str, str] | None:
    """(path, why) of the first picture that no model can see."""
    for place, message in enumerate(messages):
        for number, part in enumerate(message.parts):
            shown = part.content if isinstance(part, ToolResult) else (part,)
            for one in shown:
                if isinstance(one, Image) and one.data is not None:
                    why = image_problem(one.data)
                    if why is not None:
                        return f"messages/{place}/parts/{number}", why
    return None
