"""A picture that came from a provider -> an image of Pillow (`llm-pure[pictures]`)."""

import struct
from io import BytesIO
from typing import TYPE_CHECKING

from llm_pure.media.image_validation import image_problem
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.media_operations import GeneratedImage
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from PIL.Image import Image

_BROKEN = (
    OSError, SyntaxError, ValueError, RuntimeError, TypeError, AttributeError, ArithmeticError, LookupError, EOFError,
    MemoryError, Warning, struct.error,
)  # fmt: skip
"""What Pillow raises of broken bytes; each of its plug-ins has its own, UnidentifiedImageError is an OSError."""
_NEEDS = "Pillow is not installed: pip install 'llm-pure[pictures]'"


def to_pil(picture: GeneratedImage | bytes) -> "LLMResult[Image]":
    """The picture, decoded. What says that it is larger than a hundred million pixels is not.

    Fails with InvalidConfiguration (Pillow is missing: the message names the extra), InvalidRequest (a picture that is
    elsewhere: fetch its URL first; bytes that are none, or that are cut off).
    """
    data = picture if isinstance(picture, bytes) else picture.data
    if data is None:
        message = "this picture is not here: fetch its URL, and give the bytes"
        return Failure(InvalidRequest(message=message, param="data"))
    try:
        from PIL import Image
    except ImportError:
        return Failure(InvalidConfiguration(message=_NEEDS, field="pictures"))
    why = image_problem(data)
    if why is not None:
        return Failure(InvalidRequest(message=why, param="data"))
    try:
        made = Image.open(BytesIO(data))
        made.load()
    except (*_BROKEN, Image.DecompressionBombError) as fault:
        message = f"Pillow cannot read this picture: {str(fault).partition('<')[0].strip()}"
        return Failure(InvalidRequest(message=message, param="data"))
    return Success(made)


__all__ = ["to_pil"]
