"""Pictures, sound and files -> `inlineData` or `fileData`.

Source: ai.google.dev, "Part" (Blob, FileData) and "File input methods"; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.gemini_content.quirks import Quirks
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.media import base64_text, from_data_url, media_type_of
from llm_pure.types.messages import Audio, Document, Image
from llm_pure.types.result import Failure, LLMResult, Success

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
"""Media types of a URL's path, where nobody named one."""


def media_payload(
    name: str, quirks: Quirks, part: Image | Audio | Document, where: str
) -> LLMResult[dict[str, Any]]:
    """{"inlineData": {mimeType, data}} for bytes and data: URLs, {"fileData": {mimeType?, fileUri}} for the rest.

    Fails with UnsupportedFeature when the media type is needed and cannot be known, or when a file id has no home here.
    """
    data, media_type = part.data, part.media_type
    if data is None and part.url is not None and part.url.startswith("data:"):
        found = from_data_url(part.url)
        if found is None:
            return _unsupported(name, where, "this data: URL is not base64, or it is damaged")
        data, claimed = found
        media_type = media_type or claimed
    if data is not None:
        own = part.provider_metadata is not None and part.provider_metadata.provider == name
        media_type = (media_type if own else None) or media_type_of(data) or media_type
        if media_type is None:
            return _unsupported(name, where, "the media type of these bytes is not known")
        blob = {"mimeType": media_type, "data": base64_text(data)}
        if isinstance(part, Document) and part.name and quirks.file_names:
            blob["displayName"] = part.name
        return Success({"inlineData": blob})
    uri = part.url or _file_uri(quirks, part.file_id)
    if uri is None:
        what = f"{name} keeps no files of its own" if part.file_id else "it holds nothing to send"
        return _unsupported(name, where, what)
    media_type = media_type or _BY_SUFFIX.get(_suffix(uri))
    if media_type is None and quirks.media_type_required:
        return _unsupported(name, where, "a URL needs a media_type here")
    return Success(
        {"fileData": ({"mimeType": media_type} if media_type else {}) | {"fileUri": uri}}
    )


def _file_uri(quirks: Quirks, file_id: str | None) -> str | None:
    if file_id is None or "://" in file_id:
        return file_id
    return f"{quirks.files_url}{file_id.removeprefix('files/')}" if quirks.files_url else None


def _suffix(uri: str) -> str:
    path = uri.partition("?")[0].partition("#")[0]
    return path.rsplit("/", 1)[-1].rpartition(".")[2].lower()


def _unsupported(name: str, where: str, what: str) -> Failure[UnsupportedFeature]:
    return Failure(
        UnsupportedFeature(message=f"{where}: {what}", provider=name, feature="messages")
    )
