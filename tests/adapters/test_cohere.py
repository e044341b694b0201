"""Provider `cohere`: its own behaviour beside the dialect's."""

from datetime import UTC, datetime

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters import registry

PROVIDER = registry.get("cohere").unwrap()
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_it_is_what_it_says() -> None:
    assert (PROVIDER.name, PROVIDER.dialect) == ("cohere", "cohere_chat")
    assert PROVIDER.base_url == "https://api.cohere.com"
    assert PROVIDER.api_key_env == ("CO_API_KEY", "COHERE_API_KEY")
    assert PROVIDER.base_url_env == ("CO_API_URL",)
    assert PROVIDER.embed is not None
    assert PROVIDER.count_tokens is not None


def test_the_key_is_a_bearer_that_is_not_in_what_is_built() -> None:
    config = LLMConfig(api_type="cohere", model="m", api_key="k-123")
    built = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap()
    assert "k-123" not in str(built.request.headers)
    signed = PROVIDER.authorize(config, built.request, NOW).unwrap()
    assert signed.headers[-1] == ("authorization", "Bearer k-123")


def test_a_key_that_is_missing_is_named_by_its_variables() -> None:
    config = LLMConfig(api_type="cohere", model="m")
    built = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap()
    error = PROVIDER.authorize(config, built.request, NOW).failure()
    assert "CO_API_KEY or COHERE_API_KEY" in error.message
