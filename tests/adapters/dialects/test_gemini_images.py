"""Images by Gemini's models: requests and responses."""

import base64
import json
from typing import Any

import pytest

from llm_pure import LLMConfig
from llm_pure.adapters import registry
from llm_pure.types.errors import (
    ContentFiltered,
    InvalidRequest,
    LLMError,
    ProtocolError,
    RateLimited,
)
from llm_pure.types.operations import GeneratedImage, ImageRequest
from tests.support.png import tiny_png
from tests.support.replies import response

PROVIDER = registry.get("gemini").unwrap()
CONFIG = LLMConfig(model="gemini-2.5-flash-image")
assert PROVIDER.images is not None
IMAGES = PROVIDER.images


def answer(candidate: dict[str, Any], status: int = 200) -> Any:
    body = {"candidates": [candidate]} if status < 400 else candidate
    return IMAGES.parse(response(body, status))


@pytest.mark.parametrize(
    ("size", "sent"), [("16:9", {"aspectRatio": "16:9"}), ("2K", {"imageSize": "2K"})]
)
def test_a_size_is_a_ratio_or_a_class(size: str, sent: dict[str, str]) -> None:
    built = IMAGES.build(CONFIG, ImageRequest(prompt="a cat", size=size)).unwrap()
    generation = json.loads(built.request.body)["generationConfig"]
    assert generation["responseModalities"] == ["TEXT", "IMAGE"]
    assert generation["imageConfig"] == sent
    assert built.request.url.endswith("/models/gemini-2.5-flash-image:generateContent")
    assert built.adaptations == ()


def test_what_only_openai_has_is_told() -> None:
    asked = ImageRequest(prompt="a cat", size="1024x1024", n=2, quality="hd")
    told = IMAGES.build(CONFIG, asked).unwrap().adaptations
    assert [(one.field, one.action) for one in told] == [
        ("size", "dropped"),
        ("n", "dropped"),
        ("quality", "dropped"),
    ]


def test_pictures_are_the_parts_of_the_answer() -> None:
    data = base64.b64encode(tiny_png()).decode()
    parts = [{"text": "Here:"}, {"inlineData": {"mimeType": "image/jpeg", "data": data}}]
    got = answer({"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}).unwrap()
    assert got.images == (GeneratedImage(data=tiny_png(), media_type="image/png"),)
    assert (got.provider, got.extra) == ("gemini", {"text": "Here:"})


@pytest.mark.parametrize(
    ("candidate", "status", "kind"),
    [
        ({"finishReason": "IMAGE_SAFETY"}, 200, ContentFiltered),
        ({"content": {"parts": [{"text": "No."}]}, "finishReason": "STOP"}, 200, ProtocolError),
        ({"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}, 429, RateLimited),
    ],
)  # fmt: skip
def test_no_picture_is_an_error(candidate: Any, status: int, kind: type[LLMError]) -> None:
    assert isinstance(answer(candidate, status).failure(), kind)


def test_no_prompt_is_an_error() -> None:
    assert isinstance(IMAGES.build(CONFIG, ImageRequest(prompt="")).failure(), InvalidRequest)
