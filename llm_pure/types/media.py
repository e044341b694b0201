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
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"II+\x00", "image/tiff"),
    (0, b"MM\x00+", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"PK\x03\x04", "application/zip"),
)
"""(offset, bytes there, media type); the first that fits counts. Source: the formats' own specifications."""

_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_AIFF = (b"AIFF", b"AIFC")
_BRANDS = {
    b"avif": "image/avif", b"avis": "image/avif",
    b"heic": "image/heic", b"heix": "image/heic", b"heim": "image/heic", b"heis": "image/heic",
    b"hevc": "image/heic", b"hevx": "image/heic",
    b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"M4P ": "audio/mp4",
    b"qt  ": "video/quicktime",
}  # fmt: skip
"""Brands of ISO media files (ISO/IEC 14496-12, 23008-12; AVIF 1.1). "mif1" and "msf1" leave it to the brands after them."""


def media_type_of(data: bytes) -> str | None:
    """The media type that the first bytes show; None when they show none.

    >>> media_type_of(b"\\x89PNG\\r\\n\\x1a\\n....")
    'image/png'
    """
    for offset, signature, media_type in _SIGNATURES:
        if data[offset : offset + len(signature)] == signature:
            return media_type
    head = data[:4]
    if head in (b"RIFF", b"RF64"):
        return _RIFF.get(data[8:12])
    if head == b"FORM" and data[8:12] in _AIFF:
        return "audio/aiff"
    if data[4:8] == b"ftyp":
        return _of_brands(data)
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0" and len(data) >= 10:
        return "image/bmp"  # two letters alone begin many a text
    return _of_frame(data)


def _of_brands(data: bytes) -> str:
    """What an ISO media file holds: its major brand, else the first compatible one that says so."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *[data[place : place + 4] for place in range(16, length, 4)]]
    if brands[0] not in (b"mif1", b"msf1"):
        return _BRANDS.get(brands[0], "video/mp4")
    return next((_BRANDS[one] for one in brands if one in _BRANDS), "image/heif")


def _of_frame(data: bytes) -> str | None:
    """Sound without a head: the first frame of MPEG layer III, or of AAC in ADTS."""
    if len(data) < 2 or data[0] != 0xFF:
        return None
    if data[1] & 0xF6 == 0xF0:
        return "audio/aac"
    is_layer_3 = data[1] & 0xE6 == 0xE2 and data[1] & 0x18 != 0x08
    return "audio/mpeg" if is_layer_3 else None


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
