"""Images, audio and documents -> Converse's blocks, such as `{"image": {"format", "source": {"bytes": base64}}}`.

Bytes are sent in the body; the only supported URLs are `s3://bucket/key`. The format is read from the bytes first.
Source: botocore 1.44.5 (ImageBlock, AudioBlock, DocumentBlock); read 2026-11-20.
"""

import re
from collections.abc import Mapping
from typing import Any

from llm_pure.types.media import base64_text, document_text, media_type_of
from llm_pure.types.messages import Audio, Document, Image, Media, Video
from llm_pure.types.rejection import UnsupportedPart

IMAGE_FORMATS: Mapping[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}

AUDIO_FORMATS: Mapping[str, str] = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/mp4": "m4a",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/webm": "webm",
}

VIDEO_FORMATS: Mapping[str, str] = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
}

_OFFICE = "application/vnd.openxmlformats-officedocument."

DOCUMENT_FORMATS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    f"{_OFFICE}wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    f"{_OFFICE}spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}

_EXTENSIONS: Mapping[str, str] = {
    **{form: form for form in DOCUMENT_FORMATS.values()},
    "htm": "html",
    "markdown": "md",
    "text": "txt",
}

_VAGUE = frozenset({"application/octet-stream", "application/zip", "text/plain"})
"""Media types that are less precise than a file name: a .docx begins like any .zip, a .md is text."""

NAME_LIMIT = 200
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9()\[\]-]+")


def image_block(image: Image, path: str) -> dict[str, Any]:
    """{"image": {format, source}}. Raises UnsupportedPart for a URL that is not in S3, a file id, or an unknown format."""
    data, uri = _source_of(image, path)
    form = _format(data, image.media_type, uri, IMAGE_FORMATS, {"jpg": "jpeg"})
    if form is None:
        raise UnsupportedPart(f"{path}: Converse supports only PNG, JPEG, GIF and WebP images")
    return {"image": {"format": form, "source": _source(data, uri)}}


def audio_block(audio: Audio, path: str) -> dict[str, Any]:
    """{"audio": {format, source}}. Raises UnsupportedPart as for images."""
    data, uri = _source_of(audio, path)
    form = _format(data, audio.media_type, uri, AUDIO_FORMATS, {})
    if form is None:
        raise UnsupportedPart(f"{path}: Converse does not support this audio format")
    return {"audio": {"format": form, "source": _source(data, uri)}}


def video_block(video: Video, path: str) -> dict[str, Any]:
    """{"video": {format, source}}. Raises UnsupportedPart as for images."""
    data, uri = _source_of(video, path)
    other_names = {"mpg": "mpeg", "3gp": "three_gp"}
    form = _format(data, video.media_type, uri, VIDEO_FORMATS, other_names)
    if form is None:
        raise UnsupportedPart(f"{path}: Converse does not support this video format")
    return {"video": {"format": form, "source": _source(data, uri)}}


def document_block(document: Document, name: str, path: str) -> dict[str, Any]:
    """{"document": {format, name, source}}; `name` is from `document_name`. Raises UnsupportedPart as for images."""
    data, uri = _source_of(document, path)
    claimed = document.media_type
    detected = media_type_of(data) if data is not None else None
    by_name = _EXTENSIONS.get(_extension(document.name or uri or ""))
    media_type = (detected if detected not in (None, *_VAGUE) else claimed) or detected or ""
    form = None if media_type in _VAGUE else DOCUMENT_FORMATS.get(media_type)
    form = form or by_name or DOCUMENT_FORMATS.get(media_type)
    if form is None and data is not None and document_text(data, claimed) is not None:
        form = "txt"  # such as JSON
    if form is None:
        raise UnsupportedPart(
            f"{path}: Converse supports only documents of the formats {', '.join(DOCUMENT_FORMATS.values())}"
        )
    return {"document": {"format": form, "name": name, "source": _source(data, uri)}}


def document_name(requested: str | None, used: dict[str, int]) -> str:
    """A valid name that no other document of the request has; it is added to `used`, and so is the number to try next.

    Valid names have at most 200 letters, digits, single spaces, hyphens and brackets. The extension is removed: `format` has it.
    Source: the service's message for other names ("The document file name can only contain ..."), and "Messages can't
    contain duplicate document names", both in vercel/ai#20365 and maximhq/bifrost#7003; read 2026-11-20.
    """
    text = requested or ""
    if _extension(text) in _EXTENSIONS:
        text = text.rsplit(".", 1)[0]
    clean = _NOT_IN_NAMES.sub(" ", text).strip()[: NAME_LIMIT - 8].strip() or "Document"
    counter = f"{clean} "  # no name ends in a space
    name, number = clean, used.get(counter, 1)
    while name in used or (name == "Document" and not requested):
        name = f"{clean} {number}"
        number += 1
    used[counter], used[name] = number, 0
    return name


def _source_of(part: Media, path: str) -> tuple[bytes | None, str | None]:
    """(bytes, None), or (None, the S3 URI)."""
    if part.data is not None:
        return part.data, None
    if part.url is not None and part.url.startswith("s3://"):
        return None, part.url
    kind = type(part).__name__.lower()
    source = "file ids" if part.url is None else "URLs outside of S3"
    raise UnsupportedPart(f"{path}: Converse does not support {source}; pass the {kind}'s bytes")


def _format(
    data: bytes | None,
    claimed: str | None,
    uri: str | None,
    formats: Mapping[str, str],
    other_names: Mapping[str, str],
) -> str | None:
    detected = media_type_of(data) if data is not None else None
    if detected is not None and (detected in formats or detected != claimed):
        return formats.get(detected)  # the bytes decide, whatever is claimed
    if claimed is not None and claimed in formats:
        return formats[claimed]
    extension = _extension(uri or "")
    extension = other_names.get(extension, extension)
    return extension if extension in formats.values() else None


def _source(data: bytes | None, uri: str | None) -> dict[str, Any]:
    return {"s3Location": {"uri": uri}} if data is None else {"bytes": base64_text(data)}


def _extension(name: str) -> str:
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""
