"""Lists of models: the URL of each page, and the rows of every API."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.provider import Operation
from llm_pure.types.errors import AuthenticationFailed, ProtocolError, ServerError
from llm_pure.types.http import get_header
from llm_pure.types.operations import ListModelsRequest, ModelInfo, ModelPage
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.builders import required
from tests.support.replies import response

LISTING = tuple([name for name in registry.names() if registry.get(name).unwrap().models])


def models(name: str) -> Operation[ListModelsRequest, ModelPage]:
    return required(registry.get(name).unwrap().models)


def answer(name: str, body: Any, status: int = 200) -> LLMResult[ModelPage]:
    return models(name).parse(response(body, status))


@pytest.mark.parametrize(
    ("name", "config", "first", "second"),
    [
        ("openai", LLMConfig(), "https://api.openai.com/v1/models", None),
        ("openai_responses", LLMConfig(), "https://api.openai.com/v1/models", None),
        ("azure", LLMConfig(base_url="https://r.openai.azure.com", api_version="2024-10-21"), "https://r.openai.azure.com/openai/models?api-version=2024-10-21", None),
        ("azure", LLMConfig(base_url="https://r.openai.azure.com"), "https://r.openai.azure.com/openai/v1/models", None),
        ("groq", LLMConfig(base_url="https://proxy.test"), "https://proxy.test/openai/v1/models", None),
        ("deepseek", LLMConfig(), "https://api.deepseek.com/models", None),
        ("anthropic", LLMConfig(), "https://api.anthropic.com/v1/models?limit=1000", "https://api.anthropic.com/v1/models?limit=1000&after_id=p%2F2"),
        ("anthropic", LLMConfig(base_url="https://proxy.test/v1"), "https://proxy.test/v1/models?limit=1000", None),
        ("gemini", LLMConfig(), "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000", "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000&pageToken=p%2F2"),
        ("cohere", LLMConfig(base_url="https://api.cohere.com/v2"), "https://api.cohere.com/v1/models?page_size=1000", "https://api.cohere.com/v1/models?page_size=1000&page_token=p%2F2"),
        ("ollama", LLMConfig(base_url="localhost:11434/api"), "http://localhost:11434/api/tags", None),
    ],
)  # fmt: skip
def test_each_page_has_its_address(
    name: str, config: LLMConfig, first: str, second: str | None
) -> None:
    asked = [ListModelsRequest(), ListModelsRequest(page="p/2")]
    got = [models(name).build(config, one).unwrap().request for one in asked]
    assert [one.url for one in got] == [first, second or first] if second else [first, first]
    assert {(one.method, one.body) for one in got} == {("GET", b"")}


def test_anthropic_wants_its_version() -> None:
    request = models("anthropic").build(LLMConfig(), ListModelsRequest()).unwrap().request
    assert get_header(request.headers, "anthropic-version") == "2023-06-01"


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        (
            "openai",
            {"object": "list", "data": [{"id": "a", "object": "model", "created": 7, "owned_by": "me", "x": 1}]},
            ModelPage(models=(ModelInfo(id="a", created_s=7, owned_by="me", extra={"x": 1}),)),
        ),
        ("together", [{"id": "a", "created": 7}, {"no": "id"}, "odd"], ModelPage(models=(ModelInfo(id="a", created_s=7),))),
        (
            "openrouter",
            {"data": [{"id": "a/b", "pricing": {"prompt": "0.1"}}]},
            ModelPage(models=(ModelInfo(id="a/b", extra={"pricing": {"prompt": "0.1"}}),)),
        ),
        (
            "anthropic",
            {"data": [{"id": "a", "created_at": "2025-02-19T00:00:00Z"}], "has_more": True, "last_id": "a"},
            ModelPage(models=(ModelInfo(id="a", created_s=1739923200),), next_page="a"),
        ),
        ("anthropic", {"data": [], "has_more": False, "last_id": "a"}, ModelPage(models=())),
        (
            "gemini",
            {"models": [{"name": "models/gemini-x"}, {"name": "tunedModels/y"}], "nextPageToken": "t"},
            ModelPage(models=(ModelInfo(id="gemini-x"), ModelInfo(id="tunedModels/y")), next_page="t"),
        ),
        ("cohere", {"models": [{"name": "command"}], "next_page_token": ""}, ModelPage(models=(ModelInfo(id="command"),))),
        (
            "ollama",
            {"models": [{"name": "a", "modified_at": "2025-02-19T01:00:00.123456789+01:00"}]},
            ModelPage(models=(ModelInfo(id="a", created_s=1739923200),)),
        ),
        (
            "ollama",
            {"models": [{"name": "a", "modified_at": "yesterday"}, {"name": "b", "modified_at": True}]},
            ModelPage(models=(ModelInfo(id="a"), ModelInfo(id="b"))),
        ),
    ],
)  # fmt: skip
def test_rows_are_models(name: str, body: Any, expected: ModelPage) -> None:
    got = answer(name, body).unwrap()
    assert (got.models, got.next_page) == (expected.models, expected.next_page)
    assert got.provider == name


@pytest.mark.parametrize("name", LISTING)
def test_what_is_no_list_is_a_fault(name: str) -> None:
    own = registry.get(name).unwrap().name
    for body in (b"{}", b'{"data": 1, "models": 1}', b"7", b"not json"):
        got = answer(name, body)
        assert isinstance(got, Failure)
        error = got.failure()
        assert isinstance(error, ProtocolError)
        assert error.provider == own


@pytest.mark.parametrize("name", LISTING)
def test_errors_are_typed_also_those_of_gateways(name: str) -> None:
    refused = answer(
        name, {"error": {"message": "wrong key"}, "message": "wrong key"}, 401
    ).failure()
    assert isinstance(refused, AuthenticationFailed)
    assert isinstance(answer(name, b"<html>", 502).failure(), ServerError)


@given(st.sampled_from(LISTING), st.binary(max_size=80), st.sampled_from([200, 301, 401, 500]))
def test_any_bytes_end_in_a_value(name: str, data: bytes, status: int) -> None:
    assert isinstance(answer(name, data, status), Success | Failure)
