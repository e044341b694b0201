"""Embeddings, model lists, moderation, images and speech as gateways and local servers answer them."""

import base64
import json
from typing import Any

import pytest

from llm_pure import HttpResponse
from llm_pure.adapters import registry
from llm_pure.types.errors import LLMError, ProtocolError, RateLimited, ServerError
from llm_pure.types.operations import GeneratedImage, ModerationResult
from llm_pure.types.result import LLMResult
from tests.support.wild_answers import JSON


def parse(
    provider: str, operation: str, body: Any, label: str = "application/json"
) -> LLMResult[Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = getattr(registry.get(provider).unwrap(), operation)
    result: LLMResult[Any] = found.parse(
        HttpResponse(200, (("content-type", label),) if label else JSON, data)
    )
    return result


ROW = {"object": "embedding", "index": 0, "embedding": [1, 2]}


@pytest.mark.parametrize(
    "body",
    [
        {"data": [ROW], "usage": ""},
        {"data": [ROW], "usage": []},
        {"data": [ROW], "model": 5},
        {"data": [{**ROW, "index": None}]},
        {"code": 0, "msg": "ok", "data": {"data": [ROW]}},
    ],
)
def test_embeddings_in_other_forms_are_read(body: Any) -> None:
    assert parse("open_llm", "embed", body).unwrap().vectors == ((1.0, 2.0),)


@pytest.mark.parametrize(
    "body", [{"data": [{**ROW, "embedding": None}]}, {"data": [{**ROW, "embedding": [None]}]}]
)
def test_embeddings_without_numbers_are_an_error(body: Any) -> None:
    assert isinstance(parse("open_llm", "embed", body).failure(), ProtocolError)


@pytest.mark.parametrize(
    ("provider", "body", "ids"),
    [
        ("open_llm", {"object": "list", "data": None}, []),
        ("ollama", {"models": None}, []),
        ("open_llm", {"models": [{"id": "a"}]}, ["a"]),
        ("open_llm", {"models": [{"name": "a"}, {"model": "b"}, {}]}, ["a", "b"]),
        ("open_llm", {"data": ["a", "b"]}, ["a", "b"]),
        ("open_llm", [{"id": "a"}], ["a"]),
    ],
)
def test_model_lists_in_other_forms_are_read(provider: str, body: Any, ids: list[str]) -> None:
    assert [model.id for model in parse(provider, "models", body).unwrap().models] == ids


def test_the_time_of_a_model_may_be_text() -> None:
    [model] = parse("open_llm", "models", {"data": [{"id": "a", "created": "17"}]}).unwrap().models
    assert (model.created_s, model.extra) == (17, {})


def test_moderation_may_be_one_result_with_scores_as_text() -> None:
    body = {"results": {"flagged": True, "categories": {"a": True}, "category_scores": {"a": "0.5", "b": "x"}}}  # fmt: skip
    expected = ModerationResult(flagged=True, categories={"a": True}, scores={"a": 0.5})
    assert parse("openai", "moderate", body).unwrap().results == (expected,)


def test_an_image_may_be_a_data_url() -> None:
    png = b"\x89PNG\r\n\x1a\n"
    url = "data:image/png;base64," + base64.b64encode(png).decode()
    expected = GeneratedImage(data=png, media_type="image/png")
    assert parse("openai", "images", {"data": [{"url": url}]}).unwrap().images == (expected,)


@pytest.mark.parametrize(
    "label", ["audio/mpeg", "audio/wav", "application/octet-stream", "text/html"]
)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"message":"no"}}', ServerError),
        (b'{"error": {"message": "slow", "code": 429}}', RateLimited),
        (b"<html>502</html>", ProtocolError),
        (b"<!DOCTYPE html>", ProtocolError),
    ],
)
def test_an_error_is_no_audio_whatever_its_label(
    label: str, body: bytes, kind: type[LLMError]
) -> None:
    if label == "application/octet-stream" and kind is ProtocolError:
        return  # bytes without a label of their own may be any audio
    assert isinstance(parse("openai", "speech", body, label).failure(), kind)


@pytest.mark.parametrize("body", [b"ID3", b"{", b"RIFF", b"\xff\xfb<h", b"<"])
def test_audio_stays_audio(body: bytes) -> None:
    assert parse("openai", "speech", body, "audio/mpeg").unwrap().data == body
    assert parse("openai", "speech", b'{"' + body, "audio/pcm").unwrap().data == b'{"' + body
