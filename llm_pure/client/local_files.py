"""Local files as parts of messages: the file is read here, before the request is built.

The kind of part is that of the file's bytes, else of the ending of its name.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from llm_pure.types.errors import InvalidRequest
from llm_pure.types.media import media_type_of, media_type_of_name
from llm_pure.types.messages import Audio, Document, Image, Media, Video
from llm_pure.types.rejection import Rejected, ok, returns_failure

_PARTS: Mapping[str, type[Image] | type[Audio] | type[Video]] = {
    "image": Image,
    "audio": Audio,
    "video": Video,
}


@returns_failure
def load_part(path: str | Path) -> Media:
    """Read a file as an Image, Audio, Video or Document; a document keeps its name.

    Fails with InvalidRequest if the file cannot be read.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except (OSError, ValueError) as error:
        message = f"{file}: the file cannot be read: {error}"
        raise Rejected(InvalidRequest(message=message, param=str(file))) from error
    media_type = media_type_of(data) or media_type_of_name(file.name)
    part = _PARTS.get((media_type or "").partition("/")[0])
    if part is None:
        return Document(data=data, media_type=media_type, name=file.name)
    return part(data=data, media_type=media_type)


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
