"""Answers to operations besides chat: read back by our client side and by the vendors' packages."""

import json
from typing import Any

import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest
from google import genai

from llm_pure import Embeddings, EmbedRequest, LLMConfig, TokenCount, Usage
from llm_pure.adapters import registry
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.types.operations import ListModelsRequest, ModelInfo, ModelPage
from tests.support.server_answers import READERS, reader, received

PAGE = ModelPage(models=(ModelInfo(id="m-1", created_s=1_700_000_000), ModelInfo(id="m-2")))
VECTORS = Embeddings(vectors=((0.5, -0.25), (1.0, 0.0)), model="m", usage=Usage(7, None))


def body(dialect: str, result: Any, request: ReceivedRequest) -> bytes:
    response = server_dialects[dialect].build_result(result, request)
    assert response.status == 200
    return response.body


@pytest.mark.parametrize("dialect", READERS)
def test_a_list_of_models_is_read(dialect: str) -> None:
    provider = reader(dialect)
    assert provider.models is not None
    config = LLMConfig(api_type=provider.name, api_key="k")
    sent = provider.models.build(config, ListModelsRequest()).unwrap().request
    request = server_dialects[dialect].parse_request(sent).unwrap()
    assert (request.operation, request.model) == ("models", "")
    response = server_dialects[dialect].build_result(PAGE, request)
    models = provider.models.parse(response).unwrap().models
    assert [model.id for model in models] == ["m-1", "m-2"]
    if dialect != "gemini_content":
        assert models[0].created_s == 1_700_000_000


@pytest.mark.parametrize("dialect", READERS)
def test_one_model_is_looked_up_and_an_unknown_one_is_not_found(dialect: str) -> None:
    known = ReceivedRequest(dialect=dialect, operation="models", model="m-2")
    assert b"m-2" in body(dialect, PAGE, known) or dialect == "ollama_native"
    unknown = ReceivedRequest(dialect=dialect, operation="models", model="m-3")
    response = server_dialects[dialect].build_result(PAGE, unknown)
    assert response.status == 404
    assert reader(dialect).parse_chat(response).failure().kind == "not_found"


@pytest.mark.parametrize(
    "name", ["openai", "openai_responses", "gemini", "ollama", "ollama.embeddings"]
)
def test_embeddings_are_read(name: str) -> None:
    provider = registry.get(name).unwrap()
    assert provider.embed is not None
    texts: Any = "a" if name == "ollama.embeddings" else ("a", "b")
    vectors = VECTORS.vectors[:1] if name == "ollama.embeddings" else VECTORS.vectors
    config = LLMConfig(api_type=name, model="m", api_key="k")
    sent = provider.embed.build(config, EmbedRequest(input=texts)).unwrap().request
    dialect = provider.dialect
    request = server_dialects[dialect].parse_request(sent).unwrap()
    response = server_dialects[dialect].build_result(VECTORS, request)
    assert provider.embed.parse(response).unwrap().vectors == vectors


@pytest.mark.parametrize("name", ["openai_responses", "anthropic", "gemini"])
def test_a_count_is_read(name: str) -> None:
    provider = registry.get(name).unwrap()
    assert provider.count_tokens is not None
    response = server_dialects[provider.dialect].build_result(
        TokenCount(input_tokens=17), received(provider.dialect)
    )
    assert provider.count_tokens.parse(response).unwrap().input_tokens == 17


@pytest.mark.parametrize("dialect", READERS)
def test_health_names_no_model(dialect: str) -> None:
    said = json.loads(body(dialect, None, ReceivedRequest(dialect=dialect, operation="health")))
    assert said == ({"version": "0.33.0"} if dialect == "ollama_native" else {"status": "ok"})


# The vendors' packages


def new(data: bytes) -> httpx2.Client:
    answer = httpx2.Response(200, headers={"content-type": "application/json"}, content=data)
    return httpx2.Client(transport=httpx2.MockTransport(lambda request: answer))


def test_the_packages_of_openai_and_anthropic_read_one_list_of_models() -> None:
    data = body("openai_chat", PAGE, ReceivedRequest(dialect="openai_chat"))
    openai_client = openai.OpenAI(api_key="k", base_url="http://t/v1", http_client=new(data))
    assert [model.id for model in openai_client.models.list()] == ["m-1", "m-2"]
    anthropic_client = anthropic.Anthropic(api_key="k", base_url="http://t", http_client=new(data))
    first = next(iter(anthropic_client.models.list()))
    assert (first.id, first.created_at.year) == ("m-1", 2023)


def test_the_packages_read_embeddings() -> None:
    embed = EmbedRequest(input=("a", "b"))
    data = body("openai_chat", VECTORS, received("openai_chat", embed=embed))
    client = openai.OpenAI(api_key="k", base_url="http://t/v1", http_client=new(data))
    rows = client.embeddings.create(model="m", input=["a", "b"]).data
    assert [tuple(row.embedding) for row in rows] == [*VECTORS.vectors]
    data = body("ollama_native", VECTORS, received("ollama_native", embed=embed))
    local = ollama.Client(
        host="http://t",
        transport=httpx.MockTransport(lambda request: httpx.Response(200, content=data)),
    )
    assert [tuple(row) for row in local.embed(model="m", input=["a", "b"]).embeddings] == [
        *VECTORS.vectors
    ]


def test_the_packages_of_ollama_and_google_read_their_lists() -> None:
    tags = body("ollama_native", PAGE, ReceivedRequest(dialect="ollama_native", operation="models"))
    local = ollama.Client(
        host="http://t",
        transport=httpx.MockTransport(lambda request: httpx.Response(200, content=tags)),
    )
    assert [model.model for model in local.list().models] == ["m-1", "m-2"]
    data = body("gemini_content", PAGE, ReceivedRequest(dialect="gemini_content"))
    client = httpx.Client(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, content=data))
    )
    options = genai.types.HttpOptions(base_url="http://t", httpx_client=client)
    google = genai.Client(api_key="k", http_options=options)
    assert [model.name for model in google.models.list()] == ["models/m-1", "models/m-2"]
