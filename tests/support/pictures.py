"""Small real pictures of every format, made by Pillow, an implementation that is not ours."""

from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

SIZE = (37, 21)
"""Width and height of all of them."""

_FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG": ("PNG", {}),
    "JPEG": ("JPEG", {}),
    "progressive JPEG": ("JPEG", {"progressive": True}),
    "JPEG with EXIF": ("JPEG", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0\xff\xd9"}),
    "GIF": ("GIF", {}),
    "animated GIF": ("GIF", {"save_all": True, "append_images": 2}),
    "WebP": ("WEBP", {}),
    "lossless WebP": ("WEBP", {"lossless": True}),
    "animated WebP": ("WEBP", {"save_all": True, "append_images": 2}),
    "BMP": ("BMP", {}),
    "TIFF": ("TIFF", {}),
    "big TIFF": ("TIFF", {"big_tiff": True}),
    "AVIF": ("AVIF", {}),
}
MEDIA_TYPES = {
    "PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp",
    "BMP": "image/bmp", "TIFF": "image/tiff", "AVIF": "image/avif",
}  # fmt: skip
NAMES = tuple(_FORMS)


@cache
def picture(name: str) -> bytes:
    """The bytes of one of NAMES."""
    kind, options = _FORMS[name]
    frames = [_frame(shade) for shade in (0, 90, 180)]
    if "append_images" in options:
        options = {**options, "append_images": frames[1:]}
    file = BytesIO()
    frames[0].save(file, kind, **options)
    return file.getvalue()


def media_type(name: str) -> str:
    """Of one of NAMES."""
    return MEDIA_TYPES[_FORMS[name][0]]


def _frame(shade: int) -> Image.Image:
    made = Image.new("RGB", SIZE)
    made.putdata([(shade, x * 5 % 256, (x * x) % 256) for x in range(SIZE[0] * SIZE[1])])
    return made
