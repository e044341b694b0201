"""Azure OpenAI: addresses, keys, and what its answers add. Its Responses API shares all but the operation."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from llm_pure import ChatRequest, HttpResponse, LLMConfig, ResponseHead, collect
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.settings.environment import with_env_defaults
from llm_pure.types.errors import ContentFiltered, InvalidConfiguration, NotFound
from llm_pure.types.http import HttpRequest, get_header
from llm_pure.types.operations import EmbedRequest
from tests.support.openai_chat_bodies import LAST, answer, choice, chunk, stream

AZURE = registry.get("azure").unwrap()
RESPONSES = registry.get("azure_responses").unwrap()
RESOURCE = "https://me.openai.azure.com"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
TOKEN = "eyJhbGciOiJub25lIn0.e30.c2ln"


def config(**settings: Any) -> LLMConfig:
    return LLMConfig(**{"base_url": RESOURCE, "model": "gpt-4o", **settings})


def url(settings: LLMConfig, operation: str = "chat") -> str:
    asked = ChatRequest(messages="hi")
    if operation == "responses":
        return RESPONSES.build_chat(settings, asked).unwrap().request.url
    if operation == "count":
        assert RESPONSES.count_tokens is not None
        return RESPONSES.count_tokens.build(settings, asked).unwrap().request.url
    if operation == "embed":
        assert AZURE.embed is not None
        return AZURE.embed.build(settings, EmbedRequest(input="hi")).unwrap().request.url
    return AZURE.build_chat(settings, asked).unwrap().request.url


DATED = "2024-10-21"
V1_CHAT = f"{RESOURCE}/openai/v1/chat/completions"
DATED_CHAT = f"{RESOURCE}/openai/deployments/gpt-4o/chat/completions?api-version={DATED}"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({}, V1_CHAT, id="no version"),
        pytest.param({"api_version": "v1"}, V1_CHAT, id="v1"),
        pytest.param({"api_version": "preview"}, V1_CHAT, id="preview"),
        pytest.param({"api_version": DATED}, DATED_CHAT, id="a date"),
        pytest.param(
            {"api_version": "2025-04-01-preview"},
            DATED_CHAT.replace(DATED, "2025-04-01-preview"),
            id="a date of a preview",
        ),
        pytest.param(
            {"api_version": DATED, "model": "our best/1?"},
            DATED_CHAT.replace("gpt-4o", "our%20best%2F1%3F"),
            id="a deployment is one segment",
        ),
        pytest.param(
            {"base_url": None, "endpoint": f"{RESOURCE}/"}, V1_CHAT, id="endpoint in place of base_url"
        ),
        pytest.param({"base_url": f"{RESOURCE}/openai/v1/"}, V1_CHAT, id="address with /openai/v1"),
        pytest.param(
            {"base_url": f"{RESOURCE}/openai/v1", "api_version": DATED},
            V1_CHAT,
            id="an address of v1 has no dates",
        ),
        pytest.param({"base_url": f"{RESOURCE}/openai"}, V1_CHAT, id="address with /openai"),
        pytest.param(
            {"base_url": f"{RESOURCE}/openai", "api_version": DATED}, DATED_CHAT, id="and a date"
        ),
        pytest.param(
            {"base_url": f"{RESOURCE}/openai/deployments/dep", "api_version": DATED},
            DATED_CHAT.replace("gpt-4o", "dep"),
            id="address of a deployment",
        ),
        pytest.param(
            {
                "base_url": f"{RESOURCE}/openai/deployments/dep/chat/completions?api-version=x",
                "api_version": DATED,
            },
            DATED_CHAT.replace("gpt-4o", "dep"),
            id="address of the operation",
        ),
        pytest.param(
            {"base_url": f"{RESOURCE}/openai/deployments/dep/chat/completions?api-version={DATED}"},
            DATED_CHAT.replace("gpt-4o", "dep"),
            id="address of the operation, with its version",
        ),
        pytest.param(
            {"base_url": f"{RESOURCE}/openai/responses?api-version=2025-04-01-preview"},
            V1_CHAT,
            id="address of another operation",
        ),
        pytest.param(
            {"base_url": f"{RESOURCE}/openai/v1/chat/completions"},
            V1_CHAT,
            id="address of the operation of v1",
        ),
        pytest.param(
            {"base_url": f"{RESOURCE}/models/chat/completions?api-version=2024-05-01-preview"},
            f"{RESOURCE}/models/chat/completions?api-version=2024-05-01-preview",
            id="address of the model inference API",
        ),
        pytest.param(
            {"base_url": f"{RESOURCE}/models"}, V1_CHAT, id="model inference without a version"
        ),
        pytest.param(
            {"base_url": "https://gateway.example/azure", "api_version": DATED},
            DATED_CHAT.replace(RESOURCE, "https://gateway.example/azure"),
            id="a gateway",
        ),
        pytest.param(
            {"base_url": "https://m.models.ai.azure.com/v1"},
            "https://m.models.ai.azure.com/v1/chat/completions",
            id="a serverless model",
        ),
    ],
)  # fmt: skip
def test_where_chat_completions_are(settings: dict[str, Any], expected: str) -> None:
    assert url(config(**settings)) == expected


@pytest.mark.parametrize(
    ("operation", "dated", "undated"),
    [
        ("embed", "/openai/deployments/gpt-4o/embeddings", "/openai/v1/embeddings"),
        ("responses", "/openai/responses", "/openai/v1/responses"),
        ("count", "/openai/responses/input_tokens", "/openai/v1/responses/input_tokens"),
    ],
)
def test_where_the_other_operations_are(operation: str, dated: str, undated: str) -> None:
    assert url(config(api_version=DATED), operation) == f"{RESOURCE}{dated}?api-version={DATED}"
    assert url(config(), operation) == f"{RESOURCE}{undated}"


def test_the_address_of_responses_in_the_portal_is_that_of_responses() -> None:
    version = "2025-04-01-preview"
    address = f"{RESOURCE}/openai/responses?api-version={version}"
    assert url(config(base_url=address), "responses") == address
    assert url(config(base_url=f"{RESOURCE}/openai/v1/responses"), "responses") == (
        f"{RESOURCE}/openai/v1/responses"
    )
    chat = f"{RESOURCE}/openai/deployments/dep/chat/completions?api-version={DATED}"
    assert url(config(base_url=chat), "responses") == f"{RESOURCE}/openai/v1/responses"


@pytest.mark.parametrize("provider", [AZURE, RESPONSES], ids=["azure", "azure_responses"])
@pytest.mark.parametrize(
    ("key", "name", "value"),
    [("0123abcd", "api-key", "0123abcd"), (TOKEN, "authorization", f"Bearer {TOKEN}")],
    ids=["a key", "an Entra token"],
)
def test_credentials(provider: Any, key: str, name: str, value: str) -> None:
    settings = config(api_key=key)
    built = provider.build_chat(settings, ChatRequest(messages="hi")).unwrap()
    assert key not in repr(built) + repr(built.request.headers) + built.request.body.decode()
    signed = provider.authorize(settings, built.request, NOW).unwrap()
    credentials = [one for one in signed.headers if one[0] in ("api-key", "authorization")]
    assert credentials == [(name, value)]


def test_a_gateways_own_header_is_enough() -> None:
    settings = config(headers=(("Api-Key", "k"),))
    signed = AZURE.authorize(settings, HttpRequest("POST", RESOURCE), NOW).unwrap()
    assert get_header(signed.headers, "api-key") == "k"


@pytest.mark.parametrize("provider", [AZURE, RESPONSES], ids=["azure", "azure_responses"])
def test_what_is_missing_is_named(provider: Any) -> None:
    keyless = provider.authorize(config(), HttpRequest("POST", RESOURCE), NOW).failure()
    assert isinstance(keyless, InvalidConfiguration)
    assert "AZURE_OPENAI_API_KEY" in keyless.message
    homeless = provider.build_chat(config(base_url=None), ChatRequest(messages="hi")).failure()
    assert isinstance(homeless, InvalidConfiguration)
    assert homeless.field == "base_url"


def test_the_environment_completes_the_configuration() -> None:
    environ = {
        "AZURE_OPENAI_ENDPOINT": RESOURCE,
        "AZURE_OPENAI_API_KEY": "k",
        "OPENAI_API_VERSION": DATED,
    }
    found = with_env_defaults(LLMConfig(api_type="azure", model="gpt-4o"), AZURE, environ)
    assert url(found) == DATED_CHAT
    assert found.api_key == config(api_key="k").api_key
    assert with_env_defaults(config(api_version="v1"), AZURE, environ).api_version == "v1"


@pytest.mark.parametrize(
    ("model", "limit"),
    [("gpt-4o", "max_completion_tokens"), ("Mistral-Large-3", "max_tokens")],
)
def test_the_limit_has_the_name_that_the_model_takes(model: str, limit: str) -> None:
    asked = ChatRequest(messages="hi", max_tokens=9, model=model)
    sent = json.loads(AZURE.build_chat(config(), asked).unwrap().request.body)
    assert {one: sent[one] for one in sent if "tokens" in one} == {limit: 9}


FILTERED = {"hate": {"filtered": False, "severity": "safe"}}


@pytest.mark.parametrize(
    ("model", "sent", "dropped"),
    [
        ("gpt-5.6", "chat-1", []),
        ("DeepSeek-V4-Pro", None, ["prompt_cache_key"]),
        ("deepseek-v4-pro", None, ["prompt_cache_key"]),
    ],
)
def test_a_key_of_the_prompt_cache_goes_to_models_that_take_it(
    model: str, sent: str | None, dropped: list[str]
) -> None:
    request = ChatRequest(messages="hi", prompt_cache_key="chat-1")
    built = AZURE.build_chat(config(model=model), request).unwrap()
    assert json.loads(built.request.body).get("prompt_cache_key") == sent
    assert [change.field for change in built.adaptations if change.action == "dropped"] == dropped


def test_results_of_filters_are_kept() -> None:
    body = answer(
        {"content": "Hi"}, prompt_filter_results=[{"prompt_index": 0, "content_filter_results": {}}]
    )
    body["choices"] = [choice({"content": "Hi"}) | {"content_filter_results": FILTERED}]
    got = AZURE.parse_chat(HttpResponse(200, (), json.dumps(body).encode())).unwrap()
    assert got.extra["content_filter_results"] == FILTERED
    assert got.extra["prompt_filter_results"][0]["prompt_index"] == 0


def test_a_stream_that_begins_with_the_filters_word_on_the_prompt() -> None:
    first = chunk(
        choices=[], id="", model="", created=0, object="", prompt_filter_results=[{"x": 1}]
    )
    late = chunk(
        choices=[{"index": 0, "finish_reason": None, "content_filter_offsets": {"end": 2}}]
    )
    body = stream(first, chunk({"content": "Hi"}), late, *LAST)
    events, error = read_pieces(AZURE.open_stream(ResponseHead(200, ())), [body])
    assert error is None
    got = collect(events).unwrap()
    assert (got.id, got.model, got.text) == ("chatcmpl-1", "gpt-x-2026-01-01", "Hi")
    assert got.extra == {
        "prompt_filter_results": [{"x": 1}],
        "created": 1790000000,
        "content_filter_offsets": {"end": 2},
    }


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (
            400,
            {
                "code": "content_filter",
                "message": "filtered",
                "param": "prompt",
                "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            },
            ContentFiltered,
        ),
        (404, {"code": "DeploymentNotFound", "message": "no such"}, NotFound),
    ],
    ids=["a filtered prompt", "no deployment"],
)
@pytest.mark.parametrize("provider", [AZURE, RESPONSES], ids=["azure", "azure_responses"])
def test_errors(provider: Any, status: int, error: dict[str, Any], kind: type) -> None:
    body = json.dumps({"error": error}).encode()
    headers = (("apim-request-id", "req_1"),)
    got = provider.parse_chat(HttpResponse(status, headers, body)).failure()
    assert (type(got), got.status, got.code) == (kind, status, error["code"])
    assert got.request_id == "req_1"
