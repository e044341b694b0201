"""Images, audio and files -> `inlineData` or `fileData`.

Source: ai.google.dev, "Part" (Blob, FileData) and "File input methods"; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.gemini_content.quirks import Quirks
from llm_pure.core.service import Service
from llm_pure.types.media import (
    base64_text,
    document_media_type,
    media_type_of,
)
from llm_pure.types.messages import Document, Media
from llm_pure.types.rejection import UnsupportedPart

_BY_SUFFIX: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "gif": "image/gif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "html": "text/html",
    "csv": "text/csv",
    "json": "application/json",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}
"""Suffix of a URL's path -> media type, for parts without one."""


_RENAMED: Mapping[str, str] = {"image/jpg": "image/jpeg"}
""""Unsupported MIME type: image/jpg" (CherryHQ/cherry-studio#3088, obsidian-smart-connections#1238); read 2026-11-30."""

_REFUSED = frozenset({"image/gif", "image/bmp", "image/tiff", "image/svg+xml", "application/zip"})
_OFFICE = ("application/vnd.openxmlformats-", "application/vnd.ms-", "application/msword")
""""Unsupported MIME type": ai.google.dev, Image understanding: PNG, JPEG, WebP, HEIC and HEIF (microsoft/vscode#286628,
Mai-with-u/MaiBot#1435); Document understanding: PDF and text; read 2026-11-30."""


def media_payload(service: Service[Quirks], part: Media, path: str) -> dict[str, Any]:
    """{"inlineData": {mimeType, data}} for bytes, {"fileData": {mimeType?, fileUri}} for the rest.

    Raises UnsupportedPart when a required media type is unknown, or when the service does not store files.
    """
    quirks = service.quirks
    data, media_type = part.data, part.media_type
    if data is not None:
        is_own = part.provider_metadata and part.provider_metadata.provider == service.name
        if not is_own:
            name = part.name if isinstance(part, Document) else None
            media_type = (
                document_media_type(data, media_type, name)
                if isinstance(part, Document)
                else media_type_of(data) or media_type
            )
        media_type = _RENAMED.get(media_type or "", media_type)
        if media_type is None:
            raise UnsupportedPart(f"{path}: the media type of these bytes is unknown")
        if media_type in _REFUSED or media_type.startswith(_OFFICE):
            raise UnsupportedPart(f"{path}: {service.name} does not take {media_type}")
        blob = {"mimeType": media_type, "data": base64_text(data)}
        if isinstance(part, Document) and part.name and quirks.file_names:
            blob["displayName"] = part.name
        return {"inlineData": blob}
    uri = part.url or _file_uri(quirks, part.file_id)
    if uri is None:
        reason = f"{service.name} does not store files" if part.file_id else "the part is empty"
        raise UnsupportedPart(f"{path}: {reason}")
    media_type = media_type or _BY_SUFFIX.get(_suffix(uri))
    media_type = _RENAMED.get(media_type or "", media_type)
    if media_type is None and quirks.media_type_required:
        raise UnsupportedPart(f"{path}: a URL needs a media_type at {service.name}")
    return {"fileData": ({"mimeType": media_type} if media_type else {}) | {"fileUri": uri}}


def _file_uri(quirks: Quirks, file_id: str | None) -> str | None:
    if file_id is None or "://" in file_id:
        return file_id
    return f"{quirks.files_url}{file_id.removeprefix('files/')}" if quirks.files_url else None


def _suffix(uri: str) -> str:
    path = uri.partition("?")[0].partition("#")[0]
    return path.rsplit("/", 1)[-1].rpartition(".")[2].lower()
