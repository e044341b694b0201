"""Media types of images, audio and documents, read from their bytes, and base64 and data URLs.

Declared types and file names are often wrong, so the bytes decide.
"""

import base64
import binascii
from collections.abc import Sequence

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
"""(offset, bytes at it, media type); the first match counts. Source: the formats' own specifications."""

_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_AIFF = (b"AIFF", b"AIFC")
_BRANDS = {
    b"avif": "image/avif", b"avis": "image/avif",
    b"heic": "image/heic", b"heix": "image/heic", b"heim": "image/heic", b"heis": "image/heic",
    b"hevc": "image/heic", b"hevx": "image/heic",
    b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"M4P ": "audio/mp4",
    b"qt  ": "video/quicktime",
}  # fmt: skip
"""Brands of ISO media files (ISO/IEC 14496-12, 23008-12; AVIF 1.1). After "mif1" and "msf1" the compatible brands decide."""


def media_type_of(data: bytes) -> str | None:
    """Return the media type of the data by its first bytes, None if unknown.

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
        return "image/bmp"  # "BM" alone may be the start of a text
    return _of_frame(data)


def _of_brands(data: bytes) -> str:
    """Media type of an ISO media file: by its major brand, else by the first known compatible brand."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *[data[start : start + 4] for start in range(16, length, 4)]]
    if brands[0] not in (b"mif1", b"msf1"):
        return _BRANDS.get(brands[0], "video/mp4")
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), "image/heif")


def _of_frame(data: bytes) -> str | None:
    """Media type of audio without a file header: MPEG layer III frames, or AAC in ADTS."""
    if len(data) < 2 or data[0] != 0xFF:
        return None
    if data[1] & 0xF6 == 0xF0:
        return "audio/aac"
    is_layer_3 = data[1] & 0xE6 == 0xE2 and data[1] & 0x18 != 0x08
    return "audio/mpeg" if is_layer_3 else None


_BY_ENDING = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "heic": "image/heic",
    "mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "m4a": "audio/mp4", "aac": "audio/aac",
    "mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska", "mpeg": "video/mpeg",
    "pdf": "application/pdf", "txt": "text/plain", "csv": "text/csv", "html": "text/html", "htm": "text/html",
    "md": "text/markdown", "json": "application/json", "xml": "application/xml", "rtf": "application/rtf",
    "yaml": "application/yaml", "yml": "application/yaml", "toml": "application/toml", "py": "text/x-python",
    "doc": "application/msword", "xls": "application/vnd.ms-excel",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}  # fmt: skip
"""Ending of a file's name -> media type. Source: IANA's list of media types."""


def media_type_of_name(name: str) -> str | None:
    """Return the media type by the ending of a file's name, None if unknown.

    >>> media_type_of_name("a.CSV"), media_type_of_name("a")
    ('text/csv', None)
    """
    return _BY_ENDING.get(name.rpartition(".")[2].lower()) if "." in name else None


_TEXTUAL = frozenset(
    {
        "application/json",
        "application/xml",
        "application/yaml",
        "application/x-yaml",
        "application/toml",
    }
)


def is_textual(media_type: str) -> bool:
    """Whether documents of this media type are text."""
    return media_type.startswith("text/") or media_type in _TEXTUAL


def document_text(data: bytes, media_type: str | None) -> str | None:
    """Return the text of a document whose media type is textual, or is not known and whose bytes are UTF-8; else None.

    >>> document_text(b"a,b", "text/csv"), document_text(b"%PDF-1.7", None)
    ('a,b', None)
    """
    if media_type_of(data) is not None or not is_textual(media_type or "text/plain"):
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def document_media_type(data: bytes, declared: str | None, name: str | None) -> str | None:
    """Return the media type of a document's bytes, None if unknown.

    Office files are archives, and texts have no signature: for both, the declared type counts, then the name's ending.

    >>> document_media_type(b"PK\x03\x04", None, "a.docx")[-25:], document_media_type(b"x = 1", None, None)
    ('wordprocessingml.document', 'text/plain')
    """
    detected = media_type_of(data)
    if detected not in (None, "application/zip"):
        return detected
    claimed = declared if declared not in (None, "application/octet-stream") else None
    claimed = claimed or media_type_of_name(name or "")
    if detected is not None:
        return detected if claimed is None or is_textual(claimed) else claimed
    if claimed is None and document_text(data, None) is not None:
        return "text/plain"
    return claimed or declared


_ENDINGS = {media_type: ending for ending, media_type in reversed(_BY_ENDING.items())}


def default_file_name(media_type: str) -> str:
    """Return a name for a document without one; services may read the type from its ending.

    >>> default_file_name("text/csv"), default_file_name("application/octet-stream")
    ('document.csv', 'document')
    """
    ending = _ENDINGS.get(media_type)
    return f"document.{ending}" if ending else "document"


def base64_text(data: bytes) -> str:
    """Return base64 with padding and without line breaks."""
    return base64.b64encode(data).decode()


def data_url(data: bytes, media_type: str) -> str:
    """Return `data:<media type>;base64,<data>`."""
    return f"data:{media_type};base64,{base64_text(data)}"


def from_base64(text: str) -> bytes | None:
    """Decode standard or URL-safe base64; None if it is not. White space is ignored, padding may be missing."""
    packed = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def from_base64_pieces(pieces: Sequence[str]) -> bytes:
    """Decode base64 that comes in pieces: one text that was cut anywhere (Qwen-Omni), or several that are encoded alone.

    Source: alibabacloud.com, Model Studio, Qwen-Omni, which joins the texts before it decodes them; read 2026-11-30.

    >>> from_base64_pieces(["YWJ", "jZA=="]), from_base64_pieces(["YQ==", "Yg=="])
    (b'abcd', b'ab')
    """
    text = "".join(pieces)
    joined = None if "=" in text.rstrip("=") else from_base64(text)
    return b"".join([from_base64(one) or b"" for one in pieces]) if joined is None else joined


def from_data_url(url: str) -> tuple[bytes, str | None] | None:
    """Return (bytes, declared media type), None if the URL is not a base64 data URL."""
    head, comma, body = url.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        return None
    data = from_base64(body)
    if data is None:
        return None
    return data, head[len("data:") : -len(";base64")].split(";")[0] or None
