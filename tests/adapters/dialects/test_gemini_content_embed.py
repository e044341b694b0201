"""Embeddings of Gemini and Vertex: request bodies for each form, vectors of responses."""

import json
from typing import Any

import pytest

from llm_pure import HttpResponse, LLMConfig
from llm_pure.adapters.dialects.gemini_content.embed import parse_embed
from llm_pure.adapters.gemini import PROVIDER as GEMINI
from llm_pure.adapters.vertex import PROVIDER as VERTEX
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Provider
from llm_pure.types.completion import Usage
from llm_pure.types.errors import (
    InvalidConfiguration,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    ProtocolError,
)
from llm_pure.types.operations import Embeddings, EmbedRequest
from llm_pure.types.result import Success
from tests.support.gemini import CONFIG, ON_CLOUD, SERVICE

RETRIEVAL = EmbedRequest(
    input=("a", "b"), model="gemini-embedding-001", dimensions=64, task="RETRIEVAL_QUERY"
)


def embed_body(
    provider: Provider, request: EmbedRequest
) -> tuple[str, Any, tuple[Adaptation, ...]]:
    assert provider.embed is not None
    made = provider.embed.build(CONFIG if provider is GEMINI else ON_CLOUD, request).unwrap()
    return made.request.url.rpartition("/")[2], json.loads(made.request.body), made.adaptations


def test_a_batch_repeats_the_model_for_each_text() -> None:
    settings = {"taskType": "RETRIEVAL_QUERY", "outputDimensionality": 64}
    model = {"model": "models/gemini-embedding-001"}
    assert embed_body(GEMINI, RETRIEVAL) == (
        "gemini-embedding-001:batchEmbedContents",
        {
            "requests": [
                {**model, "content": {"parts": [{"text": text}]}, **settings} for text in "ab"
            ]
        },
        (),
    )


def test_vertexs_older_models_predict() -> None:
    assert embed_body(VERTEX, RETRIEVAL) == (
        "gemini-embedding-001:predict",
        {
            "instances": [{"content": text, "task_type": "RETRIEVAL_QUERY"} for text in "ab"],
            "parameters": {"outputDimensionality": 64},
        },
        (),
    )
    plain = EmbedRequest(input="a", model="text-embedding-005")
    assert embed_body(VERTEX, plain)[:2] == (
        "text-embedding-005:predict",
        {"instances": [{"content": "a"}]},
    )


def test_vertexs_newer_models_embed_one_content_or_a_batch() -> None:
    one = EmbedRequest(input="a", model="gemini-embedding-2", dimensions=8)
    config = {"embedContentConfig": {"outputDimensionality": 8}}
    assert embed_body(VERTEX, one)[:2] == (
        "gemini-embedding-2:embedContent",
        {"content": {"parts": [{"text": "a"}]}, **config},
    )
    two = EmbedRequest(input=("a", "b"), model="gemini-embedding-2", extra={"labels": {"x": "y"}})
    assert embed_body(VERTEX, two)[:2] == (
        "gemini-embedding-2:batchEmbedContents",
        {
            "requests": [{"content": {"parts": [{"text": text}]}} for text in "ab"],
            "labels": {"x": "y"},
        },
    )


@pytest.mark.parametrize(
    ("task", "text"),
    [
        ("RETRIEVAL_QUERY", "task: search result | query: a"),
        ("RETRIEVAL_DOCUMENT", "title: none | text: a"),
        ("SEMANTIC_SIMILARITY", "task: sentence similarity | query: a"),
        ("bug triage", "task: bug triage | query: a"),
    ],
)
def test_a_model_that_passes_over_task_types_reads_the_task_in_the_text(
    task: str, text: str
) -> None:
    request = EmbedRequest(input="a", model="gemini-embedding-2", task=task)
    _, body, changes = embed_body(GEMINI, request)
    assert body["requests"] == [
        {"model": "models/gemini-embedding-2", "content": {"parts": [{"text": text}]}}
    ]
    assert [(one.field, one.action) for one in changes] == [("task", "changed")]


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        pytest.param(EmbedRequest(input=(), model="m"), InvalidRequest, id="no text"),
        pytest.param(EmbedRequest(input=("a", ""), model="m"), InvalidRequest, id="an empty text"),
        pytest.param(EmbedRequest(input="a"), InvalidConfiguration, id="no model"),
    ],
)
def test_what_cannot_be_embedded_is_refused(request_: EmbedRequest, kind: type[LLMError]) -> None:
    assert GEMINI.embed is not None
    assert isinstance(GEMINI.embed.build(LLMConfig(), request_).failure(), kind)


EMBEDDED: dict[str, tuple[dict[str, Any], Embeddings]] = {
    "a batch with usage": (
        {"embeddings": [{"values": [0.5, 1]}, {"values": [-1, 0.25]}], "usageMetadata": {"promptTokenCount": 4}},
        Embeddings(
            vectors=((0.5, 1.0), (-1.0, 0.25)),
            provider="gemini",
            usage=Usage(input_tokens=4, raw={"promptTokenCount": 4}),
        ),
    ),
    "a batch without usage": (
        {"embeddings": [{"values": [0.5]}]},
        Embeddings(vectors=((0.5,),), provider="gemini"),
    ),
    "one content": (
        {"embedding": {"values": [0.5]}, "truncated": True},
        Embeddings(vectors=((0.5,),), provider="gemini", extra={"truncated": True}),
    ),
    "predictions": (
        {
            "predictions": [
                {"embeddings": {"values": [1], "statistics": {"token_count": 3, "truncated": False}}},
                {"embeddings": {"values": [2], "statistics": {"token_count": 4.0}}},
            ],
            "metadata": {"billableCharacterCount": 12},
        },
        Embeddings(
            vectors=((1.0,), (2.0,)),
            provider="gemini",
            usage=Usage(input_tokens=7),
            extra={"metadata": {"billableCharacterCount": 12}},
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), EMBEDDED.values(), ids=EMBEDDED)
def test_embeddings(body: dict[str, Any], expected: Embeddings) -> None:
    got = parse_embed(SERVICE, HttpResponse(200, (), json.dumps(body).encode()))
    assert got == Success(expected)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(200, b"{}", ProtocolError, id="no vectors"),
        pytest.param(200, b'{"embeddings": [{"values": "x"}]}', ProtocolError, id="no numbers"),
        pytest.param(404, b"{}", NotFound, id="a status alone"),
        pytest.param(503, b"<html>", Overloaded, id="a page"),
        pytest.param(200, b'{"error": {"code": 400, "status": "INVALID_ARGUMENT"}}', InvalidRequest, id="an error"),
    ],
)  # fmt: skip
def test_no_embeddings_are_an_error(status: int, body: bytes, kind: type[LLMError]) -> None:
    assert isinstance(parse_embed(SERVICE, HttpResponse(status, (), body)).failure(), kind)
