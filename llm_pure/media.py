"""Bytes of pictures, sound and documents: what they are, and their base64 and data-URL forms.

The media type is read from the bytes, since names and labels lie.
"""

import base64
import binascii

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (0, b"%PDF-", "application/pdf"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"PK\x03\x04", "application/zip"),
)
"""(offset, bytes there, media type); the first that fits counts. Source: the formats' own specifications."""


def media_type_of(data: bytes) -> str | None:
    """The media type that the first bytes show; None when they show none.

    >>> media_type_of(b"\\x89PNG\\r\\n\\x1a\\n....")
    'image/png'
    """
    for offset, signature, media_type in _SIGNATURES:
        if data[offset : offset + len(signature)] == signature:
            return media_type
    return None


def base64_text(data: bytes) -> str:
    """Bare base64, with padding and no line breaks."""
    return base64.b64encode(data).decode()


def data_url(data: bytes, media_type: str) -> str:
    """`data:<media type>;base64,<data>`."""
    return f"data:{media_type};base64,{base64_text(data)}"


def from_base64(text: str) -> bytes | None:
    """The bytes; None when the text is not base64. White space is passed over, padding may be missing."""
    packed = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def from_data_url(url: str) -> tuple[bytes, str | None] | None:
    """(bytes, the media type that the URL claims); None when it is no base64 data URL."""
    head, comma, body = url.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        return None
    data = from_base64(body)
    if data is None:
        return None
    return data, head[len("data:") : -len(";base64")].split(";")[0] or None
