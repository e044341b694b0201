"""Provider `vertex`: hosts and paths by project and location, an OAuth token or an API key."""

from datetime import UTC, datetime

import msgspec
import pytest

from llm_pure import ChatRequest, HttpResponse, LLMConfig, tool_result, user
from llm_pure.adapters import registry
from llm_pure.adapters.vertex import PROVIDER
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import Headers
from llm_pure.types.messages import Message, ProviderMetadata, Reasoning, Text, ToolCall

NOW = datetime(2026, 11, 20, tzinfo=UTC)
CONFIG = LLMConfig(
    api_type="vertex", model="gemini-2.5-flash", api_key="ya29.token", project="my-project"
)
GLOBAL = "https://aiplatform.googleapis.com"
MODEL = "publishers/google/models/gemini-2.5-flash"


def path(location: str, model: str = MODEL, project: str = "my-project") -> str:
    return f"/v1beta1/projects/{project}/locations/{location}/{model}:generateContent"


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        pytest.param({}, GLOBAL + path("global"), id="global unless told otherwise"),
        pytest.param({"location": "global"}, GLOBAL + path("global"), id="global"),
        pytest.param(
            {"location": "us-central1"},
            "https://us-central1-aiplatform.googleapis.com" + path("us-central1"),
            id="a region",
        ),
        pytest.param(
            {"region_name": "asia-east1"},
            "https://asia-east1-aiplatform.googleapis.com" + path("asia-east1"),
            id="a region under its other name",
        ),
        pytest.param(
            {"location": "us"},
            "https://aiplatform.us.rep.googleapis.com" + path("us"),
            id="the region of all US",
        ),
        pytest.param(
            {"location": "eu", "region_name": "asia-east1"},
            "https://aiplatform.eu.rep.googleapis.com" + path("eu"),
            id="the region of all EU",
        ),
        pytest.param(
            {"project": None, "api_key": "AIza" + "k" * 35, "location": "us-central1"},
            f"{GLOBAL}/v1beta1/{MODEL}:generateContent",
            id="express mode",
        ),
        pytest.param(
            {"api_key": "AIza" + "k" * 35},
            GLOBAL + path("global"),
            id="an API key with a project",
        ),
        pytest.param(
            {"model": "models/gemini-2.5-flash"}, GLOBAL + path("global"), id="models/..."
        ),
        pytest.param(
            {"model": "meta/llama-4"},
            GLOBAL + path("global", "publishers/meta/models/llama-4"),
            id="another publisher's",
        ),
        pytest.param(
            {"model": "endpoints/123"}, GLOBAL + path("global", "endpoints/123"), id="a tuned one"
        ),
        pytest.param(
            {"model": "projects/p2/locations/eu/endpoints/9", "location": "eu", "project": None},
            "https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/p2/locations/eu/endpoints/9:generateContent",
            id="a whole path",
        ),
        pytest.param(
            {"project": "example.org:my-project"},
            GLOBAL + path("global", project="example.org:my-project"),
            id="a project of a domain",
        ),
        pytest.param(
            {"api_version": "v1", "base_url": "http://127.0.0.1:9"},
            f"http://127.0.0.1:9/v1/projects/my-project/locations/global/{MODEL}:generateContent",
            id="another host and version",
        ),
    ],
)
def test_addresses(changes: dict[str, str | None], url: str) -> None:
    config = msgspec.structs.replace(CONFIG, **changes)
    assert PROVIDER.build_chat(config, ChatRequest(messages="a")).unwrap().request.url == url


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"project": None}, "project", id="no project and no API key"),
        pytest.param({"location": "evil.example.org/"}, "location", id="a location that is a host"),
        pytest.param({"location": "-"}, "location", id="a location without a letter"),
    ],
)
def test_a_place_that_cannot_be_is_refused(changes: dict[str, str | None], field: str) -> None:
    config = msgspec.structs.replace(CONFIG, **changes)
    error = PROVIDER.build_chat(config, ChatRequest(messages="a")).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == field


@pytest.mark.parametrize(
    ("key", "added"),
    [
        pytest.param("ya29.token", (("authorization", "Bearer ya29.token"),), id="a token"),
        pytest.param("AIzaSyKey", (("x-goog-api-key", "AIzaSyKey"),), id="an API key"),
        pytest.param(
            "AQ.newer", (("x-goog-api-key", "AQ.newer"),), id="an API key of the new kind"
        ),
    ],
)
def test_credentials_go_into_their_header(key: str, added: Headers) -> None:
    config = msgspec.structs.replace(CONFIG, api_key=key)
    sent = PROVIDER.build_chat(config, ChatRequest(messages="a")).unwrap().request
    signed = PROVIDER.authorize(config, sent, NOW).unwrap()
    assert signed.headers == (*sent.headers, *added)
    assert key not in sent.url + str(sent.headers) + sent.body.decode() + signed.url


def test_without_credentials_nothing_is_sent() -> None:
    config = msgspec.structs.replace(CONFIG, api_key=None)
    sent = PROVIDER.build_chat(config, ChatRequest(messages="a")).unwrap().request
    assert isinstance(PROVIDER.authorize(config, sent, NOW).failure(), InvalidConfiguration)


def test_the_service_tier_is_a_header() -> None:
    plain = PROVIDER.build_chat(CONFIG, ChatRequest(messages="a")).unwrap().request
    built = PROVIDER.build_chat(CONFIG, ChatRequest(messages="a", service_tier="priority"))
    sent = built.unwrap().request
    tier = ("x-vertex-ai-llm-shared-request-type", "priority")
    assert (sent.headers, sent.body) == ((*plain.headers, tier), plain.body)


def test_signatures_of_the_developer_api_are_not_vertexs() -> None:
    turn = Message(
        "assistant",
        (
            Reasoning("hm", "czE=", ProviderMetadata("gemini")),
            ToolCall("c", "f", "{}", ProviderMetadata("gemini", '{"thoughtSignature":"czE="}')),
        ),
    )
    built = PROVIDER.build_chat(
        CONFIG, ChatRequest(messages=[user("a"), turn, tool_result("c", "x")])
    ).unwrap()
    assert b"czE=" not in built.request.body
    assert [(one.field, one.action) for one in built.adaptations] == [
        ("messages/1/parts/0", "dropped"),
        ("messages/1/parts/1/provider_metadata", "rewritten"),
    ]


def test_an_answer_is_vertexs_own() -> None:
    body = b'{"candidates": [{"content": {"parts": [{"text": "a", "thoughtSignature": "czE="}]}}]}'
    got = PROVIDER.parse_chat(HttpResponse(200, (), body)).unwrap()
    assert got.provider == "vertex"
    (part,) = got.message.parts
    assert part == Text("a", ProviderMetadata("vertex", '{"thoughtSignature":"czE="}'))


def test_the_registry_knows_it() -> None:
    assert registry.get("vertex").unwrap() is PROVIDER
    assert (PROVIDER.name, PROVIDER.dialect) == ("vertex", "gemini_content")
