"""URLs of operations."""

import msgspec
import pytest

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.urls import base_url, path_segment, under_base_url
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Success

DEFAULT = "https://api.example.org/v1"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (None, DEFAULT),
        ("", DEFAULT),
        ("https://host", "https://host"),
        (" https://host/v1// ", "https://host/v1"),
        ("http://127.0.0.1:8080/a b".replace(" ", "%20"), "http://127.0.0.1:8080/a%20b"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("wss://spark.example.org/v4", "wss://spark.example.org/v4"),
        ("HTTPS://host", "HTTPS://host"),
        ("https://host/v1/chat/completions", "https://host/v1"),
        ("https://host/v1/responses/", "https://host/v1"),
        ("https://host/proxy/v1/messages", "https://host/proxy"),
        ("https://host/v1/chat", "https://host/v1/chat"),
        ("https://host/responses", "https://host/responses"),
    ],
)
def test_the_configured_url_goes_over_the_providers_own(given: str | None, url: str) -> None:
    assert base_url(LLMConfig(base_url=given), DEFAULT, provider="p") == Success(url)


@pytest.mark.parametrize(
    "given",
    [
        "host",
        "host:8080",
        "/v1",
        "ftp://host",
        "file:///etc/passwd",
        "https://",
        "https://:8080",
        "https://host:x",
        "https://host:99999",
        "https://host:0",
        "https://ho st",
        "https://host\x00",
        "https://host\n/x",
        "http://[::1",
        "https://host/v1?key=x",
        "https://host/v1#top",
    ],
)
def test_what_is_no_url_is_told_with_one_that_is(given: str) -> None:
    error = base_url(LLMConfig(base_url=given), DEFAULT, provider="p").failure()
    assert isinstance(error, InvalidConfiguration)
    assert (error.field, error.provider) == ("base_url", "p")
    assert DEFAULT in error.message


def test_a_url_that_cannot_be_used_is_told_without_its_password() -> None:
    error = base_url(LLMConfig(base_url="ftp://me:pw@host"), DEFAULT, provider="p").failure()
    assert "pw" not in error.message


def test_a_provider_without_a_url_wants_one() -> None:
    error = base_url(LLMConfig(), "", provider="p").failure()
    assert error.message == "the base URL for p is missing; expected a URL such as https://host/v1"


def test_operations_are_below_the_base_url() -> None:
    at = under_base_url("p", DEFAULT, {"/chat": "/{model}:run"})
    assert at(LLMConfig(), "a/b", "/chat") == Success(f"{DEFAULT}/a%2Fb:run")
    assert at(LLMConfig(base_url="https://h/"), "m", "/embed") == Success("https://h/embed")
    assert isinstance(at(LLMConfig(base_url="h"), "m", "/embed").failure(), InvalidConfiguration)
    assert path_segment("ä/ b?") == "%C3%A4%2F%20b%3F"


HAS_MODEL_IN_URL = {"bedrock", "bedrock_invoke", "gemini", "vertex", "vertex_anthropic"}
CHAT_PROVIDERS = sorted(
    {*registry.names()} - HAS_MODEL_IN_URL - {"ollama.embed", "ollama.embeddings"}
)


@pytest.mark.parametrize("api_type", CHAT_PROVIDERS)
def test_a_base_url_that_is_the_address_of_the_operation_is_that_address(api_type: str) -> None:
    """As litellm's api_base may be, and as it is copied from a vendor's curl command."""
    provider = registry.get(api_type).unwrap()
    base = provider.base_url or "https://h.test"
    config = LLMConfig(api_type=api_type, api_key="k" * 24, model="m", base_url=base)
    url = provider.build_chat(config, ChatRequest(messages="hi")).unwrap().request.url
    pasted = msgspec.structs.replace(config, base_url=url)
    assert provider.build_chat(pasted, ChatRequest(messages="hi")).unwrap().request.url == url
