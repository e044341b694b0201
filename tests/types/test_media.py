"""Bytes of pictures, sound and documents."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.types.media import base64_text, data_url, from_base64, from_data_url, media_type_of


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"RIFF\x00\x00\x00\x00AVI ", None),
        (b"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00", "image/bmp"),
        (b"BMW is a maker of cars", None),
        (b"II*\x00", "image/tiff"),
        (b"MM\x00*", "image/tiff"),
        (b"\x00\x00\x00\x20ftypavif", "image/avif"),
        (b"\x00\x00\x00\x20ftypheic", "image/heic"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4"),
        (b"%PDF-1.7", "application/pdf"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"\xff\xf1\x50", "audio/aac"),
        (b"\xff\xfa\x90", "audio/mpeg"),
        (b"\xff\xf3\x90", "audio/mpeg"),
        (b"\xff\xe3\x90", "audio/mpeg"),
        (b"\xff\xf9\x50", "audio/aac"),
        (b"\xff\xfd\x90", None),
        (b"\xff\xea\x90", None),
        (b"\xff", None),
        (b"FORM\0\0\0\0AIFFCOMM", "audio/aiff"),
        (b"RF64\0\0\0\0WAVEds64", "audio/wav"),
        (b"NOPE\0\0\0\0WAVEfmt ", None),
        (b"\x00\x00\x00\x18ftypmif1\0\0\0\0mif1avif", "image/avif"),
        (b"\x00\x00\x00\x18ftypmsf1\0\0\0\0msf1heic", "image/heic"),
        (b"\x00\x00\x00\x14ftypmif1\0\0\0\0mif1", "image/heif"),
        (b"\x00\x00\x00\x18ftypheix", "image/heic"),
        (b"\x00\x00\x00\x18ftypM4B ", "audio/mp4"),
        (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
        (b"\xff\xff\xff\xffftypmif1", "image/heif"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x89PNG", None),
        (b"hello", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_media_type(data: bytes, media_type: str | None) -> None:
    assert media_type_of(data) == media_type


@given(st.binary(), st.sampled_from(["image/png", "application/pdf", "audio/wav"]))
def test_a_data_url_gives_back_its_bytes(data: bytes, media_type: str) -> None:
    assert from_data_url(data_url(data, media_type)) == (data, media_type)


@given(st.binary())
def test_base64_is_read_in_every_dress(data: bytes) -> None:
    text = base64_text(data)
    assert from_base64(text) == data
    assert from_base64(text.rstrip("=")) == data
    assert from_base64(base64.urlsafe_b64encode(data).decode()) == data
    assert from_base64(base64.encodebytes(data).decode()) == data


@pytest.mark.parametrize("text", ["?", "QUI=?", "Q", "QUJDR", "é", "\ud800", "QU=I"])
def test_what_is_not_base64_has_no_bytes(text: str) -> None:
    assert from_base64(text) is None


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("data:image/png;base64,QUI=", (b"AB", "image/png")),
        ("data:image/svg+xml;charset=utf-8;base64,QUI=", (b"AB", "image/svg+xml")),
        ("data:;base64,QUI=", (b"AB", None)),
        ("data:;base64,", (b"", None)),
        ("data:image/png,QUI=", None),
        ("data:image/png;base64", None),
        ("data:image/png;base64,?", None),
        ("https://example.org/a;base64,QUI=", None),
        ("", None),
    ],
)
def test_only_base64_data_urls_are_read(url: str, found: tuple[bytes, str | None] | None) -> None:
    assert from_data_url(url) == found


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    from_base64(text)
    from_data_url(text)
    from_data_url(f"data:{text}")
