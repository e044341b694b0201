"""Text, pictures, sound and files of a message -> the parts of `content`.

Source: openai/openai-openapi 2.3.0 (ChatCompletionRequestMessageContentPart*); mistralai 3.7.0 and perplexityai 0.46.1
for the forms of theirs; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.sending import Unsendable, dropped
from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import json_object
from llm_pure.types.media import base64_text, data_url, media_type_of
from llm_pure.types.messages import Audio, Document, Image, Opaque, Part, Text

_AUDIO_FORMATS: Mapping[str, str] = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


def wire_content(
    name: str, quirks: Quirks, parts: tuple[Part, ...], path: str, told: list[Adaptation]
) -> str | list[dict[str, Any]]:
    """A plain string for text alone, else a list of parts."""
    if all(isinstance(part, Text) for part in parts) and len(parts) <= 1:
        return "".join([part.text for part in parts if isinstance(part, Text)])
    wire = []
    for place, part in enumerate(parts):
        where = f"{path}/parts/{place}"
        if isinstance(part, Opaque) and part.provider != name:
            told.append(dropped(where, f"{part.kind} is for {part.provider} only"))
        else:
            wire.append(_part(name, quirks, part, where))
            if isinstance(part, Image) and part.detail and not quirks.image_detail:
                told.append(dropped(f"{where}/detail", f"{name} looks at all pictures alike"))
    return wire


def _part(name: str, quirks: Quirks, part: Part, where: str) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Image():
            return _image(name, quirks, part, where)
        case Audio(data=bytes() as data, media_type=claimed):
            form = _AUDIO_FORMATS.get(media_type_of(data) or claimed or "")
            if form is None:
                raise Unsendable(f"{where}: audio is WAV or MP3 here")
            sound = base64_text(data)
            if quirks.audio_as_base64_string:
                return {"type": "input_audio", "input_audio": sound}
            return {"type": "input_audio", "input_audio": {"data": sound, "format": form}}
        case Document():
            return _document(name, quirks, part, where)
        case Opaque(json=json):
            return json_object(json) or {}
        case _:
            raise Unsendable(f"{where}: chat completions have no form for {type(part).__name__}")


def _image(name: str, quirks: Quirks, image: Image, where: str) -> dict[str, Any]:
    detail = image.detail if quirks.image_detail else None
    match image:
        case Image(url=str() as url) if quirks.fetches_images or url.startswith("data:"):
            return _image_url(url, detail)
        case Image(url=str()):
            raise Unsendable(f"{where}: {name} fetches no pictures; send its bytes")
        case Image(data=bytes() as data, media_type=claimed):
            media_type = media_type_of(data) or claimed
            if media_type is None:
                raise Unsendable(f"{where}: these bytes are no picture that is known here")
            return _image_url(data_url(data, media_type), detail)
        case Image(file_id=str() as file_id) if quirks.image_file_scheme is not None:
            return _image_url(quirks.image_file_scheme + file_id, detail)
        case _:
            raise Unsendable(f"{where}: chat completions have no form for Image")


def _image_url(url: str, detail: str | None) -> dict[str, Any]:
    place = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": place}


def _document(name: str, quirks: Quirks, document: Document, where: str) -> dict[str, Any]:
    wire: dict[str, Any]
    match quirks.document_form:
        case "file" | "file_or_url":
            return _file(quirks, document, where)
        case "document_url":
            if document.file_id is not None:
                return {"type": "file", "file_id": document.file_id}
            wire = {"type": "document_url", "document_url": _url(document, where)}
            return {**wire, "document_name": document.name} if document.name else wire
        case "file_url":
            bare = base64_text(document.data) if document.data is not None else None
            at = {"url": bare or _url(document, where)}
            wire = {"type": "file_url", "file_url": at}
            return {**wire, "file_name": document.name} if document.name else wire
        case "none":
            raise Unsendable(f"{where}: {name} takes no files")


def _file(quirks: Quirks, document: Document, where: str) -> dict[str, Any]:
    if document.file_id is not None:
        return {"type": "file", "file": {"file_id": document.file_id}}
    if document.data is None and quirks.document_form != "file_or_url":
        raise Unsendable(f"{where}: chat completions have no form for Document")
    file = {"filename": document.name or "document", "file_data": _url(document, where)}
    return {"type": "file", "file": file}


def _url(document: Document, where: str) -> str:
    """Where the document is, or the whole of it as a data URL."""
    if document.data is not None:
        claimed = document.media_type or "application/octet-stream"
        return data_url(document.data, media_type_of(document.data) or claimed)
    if document.url is None:
        raise Unsendable(f"{where}: there is no form here for Document")
    return document.url
