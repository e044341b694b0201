"""Pictures as images of Pillow."""

import sys

import pytest

from llm_pure.client import to_pil
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.operations import GeneratedImage
from llm_pure.types.result import Failure, Success
from tests.support.pictures import NAMES, SIZE, picture
from tests.support.png import tiny_png


@pytest.mark.parametrize("name", NAMES)
def test_every_format_is_an_image_of_its_size(name: str) -> None:
    got = to_pil(GeneratedImage(data=picture(name)))
    assert isinstance(got, Success)
    assert got.unwrap().size == SIZE


def test_its_pixels_are_decoded() -> None:
    assert to_pil(tiny_png()).unwrap().getpixel((1, 1)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (GeneratedImage(url="https://e.org/1.png"), "image has only a URL; download it and pass the bytes"),
        (b"", "the image is empty"),
        (b"%PDF-1.7", "the data is application/pdf, not an image"),
        (picture("JPEG")[:200], "the JPEG is truncated: its end is missing"),
        (picture("PNG")[:-12], "the PNG is truncated: its end is missing"),
        (b"no picture at all", "Pillow cannot read this image (UnidentifiedImageError)"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_told(given: GeneratedImage | bytes, why: str) -> None:
    param = "data"
    assert to_pil(given) == Failure(InvalidRequest(message=why, param=param))


@pytest.mark.parametrize("name", NAMES)
def test_damage_ends_in_a_value(name: str) -> None:
    data = picture(name)
    for place in range(0, len(data), 7):
        damaged = data[:place] + b"\xaa\x55" + data[place + 2 :]
        assert isinstance(to_pil(damaged), Success | Failure)


def test_without_pillow_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    message = "Pillow is not installed: pip install 'llm-pure[pictures]'"
    assert to_pil(tiny_png()) == Failure(InvalidConfiguration(message=message, field="pictures"))
