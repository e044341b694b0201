"""POST /embeddings: texts in, vectors out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.embedding_create_params import EmbeddingCreateParams

from llm_pure import HttpResponse, LLMConfig, LLMError, Usage
from llm_pure.adapters import registry
from llm_pure.types.errors import (
    AuthenticationFailed,
    InvalidConfiguration,
    InvalidRequest,
    NotFound,
    ProtocolError,
    ServerError,
)
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.result import Result, Success
from tests.support.official_types import checker

_EMBED = registry.get("openai").unwrap().embed
assert _EMBED is not None
EMBED = _EMBED
CONFIG = LLMConfig(model="text-embedding-3-small")
ROW = {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}


def parse(body: Any, status: int = 200) -> Result[Embeddings, LLMError]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return EMBED.parse(HttpResponse(status, (), data))


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (EmbedRequest(input="hi"), {"model": "text-embedding-3-small", "input": "hi"}),
        (
            EmbedRequest(input=("a", "b"), model="m", dimensions=8, extra={"user": "u"}),
            {"model": "m", "input": ["a", "b"], "dimensions": 8, "user": "u"},
        ),
    ],
    ids=["one text", "two texts and all settings"],
)
def test_the_request(request_: EmbedRequest, body: dict[str, Any]) -> None:
    built = EMBED.build(CONFIG, request_).unwrap()
    assert built.request.url == "https://api.openai.com/v1/embeddings"
    assert json.loads(built.request.body) == body
    checker(EmbeddingCreateParams).validate_python(body)


@pytest.mark.parametrize(
    ("config", "request_", "kind"),
    [
        (LLMConfig(), EmbedRequest(input="hi"), InvalidConfiguration),
        (LLMConfig(model="m", base_url="x"), EmbedRequest(input="hi"), InvalidConfiguration),
        (CONFIG, EmbedRequest(input=()), InvalidRequest),
        (CONFIG, EmbedRequest(input=("a", "")), InvalidRequest),
    ],
    ids=["no model", "no URL", "no text", "an empty text"],
)
def test_what_cannot_be_asked_is_a_failure(
    config: LLMConfig, request_: EmbedRequest, kind: type
) -> None:
    assert isinstance(EMBED.build(config, request_).failure(), kind)


def test_the_answer() -> None:
    raw = {"prompt_tokens": 3, "total_tokens": 3}
    body = {"object": "list", "data": [ROW], "model": "m", "usage": raw, "x": 1}
    assert parse(body) == Success(
        Embeddings(
            vectors=((0.5, -1.0),),
            model="m",
            provider="openai",
            usage=Usage(input_tokens=3, output_tokens=0, raw=raw),
            extra={"x": 1},
        )
    )


@pytest.mark.parametrize(
    ("rows", "vectors"),
    [
        ([{**ROW, "index": 1}, {**ROW, "embedding": [1.0]}], ((1.0,), (0.5, -1.0))),
        ([{"embedding": [1.0]}, {"embedding": [2.0]}], ((1.0,), (2.0,))),
        ([{**ROW, "embedding": "AAAAPwAAgL8="}], ((0.5, -1.0),)),
        ([{**ROW, "embedding": [1, 2]}], ((1.0, 2.0),)),
        ([], ()),
    ],
    ids=["out of order", "without indexes", "base64", "whole numbers", "none"],
)
def test_vectors(rows: list[Any], vectors: tuple[tuple[float, ...], ...]) -> None:
    assert parse({"data": rows}).unwrap().vectors == vectors


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"error": {"message": "m", "code": "invalid_api_key"}}, 401, AuthenticationFailed),
        ({"error": {"message": "m", "code": "model_not_found"}}, 404, NotFound),
        (b"<html>", 502, ServerError),
        ({}, 200, ProtocolError),
        ([], 200, ProtocolError),
        ({"data": [{**ROW, "embedding": "not base64!"}]}, 200, ProtocolError),
        ({"data": [{**ROW, "embedding": "AAAA"}]}, 200, ProtocolError),
        ({"data": [{**ROW, "embedding": None}]}, 200, ProtocolError),
        (b"", 200, ProtocolError),
    ],
    ids=["key", "model", "HTML", "no data", "a list", "no base64", "no floats", "null", "nothing"],
)
def test_what_is_no_answer(body: Any, status: int, kind: type) -> None:
    assert type(parse(body, status).failure()) is kind


@given(st.binary(max_size=99), st.integers(100, 599))
def test_no_body_raises(body: bytes, status: int) -> None:
    parse(body, status)


@pytest.mark.parametrize(
    ("name", "model", "field", "requested", "sent"),
    [
        ("mistral", "mistral-embed", "output_dimension", 256, None),
        ("mistral", "codestral-embed", "output_dimension", 256, 256),
        ("siliconflow", "BAAI/bge-m3", "dimensions", 256, None),
        ("siliconflow", "Qwen/Qwen3-Embedding-8B", "dimensions", 256, 256),
        ("zhipuai", "embedding-2", "dimensions", 256, None),
        ("zhipuai", "embedding-3", "dimensions", 256, 256),
        ("dashscope", "text-embedding-v2", "parameters/dimension", 512, None),
        ("dashscope", "text-embedding-v4", "parameters/dimension", 512, 512),
        ("openai", "text-embedding-3-small", "dimensions", 2048, 1536),
        ("openrouter", "openai/text-embedding-3-large", "dimensions", 4096, 3072),
    ],
)
def test_the_dimensions_that_a_model_has(
    name: str, model: str, field: str, requested: int, sent: int | None
) -> None:
    embed = registry.get(name).unwrap().embed
    assert embed is not None
    config = LLMConfig(api_type=name, api_key="k" * 24, base_url="https://e.test")
    done = embed.build(config, EmbedRequest(input="a", model=model, dimensions=requested)).unwrap()
    value: Any = json.loads(done.request.body)
    for key in field.split("/"):
        value = value.get(key) if value else None
    assert value == sent
    assert [one.field for one in done.adaptations] == ([] if sent == requested else ["dimensions"])
