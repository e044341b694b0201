"""Text, images, audio and documents of a message -> the parts of `content`.

Source: openai/openai-openapi 2.3.0 (ChatCompletionRequestMessageContentPart*); mistralai 3.7.0 and perplexityai 0.46.1
for their own forms; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.dialect import Service
from llm_pure.framing.json_codec import json_object
from llm_pure.types.media import base64_text, data_url, media_type_of
from llm_pure.types.messages import Audio, Document, Image, Opaque, Part, Text
from llm_pure.types.rejection import UnsupportedPart

_AUDIO_FORMATS: Mapping[str, str] = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


def encode_content(
    service: Service[Quirks], parts: tuple[Part, ...], path: str, adaptations: list[Adaptation]
) -> str | list[dict[str, Any]]:
    """A string if there is at most one part, of text; else a list of parts. Raises UnsupportedPart."""
    if len(parts) <= 1 and all(isinstance(part, Text) for part in parts):
        return "".join([part.text for part in parts if isinstance(part, Text)])
    encoded = []
    for index, part in enumerate(parts):
        part_path = f"{path}/parts/{index}"
        if isinstance(part, Opaque) and part.provider != service.name:
            adaptations.append(dropped(part_path, f"{part.kind} is for {part.provider} only"))
            continue
        encoded.append(_part(service, part, part_path))
        if isinstance(part, Image) and part.detail and not service.quirks.image_detail:
            reason = f"{service.name} has no levels of image detail"
            adaptations.append(dropped(f"{part_path}/detail", reason))
    return encoded


def _part(service: Service[Quirks], part: Part, path: str) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Image():
            return _image(service, part, path)
        case Audio(data=bytes() as data, media_type=media_type):
            audio_format = _AUDIO_FORMATS.get(media_type_of(data) or media_type or "")
            if audio_format is None:
                raise UnsupportedPart(f"{path}: audio must be WAV or MP3")
            audio: Any = base64_text(data)
            if not service.quirks.audio_as_base64_string:
                audio = {"data": audio, "format": audio_format}
            return {"type": "input_audio", "input_audio": audio}
        case Document():
            return _document(service, part, path)
        case Opaque(json=json):
            return json_object(json) or {}
        case _:
            raise _unsupported(part, path)


def _image(service: Service[Quirks], image: Image, path: str) -> dict[str, Any]:
    quirks = service.quirks
    match image:
        case Image(url=str() as url) if quirks.fetches_images or url.startswith("data:"):
            pass
        case Image(url=str()):
            reason = f"{service.name} does not support image URLs; download it and pass the bytes"
            raise UnsupportedPart(f"{path}: {reason}")
        case Image(data=bytes() as data, media_type=claimed):
            media_type = media_type_of(data) or claimed
            if media_type is None:
                raise UnsupportedPart(f"{path}: the bytes are not a known image format")
            url = data_url(data, media_type)
        case Image(file_id=str() as file_id) if quirks.image_file_scheme is not None:
            url = quirks.image_file_scheme + file_id
        case _:
            raise _unsupported(image, path)
    image_url = {"url": url}
    if image.detail is not None and quirks.image_detail:
        image_url["detail"] = image.detail
    return {"type": "image_url", "image_url": image_url}


def _document(service: Service[Quirks], document: Document, path: str) -> dict[str, Any]:
    wire: dict[str, Any]
    match service.quirks.document_form:
        case "file" | "file_or_url" as form:
            if document.file_id is not None:
                return {"type": "file", "file": {"file_id": document.file_id}}
            if document.data is None and form == "file":
                raise _unsupported(document, path)
            file = {"filename": document.name or "document", "file_data": _url(document, path)}
            return {"type": "file", "file": file}
        case "document_url":
            if document.file_id is not None:
                return {"type": "file", "file_id": document.file_id}
            wire = {"type": "document_url", "document_url": _url(document, path)}
            return {**wire, "document_name": document.name} if document.name else wire
        case "file_url":
            bare = base64_text(document.data) if document.data is not None else None
            wire = {"type": "file_url", "file_url": {"url": bare or _url(document, path)}}
            return {**wire, "file_name": document.name} if document.name else wire
        case "none":
            raise UnsupportedPart(f"{path}: {service.name} does not support documents")


def _url(document: Document, path: str) -> str:
    """The document's URL, or its bytes as a data URL."""
    if document.data is not None:
        claimed = document.media_type or "application/octet-stream"
        return data_url(document.data, media_type_of(document.data) or claimed)
    if document.url is None:
        raise _unsupported(document, path)
    return document.url


def _unsupported(part: Part, path: str) -> UnsupportedPart:
    return UnsupportedPart(f"{path}: chat completions do not support {type(part).__name__}")
