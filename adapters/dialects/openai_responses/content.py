"""Parts -> the content of a message or of a tool's result: input_text, input_image, input_file.

Source: openai/openai-openapi 2.3.0 (InputContent), read 2026-11-20.
"""

from collections.abc import Sequence
from typing import Any

from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import json_object
from llm_pure.types.media import data_url, media_type_of
from llm_pure.types.messages import Document, Image, Opaque, Part, Text, ToolResultContent

Content = str | list[dict[str, Any]]


class Unsendable(Exception):
    """A part without a form here. It never leaves this dialect: `input_items` turns it into a value."""


def content(name: str, parts: Sequence[tuple[str, Part]], told: list[Adaptation]) -> Content:
    """A plain string for one text, else a list. parts: each with its path."""
    if len(parts) <= 1 and all(isinstance(part, Text) for _, part in parts):
        return "".join([part.text for _, part in parts if isinstance(part, Text)])
    wire: list[dict[str, Any]] = []
    for where, part in parts:
        if isinstance(part, Opaque) and part.provider != name:
            told.append(dropped(where, f"{part.kind} is for {part.provider} only"))
        else:
            wire.append(_part(part, where))
    return wire


def output_of(
    name: str, parts: tuple[ToolResultContent, ...], where: str, told: list[Adaptation]
) -> Content:
    """What a tool answered."""
    return content(
        name, [(f"{where}/content/{place}", part) for place, part in enumerate(parts)], told
    )


def dropped(field: str, reason: str) -> Adaptation:
    """One thing that was left out."""
    return Adaptation(field=field, action="dropped", reason=reason)


def _part(part: Part, where: str) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "input_text", "text": text}
        case Image(file_id=str() as file_id, detail=detail):
            return {"type": "input_image", "file_id": file_id, "detail": detail or "auto"}
        case Image(url=str() as url, detail=detail):
            return {"type": "input_image", "image_url": url, "detail": detail or "auto"}
        case Image(data=bytes() as data, media_type=claimed, detail=detail):
            media_type = media_type_of(data) or claimed
            if media_type is None:
                raise Unsendable(f"{where}: these bytes are no picture that is known here")
            url = data_url(data, media_type)
            return {"type": "input_image", "image_url": url, "detail": detail or "auto"}
        case Document(file_id=str() as file_id):
            return {"type": "input_file", "file_id": file_id}
        case Document(url=str() as url):
            return {"type": "input_file", "file_url": url}
        case Document(data=bytes() as data, media_type=claimed, name=file_name):
            media_type = media_type_of(data) or claimed or "application/octet-stream"
            return {
                "type": "input_file",
                "filename": file_name or "document",
                "file_data": data_url(data, media_type),
            }
        case Opaque(json=json):
            return json_object(json) or {}
        case _:
            raise Unsendable(f"{where}: the Responses API has no form for {type(part).__name__}")
