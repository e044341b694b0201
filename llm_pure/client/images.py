"""Convert a generated image to a Pillow image (`llm-pure[pictures]`)."""

import struct
from io import BytesIO
from typing import TYPE_CHECKING

from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.operations import GeneratedImage
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from PIL.Image import Image

_BROKEN = (
    OSError, SyntaxError, ValueError, RuntimeError, TypeError, AttributeError, ArithmeticError, LookupError, EOFError,
    MemoryError, Warning, struct.error,
)  # fmt: skip
"""Exceptions of Pillow for broken data. Each of its plug-ins has its own; UnidentifiedImageError is an OSError."""
_NOT_INSTALLED = "Pillow is not installed: pip install 'llm-pure[pictures]'"


def to_pil(image: GeneratedImage | bytes) -> "LLMResult[Image]":
    """Decode the image. Images that claim more than a hundred million pixels are rejected.

    Fails with InvalidConfiguration if Pillow is missing; with InvalidRequest if the image has only a URL, or its data is not an
    image or is truncated.
    """
    data = image if isinstance(image, bytes) else image.data
    if data is None:
        message = "image has only a URL; download it and pass the bytes"
        return Failure(InvalidRequest(message=message, param="data"))
    try:
        from PIL import Image
    except ImportError:
        return Failure(InvalidConfiguration(message=_NOT_INSTALLED, field="pictures"))
    from llm_pure.media.image_validation import image_problem  # imported late: start-up

    problem = image_problem(data)
    if problem is not None:
        return Failure(InvalidRequest(message=problem, param="data"))
    try:
        decoded = Image.open(BytesIO(data))
        decoded.load()
    except (*_BROKEN, Image.DecompressionBombError) as error:
        # no detail: Pillow's text holds the address of an object, so it differs on every call
        message = f"Pillow cannot read this image ({type(error).__name__})"
        return Failure(InvalidRequest(message=message, param="data"))
    return Success(decoded)
