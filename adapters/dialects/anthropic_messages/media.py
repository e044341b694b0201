"""Images and documents -> their `source`. What bytes are is read from the bytes.

Source: anthropic 2.11.0 (types/image_block_param.py, document_block_param.py), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.anthropic_messages.sending import Unsendable, Wrong
from llm_pure.types.media import base64_text, from_data_url, media_type_of
from llm_pure.types.messages import Document, Image

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_TEXTUAL = frozenset({"application/json", "application/xml", "application/x-yaml"})


def image_source(part: Image, path: str) -> dict[str, Any]:
    """base64, url or file."""
    data = _bytes(part, path)
    if data is None:
        return _elsewhere(part, path)
    media_type = media_type_of(data) or part.media_type
    if media_type not in _IMAGES:
        told = media_type or "bytes that are no image known here"
        raise Unsendable(f"{path}: images are JPEG, PNG, GIF or WebP here, not {told}")
    return {"type": "base64", "media_type": media_type, "data": base64_text(data)}


def document_source(part: Document, path: str) -> dict[str, Any]:
    """base64 for PDF, text for what is text, url or file."""
    data = _bytes(part, path)
    if data is None:
        return _elsewhere(part, path)
    media_type = media_type_of(data) or part.media_type or "bytes of an unknown kind"
    if media_type == "application/pdf":
        return {"type": "base64", "media_type": media_type, "data": base64_text(data)}
    if not media_type.startswith("text/") and media_type not in _TEXTUAL:
        raise Unsendable(f"{path}: documents are PDF or text here, not {media_type}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Wrong(f"{path}/data", "a text document is UTF-8 here") from None
    return {"type": "text", "media_type": "text/plain", "data": text}


def _bytes(part: Image | Document, path: str) -> bytes | None:
    """The part's own bytes, or those of its data: URL; None when it lies elsewhere."""
    if part.data is not None or part.url is None or not part.url.startswith("data:"):
        return part.data
    found = from_data_url(part.url)
    if found is None:
        raise Wrong(f"{path}/url", "this data: URL is not base64, or it is damaged")
    return found[0]


def _elsewhere(part: Image | Document, path: str) -> dict[str, Any]:
    if part.url is not None:
        return {"type": "url", "url": part.url}
    if part.file_id is not None:
        return {"type": "file", "file_id": part.file_id}
    raise Wrong(path, "neither bytes, nor a URL, nor a file id")
