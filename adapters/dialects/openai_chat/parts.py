"""Text, images, audio and documents of a message -> the parts of `content`.

Source: openai/openai-openapi 2.3.0 (ChatCompletionRequestMessageContentPart*); mistralai 3.7.0 and perplexityai 0.46.1
for their own forms; read 2026-11-20.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.turn_rules import Placed
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import Service
from llm_pure.framing.json_codec import json_object
from llm_pure.types.media import (
    base64_text,
    data_url,
    document_media_type,
    document_text,
    media_type_of,
)
from llm_pure.types.messages import (
    Audio,
    CacheMark,
    Document,
    Image,
    Opaque,
    Part,
    Refusal,
    Text,
    Video,
)
from llm_pure.types.rejection import UnsupportedPart

DEFAULT_FILE_NAME = "document.pdf"
"""The type of a file may be read from the ending of its name (strands-agents/sdk-python#3576)."""

_AUDIO_FORMATS: Mapping[str, str] = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


class PartWriter(Protocol):
    """What the encoder of messages offers to that of parts."""

    service: Service[Quirks]
    adaptations: list[Adaptation]

    def text(self, part: Text) -> dict[str, Any]: ...

    def mark(self, mark: CacheMark | None) -> dict[str, Any]: ...


def encode_parts(writer: PartWriter, parts: Sequence[Placed]) -> list[dict[str, Any]]:
    """The list of parts. Raises UnsupportedPart."""
    return [_part(writer, part, path) for path, part in parts]


def _part(writer: PartWriter, part: Part, path: str) -> dict[str, Any]:
    service, adaptations = writer.service, writer.adaptations
    match part:
        case Text():
            return writer.text(part)
        case Image():
            if part.detail and not service.quirks.image_detail:
                reason = f"{service.name} has no levels of image detail"
                adaptations.append(dropped(f"{path}/detail", reason))
            return {**_image(service, part, path), **writer.mark(part.cache)}
        case Audio(data=bytes() as data, media_type=media_type) if service.quirks.audio:
            audio_format = _AUDIO_FORMATS.get(media_type_of(data) or media_type or "")
            if audio_format is None:
                raise UnsupportedPart(f"{path}: audio must be WAV or MP3")
            audio: Any = base64_text(data)
            if not service.quirks.audio_as_base64_string:
                audio = {"data": audio, "format": audio_format}
            return {"type": "input_audio", "input_audio": audio, **writer.mark(part.cache)}
        case Document():
            return {**_document(writer, part, path), **writer.mark(part.cache)}
        case Video() if service.quirks.videos:
            return {**_video(service, part, path), **writer.mark(part.cache)}
        case Opaque(json=json):
            return json_object(json) or {}
        case Refusal(text=text):
            return {"type": "text", "text": text}
        case _:
            raise _unsupported(part, path)


def _video(service: Service[Quirks], video: Video, path: str) -> dict[str, Any]:
    """{type: video_url}: a URL, or bytes as a data: URL.

    Source: docs of OpenRouter, Z.ai, Volcengine Ark, Together, Moonshot and Model Studio on video input; read 2026-11-29.
    """
    match video:
        case Video(data=bytes() as data, media_type=claimed):
            url = data_url(data, media_type_of(data) or claimed or "video/mp4")
        case Video(url=str() as url) if service.quirks.fetches_images:
            pass
        case Video(url=str()):
            reason = f"{service.name} does not support video URLs; download it and pass the bytes"
            raise UnsupportedPart(f"{path}: {reason}")
        case Video(file_id=str() as file_id) if service.quirks.image_file_scheme is not None:
            url = service.quirks.image_file_scheme + file_id
        case _:
            raise _unsupported(video, path)
    return {"type": "video_url", "video_url": {"url": url}}


def _image(service: Service[Quirks], image: Image, path: str) -> dict[str, Any]:
    quirks = service.quirks
    match image:
        case Image(url=str() as url) if quirks.fetches_images:
            pass
        case Image(url=str()):
            reason = f"{service.name} does not support image URLs; download it and pass the bytes"
            raise UnsupportedPart(f"{path}: {reason}")
        case Image(data=bytes() as data, media_type=claimed):
            media_type = media_type_of(data) or claimed
            if media_type is None:
                raise UnsupportedPart(f"{path}: the bytes are not a known image format")
            if quirks.image_types is not None and media_type not in quirks.image_types:
                kinds = ", ".join(sorted(quirks.image_types))
                reason = f"{service.name} takes images as {kinds}, not {media_type}"
                raise UnsupportedPart(f"{path}: {reason}")
            url = data_url(data, media_type)
        case Image(file_id=str() as file_id) if quirks.image_file_scheme is not None:
            url = quirks.image_file_scheme + file_id
        case _:
            raise _unsupported(image, path)
    image_url = {"url": url}
    if image.detail is not None and quirks.image_detail:
        image_url["detail"] = image.detail
    return {"type": "image_url", "image_url": image_url}


def _document(writer: PartWriter, document: Document, path: str) -> dict[str, Any]:
    """The document in the service's form. A text that it does not take as a file is sent as text.

    Source: OpenAI refuses files that are not PDF ("Expected a base64-encoded data URL with an application/pdf MIME type",
    pydantic/pydantic-ai#4445); read 2026-11-29.
    """
    wire: dict[str, Any]
    name = writer.service.name
    form = writer.service.quirks.document_form
    if form in ("file", "file_or_url", "none") and document.data is not None:
        text = document_text(document.data, document.media_type)
        if text is not None:
            reason = f"{name} takes no text files; its text is sent, without its name"
            writer.adaptations.append(changed(path, reason, document.name))
            return {"type": "text", "text": text}
    match form:
        case "file" | "file_or_url":
            if document.file_id is not None:
                return {"type": "file", "file": {"file_id": document.file_id}}
            if document.data is None and form == "file":
                raise _unsupported(document, path)
            url = _url(document, path)
            if document.data is not None and not url.startswith("data:application/pdf;"):
                kind = url.removeprefix("data:").partition(";")[0]
                raise UnsupportedPart(f"{path}: {name} takes PDF and text documents, not {kind}")
            file = {"filename": document.name or DEFAULT_FILE_NAME, "file_data": url}
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
            raise UnsupportedPart(f"{path}: {name} does not support documents")


def _url(document: Document, path: str) -> str:
    """The document's URL, or its bytes as a data URL."""
    if document.data is not None:
        media_type = document_media_type(document.data, document.media_type, document.name)
        return data_url(document.data, media_type or "application/octet-stream")
    if document.url is None:
        raise _unsupported(document, path)
    return document.url


def _unsupported(part: Part, path: str) -> UnsupportedPart:
    return UnsupportedPart(f"{path}: chat completions do not support {type(part).__name__}")
