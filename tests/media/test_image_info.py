"""How large pictures say they are, whether they are whole, and what is told of those that are not."""

import struct
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.media.image_info import image_size, is_truncated
from llm_pure.media.image_validation import PIXEL_LIMIT, image_problem
from llm_pure.types.media import media_type_of
from tests.support.pictures import NAMES, SIZE, media_type, picture
from tests.support.png import tiny_png

WITHOUT_A_LENGTH = ("TIFF", "big TIFF")
"""Their parts may lie anywhere, so that nothing shows a missing end."""

every_picture = pytest.mark.parametrize("name", NAMES)


@every_picture
def test_a_real_picture_is_what_pillow_made_it(name: str) -> None:
    data = picture(name)
    assert media_type_of(data) == media_type(name)
    assert image_size(data) == (None if name == "big TIFF" else SIZE)
    assert image_problem(data) is None
    assert image_problem(data + b"a camera's own notes" * 9) is None or name == "AVIF"


@pytest.mark.parametrize("name", [one for one in NAMES if one not in WITHOUT_A_LENGTH])
def test_a_picture_that_is_cut_anywhere_is_told(name: str) -> None:
    data = picture(name)
    kind = media_type(name).partition("/")[2].upper()
    unnoticed = [
        cut
        for cut in range(32, len(data))
        if image_problem(data[:cut]) != f"the {kind} is truncated: its end is missing"
    ]
    # a GIF whose trailer alone is missing shows all that it holds; frames after the first are extras of an animation
    allowed = range(_first_frame_ends(data), len(data)) if "GIF" in name else range(0)
    assert [cut for cut in unnoticed if cut not in allowed] == []


def _first_frame_ends(data: bytes) -> int:
    return next(cut for cut in range(32, len(data) + 1) if not is_truncated(data[:cut]))


@every_picture
@given(place=st.floats(0, 1), byte=st.integers(0, 255))
def test_no_damage_makes_it_raise(name: str, place: float, byte: int) -> None:
    data = bytearray(picture(name))
    data[int(place * (len(data) - 1))] = byte
    image_problem(bytes(data))
    image_size(bytes(data))


@given(st.binary(max_size=200), st.sampled_from([picture(name)[:16] for name in NAMES]))
def test_any_bytes_after_any_head_end_in_a_value(data: bytes, head: bytes) -> None:
    image_problem(head + data)
    image_size(head + data)


def _sized(name: str, wide: int, high: int) -> bytes:
    """The picture, saying that it is as large as this."""
    data = picture(name)
    form = {"PNG": ">II", "JPEG": ">HH", "GIF": "<HH", "BMP": "<ii", "AVIF": ">II", "WebP": "<HH"}
    sizes = (SIZE, (wide, high))
    before, after = [
        struct.pack(form[name], *(size[::-1] if name == "JPEG" else size)) for size in sizes
    ]
    assert before in data
    return data.replace(before, after, 1)


@pytest.mark.parametrize(
    ("name", "wide", "high"),
    [
        ("PNG", 60_000, 60_000),
        ("PNG", 2**31 - 1, 2**31 - 1),
        ("JPEG", 65_000, 65_000),
        ("GIF", 65_535, 65_535),
        ("WebP", 16_383, 16_383),
        ("BMP", 100_000, -100_000),
        ("AVIF", 1_000_000, 1_000_000),
    ],
)
def test_a_pixel_bomb_is_known_by_its_head(name: str, wide: int, high: int) -> None:
    started = process_time()
    told = image_problem(_sized(name, wide, high))
    assert told == (f"the image has {wide} x {abs(high)} pixels, more than {PIXEL_LIMIT}")
    assert process_time() - started < 0.1


@pytest.mark.parametrize("name", ["PNG", "GIF", "BMP", "JPEG"])
def test_a_picture_without_pixels_is_none(name: str) -> None:
    assert image_problem(_sized(name, 0, 9)) == "the image has 0 x 9 pixels"


LARGE = 50_000_000


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"\xff\xd8", b"\xff"),
        (b"\xff\xd8", b"\xff\xe0\x00\x02"),
        (tiny_png()[:33], b"\0"),
        (b"GIF89a\x09\0\x09\0\0\0\0!\xf9", b"\x01a"),
        (b"GIF89a\x09\0\x09\0\0\0\0", b"!\xf9\0"),
        (b"\0\0\0\x10ftypavif", b"ispe"),
        (b"\0\0\0\x08ftyp", b"\0\0\0\x08free"),
        (b"RIFF\xff\xff\xff\xffWEBP", b"\0"),
    ],
    ids=["FF without end", "empty segments", "empty chunks", "small blocks", "empty blocks", "sizes", "small boxes", "zeros"],
)  # fmt: skip
def test_fifty_megabytes_made_to_be_slow_are_judged_quickly(head: bytes, piece: bytes) -> None:
    data = head + piece * (LARGE // len(piece))
    started = process_time()
    image_problem(data)
    image_size(data)
    assert process_time() - started < 5
