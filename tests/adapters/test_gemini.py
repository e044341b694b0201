"""Provider `gemini`: URLs, and the key in a header only."""

from datetime import UTC, datetime

import msgspec
import pytest

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.adapters.gemini import PROVIDER
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import get_header

NOW = datetime(2026, 11, 20, tzinfo=UTC)
CONFIG = LLMConfig(api_type="gemini", model="gemini-2.5-flash", api_key="AIza" + "k" * 35)
HOST = "https://generativelanguage.googleapis.com"


def url_of(config: LLMConfig, *, stream: bool = False) -> str:
    return (
        PROVIDER.build_chat(config, ChatRequest(messages="a", stream=stream)).unwrap().request.url
    )


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        pytest.param({}, f"{HOST}/v1beta/models/gemini-2.5-flash:generateContent", id="plain"),
        pytest.param(
            {"model": "models/gemini-2.5-pro"},
            f"{HOST}/v1beta/models/gemini-2.5-pro:generateContent",
            id="a model with its folder",
        ),
        pytest.param(
            {"model": "tunedModels/mine"},
            f"{HOST}/v1beta/tunedModels/mine:generateContent",
            id="a tuned model",
        ),
        pytest.param(
            {"model": "a b?key=x#y"},
            f"{HOST}/v1beta/models/a%20b%3Fkey%3Dx%23y:generateContent",
            id="a model name that would be a query",
        ),
        pytest.param(
            {"api_version": "v1"},
            f"{HOST}/v1/models/gemini-2.5-flash:generateContent",
            id="another version",
        ),
        pytest.param(
            {"base_url": "http://127.0.0.1:8080/proxy/"},
            "http://127.0.0.1:8080/proxy/v1beta/models/gemini-2.5-flash:generateContent",
            id="another host",
        ),
        pytest.param(
            {"base_url": f"{HOST}/v1alpha"},
            f"{HOST}/v1alpha/models/gemini-2.5-flash:generateContent",
            id="a base URL with its version",
        ),
        pytest.param(
            {"base_url": f"{HOST}/v1beta/openai/"},
            f"{HOST}/v1beta/models/gemini-2.5-flash:generateContent",
            id="the base URL of the compatible API",
        ),
        pytest.param(
            {"base_url": f"{HOST}/v1beta/models"},
            f"{HOST}/v1beta/models/gemini-2.5-flash:generateContent",
            id="the URL of the models",
        ),
    ],
)
def test_addresses(changes: dict[str, str], url: str) -> None:
    assert url_of(msgspec.structs.replace(CONFIG, **changes)) == url


def test_a_stream_is_asked_for_by_address_as_events() -> None:
    request = ChatRequest(messages="a", stream=True)
    sent = PROVIDER.build_chat(CONFIG, request).unwrap().request
    whole = PROVIDER.build_chat(CONFIG, ChatRequest(messages="a")).unwrap().request
    assert sent.url == f"{HOST}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert get_header(sent.headers, "accept") == "text/event-stream"
    assert sent.body == whole.body


def test_the_key_is_in_its_header_only() -> None:
    sent = PROVIDER.build_chat(CONFIG, ChatRequest(messages="a")).unwrap().request
    signed = PROVIDER.authorize(CONFIG, sent, NOW).unwrap()
    assert signed.headers == (*sent.headers, ("x-goog-api-key", "AIza" + "k" * 35))
    assert (signed.url, signed.body) == (sent.url, sent.body)
    assert "kkkk" not in repr(signed)


def test_a_missing_key_names_the_variables_to_set() -> None:
    config = msgspec.structs.replace(CONFIG, api_key=None)
    sent = PROVIDER.build_chat(config, ChatRequest(messages="a")).unwrap().request
    error = PROVIDER.authorize(config, sent, NOW).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "api_key"
    assert "GEMINI_API_KEY or GOOGLE_API_KEY" in error.message


def test_a_base_url_that_is_none_is_refused() -> None:
    config = msgspec.structs.replace(CONFIG, base_url="not a url")
    error = PROVIDER.build_chat(config, ChatRequest(messages="a")).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "base_url"


def test_the_registry_knows_it() -> None:
    assert registry.get("gemini").unwrap() is PROVIDER
    assert (PROVIDER.name, PROVIDER.dialect) == ("gemini", "gemini_content")
