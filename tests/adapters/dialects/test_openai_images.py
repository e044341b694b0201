"""Pictures from pictures: the forms of /images/edits and /images/variations, and services that copy the API."""

import json
from email import message_from_bytes
from email.policy import HTTP
from typing import Any, cast

import pytest

from llm_pure import LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.http import HttpRequest, HttpResponse, get_header
from llm_pure.types.operations import GeneratedImage, ImageRequest, ImagesResponse
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.pictures import picture
from tests.support.png import tiny_png

PNG, JPEG, WEBP = tiny_png(), picture("JPEG"), picture("WebP")


def build(request: ImageRequest, name: str = "openai", **config: Any) -> LLMResult[Built]:
    images = registry.get(name).unwrap().images
    assert images is not None
    return images.build(LLMConfig(**{"model": "gpt-image-1", **config}), request)


def form(request: HttpRequest) -> list[tuple[str, str | None, str, bytes]]:
    """(name, file name, media type, bytes) of each part, as Python's own reader of MIME sees them."""
    head = f"content-type: {get_header(request.headers, 'content-type')}\r\n\r\n".encode()
    message = message_from_bytes(head + request.body, policy=HTTP)
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            part.get_content_type(),
            cast(bytes, part.get_payload(decode=True)),
        )
        for part in message.iter_parts()
    ]


def dropped(field: str, reason: str, before: Any) -> Adaptation:
    return Adaptation(field=field, action="dropped", reason=reason, before=before)


def test_a_prompt_and_a_picture_are_an_edit() -> None:
    made = build(
        ImageRequest(prompt="more red", images=(PNG,), mask=PNG, n=2, size="auto")
    ).unwrap()
    assert made.request.url == "https://api.openai.com/v1/images/edits"
    assert form(made.request) == [
        ("image", "image-1.png", "image/png", PNG),
        ("mask", "mask.png", "image/png", PNG),
        ("model", None, "text/plain", b"gpt-image-1"),
        ("prompt", None, "text/plain", b"more red"),
        ("n", None, "text/plain", b"2"),
        ("size", None, "text/plain", b"auto"),
    ]
    assert made.adaptations == ()


def test_several_pictures_are_a_list_each_under_the_kind_that_its_bytes_show() -> None:
    made = build(ImageRequest(prompt="together", images=(PNG, JPEG, WEBP))).unwrap()
    assert form(made.request)[:3] == [
        ("image[]", "image-1.png", "image/png", PNG),
        ("image[]", "image-2.jpeg", "image/jpeg", JPEG),
        ("image[]", "image-3.webp", "image/webp", WEBP),
    ]


def test_one_picture_without_a_prompt_is_varied() -> None:
    request = ImageRequest(images=(PNG,), model="dall-e-2", size="256x256", quality="standard")
    made = build(request).unwrap()
    assert made.request.url == "https://api.openai.com/v1/images/variations"
    assert form(made.request) == [
        ("image", "image-1.png", "image/png", PNG),
        ("model", None, "text/plain", b"dall-e-2"),
        ("size", None, "text/plain", b"256x256"),
    ]
    assert made.adaptations == (dropped("quality", "variations have no quality", "standard"),)


def test_what_an_edit_lacks_is_dropped_and_told() -> None:
    request = ImageRequest(prompt="a", images=(PNG,), style="vivid", response_format="url")
    assert build(request).unwrap().adaptations == (
        dropped("style", "edits have no style", "vivid"),
        dropped("response_format", "gpt-image models have no response_format 'url'", "url"),
    )


def test_the_same_form_is_the_same_bytes_and_holds_its_boundary_nowhere() -> None:
    request = ImageRequest(prompt="a", images=(PNG, JPEG), extra={"include": ["x"], "f": 0.5})
    one, two = build(request).unwrap().request, build(request).unwrap().request
    assert one == two
    boundary = (get_header(one.headers, "content-type") or "").partition("boundary=")[2].encode()
    assert one.body.count(b"--" + boundary) == 6 + 1
    assert boundary not in PNG + JPEG
    assert [part[0] for part in form(one)][-2:] == ["include[]", "f"]


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (ImageRequest(), InvalidRequest(message="a prompt is required, or exactly one image for a variation", param="prompt")),
        (ImageRequest(images=(PNG, PNG)), InvalidRequest(message="a prompt is required, or exactly one image for a variation", param="prompt")),
        (ImageRequest(prompt="a", mask=PNG), InvalidRequest(message="a mask requires an image and a prompt", param="mask")),
        (ImageRequest(images=(PNG,), mask=PNG), InvalidRequest(message="a mask requires an image and a prompt", param="mask")),
        (ImageRequest(prompt="a", images=(PNG, b"<svg/>")), InvalidRequest(message="SVG and other markup is not supported as an image; render it as PNG", param="images/1")),
        (ImageRequest(prompt="a", images=(JPEG[:200],)), InvalidRequest(message="the JPEG is truncated: its end is missing", param="images/0")),
        (ImageRequest(prompt="a", images=(PNG,), mask=b"PK\x03\x04"), InvalidRequest(message="the data is application/zip, not an image", param="mask")),
        (ImageRequest(prompt="a", images=(PNG,), extra={"x": object()}), None),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_told(request_: ImageRequest, error: InvalidRequest | None) -> None:
    got = build(request_)
    assert isinstance(got, Failure)
    told = got.failure()
    assert isinstance(told, InvalidRequest)
    if error is not None:
        assert (told.message, told.param, told.provider) == (error.message, error.param, "openai")


def test_azure_edits_below_a_deployment() -> None:
    made = build(
        ImageRequest(prompt="a", images=(PNG,)),
        "azure",
        base_url="https://r.openai.azure.com",
        api_version="2024-10-21",
    )
    assert made.unwrap().request.url == (
        "https://r.openai.azure.com/openai/deployments/gpt-image-1/images/edits?api-version=2024-10-21"
    )


# services that copy it


def test_siliconflow_has_names_of_its_own() -> None:
    made = build(
        ImageRequest(prompt="a", n=2, size="1024x1024", quality="hd"), "siliconflow"
    ).unwrap()
    assert json.loads(made.request.body) == {
        "model": "gpt-image-1", "prompt": "a", "batch_size": 2, "image_size": "1024x1024",
    }  # fmt: skip
    assert made.adaptations == (dropped("quality", "siliconflow has no quality", "hd"),)


@pytest.mark.parametrize("name", ["siliconflow", "xai"])
def test_a_service_without_edits_says_so(name: str) -> None:
    got = build(ImageRequest(prompt="a", images=(PNG,)), name)
    message = f"{name} does not support input images"
    assert got == Failure(UnsupportedFeature(message=message, provider=name, feature="images"))


def test_siliconflow_answers_with_images() -> None:
    images = registry.get("siliconflow").unwrap().images
    assert images is not None
    body = b'{"images":[{"url":"https://e.org/1.png"}],"seed":7}'
    assert images.parse(HttpResponse(200, (), body)) == Success(
        ImagesResponse(
            images=(GeneratedImage(url="https://e.org/1.png"),),
            provider="siliconflow",
            extra={"seed": 7},
        )
    )


def test_a_picture_is_shown_without_its_bytes() -> None:
    shown = repr(GeneratedImage(data=bytes(3_000_000), media_type="image/png"))
    assert shown == (
        "GeneratedImage(data=<3,000,000 bytes>, url=None, media_type='image/png', revised_prompt=None)"
    )
