"""Headers, query and `extra` of one request, and the types of its fields."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from llm_pure import LLM, ChatRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.request_fields import field_problem, operation_problem, request_config
from llm_pure.core.resolved_request import merge_extra, resolve_request
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.operations import (
    EmbedRequest,
    ImageRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from tests.support.configs import file_config, overridden

CONFIG = LLMConfig(api_key="k" * 24, model="gpt-4o", headers=(("X-A", "config"), ("X-B", "config")))
REQUEST = ChatRequest(
    messages="hi",
    headers={"x-a": "request", "X-Custom-Token": "secret-word"},
    query={"tag": "é b", "n": "1"},
)
NOW = datetime(2026, 11, 29, tzinfo=UTC)
OPENAI = registry.get("openai").unwrap()


def test_headers_of_a_request_go_over_those_of_the_configuration_without_secrets() -> None:
    built = OPENAI.build_chat(CONFIG, REQUEST).unwrap()
    headers = dict(built.request.headers)
    assert (headers["x-a"], headers["x-b"]) == ("request", "config")
    assert (
        "secret-word"
        not in f"{built.request.headers}{built.request.url}{built.request.body.decode()}"
    )
    assert built.request.url == "https://api.openai.com/v1/chat/completions?tag=%C3%A9%20b&n=1"
    signed = OPENAI.authorize(request_config(CONFIG, REQUEST), built.request, NOW).unwrap()
    assert dict(signed.headers)["x-custom-token"] == "secret-word"


def test_the_client_sends_a_requests_credentials() -> None:
    transport = ScriptedTransport([ScriptedResponse(status=400, chunks=(b"{}",))])
    LLM(CONFIG, transport, retry=NO_RETRY).completion(REQUEST)
    headers = dict(transport.requests[0].headers)
    assert (headers["x-custom-token"], headers["x-a"]) == ("secret-word", "request")


def test_no_credential_of_a_request_is_shown() -> None:
    assert "secret-word" not in repr(REQUEST)
    assert repr(ChatRequest(messages="hi", top_p=0.5)) == "ChatRequest(messages='hi', top_p=0.5)"


@pytest.mark.parametrize("name", ["azure", "gemini", "bedrock", "anthropic"])
def test_a_query_joins_that_of_the_service(name: str) -> None:
    config = LLMConfig(
        api_type=name, model="claude-x" if name == "bedrock" else "m", base_url="https://e.test"
    )
    provider = registry.get(name).unwrap()
    plain = (
        provider.build_chat(config, ChatRequest(messages="hi", stream=True)).unwrap().request.url
    )
    request = ChatRequest(messages="hi", stream=True, query={"a": "b"})
    url = provider.build_chat(config, request).unwrap().request.url
    assert url == f"{plain}{'&' if '?' in plain else '?'}a=b"


def test_a_credential_in_the_query_is_refused() -> None:
    error = OPENAI.build_chat(CONFIG, ChatRequest(messages="hi", query={"api_key": "s"})).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "query/api_key"
    assert "'s'" not in error.message


BODY = {"a": {"b": 1, "c": 2}, "list": [1], "max_tokens": 5, "temperature": 0.0, "store": False}


@pytest.mark.parametrize(
    ("extra", "merged", "reported"),
    [
        ({"a": {"d": 3}}, {"a": {"b": 1, "c": 2, "d": 3}}, []),
        ({"a": {"b": 1}}, {}, []),
        ({"a": {"b": 7}}, {"a": {"b": 7, "c": 2}}, [overridden("extra/a/b", 1, 7)]),
        ({"a": None}, {"a": None}, [overridden("extra/a", None, None)]),
        ({"list": [2]}, {"list": [2]}, [overridden("extra/list", None, None)]),
        ({"max_tokens": 6}, {"max_tokens": 6}, [overridden("extra/max_tokens", 5, 6)]),
        ({"temperature": 0.5}, {"temperature": 0.5}, []),
        ({"store": True}, {"store": True}, []),
        ({"new": {"x": {}}}, {"new": {"x": {}}}, []),
    ],
    ids=["a new key", "the same value", "another value", "null", "a list", "a setting", "a file's default", "a default", "a new object"],
)  # fmt: skip
def test_extra_merges_deep_and_reports_what_it_replaces(
    extra: dict[str, Any], merged: dict[str, Any], reported: list[Adaptation]
) -> None:
    request = ChatRequest(messages="hi", max_tokens=5, extra=extra)
    resolved = resolve_request(file_config(model="m"), request).unwrap()
    adaptations: list[Adaptation] = []
    assert merge_extra(BODY, resolved, adaptations, defaults=("store",)) == {**BODY, **merged}
    assert adaptations == reported


@pytest.mark.parametrize(
    "name",
    [
        "openai",
        "openai_responses",
        "anthropic",
        "cohere",
        "ollama",
        "gemini",
        "bedrock",
        "bedrock_invoke",
        "dashscope",
        "qianfan",
        "llama_api",
        "spark",
    ],
)
def test_extra_merges_deep_in_every_dialect(name: str) -> None:
    model = "anthropic.claude-sonnet-4-5" if name.startswith("bedrock") else "m"
    config = LLMConfig(api_type=name, model=model, base_url="https://e.test")
    provider = registry.get(name).unwrap()

    def body(**fields: Any) -> Any:
        request = ChatRequest(messages="hi", max_tokens=9, **fields)
        built = provider.build_chat(config, request).unwrap()
        return json.loads(built.request.body), built.adaptations

    plain, _ = body()
    key, inner = next(
        ((key, value) for key, value in plain.items() if isinstance(value, dict)), ("", {})
    )
    if key:
        merged, adaptations = body(extra={key: {"own": 1}})
        assert merged[key] == {**inner, "own": 1}
        assert [change.field for change in adaptations if change.field.startswith("extra")] == []
    merged, adaptations = body(extra={"messages": [], "contents": [], "input": {"messages": []}})
    assert [change.field for change in adaptations if change.field.startswith("extra/")] != []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("reasoning", "hgh", "did you mean 'high'?"),
        ("tool_choice", "require", "did you mean 'required'?"),
        ("verbosity", "Low", "did you mean 'low'?"),
        ("temperature", "hot", "temperature must be a number, not 'hot'"),
        ("max_tokens", 1.5, "max_tokens must be an integer, not 1.5"),
        ("stop", [1], "stop must be a string or a sequence of strings, not list"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_with_the_nearest_word(field: str, value: Any, message: str) -> None:
    assert message in field_problem(field, value)
    error = OPENAI.build_chat(CONFIG, ChatRequest(**{"messages": "hi", field: value})).failure()
    assert isinstance(error, InvalidRequest)
    assert (error.param, message in error.message) == (field, True)


def test_a_wrong_type_in_the_configuration_is_its_error() -> None:
    fields: dict[str, Any] = {"model": "m", "temperature": "hot"}
    error = OPENAI.build_chat(LLMConfig(**fields), ChatRequest(messages="hi")).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "temperature"


@pytest.mark.parametrize(
    ("request_", "field", "valid"),
    [
        (EmbedRequest(input="a", dimensions=0), "dimensions", "an integer of at least 1"),
        (ImageRequest(prompt="a", n=0), "n", "an integer of at least 1"),
        (SpeechRequest(input="a", voice="v", speed=0.0), "speed", "a number above 0"),
        (
            TranscriptionRequest(audio=b"a", temperature=-0.5),
            "temperature",
            "a number of at least 0",
        ),
    ],
)
def test_numbers_that_mean_nothing_are_refused_besides_chat(
    request_: Any, field: str, valid: str
) -> None:
    value = getattr(request_, field)
    assert operation_problem(request_) == (field, f"{field} must be {valid}, not {value}")
