"""Pictures: their size out of their first bytes, and the formulas of the families."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.tokens import image_size, image_tokens, profile_for

SIZE = (640, 480)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", *SIZE)
JPEG = (
    b"\xff\xd8"
    + b"\xff\xe0\x00\x04ab"  # a segment to be passed over
    + b"\xff\xff\xc0\x00\x0b\x08"[1:]
    + struct.pack(">HH", SIZE[1], SIZE[0])
    + b"\x01\x01\x11\x00"
)
WEBP = b"RIFF\x00\x00\x00\x00WEBP"
FILES = {
    "png": PNG,
    "gif": b"GIF89a" + struct.pack("<HH", *SIZE),
    "bmp": b"BM" + bytes(16) + struct.pack("<ii", SIZE[0], -SIZE[1]),
    "jpeg": JPEG,
    "webp lossy": WEBP + b"VP8 " + bytes(10) + struct.pack("<HH", *SIZE) + bytes(4),
    "webp lossless": WEBP + b"VP8L" + bytes(5) + struct.pack("<I", 479 << 14 | 639) + bytes(8),
    "webp extended": WEBP + b"VP8X" + bytes(8) + b"\x7f\x02\x00\xdf\x01\x00",
}


@pytest.mark.parametrize("name", FILES)
def test_the_first_bytes_tell_the_size(name: str) -> None:
    assert image_size(FILES[name]) == SIZE


@given(st.sampled_from(sorted(FILES)), st.integers(0, 40), st.binary(max_size=60))
def test_no_bytes_are_too_damaged_to_look_at(name: str, cut: int, rest: bytes) -> None:
    image_size(FILES[name][:cut] + rest)


@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        ("gpt-4o", (1024, 1024), None, 765),
        ("gpt-4o", (2048, 4096), "high", 1105),
        ("gpt-4o", (512, 512), "high", 255),
        ("gpt-4o", (512, 512), "low", 85),
        ("gpt-4o-mini", (1024, 1024), None, 2833 + 4 * 5667),
        ("gpt-5", (1024, 1024), None, 70 + 4 * 140),
        ("o1", (1024, 1024), None, 75 + 4 * 150),
        ("gpt-5-mini", (1024, 1024), None, 1659),  # 32 x 32 patches, times 1.62, rounded up
        ("gpt-4.1-nano", (1800, 2400), None, 3572),
        ("gpt-5.5", (1024, 1024), "low", 308),
        ("claude-sonnet-5-5", (280, 560), None, 200),
        ("gemini-2.5-pro", (300, 200), None, 258),
        ("gemini-2.5-pro", (1536, 768), None, 516),
    ],
)
def test_the_formulas_of_the_families(
    model: str, size: tuple[int, int], detail: str | None, tokens: int
) -> None:
    assert image_tokens(profile_for(model).images, size, detail) == tokens


@given(
    st.sampled_from(["gpt-4.1-nano", "gpt-5.4", "gpt-5.5", "claude-opus-5", "gpt-6-astra"]),
    st.integers(1, 20_000),
    st.integers(1, 20_000),
    st.sampled_from([None, "auto", "low", "high", "original"]),
)
def test_a_budget_of_patches_is_never_passed(
    model: str, wide: int, high: int, detail: str | None
) -> None:
    rule = profile_for(model).images
    tokens = image_tokens(rule, (wide, high), detail)
    limit = {"low": rule.low, "high": rule.high}.get(detail or "", rule.auto)  # type: ignore[union-attr]
    if limit.patches is not None:
        assert 0 < tokens <= -(-limit.patches * rule.percent // 100)  # type: ignore[union-attr]
