"""What a client knows beside the kind of an error: the key's source, the server, similar models."""

from typing import Any

import pytest

from llm_pure import LLM, ChatRequest, LLMConfig, describe
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import ConnectionFailed, LLMError, NotFound, TimedOut

KEY = "sk-canary-0123456789abcdefghij"
JSON = (("content-type", "application/json"),)


def refused(status: int) -> ScriptedResponse:
    return ScriptedResponse(status=status, headers=JSON, chunks=(b'{"error":{"message":"no"}}',))


def failure(
    answer: ScriptedResponse | LLMError, request: ChatRequest | str = "Hi", **fields: Any
) -> LLMError:
    config = LLMConfig(**{"api_key": KEY, "model": "gpt-4o-minii", **fields})
    llm = LLM(config, ScriptedTransport([answer]), retry=NO_RETRY)
    return llm.completion(request).failure()


@pytest.mark.parametrize("status", [401, 403])
def test_a_rejected_key_is_named_by_its_source(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    variable = failure(refused(status), api_key=None).remedy
    monkeypatch.delenv("OPENAI_API_KEY")
    field = failure(refused(status)).remedy
    assert variable.endswith("$OPENAI_API_KEY has the one that was rejected")
    assert field.endswith("`api_key` of LLMConfig, or $OPENAI_API_KEY without it")
    assert KEY not in variable + field


def test_an_unknown_model_has_similar_ones_of_the_price_table() -> None:
    error = failure(refused(404))
    assert isinstance(error, NotFound)
    assert "gpt-4o-mini" in error.suggestions
    assert "did you mean gpt-4o-mini" in describe(error)
    assert "'gpt-4o-minii'" in error.remedy
    assert "llm-pure models -m openai" in error.remedy


def test_the_model_of_the_request_counts() -> None:
    error = failure(refused(404), ChatRequest(messages="Hi", model="gpt-4.1-nan"))
    assert "'gpt-4.1-nan'" in error.remedy
    assert isinstance(error, NotFound)
    assert "gpt-4.1-nano" in error.suggestions


@pytest.mark.parametrize(
    "fields", [{"model": "gpt-4o"}, {"base_url": "http://127.0.0.1:8000/v1"}, {"model": "zzzzzzzz"}]
)
def test_nothing_is_suggested_for_a_known_model_or_a_server_of_ones_own(
    fields: dict[str, Any],
) -> None:
    error = failure(refused(404), **fields)
    assert isinstance(error, NotFound)
    assert error.suggestions == ()
    assert "models -m" in error.remedy


def test_a_provider_without_a_list_of_models_names_no_command() -> None:
    error = failure(refused(404), api_type="perplexity", model="sonar-x")
    assert "`base_url` (https://api.perplexity.ai" in error.remedy
    assert "llm-pure models" not in error.remedy


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (
            ConnectionFailed(message="m", cause="refused"),
            "start the server at http://***@h.test/v1",
        ),
        (ConnectionFailed(message="m", cause="unknown_host"), "`base_url` (http://***@h.test/v1)"),
        (ConnectionFailed(message="m"), ""),
        (TimedOut(message="m", phase="read"), "(now 600 s)"),
        (TimedOut(message="m", phase="pool"), ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_server_and_the_time_are_named(error: LLMError, remedy: str) -> None:
    result = failure(error, base_url="http://user:word@h.test/v1")
    assert remedy in result.remedy
    assert bool(result.remedy) == bool(remedy)
    assert "word" not in describe(result)


@pytest.mark.parametrize("cause", ["refused", "unknown_host"])
def test_a_proxy_that_cannot_be_reached_is_named(cause: Any) -> None:
    error = ConnectionFailed(message="m", cause=cause)
    result = failure(error, proxy="http://user:word@proxy.test:3128")
    assert result.remedy.startswith("start the proxy http://***@proxy.test:3128, ")


@pytest.mark.parametrize(
    ("fields", "remedy"),
    [
        (
            {"model": "anthropic/claude-sonnet-4-5"},
            "LLMConfig(api_type='anthropic', model='claude-sonnet-4-5')",
        ),
        ({"model": "openai/gpt-4o"}, "LLMConfig(api_type='openai', model='gpt-4o')"),
        ({"base_url": "http://127.0.0.1:8000"}, ", which ends in /v1 for most servers"),
    ],
)
def test_what_other_libraries_and_servers_write_otherwise_is_named(
    fields: dict[str, Any], remedy: str
) -> None:
    assert remedy in failure(refused(404), **fields).remedy


@pytest.mark.parametrize(
    "fields",
    [
        {"api_type": "openrouter", "model": "openai/gpt-none"},
        {"api_type": "open_llm", "model": "openai/gpt-oss-20b", "base_url": "http://h.test/v1"},
    ],
)
def test_a_name_with_a_slash_is_right_where_the_service_has_such_names(
    fields: dict[str, Any],
) -> None:
    remedy = failure(refused(404), **fields).remedy
    assert "api_type" not in remedy
    assert "most servers" not in remedy
