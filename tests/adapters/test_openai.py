"""OpenAI, as its table says."""

from datetime import UTC, datetime

import pytest

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest, get_header

NOW = datetime(2026, 11, 20, tzinfo=UTC)
HI = ChatRequest(messages="hi", model="gpt-5")


def signed(name: str, **config: object) -> HttpRequest:
    provider = registry.get(name).unwrap()
    settings = LLMConfig(**config)  # type: ignore[arg-type]
    built = provider.build_chat(settings, HI).unwrap()
    return provider.authorize(settings, built.request, NOW).unwrap()


@pytest.mark.parametrize(
    ("name", "dialect", "url"),
    [
        ("openai", "openai_chat", "https://api.openai.com/v1/chat/completions"),
        ("openai_responses", "openai_responses", "https://api.openai.com/v1/responses"),
    ],
)
def test_both_of_openais_apis(name: str, dialect: str, url: str) -> None:
    provider = registry.get(name).unwrap()
    assert (provider.name, provider.dialect) == (name, dialect)
    assert provider.api_key_env == ("OPENAI_API_KEY",)
    assert provider.base_url_env == ("OPENAI_BASE_URL",)
    assert provider.embed is not None
    assert signed(name, api_key="sk-one").url == url


@pytest.mark.parametrize("name", ["openai", "openai_responses"])
def test_the_key_is_a_bearer_and_nowhere_before_authorize(name: str) -> None:
    request = signed(name, api_key="sk-one")
    assert get_header(request.headers, "authorization") == "Bearer sk-one"
    config = LLMConfig(api_key="sk-one", headers=(("Authorization", "Bearer sk-two"),))
    built = registry.get(name).unwrap().build_chat(config, HI).unwrap()
    assert "sk-" not in repr(built) + repr(built.request.headers)


@pytest.mark.parametrize("name", ["openai", "openai_responses"])
def test_headers_of_the_configuration_are_sent(name: str) -> None:
    request = signed(name, api_key="sk-one", headers=(("OpenAI-Project", "p1"),))
    assert get_header(request.headers, "openai-project") == "p1"


@pytest.mark.parametrize("name", ["openai", "openai_responses"])
@pytest.mark.parametrize("key", [None, "", "YOUR_API_KEY", "sk-\n"])
def test_without_a_key_the_variable_to_set_is_named(name: str, key: str | None) -> None:
    provider = registry.get(name).unwrap()
    config = LLMConfig(api_key=key)
    failed = provider.authorize(config, HttpRequest("POST", "https://x"), NOW).failure()
    assert isinstance(failed, InvalidConfiguration)
    assert "OPENAI_API_KEY" in failed.message


@pytest.mark.parametrize("name", ["openai", "openai_responses"])
def test_another_base_url(name: str) -> None:
    request = signed(name, api_key="k", base_url="https://eu.api.openai.com/v1/")
    assert request.url.startswith("https://eu.api.openai.com/v1/")
    assert "//" not in request.url.removeprefix("https://")


def test_only_responses_counts_tokens() -> None:
    assert registry.get("openai").unwrap().count_tokens is None
    assert registry.get("openai_responses").unwrap().count_tokens is not None
