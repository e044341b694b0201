"""Anthropic: what is sent, with which key, and that Anthropic's own package takes it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.message_create_params import (
    MessageCreateParamsNonStreaming,
    MessageCreateParamsStreaming,
)
from hypothesis import given

from llm_pure import ChatRequest, HttpRequest, LLMConfig, assistant, tool_result, user
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.types.config import Secret
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, UnsupportedFeature
from llm_pure.types.messages import Document, Image, Opaque, Reasoning, ToolCall
from llm_pure.types.request import JsonFormat, NativeTool, ReasoningRequest, SchemaFormat
from llm_pure.types.result import Failure, Success
from tests.support.anthropic_answers import ANSWERS
from tests.support.chat_requests import PDF, PNG, SCHEMA, WEATHER, chat_requests
from tests.support.laws import examples
from tests.support.official_types import checker

ANTHROPIC = registry.get("anthropic").unwrap()
CONFIG = LLMConfig(api_type="anthropic", model="claude-sonnet-4-5", api_key="sk-ant-of-the-test")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
MODELS = (
    "claude-3-5-haiku-20241022", "claude-sonnet-4-20250514", "claude-opus-4-5", "claude-sonnet-4-5",
    "claude-opus-4-6", "claude-opus-4-8", "claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-2",
)  # fmt: skip


def accepted(body: bytes, *, counting: bool = False) -> dict[str, Any]:
    """The body, once the official package's parameter types have taken it.

    The package speaks API version 2026-10-21, which has no sampling settings: they are left out here.
    """
    sent: dict[str, Any] = json.loads(body)
    known = {key: sent[key] for key in sent if key not in ("temperature", "top_p", "top_k")}
    if counting:
        checker(MessageCountTokensParams).validate_python(known)
    elif sent.get("stream"):
        checker(MessageCreateParamsStreaming).validate_python(known)
    else:
        checker(MessageCreateParamsNonStreaming).validate_python(known)
    return sent


def test_claude_is_another_name_of_the_same_provider() -> None:
    assert registry.get("claude").unwrap() is ANTHROPIC
    assert ANTHROPIC.name == "anthropic"


def test_the_key_goes_into_its_header_and_nowhere_else() -> None:
    made = ANTHROPIC.build_chat(CONFIG, ChatRequest(messages="hi")).unwrap().request
    assert b"sk-ant" not in made.body + repr(made.headers).encode() + made.url.encode()
    signed = ANTHROPIC.authorize(CONFIG, made, NOW).unwrap()
    assert signed == HttpRequest(
        "POST",
        "https://api.anthropic.com/v1/messages",
        (
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("anthropic-version", "2023-06-01"),
            ("x-api-key", "sk-ant-of-the-test"),
        ),
        made.body,
    )
    assert "sk-ant" not in repr(signed)


def test_an_oauth_token_may_stand_in_place_of_the_key() -> None:
    config = LLMConfig(
        api_type="anthropic", model="claude-sonnet-4-5", headers=(("Authorization", "Bearer t0"),)
    )
    made = ANTHROPIC.build_chat(config, ChatRequest(messages="hi")).unwrap().request
    signed = ANTHROPIC.authorize(config, made, NOW).unwrap()
    assert signed.headers[-1] == ("authorization", "Bearer t0")
    assert "x-api-key" not in dict(signed.headers)


def test_without_a_key_the_variable_to_set_is_named() -> None:
    config = LLMConfig(api_type="anthropic", model="claude-sonnet-4-5", api_key=Secret(""))
    got = ANTHROPIC.authorize(config, HttpRequest("POST", "https://api.anthropic.com"), NOW)
    assert got == Failure(
        InvalidConfiguration(
            message="the key for anthropic is missing: set ANTHROPIC_API_KEY, or `api_key`",
            provider="anthropic",
            field="api_key",
        )
    )


def test_counting_sends_what_counts_and_nothing_else() -> None:
    assert ANTHROPIC.count_tokens is not None
    request = ChatRequest(
        messages="hi",
        tools=(WEATHER,),
        tool_choice="auto",
        temperature=0.5,
        seed=7,
        stop="END",
        metadata={"user_id": "u"},
        reasoning=2000,
        stream=True,
        extra={"service_tier": "auto", "cache_control": {"type": "ephemeral"}},
    )
    built: Built = ANTHROPIC.count_tokens.build(CONFIG, request).unwrap()
    assert built.adaptations == ()
    assert built.request.url == "https://api.anthropic.com/v1/messages/count_tokens"
    assert accepted(built.request.body, counting=True) == {
        "model": "claude-sonnet-4-5",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"name": "weather", "description": "Weather now", "input_schema": SCHEMA}],
        "tool_choice": {"type": "auto"},
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "cache_control": {"type": "ephemeral"},
    }


def test_counting_needs_a_model_too() -> None:
    assert ANTHROPIC.count_tokens is not None
    got = ANTHROPIC.count_tokens.build(LLMConfig(api_type="anthropic"), ChatRequest(messages="hi"))
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidConfiguration)


REQUESTS = {
    "pictures and documents": ChatRequest(
        messages=[
            user(
                Image(data=PNG),
                Image(url="https://example.org/a.png"),
                Image(file_id="file_1"),
                Document(data=PDF, name="a.pdf"),
                Document(data=b"words", media_type="text/plain"),
                Document(url="https://example.org/a.pdf"),
                Document(file_id="file_2"),
                Opaque("anthropic", "container_upload", '{"type":"container_upload","file_id":"f"}'),
            )
        ]
    ),
    "tools and their results": ChatRequest(
        messages=[
            "How is the weather?",
            assistant(
                Reasoning("hm", "c2ln"),
                Opaque("anthropic", "redacted_thinking", '{"type":"redacted_thinking","data":"eA=="}'),
                "Let me see.",
                ToolCall("toolu_1", "weather", '{"city":"Oslo"}'),
            ),
            tool_result("toolu_1", "Look:", Image(data=PNG), is_error=True),
            tool_result("toolu_2"),
            "And?",
        ],
        tools=(WEATHER, NativeTool("anthropic", {"type": "web_search_20250305", "name": "web_search"})),
        tool_choice="required",
        parallel_tool_calls=False,
    ),
    "every answer given back": ChatRequest(
        messages=[one for answer in ANSWERS.values() for one in ("go on", answer.completion.message)]
        + ["go on"]
    ),
    "a schema": ChatRequest(messages="hi", response_format=SchemaFormat(schema=SCHEMA)),
    "JSON": ChatRequest(messages="hi", response_format=JsonFormat(), stream=True),
    "an effort": ChatRequest(messages="hi", reasoning="xhigh"),
    "a budget": ChatRequest(messages="hi", reasoning=9000, max_tokens=100, metadata={"user_id": "u"}),
    "no thinking": ChatRequest(messages="hi", reasoning="none"),
    "hidden thinking": ChatRequest(messages="hi", reasoning=ReasoningRequest(summary=False)),
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_the_official_package_takes_the_body(model: str, request_: ChatRequest) -> None:
    config = LLMConfig(api_type="anthropic", model=model)
    accepted(ANTHROPIC.build_chat(config, request_).unwrap().request.body)
    assert ANTHROPIC.count_tokens is not None
    counted = ANTHROPIC.count_tokens.build(config, request_).unwrap().request.body
    accepted(counted, counting=True)


@examples(200)
@given(chat_requests())
def test_the_official_package_takes_the_body_of_any_request(request_: ChatRequest) -> None:
    for model in MODELS[3:6]:
        config = LLMConfig(api_type="anthropic", model=model)
        made = ANTHROPIC.build_chat(config, request_)
        assert made == ANTHROPIC.build_chat(config, request_)
        if isinstance(made, Success):
            accepted(made.unwrap().request.body)
        else:  # it holds sound, a picture of the model, arguments that are no object, or nothing at all
            assert isinstance(made.failure(), InvalidRequest | UnsupportedFeature)
