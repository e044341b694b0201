"""ChatRequest -> the body of POST /responses."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses.input_token_count_params import InputTokenCountParams
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)

from llm_pure import ChatRequest, LLMConfig, system, user
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.errors import InvalidConfiguration, UnsupportedFeature
from llm_pure.types.request import (
    JsonFormat,
    NamedToolChoice,
    NativeTool,
    ReasoningRequest,
    SchemaFormat,
    Tool,
)
from llm_pure.types.result import Failure
from tests.support.builders import ProviderCase
from tests.support.chat_requests import (
    MODELS,
    REQUESTS,
    SCHEMA,
    WEATHER,
    chat_requests,
    unbuildable,
)
from tests.support.configs import file_config
from tests.support.laws import examples
from tests.support.official_types import checker
from tests.support.rows import check_each

CASE = ProviderCase("openai_responses", "gpt-4o", temperature=0.0)
OPENAI, PLAIN, build, body = CASE.provider, CASE.config, CASE.built, CASE.body
PNG_URL = "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAA=="


def test_the_whole_request() -> None:
    request = build(
        ChatRequest(
            messages=[system("Be brief."), user("hi")],
            tools=(WEATHER,),
            tool_choice="auto",
            parallel_tool_calls=True,
            response_format=SchemaFormat(schema=SCHEMA, name="place"),
            max_tokens=100,
            temperature=0.5,
            top_p=0.9,
            logprobs=2,
            metadata={"job": "7"},
            stream=True,
        )
    ).request
    assert request.method == "POST"
    assert request.url == "https://api.openai.com/v1/responses"
    assert request.headers == (
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
    )
    assert list(json.loads(request.body).items()) == [
        ("model", "gpt-4o"),
        ("input", [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]),
        ("max_output_tokens", 100),
        ("temperature", 0.5),
        ("top_p", 0.9),
        ("top_logprobs", 2),
        (
            "tools",
            [
                {
                    "type": "function",
                    "name": "weather",
                    "description": "Weather now",
                    "parameters": SCHEMA,
                    "strict": False,
                }
            ],
        ),
        ("tool_choice", "auto"),
        ("parallel_tool_calls", True),
        (
            "text",
            {
                "format": {
                    "type": "json_schema",
                    "name": "place",
                    "schema": SCHEMA,
                    "strict": True,
                }
            },
        ),
        ("include", ["message.output_text.logprobs"]),
        ("store", False),
        ("metadata", {"job": "7"}),
        ("stream", True),
    ]


def test_a_model_that_reasons_is_asked_for_a_summary_and_for_encrypted_reasoning() -> None:
    assert body(ChatRequest(messages="hi", model="gpt-5", reasoning="low")) == {
        "model": "gpt-5",
        "input": [{"role": "user", "content": "hi"}],
        "max_output_tokens": 4096,
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }


@pytest.mark.parametrize(
    ("asked", "model", "sent"),
    [
        pytest.param(None, "gpt-5", None, id="nothing asked, nothing said"),
        pytest.param("high", "gpt-5", {"effort": "high", "summary": "auto"}, id="effort"),
        pytest.param(2000, "gpt-5", {"effort": "medium", "summary": "auto"}, id="budget"),
        pytest.param(
            ReasoningRequest(summary=False, effort="low"), "gpt-5", {"effort": "low"}, id="no summary"
        ),
        pytest.param(ReasoningRequest(), "gpt-5", {"summary": "auto"}, id="as the model likes"),
        pytest.param("none", "gpt-5.2", {"effort": "none"}, id="none"),
        pytest.param("none", "gpt-5", {"effort": "minimal", "summary": "auto"}, id="the least there is"),
        pytest.param("high", "gpt-4o", None, id="a model that can't"),
        pytest.param("high", "my-own", {"effort": "high", "summary": "auto"}, id="unknown model"),
    ],
)  # fmt: skip
def test_reasoning(asked: Any, model: str, sent: dict[str, str] | None) -> None:
    assert body(ChatRequest(messages="hi", model=model, reasoning=asked)).get("reasoning") == sent


@pytest.mark.parametrize(
    ("model", "reasoning", "extra", "include"),
    [
        pytest.param("gpt-4o", None, {}, None, id="not of a model that does not reason"),
        pytest.param("gpt-5", None, {}, ["reasoning.encrypted_content"], id="of one that does"),
        pytest.param("gpt-5.2", None, {}, ["reasoning.encrypted_content"], id="of one that may"),
        pytest.param("my-own", None, {}, None, id="not of an unknown one"),
        pytest.param("my-own", "low", {}, ["reasoning.encrypted_content"], id="unless it is asked"),
        pytest.param("gpt-5", None, {"store": True}, None, id="not where answers are stored"),
        pytest.param("gpt-5", None, {"include": []}, [], id="extra has the last word"),
    ],
)
def test_encrypted_reasoning_is_asked_for(
    model: str, reasoning: Any, extra: dict[str, Any], include: list[str] | None
) -> None:
    request = ChatRequest(messages="hi", model=model, reasoning=reasoning, extra=extra)
    assert body(request).get("include") == include


def test_what_the_api_does_not_have_is_dropped_and_said() -> None:
    built = build(REQUESTS["every sampling setting"])
    sent = json.loads(built.request.body)
    assert sorted(sent) == [
        "include", "input", "max_output_tokens", "metadata", "model", "store", "temperature",
        "top_logprobs", "top_p",
    ]  # fmt: skip
    assert [(one.field, one.action, one.reason) for one in built.adaptations] == [
        (name, "dropped", f"the Responses API has no {name}")
        for name in (
            "top_k", "repetition_penalty", "presence_penalty", "frequency_penalty", "stop", "seed", "n",
        )
    ] + [("max_tokens", "renamed", "openai_responses calls it max_output_tokens")]  # fmt: skip


def test_one_answer_is_what_comes_anyway() -> None:
    assert build(ChatRequest(messages="hi", n=1)).adaptations == ()


def test_fewer_tokens_than_the_api_takes_become_16() -> None:
    built = build(ChatRequest(messages="hi", max_tokens=5))
    assert json.loads(built.request.body)["max_output_tokens"] == 16
    assert built.adaptations == (
        Adaptation(
            field="max_tokens",
            action="clamped",
            reason="max_output_tokens is at least 16",
            before=5,
            after=16,
        ),
    )


def test_strict_turns_what_is_lost_into_a_failure() -> None:
    failed = OPENAI.build_chat(PLAIN, ChatRequest(messages="hi", seed=7), strict=True).failure()
    assert failed == UnsupportedFeature(
        message="strict: seed dropped: the Responses API has no seed",
        provider="openai_responses",
        feature="seed",
    )


def test_strict_lets_a_renamed_field_pass() -> None:
    request = ChatRequest(messages="hi", max_tokens=50)
    assert OPENAI.build_chat(PLAIN, request, strict=True) == OPENAI.build_chat(PLAIN, request)


def test_sampling_is_refused_while_the_model_reasons_and_taken_while_not() -> None:
    asked = ChatRequest(messages="hi", model="gpt-5.2", temperature=0.5, reasoning="low")
    assert "temperature" not in body(asked)
    assert [one.field for one in build(asked).adaptations] == ["temperature"]
    assert body(ChatRequest(messages="hi", model="gpt-5.2", temperature=0.5))["temperature"] == 0.5


@pytest.mark.parametrize(
    ("tool", "wire"),
    [
        pytest.param(
            Tool(name="f", parameters=SCHEMA, strict=True),
            {"type": "function", "name": "f", "parameters": SCHEMA, "strict": True},
            id="strict",
        ),
        pytest.param(
            Tool(name="f", description="d", parameters=SCHEMA),
            {
                "type": "function",
                "name": "f",
                "description": "d",
                "parameters": SCHEMA,
                "strict": False,
            },
            id="not said is not strict, as in chat completions",
        ),
        pytest.param(
            NativeTool("openai_responses", {"type": "web_search", "search_context_size": "low"}),
            {"type": "web_search", "search_context_size": "low"},
            id="a tool of the provider's",
        ),
    ],
)
def test_tools_are_flat(tool: Any, wire: dict[str, Any]) -> None:
    assert body(ChatRequest(messages="hi", tools=(tool,)))["tools"] == [wire]


def test_another_providers_tool_is_left_out() -> None:
    built = build(ChatRequest(messages="hi", tools=(NativeTool("gemini", {"x": {}}),)))
    assert "tools" not in json.loads(built.request.body)
    assert built.adaptations == (
        Adaptation(field="tools/0", action="dropped", reason="it is a tool of gemini's own"),
    )


@pytest.mark.parametrize(
    ("wanted", "wire"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        (NamedToolChoice("weather"), {"type": "function", "name": "weather"}),
        (NamedToolChoice("sql"), {"type": "custom", "name": "sql"}),
    ],
    ids=["auto", "none", "required", "a function by name", "a custom tool by name"],
)
def test_tool_choice(wanted: Any, wire: Any) -> None:
    sql = NativeTool("openai_responses", {"type": "custom", "name": "sql"})
    request = ChatRequest(messages="hi", tools=(WEATHER, sql), tool_choice=wanted)
    assert body(request)["tool_choice"] == wire


def test_json_without_a_schema() -> None:
    sent = body(ChatRequest(messages="JSON please", response_format=JsonFormat()))
    assert sent["text"] == {"format": {"type": "json_object"}}


def test_system_messages_are_left_out_when_the_configuration_says_so() -> None:
    config = file_config(model="gpt-4o", use_system_prompt=False)
    sent = body(ChatRequest(messages=[system("a"), user("b")]), config)
    assert sent["input"] == [{"role": "user", "content": "b"}]


@unbuildable
def test_what_cannot_be_built_is_a_failure(
    config: LLMConfig, request_: ChatRequest, kind: type
) -> None:
    assert isinstance(OPENAI.build_chat(config, request_).failure(), kind)


def test_counting_asks_with_the_part_of_the_body_that_has_tokens() -> None:
    assert OPENAI.count_tokens is not None
    asked = REQUESTS["tools"]
    built = OPENAI.count_tokens.build(PLAIN, asked).unwrap()
    assert built.request.url == "https://api.openai.com/v1/responses/input_tokens"
    whole = body(asked)
    assert json.loads(built.request.body) == {
        key: whole[key] for key in ("model", "input", "tools", "tool_choice", "parallel_tool_calls")
    }


def test_counting_fails_as_asking_does() -> None:
    assert OPENAI.count_tokens is not None
    counted = OPENAI.count_tokens.build(file_config(), ChatRequest(messages="hi"))
    assert isinstance(counted.failure(), InvalidConfiguration)


def check(request: ChatRequest, model: str) -> None:
    config = file_config(model=model, input_modalities=("image", "audio", "document"))
    sent = json.loads(OPENAI.build_chat(config, request).unwrap().request.body)
    parameters = (
        ResponseCreateParamsStreaming if request.stream else ResponseCreateParamsNonStreaming
    )
    checker(parameters).validate_python(sent)
    assert OPENAI.count_tokens is not None
    counted = json.loads(OPENAI.count_tokens.build(config, request).unwrap().request.body)
    checker(InputTokenCountParams).validate_python(counted)


@pytest.mark.parametrize("model", MODELS)
def test_the_official_types_accept_the_body(model: str) -> None:
    check_each(lambda name: check(REQUESTS[name], model), REQUESTS)


@examples(60)
@given(chat_requests(), st.sampled_from(MODELS))
def test_the_official_types_accept_any_body(request_: ChatRequest, model: str) -> None:
    check(request_, model)


@given(chat_requests())
def test_the_same_request_is_the_same_bytes(request_: ChatRequest) -> None:
    assert not isinstance(OPENAI.build_chat(PLAIN, request_), Failure)
    assert build(request_) == build(request_)
