"""Configuration and request become one."""

import json
from typing import Any

import pytest

from llm_pure import ChatRequest, LLMConfig, ReasoningRequest, SchemaFormat, Tool, system, user
from llm_pure.adapters import registry
from llm_pure.core.resolved_request import ResolvedRequest, resolve_request
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.result import Failure, Success
from tests.support.configs import file_config


def drafted(config: LLMConfig | None = None, **asked: Any) -> ResolvedRequest:
    request = ChatRequest(**{"messages": "hi", **asked})
    return resolve_request(config or LLMConfig(model="m"), request).unwrap()


def test_a_bare_question_has_no_settings() -> None:
    assert resolve_request(LLMConfig(model="m"), ChatRequest(messages="hi")) == Success(
        ResolvedRequest(
            model="m",
            messages=(user("hi"),),
            settings={},
            user_set=frozenset({"messages", "model", "tools"}),
        )
    )


def test_what_the_request_says_goes_over_the_configuration() -> None:
    config = LLMConfig(model="a", max_token=1, temperature=0.1, top_p=0.2, seed=3, stop="x")
    got = drafted(config, model="b", max_tokens=2, temperature=0.5, seed=0)
    assert got.model == "b"
    assert got.settings == {
        "max_tokens": 2,
        "temperature": 0.5,
        "top_p": 0.2,
        "seed": 0,
        "stop": ("x",),
    }


def test_every_setting_of_the_configuration_is_taken() -> None:
    config = LLMConfig(
        model="m",
        max_token=1,
        temperature=0.1,
        top_p=0.2,
        top_k=3,
        repetition_penalty=1.1,
        presence_penalty=0.4,
        frequency_penalty=0.5,
        stop=("a", "b"),
        seed=6,
        n=2,
        logprobs=True,
        top_logprobs=5,
    )
    got = drafted(config)
    assert got.settings == {
        "max_tokens": 1,
        "temperature": 0.1,
        "top_p": 0.2,
        "top_k": 3,
        "repetition_penalty": 1.1,
        "presence_penalty": 0.4,
        "frequency_penalty": 0.5,
        "stop": ("a", "b"),
        "seed": 6,
        "n": 2,
        "logprobs": 5,
    }
    assert got.user_set >= set(got.settings)


@pytest.mark.parametrize(
    ("config", "settings", "user_set"),
    [
        (LLMConfig(model="m"), {}, set()),
        (LLMConfig(model="m", temperature=0.0, top_p=1.0), {"temperature": 0.0, "top_p": 1.0}, {"temperature", "top_p"}),
        (LLMConfig(model="m", max_token=4096, top_k=0), {"max_tokens": 4096, "top_k": 0}, {"max_tokens", "top_k"}),
        (file_config(model="m", top_p=1.0), {"max_tokens": 4096, "temperature": 0.0}, set()),
        (file_config(model="m", temperature=0.0), {"max_tokens": 4096, "temperature": 0.0}, {"temperature"}),
    ],
    ids=["Python says nothing", "Python says a default", "a limit", "a file says nothing", "a file says a default"],
)  # fmt: skip
def test_a_setting_is_the_users_only_where_it_was_set(
    config: LLMConfig, settings: dict[str, Any], user_set: set[str]
) -> None:
    resolved = drafted(config)
    assert resolved.settings == settings
    assert resolved.user_set - {"messages", "model", "tools"} == user_set


@pytest.mark.parametrize(
    ("given", "stop"),
    [("END", ("END",)), (("a", "b"), ("a", "b")), (["a"], ("a",)), ((), ())],
)
def test_stop_is_always_a_tuple(given: Any, stop: tuple[str, ...]) -> None:
    assert drafted(stop=given).settings.get("stop", ()) == stop


@pytest.mark.parametrize(
    ("config", "asked", "logprobs"),
    [
        ({}, None, None),
        ({}, True, True),
        ({}, 3, 3),
        ({}, False, None),
        ({"logprobs": True}, False, None),
        ({"logprobs": True}, None, True),
        ({"logprobs": True, "top_logprobs": 2}, None, 2),
        ({"top_logprobs": 2}, True, 2),
        ({"top_logprobs": 2}, None, None),
        ({"top_logprobs": 2}, 4, 4),
    ],
)
def test_logprobs_are_true_or_a_number(
    config: dict[str, Any], asked: bool | int | None, logprobs: bool | int | None
) -> None:
    got = drafted(LLMConfig(model="m", **config), logprobs=asked)
    assert got.settings.get("logprobs") is logprobs or got.settings["logprobs"] == logprobs


@pytest.mark.parametrize(
    ("config", "asked", "reasoning"),
    [
        ({}, None, None),
        ({}, "low", ReasoningRequest(effort="low")),
        ({}, "none", ReasoningRequest(effort="none", enabled=False)),
        ({}, 2048, ReasoningRequest(budget_tokens=2048)),
        ({}, 0, ReasoningRequest(budget_tokens=0, enabled=False)),
        ({}, True, ReasoningRequest()),
        ({}, False, ReasoningRequest(enabled=False)),
        ({}, ReasoningRequest(summary=False), ReasoningRequest(summary=False)),
        ({"reasoning": True}, None, ReasoningRequest(budget_tokens=4000)),
        (
            {"reasoning": True, "reasoning_max_token": 9},
            None,
            ReasoningRequest(budget_tokens=9),
        ),
        ({"reasoning": True}, "none", ReasoningRequest(effort="none", enabled=False)),
    ],
)
def test_reasoning_is_asked_for_in_many_ways(
    config: dict[str, Any], asked: Any, reasoning: ReasoningRequest | None
) -> None:
    assert drafted(LLMConfig(model="m", **config), reasoning=asked).reasoning == reasoning


def test_all_else_is_taken_as_it_is() -> None:
    tool, schema = Tool(name="f"), SchemaFormat(schema={})
    got = drafted(
        tools=[tool],
        tool_choice="auto",
        parallel_tool_calls=False,
        response_format=schema,
        stream=True,
        metadata={"a": "b"},
        extra={"c": 1},
    )
    assert (got.tools, got.tool_choice, got.parallel_tool_calls) == ((tool,), "auto", False)
    assert (got.response_format, got.stream) == (schema, True)
    assert (got.metadata, got.extra) == ({"a": "b"}, {"c": 1})


def test_a_configured_stream_is_no_stream_until_it_is_asked_for() -> None:
    assert drafted(LLMConfig(model="m", stream=True)).stream is False


def test_system_messages_can_be_held_back() -> None:
    config = LLMConfig(model="m", use_system_prompt=False)
    assert drafted(config, messages=[system("s"), "hi"]).messages == (user("hi"),)


def test_nothing_but_system_messages_held_back_is_nothing_to_send() -> None:
    config = LLMConfig(model="m", use_system_prompt=False)
    error = resolve_request(config, ChatRequest(messages=[system("s")])).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "messages"


def test_a_model_must_be_named() -> None:
    assert resolve_request(LLMConfig(api_type="p"), ChatRequest(messages="hi")) == Failure(
        InvalidConfiguration(
            message="no model: set `model` in the request or in the configuration",
            field="model",
            provider="p",
        )
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["temperature", "top_p", "presence_penalty"])
def test_a_setting_that_no_json_can_say_is_named(name: str, value: float) -> None:
    setting: dict[str, Any] = {name: value}
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [({}, setting), (setting, {})]
    for config, asked in cases:
        got = resolve_request(LLMConfig(model="m", **config), ChatRequest(messages="hi", **asked))
        error = got.failure()
        assert isinstance(error, InvalidRequest)
        assert error.param == name


@pytest.mark.parametrize(
    ("name", "value", "bounds"),
    [
        ("max_tokens", -1, "at least 1"),
        ("n", 0, "at least 1"),
        ("temperature", -0.1, "at least 0"),
        ("top_p", 1.01, "from 0 to 1"),
        ("top_p", -1.0, "from 0 to 1"),
        ("top_k", -1, "at least 0"),
        ("logprobs", -1, "at least 0"),
        ("repetition_penalty", -1.0, "at least 0"),
    ],
)
def test_a_setting_that_means_nothing_at_any_service_is_refused(
    name: str, value: float, bounds: str
) -> None:
    setting: dict[str, Any] = {name: value}
    config: dict[str, Any] = {"max_token" if name == "max_tokens" else name: value}
    requested = resolve_request(LLMConfig(model="m"), ChatRequest(messages="hi", **setting))
    configured = resolve_request(LLMConfig(model="m", **config), ChatRequest(messages="hi"))
    for result in (requested, configured):
        error = InvalidRequest(
            message=f"{name} must be {bounds}, not {value}", param=name, provider="openai"
        )
        assert result == Failure(error)


@pytest.mark.parametrize("name", ["openai", "gemini", "bedrock", "ollama", "spark", "cohere"])
def test_a_limit_of_no_tokens_is_anthropics_alone(name: str) -> None:
    """anthropic 2.14.0, message_create_params.max_tokens: 0 fills the prompt cache without a response."""
    request = ChatRequest(messages="hi", max_tokens=0)
    config = LLMConfig(api_type=name, model="claude-sonnet-4-5")
    error = registry.get(name).unwrap().build_chat(config, request).failure()
    assert error == InvalidRequest(
        message="max_tokens must be at least 1, not 0", param="max_tokens", provider=name
    )
    claude = registry.get("anthropic").unwrap().build_chat(config, request).unwrap()
    assert json.loads(claude.request.body)["max_tokens"] == 0


@pytest.mark.parametrize("reasoning", [-2, ReasoningRequest(budget_tokens=-2)])
def test_a_budget_below_zero_is_refused(reasoning: Any) -> None:
    request = ChatRequest(messages="hi", reasoning=reasoning)
    error = resolve_request(LLMConfig(model="m"), request).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "reasoning"
    assert "a budget in tokens" in error.message


@pytest.mark.parametrize("reasoning", [-1, ReasoningRequest(budget_tokens=-1)])
def test_a_budget_of_minus_one_is_the_models_choice(reasoning: Any) -> None:
    assert drafted(reasoning=reasoning).reasoning == ReasoningRequest()


def test_unreadable_messages_are_named() -> None:
    error = resolve_request(LLMConfig(model="m"), ChatRequest(messages=[{"role": "x"}])).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "messages/0/role"
