"""Local files as parts of messages, and generated images as Pillow images (`llm-pure[pictures]`).

A file is read here, before the request is built. The kind of part is that of the file's bytes, else of the ending of its
name.
"""

import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.media import media_type_of, media_type_of_name
from llm_pure.types.messages import Audio, Document, Image, Media, Video
from llm_pure.types.operations import GeneratedImage, TranscribeInput, TranscriptionRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage

_BROKEN = (
    OSError, SyntaxError, ValueError, RuntimeError, TypeError, AttributeError, ArithmeticError, LookupError, EOFError,
    MemoryError, Warning, struct.error,
)  # fmt: skip
"""Exceptions of Pillow for broken data. Each of its plug-ins has its own; UnidentifiedImageError is an OSError."""
_NOT_INSTALLED = "Pillow is not installed: pip install 'llm-pure[pictures]'"


def to_pil(image: GeneratedImage | bytes) -> "LLMResult[PilImage]":
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


_PARTS: Mapping[str, type[Image] | type[Audio] | type[Video]] = {
    "image": Image,
    "audio": Audio,
    "video": Video,
}


@returns_failure
def load_part(path: str | Path) -> Media:
    """Read a file as an Image, Audio, Video or Document. Fails with InvalidRequest if it cannot be read."""
    file = Path(path)
    return part_of(_read(file), file.name)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (OSError, ValueError) as error:
        message = f"{file}: the file cannot be read: {error}"
        raise Rejected(InvalidRequest(message=message, param=str(file))) from error


def part_of(data: bytes, name: str) -> Media:
    """Return the bytes of a file of this name as an Image, Audio, Video or Document; a document keeps its name."""
    media_type = media_type_of(data) or media_type_of_name(name)
    part = _PARTS.get((media_type or "").partition("/")[0])
    if part is None:
        return Document(data=data, media_type=media_type, name=name)
    return part(data=data, media_type=media_type)


@returns_failure
def load_audio(request: TranscribeInput) -> TranscribeInput:
    """Return the request; for a Path that of its file. Fails with InvalidRequest if the file cannot be read."""
    if not isinstance(request, Path):
        return request
    return TranscriptionRequest(audio=_read(request), filename=request.name)


@returns_failure
def load_files(value: Any) -> Any:
    """The value with a part in place of each Path: of a list of images, or in the content of mappings.

    Fails with InvalidRequest if a file cannot be read.
    """
    return _loaded(value)


def _loaded(value: Any) -> Any:
    if isinstance(value, Path):
        return ok(load_part(value))
    if isinstance(value, Mapping) and "content" in value:
        return {**value, "content": _loaded(value["content"])}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_loaded(item) for item in value]
    return value
