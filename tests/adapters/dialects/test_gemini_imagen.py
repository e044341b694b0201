"""Imagen: requests to `:predict` and their responses; image editing by Gemini's models."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built, Operation
from llm_pure.types.errors import (
    ContentFiltered,
    InvalidRequest,
    LLMError,
    ProtocolError,
    RateLimited,
    UnsupportedFeature,
)
from llm_pure.types.operations import GeneratedImage, ImageRequest, ImagesResponse
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.builders import required
from tests.support.pictures import picture
from tests.support.png import tiny_png
from tests.support.replies import response

IMAGEN = "imagen-4.0-generate-001"
PNG = tiny_png()
B64 = base64.b64encode(PNG).decode()


def images(name: str) -> Operation[ImageRequest, ImagesResponse]:
    return required(registry.get(name).unwrap().images)


def build(request: ImageRequest, name: str = "gemini", **config: Any) -> LLMResult[Built]:
    return images(name).build(LLMConfig(**{"model": IMAGEN, **config}), request)


def answer(body: Any, status: int = 200, name: str = "gemini") -> LLMResult[ImagesResponse]:
    return images(name).parse(response(body, status))


def test_a_prompt_is_an_instance_with_parameters() -> None:
    made = build(ImageRequest(prompt="a cat", n=2, size="16:9", output_format="jpeg")).unwrap()
    host = "https://generativelanguage.googleapis.com"
    assert made.request.url == f"{host}/v1beta/models/{IMAGEN}:predict"
    assert json.loads(made.request.body) == {
        "instances": [{"prompt": "a cat"}],
        "parameters": {
            "sampleCount": 2,
            "aspectRatio": "16:9",
            "outputOptions": {"mimeType": "image/jpeg"},
        },
    }
    assert made.adaptations == ()


def test_vertex_has_it_below_a_project() -> None:
    made = build(ImageRequest(prompt="a"), "vertex", project="p1", location="us-central1").unwrap()
    path = f"projects/p1/locations/us-central1/publishers/google/models/{IMAGEN}:predict"
    assert made.request.url == f"https://us-central1-aiplatform.googleapis.com/v1beta1/{path}"


def test_extra_is_merged_into_the_body() -> None:
    extra = {"parameters": {"personGeneration": "dont_allow"}}
    body = json.loads(build(ImageRequest(prompt="a", extra=extra)).unwrap().request.body)
    assert body["parameters"] == {"sampleCount": 1, "personGeneration": "dont_allow"}


def test_what_only_openai_has_is_dropped_and_told() -> None:
    made = build(ImageRequest(prompt="a", size="1024x1024", quality="hd")).unwrap()
    assert made.adaptations == tuple(
        [
            Adaptation(field=field, action="dropped", reason=f"{IMAGEN} has no {field} {value!r}", before=value)
            for field, value in (("size", "1024x1024"), ("quality", "hd"))
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (ImageRequest(prompt=" "), InvalidRequest),
        (ImageRequest(prompt="a", images=(PNG,)), UnsupportedFeature),
        (ImageRequest(prompt="a", mask=PNG), UnsupportedFeature),
    ],
)
def test_what_imagen_cannot_do_is_told(request_: ImageRequest, error: type[LLMError]) -> None:
    assert isinstance(build(request_).failure(), error)


def test_pictures_are_decoded_and_their_bytes_say_what_they_are() -> None:
    jpeg = picture("JPEG")
    rows = [
        {"bytesBase64Encoded": B64, "mimeType": "image/jpeg", "prompt": "a fat cat"},
        {"raiFilteredReason": "no faces"},
        {"bytesBase64Encoded": base64.b64encode(jpeg).decode()},
    ]
    assert answer({"predictions": rows, "deployedModelId": "1"}) == Success(
        ImagesResponse(
            images=(
                GeneratedImage(data=PNG, media_type="image/png", revised_prompt="a fat cat"),
                GeneratedImage(data=jpeg, media_type="image/jpeg"),
            ),
            provider="gemini",
            extra={"deployedModelId": "1", "filtered": ["no faces"]},
        )
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"predictions": [{"raiFilteredReason": "no faces"}]}, "no faces"),
        ({"predictions": []}, "no reason given"),
        ({}, "no reason given"),
    ],
)
def test_nothing_that_passed_the_filters_is_an_error(body: Any, why: str) -> None:
    message = f"all images were removed by Google's filters: {why}"
    assert answer(body) == Failure(ContentFiltered(message=message, provider="gemini", status=200))


def test_a_picture_that_is_no_base64_is_a_fault() -> None:
    got = answer({"predictions": [{"bytesBase64Encoded": "?"}]}).failure()
    assert isinstance(got, ProtocolError)
    assert got.where == "$.predictions[0]"


def test_an_error_is_typed() -> None:
    error = {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}
    assert isinstance(answer({"error": error}, 429, "vertex").failure(), RateLimited)


@given(st.binary(max_size=60), st.sampled_from([200, 400, 500]))
def test_any_bytes_end_in_a_value(data: bytes, status: int) -> None:
    answer(data, status)
    answer(b'{"predictions":' + data + b"}", status)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5) | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["bytesBase64Encoded", "prompt", "mimeType", "raiFilteredReason"]), inner, max_size=3),
        max_leaves=9,
    )
)  # fmt: skip
def test_any_predictions_end_in_a_value(rows: Any) -> None:
    answer({"predictions": rows})


# Gemini itself


def test_gemini_edits_pictures_that_stand_before_the_prompt() -> None:
    request = ImageRequest(prompt="more red", images=(PNG,), model="gemini-2.5-flash-image")
    body = json.loads(build(request).unwrap().request.body)
    assert body["contents"] == [
        {
            "role": "user",
            "parts": [{"inlineData": {"mimeType": "image/png", "data": B64}}, {"text": "more red"}],
        }
    ]


def test_gemini_has_no_masks() -> None:
    request = ImageRequest(prompt="a", images=(PNG,), mask=PNG, model="gemini-2.5-flash-image")
    assert isinstance(build(request).failure(), UnsupportedFeature)
