"""What no service would take ends in a value, whatever the provider: pictures that are none, schemas without an end."""

import struct
import zlib
from typing import Any

import pytest

from llm_pure import ChatRequest, Image, LLMConfig, SchemaFormat, Tool, tool_result, user
from llm_pure.adapters import registry
from llm_pure.media.image_validation import image_problem
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.media import data_url, media_type_of
from llm_pure.types.result import Failure, Success
from tests.support.pictures import picture
from tests.support.png import tiny_png
from tests.support.rows import check_each


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 pixels wide and high."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return tiny_png()[:16] + head + tiny_png()[29:]


PICTURES: dict[str, tuple[bytes, str]] = {
    "an SVG": (b"<svg xmlns='x'/>", "SVG and other markup is not supported as an image; render it as PNG"),
    "an SVG with a head": (b"\n<?xml version='1.0'?><svg/>", "SVG and other markup is not supported as an image; render it as PNG"),
    "an archive": (b"PK\x03\x04" + zlib.compress(bytes(10**6)), "the data is application/zip, not an image"),
    "a sound": (b"ID3\x04", "the data is audio/mpeg, not an image"),
    "a cut PNG": (tiny_png()[:-20], "the PNG is truncated: its end is missing"),
    "a cut JPEG": (picture("JPEG")[:-30], "the JPEG is truncated: its end is missing"),
    "a cut GIF": (picture("GIF")[:-30], "the GIF is truncated: its end is missing"),
    "a cut WebP": (picture("WebP")[:-30], "the WEBP is truncated: its end is missing"),
    "a bomb": (bomb(), "the image has 60000 x 60000 pixels, more than 100000000"),
    "nothing": (b"", "the image is empty"),
}  # fmt: skip
ENDLESS: dict[str, Any] = {"type": "object"}
ENDLESS["properties"] = {"x": ENDLESS}

every_provider = pytest.mark.parametrize("name", registry.names())


def built(name: str, request: ChatRequest) -> Any:
    config = LLMConfig(
        api_type=name, api_key="k" * 24, model="m1", base_url="https://e.test", endpoint="https://e.test"
    )  # fmt: skip
    return registry.get(name).unwrap().build_chat(config, request)


@pytest.mark.parametrize("what", PICTURES)
def test_what_no_model_can_see_is_told(what: str) -> None:
    data, why = PICTURES[what]
    assert image_problem(data) == why


@pytest.mark.parametrize("data", [tiny_png(), b"\xff\xd8\xff", b"GIF89a", b"unknown"])
def test_what_a_model_may_see_passes(data: bytes) -> None:
    assert image_problem(data) is None


@every_provider
def test_no_provider_sends_it_whatever_it_is_called(name: str) -> None:
    def check(what: str) -> None:
        picture = Image(data=PICTURES[what][0], media_type="image/png")
        for message in (user(picture), tool_result("c", picture)):
            assert isinstance(built(name, ChatRequest(messages=["hi", message])), Failure)

    check_each(check, PICTURES)


EXTENSIONS: dict[str, tuple[bytes, str]] = {
    "PNG called JPEG": (picture("PNG"), "image/jpeg"),
    "JPEG called PNG": (picture("JPEG"), "image/png"),
    "WebP called GIF": (picture("WebP"), "image/gif"),
    "GIF called SVG": (picture("GIF"), "image/svg+xml"),
}


@pytest.mark.parametrize("what", EXTENSIONS)
@pytest.mark.parametrize("name", ["openai", "openai_responses", "anthropic", "gemini", "bedrock"])
def test_a_label_that_lies_is_not_sent(name: str, what: str) -> None:
    data, label = EXTENSIONS[what]
    got = built(name, ChatRequest(messages=user("Look:", Image(data=data, media_type=label))))
    if (name, media_type_of(data)) == ("gemini", "image/gif"):
        assert isinstance(got, Failure)  # it takes no GIF
        return
    body = got.unwrap().request.body
    assert label.encode() not in body
    assert (media_type_of(data) or "").partition("/")[2].encode() in body


def test_the_error_names_the_part() -> None:
    got = built("openai", ChatRequest(messages=["hi", user("Look:", Image(data=b"<svg/>"))]))
    error = got.failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "messages/1/parts/1"


@every_provider
@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(
            ChatRequest(messages="hi", response_format=SchemaFormat(schema=ENDLESS)), id="a format"
        ),
        pytest.param(
            ChatRequest(messages="hi", tools=(Tool(name="a", parameters=ENDLESS),)), id="a tool"
        ),
        pytest.param(
            ChatRequest(messages="hi", tools=tuple([Tool(name=f"t{i}") for i in range(10_000)])),
            id="10,000 tools",
        ),
    ],
)
def test_schemas_without_an_end_and_tools_without_number_are_values(
    name: str, request_: ChatRequest
) -> None:
    assert isinstance(built(name, request_), Success | Failure)


@pytest.mark.parametrize("name", ["openai", "anthropic", "gemini", "bedrock", "ollama"])
def test_a_data_url_of_fifty_megabytes_is_read_and_built(name: str) -> None:
    data = tiny_png()[:-12] + bytes(37_500_000) + tiny_png()[-12:]
    url = data_url(data, "image/jpeg")
    assert len(url) > 50_000_000
    part = {"type": "image_url", "image_url": {"url": url}}
    got = built(name, ChatRequest(messages=[{"role": "user", "content": [part]}]))
    assert len(got.unwrap().request.body) > 50_000_000 - 100
    assert b"image/jpeg" not in got.unwrap().request.body[:2000]
