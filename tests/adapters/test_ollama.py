"""Provider `ollama`: its own behaviour beside the dialect's."""

import json
from datetime import UTC, datetime

import pytest

from llm_pure import ChatRequest, EmbedRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.types.errors import InvalidConfiguration

PROVIDER = registry.get("ollama").unwrap()
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_it_is_what_it_says() -> None:
    assert (PROVIDER.name, PROVIDER.dialect) == ("ollama", "ollama_native")
    assert PROVIDER.base_url == "http://localhost:11434"
    assert PROVIDER.api_key_env == ("OLLAMA_API_KEY",)
    assert PROVIDER.base_url_env == ("OLLAMA_HOST",)


def test_a_server_of_ones_own_wants_no_key() -> None:
    config = LLMConfig(api_type="ollama", model="m")
    built = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap()
    assert PROVIDER.authorize(config, built.request, NOW).unwrap() == built.request


def test_the_cloud_takes_a_bearer_key_that_is_not_in_what_is_built() -> None:
    config = LLMConfig(api_type="ollama", model="m", base_url="https://ollama.com", api_key="k-123")
    built = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap()
    assert "k-123" not in str(built.request.headers)
    signed = PROVIDER.authorize(config, built.request, NOW).unwrap()
    assert signed.url == "https://ollama.com/api/chat"
    assert signed.headers[-1] == ("authorization", "Bearer k-123")


@pytest.mark.parametrize("key", ["YOUR_API_KEY", "sk-"])
def test_a_placeholder_is_no_key(key: str) -> None:
    config = LLMConfig(api_type="ollama", model="m", api_key=key)
    built = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap()
    error = PROVIDER.authorize(config, built.request, NOW).failure()
    assert isinstance(error, InvalidConfiguration)
    assert "OLLAMA_API_KEY" in error.message


def test_it_embeds_with_the_newer_endpoint() -> None:
    assert PROVIDER.embed is not None
    config = LLMConfig(api_type="ollama", model="m")
    built = PROVIDER.embed.build(config, EmbedRequest(input=("a", "b"))).unwrap()
    assert built.request.url == "http://localhost:11434/api/embed"
    assert json.loads(built.request.body) == {"model": "m", "input": ["a", "b"]}
