"""Pictures, sound and documents -> Converse's blocks: `{"image": {"format", "source": {"bytes": base64}}}` and their like.

Bytes go in the body; the one kind of URL is `s3://bucket/key`. The format is read from the bytes first.
Source: botocore 1.44.5 (ImageBlock, AudioBlock, DocumentBlock); read 2026-11-20.
"""

import re
from collections.abc import Mapping
from typing import Any

from llm_pure.types.media import base64_text, from_data_url, media_type_of
from llm_pure.types.messages import Audio, Document, Image

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
"""Media types that say less than a file name: a .docx begins like any .zip, a .md is text."""

NAME_LIMIT = 200
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9()\[\]-]+")


class Unsendable(Exception):  # never leaves this package: `spoken` turns it into a value
    """A part that Converse has no form for; the message names its path."""


def image_block(image: Image, where: str) -> dict[str, Any]:
    """{"image": {format, source}}; Unsendable for a URL that is not in S3, a file id, or an unknown format."""
    data, claimed, uri = _place(image, where)
    form = _format(data, image.media_type or claimed, uri, IMAGE_FORMATS, {"jpg": "jpeg"})
    if form is None:
        raise Unsendable(f"{where}: an image is PNG, JPEG, GIF or WebP here")
    return {"image": {"format": form, "source": _source(data, uri)}}


def audio_block(audio: Audio, where: str) -> dict[str, Any]:
    """{"audio": {format, source}}; Unsendable as for images."""
    data, claimed, uri = _place(audio, where)
    form = _format(data, audio.media_type or claimed, uri, AUDIO_FORMATS, {})
    if form is None:
        raise Unsendable(f"{where}: this is no audio format that Converse knows")
    return {"audio": {"format": form, "source": _source(data, uri)}}


def document_block(document: Document, name: str, where: str) -> dict[str, Any]:
    """{"document": {format, name, source}}; Unsendable as for images. name: as `document_name` made it."""
    data, claimed, uri = _place(document, where)
    claimed = document.media_type or claimed
    shown = media_type_of(data) if data is not None else None
    by_name = _EXTENSIONS.get(_extension(document.name or uri or ""))
    media_type = (shown if shown not in (None, *_VAGUE) else claimed) or shown or ""
    form = None if media_type in _VAGUE else DOCUMENT_FORMATS.get(media_type)
    form = form or by_name or DOCUMENT_FORMATS.get(media_type)
    if form is None:
        raise Unsendable(f"{where}: a document is one of {', '.join(DOCUMENT_FORMATS.values())}")
    return {"document": {"format": form, "name": name, "source": _source(data, uri)}}


def document_name(given: str | None, taken: set[str]) -> str:
    """A name that the service takes, and that no other document of the request has; `taken` grows by it.

    Letters, digits, single spaces, hyphens and brackets, at most 200; the extension goes, since the format says it.
    Source: the service's own message on others ("The document file name can only contain ..."), and "Messages can't
    contain duplicate document names", both in vercel/ai#20365 and maximhq/bifrost#7003; read 2026-11-20.
    """
    text = given or ""
    if _extension(text) in _EXTENSIONS:
        text = text.rsplit(".", 1)[0]
    clean = _NOT_IN_NAMES.sub(" ", text).strip()[: NAME_LIMIT - 8].strip() or "Document"
    name, number = clean, 1
    while name in taken or (name == "Document" and not given):
        name = f"{clean} {number}"
        number += 1
    taken.add(name)
    return name


def _place(
    part: Image | Audio | Document, where: str
) -> tuple[bytes | None, str | None, str | None]:
    """(bytes, the media type that a data URL claims, None), or (None, None, the S3 URI)."""
    if part.data is not None:
        return part.data, None, None
    if part.url is not None and part.url.startswith("s3://"):
        return None, None, part.url
    if part.url is not None and part.url.startswith("data:"):
        found = from_data_url(part.url)
        if found is not None:
            return found[0], found[1], None
        raise Unsendable(f"{where}: this data: URL is not base64, or it is damaged")
    kind = type(part).__name__.lower()
    how = "file ids" if part.url is None else "URLs outside of S3"
    raise Unsendable(f"{where}: Converse takes no {how}; give the {kind}'s bytes")


def _format(
    data: bytes | None,
    claimed: str | None,
    uri: str | None,
    formats: Mapping[str, str],
    other_names: Mapping[str, str],
) -> str | None:
    shown = media_type_of(data) if data is not None else None
    if shown is not None and (shown in formats or shown != claimed):
        return formats.get(shown)  # the bytes tell, whatever they are said to be
    if claimed is not None and claimed in formats:
        return formats[claimed]
    extension = _extension(uri or "")
    extension = other_names.get(extension, extension)
    return extension if extension in formats.values() else None


def _source(data: bytes | None, uri: str | None) -> dict[str, Any]:
    return {"s3Location": {"uri": uri}} if data is None else {"bytes": base64_text(data)}


def _extension(name: str) -> str:
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""
