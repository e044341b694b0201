"""Claude on Vertex AI: paths, hosts, the body without a model, Google's errors."""

import json
from datetime import UTC, datetime

import pytest

from llm_pure import (
    ChatRequest,
    HttpRequest,
    HttpResponse,
    LLMConfig,
    ResponseHead,
    TokenCount,
    collect,
)
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import InvalidConfiguration, RateLimited
from llm_pure.types.messages import Opaque, ProviderMetadata, Reasoning, assistant
from llm_pure.types.result import Failure, Success
from tests.support.anthropic_answers import ANSWERS
from tests.support.configs import file_config

VERTEX = registry.get("vertex_anthropic").unwrap()
CONFIG = file_config(
    api_type="vertex_anthropic",
    model="claude-sonnet-4-5@20250929",
    project="my-project",
    location="us-east5",
    api_key="ya29.of-the-test-0123456789",
    headers=(("anthropic-beta", "a"),),
)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
PATH = "/v1/projects/my-project/locations/us-east5/publishers/anthropic/models"


def config(**changes: str | None) -> LLMConfig:
    given = {
        "project": "my-project",
        "location": "us-east5",
        "model": "claude-sonnet-4-5",
        **changes,
    }
    return file_config(api_type="vertex_anthropic", **given)


def test_the_whole_request() -> None:
    made = VERTEX.build_chat(CONFIG, ChatRequest(messages="hi")).unwrap().request
    signed = VERTEX.authorize(CONFIG, made, NOW).unwrap()
    body = (
        b'{"anthropic_version":"vertex-2023-10-16","max_tokens":4096,'
        b'"messages":[{"role":"user","content":"hi"}],"temperature":0.0}'
    )
    assert signed == HttpRequest(
        "POST",
        f"https://us-east5-aiplatform.googleapis.com{PATH}/claude-sonnet-4-5@20250929:rawPredict",
        (
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("anthropic-beta", "a"),
            ("authorization", "Bearer ya29.of-the-test-0123456789"),
        ),
        body,
    )


def test_a_stream_has_a_path_of_its_own_and_says_so_in_the_body_too() -> None:
    made = VERTEX.build_chat(CONFIG, ChatRequest(messages="hi", stream=True)).unwrap().request
    assert made.url.endswith("/claude-sonnet-4-5@20250929:streamRawPredict")
    assert dict(made.headers)["accept"] == "text/event-stream"
    assert json.loads(made.body)["stream"] is True


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({"location": None}, "https://aiplatform.googleapis.com/v1/projects/my-project/locations/global"),
        ({"location": "us"}, "https://aiplatform.us.rep.googleapis.com/v1/projects/my-project/locations/us"),
        ({"location": "eu"}, "https://aiplatform.eu.rep.googleapis.com/v1/projects/my-project/locations/eu"),
        ({"location": None, "region_name": "europe-west1"},
         "https://europe-west1-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west1"),
        ({"base_url": "http://localhost:4010"}, "http://localhost:4010/v1/projects/my-project/locations/us-east5"),
        ({"base_url": "http://localhost:4010/v1"}, "http://localhost:4010/v1/projects/my-project/locations/us-east5"),
        ({"project": "example.com:a"},
         "https://us-east5-aiplatform.googleapis.com/v1/projects/example.com:a/locations/us-east5"),
    ],
)  # fmt: skip
def test_where_a_call_goes(changes: dict[str, str | None], url: str) -> None:
    made = VERTEX.build_chat(config(**changes), ChatRequest(messages="hi")).unwrap()
    assert made.request.url == f"{url}/publishers/anthropic/models/claude-sonnet-4-5:rawPredict"


def test_a_model_cannot_leave_its_place_in_the_path() -> None:
    made = VERTEX.build_chat(config(model="../x?y#z"), ChatRequest(messages="hi")).unwrap()
    assert made.request.url.endswith("/publishers/anthropic/models/..%2Fx%3Fy%23z:rawPredict")


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"project": None}, "project"), ({"location": "x.evil.example/"}, "location"), ({"model": ""}, "model")],
)  # fmt: skip
def test_what_is_missing_in_the_configuration_is_named(
    changes: dict[str, str | None], field: str
) -> None:
    assert VERTEX.count_tokens is not None
    for made in (
        VERTEX.build_chat(config(**changes), ChatRequest(messages="hi")),
        VERTEX.count_tokens.build(config(**changes), ChatRequest(messages="hi")),
    ):
        assert isinstance(made, Failure)
        error = made.failure()
        assert isinstance(error, InvalidConfiguration)
        assert error.field == field


def test_the_newer_api_version_goes_into_the_body() -> None:
    made = VERTEX.build_chat(config(api_version="2026-10-21"), ChatRequest(messages="hi")).unwrap()
    assert json.loads(made.request.body) == {
        "anthropic_version": "2026-10-21",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_counting_names_the_model_in_the_body() -> None:
    assert VERTEX.count_tokens is not None
    made = VERTEX.count_tokens.build(CONFIG, ChatRequest(messages="hi", stream=True)).unwrap()
    assert made.request.url == (
        f"https://us-east5-aiplatform.googleapis.com{PATH}/count-tokens:rawPredict"
    )
    assert json.loads(made.request.body) == {
        "anthropic_version": "vertex-2023-10-16",
        "model": "claude-sonnet-4-5@20250929",
        "messages": [{"role": "user", "content": "hi"}],
    }
    told = VERTEX.count_tokens.parse(HttpResponse(200, (), b'{"input_tokens":8}'))
    assert told == Success(TokenCount(input_tokens=8, provider="vertex_anthropic"))


def test_what_anthropic_itself_signed_may_go_here() -> None:
    given = assistant(
        Reasoning("hm", "sig", ProviderMetadata("anthropic")),
        Opaque("anthropic", "redacted_thinking", '{"type":"redacted_thinking","data":"eA=="}'),
    )
    made = VERTEX.build_chat(CONFIG, ChatRequest(messages=["hi", given, "go"])).unwrap()
    assert made.adaptations == ()
    assert json.loads(made.request.body)["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "eA=="},
    ]


def test_a_stream_is_read_under_the_hosts_name() -> None:
    head = ResponseHead(200, (("content-type", "text/event-stream"),))
    body = b'event: vertex_event\ndata: {"type": "ping"}\n\n' + ANSWERS["text"].streamed
    events, error = read_pieces(VERTEX.open_stream(head), [body])
    assert error is None
    got = collect(events).unwrap()
    assert (got.provider, got.text) == ("vertex_anthropic", ANSWERS["text"].completion.text)


def test_googles_own_errors_are_understood() -> None:
    body = (
        b'[{"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}]'
    )
    assert VERTEX.parse_chat(HttpResponse(429, (), body)) == Failure(
        RateLimited(
            message="Quota exceeded",
            provider="vertex_anthropic",
            status=429,
            code="RESOURCE_EXHAUSTED",
            body=json.loads(body),
        )
    )
