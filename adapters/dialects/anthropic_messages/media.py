"""Images and documents -> their `source`. The media type is read from the bytes first.

Source: anthropic 2.11.0 (types/image_block_param.py, document_block_param.py), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks
from llm_pure.core.service import AnyService, Service
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.media import (
    base64_text,
    document_media_type,
    media_type_of,
    media_type_of_name,
)
from llm_pure.types.messages import Document, Image
from llm_pure.types.rejection import Rejected, UnsupportedPart

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_TEXTUAL = frozenset({"application/json", "application/xml", "application/x-yaml"})


def invalid_part(service: AnyService, path: str, message: str) -> Rejected:
    """The rejection of a part whose content is wrong: InvalidRequest with its path."""
    return Rejected(InvalidRequest(message=message, provider=service.name, param=path))


def image_source(service: Service[Quirks], part: Image, path: str) -> dict[str, Any]:
    """{type: base64, url or file}. Raises Rejected."""
    data = part.data
    if data is None:
        return _reference(service, part, path)
    media_type = media_type_of(data) or part.media_type
    if media_type not in _IMAGES:
        kind = media_type or "bytes of an unknown format"
        raise UnsupportedPart(f"{path}: images are JPEG, PNG, GIF or WebP here, not {kind}")
    return {"type": "base64", "media_type": media_type, "data": base64_text(data)}


def document_source(service: Service[Quirks], part: Document, path: str) -> dict[str, Any]:
    """{type: base64 (PDF), text, url or file}. Raises Rejected."""
    data = part.data
    if data is None:
        ending = media_type_of_name((part.url or "").partition("?")[0].rpartition("/")[2])
        kind = part.media_type or ending or "application/pdf"
        if part.url is not None and kind != "application/pdf":
            reason = (
                f"a document's URL leads to a PDF here, not {kind}; download it and pass the bytes"
            )
            raise UnsupportedPart(f"{path}: {reason}")
        return _reference(service, part, path)
    media_type = document_media_type(data, part.media_type, part.name)
    media_type = media_type or "bytes of an unknown format"
    if media_type == "application/pdf":
        return {"type": "base64", "media_type": media_type, "data": base64_text(data)}
    if not media_type.startswith("text/") and media_type not in _TEXTUAL:
        raise UnsupportedPart(f"{path}: documents are PDF or text here, not {media_type}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise invalid_part(service, f"{path}/data", "the text document is not UTF-8") from None
    return {"type": "text", "media_type": "text/plain", "data": text}


def _reference(service: Service[Quirks], part: Image | Document, path: str) -> dict[str, Any]:
    if not service.quirks.references and (part.url is not None or part.file_id is not None):
        source = "file ids" if part.url is None else "URLs"
        kind = type(part).__name__.lower()
        raise UnsupportedPart(f"{path}: {service.name} takes no {source}; pass the {kind}'s bytes")
    if part.url is not None:
        return {"type": "url", "url": part.url}
    if part.file_id is not None:
        return {"type": "file", "file_id": part.file_id}
    raise invalid_part(service, path, "the part has neither bytes nor a URL nor a file id")
