"""Parts -> the content of a message or of a tool's result: input_text, input_image, input_file.

Source: openai/openai-openapi 2.3.0 (InputContent), read 2026-11-20.
"""

from collections.abc import Sequence
from typing import Any

from llm_pure.adapters.dialects.common.turn_rules import Placed
from llm_pure.framing.json_codec import json_object
from llm_pure.types.media import (
    data_url,
    default_file_name,
    document_media_type,
    media_type_of,
)
from llm_pure.types.messages import (
    CacheMark,
    Document,
    Image,
    Opaque,
    Part,
    Refusal,
    Text,
)
from llm_pure.types.rejection import UnsupportedPart

IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""developers.openai.com, Images and vision, read 2026-11-30."""


def encode_content(parts: Sequence[Placed]) -> str | list[dict[str, Any]]:
    """A plain string for a single text, else a list. Raises UnsupportedPart."""
    if not parts:
        return ""
    if len(parts) == 1:
        part = parts[0][1]
        if isinstance(part, Text) and part.cache is None:
            return part.text
    return [_marked(part, path) for path, part in parts]


def _marked(part: Part, path: str) -> dict[str, Any]:
    encoded = _encode_part(part, path)
    mark: CacheMark | None = getattr(part, "cache", None)
    if mark is not None:
        ttl = {} if mark.ttl is None else {"ttl": mark.ttl}
        encoded["prompt_cache_breakpoint"] = {"mode": "explicit", **ttl}
    return encoded


def _encode_part(part: Part, path: str) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "input_text", "text": text}
        case Image(file_id=str() as file_id, detail=detail):
            return {"type": "input_image", "file_id": file_id, "detail": detail or "auto"}
        case Image(url=str() as url, detail=detail):
            return {"type": "input_image", "image_url": url, "detail": detail or "auto"}
        case Image(data=bytes() as data, media_type=declared, detail=detail):
            media_type = media_type_of(data) or declared
            if media_type is None:
                raise UnsupportedPart(f"{path}: the bytes are not an image of a known format")
            if media_type not in IMAGE_TYPES:
                kinds = ", ".join(sorted(IMAGE_TYPES))
                raise UnsupportedPart(f"{path}: images are {kinds} here, not {media_type}")
            url = data_url(data, media_type)
            return {"type": "input_image", "image_url": url, "detail": detail or "auto"}
        case Document(file_id=str() as file_id):
            return {"type": "input_file", "file_id": file_id}
        case Document(url=str() as url):
            return {"type": "input_file", "file_url": url}
        case Document(data=bytes() as data, media_type=declared, name=name):
            media_type = (
                document_media_type(data, declared, name) or declared or "application/octet-stream"
            )
            file_data = data_url(data, media_type)
            return {
                "type": "input_file",
                "filename": name or default_file_name(media_type),
                "file_data": file_data,
            }
        case Refusal(text=text):
            return {"type": "input_text", "text": text}
        case Opaque(json=json):
            return json_object(json) or {}
        case _:
            raise UnsupportedPart(
                f"{path}: the Responses API has no form for {type(part).__name__}"
            )
