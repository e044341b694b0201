"""Embeddings, model lists, moderation, images and speech as gateways and local servers answer them."""

import base64
import json
from typing import Any

import pytest

from llm_pure import HttpResponse
from llm_pure.adapters import registry
from llm_pure.types.completion import Usage
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
        {"data": [{**ROW, "embedding": {"float": [1, 2]}}]},
        {"data": [{**ROW, "embedding": [[1, 2]]}]},
        {"data": [[1, 2]]},
        {"embeddings": [[1, 2]]},
        {"embeddings": {"float": [[1, 2]]}},
        {"embedding": [1, 2]},
        {"embedding": {"values": [1, 2]}},
        [[1, 2]],
        [{"index": 0, "embedding": [[1, 2]]}],
    ],
)
def test_embeddings_in_other_forms_are_read(body: Any) -> None:
    assert parse("open_llm", "embed", body).unwrap().vectors == ((1.0, 2.0),)


@pytest.mark.parametrize(
    ("body", "extra"),
    [
        ({"embedding": [1, 2], "inputTextTokenCount": 3}, {}),
        ({"embedding": [1, 2], "embeddingsByType": {"float": [1, 2], "binary": [1]}}, {"embeddings": {"binary": [[1]]}}),
        ({"embeddingsByType": {"binary": [1, 2]}}, {}),
        ({"embeddings": {"int8": [[1, 2]], "ubinary": [[3]]}, "id": "x"}, {"embeddings": {"ubinary": [[3]]}, "id": "x"}),
        ({"embeddings": {"float": [[1, 2]]}}, {}),
        ({"embeddings": [{"embeddingType": "TEXT", "embedding": [1, 2]}]}, {}),
    ],
)  # fmt: skip
def test_embeddings_of_bedrock_in_all_kinds_are_read(body: Any, extra: dict[str, Any]) -> None:
    embeddings = parse("bedrock_invoke", "embed", body).unwrap()
    assert (embeddings.vectors, embeddings.extra) == (((1.0, 2.0),), extra)


def test_the_reason_why_titan_has_no_vector_is_the_message() -> None:
    body = {"embedding": None, "message": "the image is too large", "inputTextTokenCount": 3}
    error = parse("bedrock_invoke", "embed", body).failure()
    assert type(error) is ProtocolError
    assert error.message == "the response has no embeddings: the image is too large"


def test_embeddings_under_another_name_keep_what_is_beside_them() -> None:
    body = {"embeddings": [[1, 2]], "model": "m", "usage": {"total_tokens": 5}, "took": 3}
    embeddings = parse("open_llm", "embed", body).unwrap()
    assert (embeddings.model, embeddings.usage.input_tokens, embeddings.extra) == ("m", 5, {"took": 3})  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "body", "extra"),
    [
        ("open_llm", {"data": [{**ROW, "sparse": {"7": 0.5}}]}, {"data": [{"sparse": {"7": 0.5}}]}),
        ("dashscope", {"output": {"embeddings": [{"text_index": 0, "embedding": [1, 2], "sparse_embedding": [{"index": 7}]}]}}, {"embeddings": [{"sparse_embedding": [{"index": 7}]}]}),
        ("vertex", {"predictions": [{"embeddings": {"values": [1, 2], "statistics": {"token_count": 9, "truncated": True}}}]}, {"truncated": [True]}),
    ],
)  # fmt: skip
def test_what_a_vector_has_beside_it_is_kept(
    provider: str, body: Any, extra: dict[str, Any]
) -> None:
    embeddings = parse(provider, "embed", body).unwrap()
    assert (embeddings.vectors, embeddings.extra) == (((1.0, 2.0),), extra)


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


def test_what_a_moderation_has_beside_its_results_is_kept() -> None:
    body: dict[str, Any] = {"id": "m", "results": [{"categories": {"a": True}}], "usage": {"prompt_tokens": 5, "total_tokens": 5}, "took": 3}  # fmt: skip
    moderation = parse("mistral", "moderate", body).unwrap()
    assert (moderation.usage, moderation.extra) == (Usage(5, 0, raw=body["usage"]), {"took": 3})


def test_google_s_other_responses_may_have_python_s_names() -> None:
    page = parse("gemini", "models", {"models": [{"name": "models/g"}], "next_page_token": "x"}).unwrap()  # fmt: skip
    assert page.next_page == "x"
    assert parse("gemini", "count_tokens", {"total_tokens": 5}).unwrap().input_tokens == 5


def test_an_image_may_be_a_data_url() -> None:
    png = b"\x89PNG\r\n\x1a\n"
    url = "data:image/png;base64," + base64.b64encode(png).decode()
    expected = GeneratedImage(data=png, media_type="image/png")
    text = base64.b64encode(png).decode()
    bodies: list[Any] = [
        {"data": [{"url": url}]}, {"data": [url]}, {"data": [text]}, {"data": [{"image_url": {"url": url}}]}, {"data": [{"base64": text}]},
        {"artifacts": [{"base64": text, "finishReason": "SUCCESS"}]}, {"base64": [text]}, {"images": [text]}, png,
    ]  # fmt: skip
    for body in bodies:
        assert parse("openai", "images", body).unwrap().images == (expected,)


def test_a_transcript_may_be_a_text_as_json() -> None:
    assert parse("openai", "transcribe", b'"Hi"').unwrap().text == "Hi"
    assert parse("openai", "transcribe", b'"Hi"', "text/plain").unwrap().text == '"Hi"'


def test_speech_in_events_needs_no_label_of_its_own() -> None:
    audio = {"type": "speech.audio.delta", "audio": base64.b64encode(b"ID3x").decode()}
    events = b"".join(f"data: {json.dumps(e)}\n\n".encode() for e in (audio, {"type": "speech.audio.done"}))  # fmt: skip
    assert parse("openai", "speech", events, "audio/mpeg").unwrap().data == b"ID3x"


def test_words_are_no_audio() -> None:
    assert isinstance(parse("openai", "speech", b"Internal error", "text/plain").failure(), ProtocolError)  # fmt: skip
    assert parse("openai", "speech", b"ID3x", "text/plain").unwrap().data == b"ID3x"


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


def test_images_in_a_bucket_and_what_is_beside_an_image_are_read() -> None:
    safety = {"safetyAttributes": {"scores": [0.1]}}
    rows = [
        {"gcsUri": "gs://b/a.png", "mimeType": "image/png"},
        {"contentType": "Positive Prompt", **safety},
    ]
    answer = parse("vertex", "images", {"predictions": rows}).unwrap()
    assert answer.images == (GeneratedImage(url="gs://b/a.png", media_type="image/png"),)
    assert answer.extra == {"predictions": [{}, {"contentType": "Positive Prompt", **safety}]}


def test_what_is_said_in_place_of_an_image_is_the_message() -> None:
    candidate = {"content": {"parts": [{"text": "I can only write."}]}, "finishReason": "STOP"}
    error = parse("gemini", "images", {"candidates": [candidate]}).failure()
    assert error.message == "the response contains no image: I can only write."
