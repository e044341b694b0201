"""ChatRequest -> POST /v1/messages: the request as a whole, its settings, and what hosts differ in."""

import json
from typing import Any

import pytest

from llm_pure import ChatRequest, LLMConfig, system
from llm_pure.adapters.dialects.anthropic_messages import Quirks, build_body, make_service
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.errors import InvalidConfiguration
from tests.support.anthropic_bodies import (
    WIRE_WEATHER,
    body,
    built,
    error,
    fields,
    told,
)
from tests.support.chat_requests import WEATHER
from tests.support.configs import file_config


def test_the_whole_request_has_its_keys_in_a_fixed_order() -> None:
    request = ChatRequest(
        messages=[system("Be brief."), "hi"],
        tools=(WEATHER,),
        tool_choice="auto",
        max_tokens=64,
        temperature=0.5,
        top_k=40,
        stop="END",
        metadata={"user_id": "u-1"},
        stream=True,
        extra={"service_tier": "auto"},
    )
    made = built(request)
    assert made.adaptations == ()
    assert (made.request.method, made.request.url) == (
        "POST",
        "https://api.anthropic.com/v1/messages",
    )
    assert made.request.headers == (
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("anthropic-version", "2023-06-01"),
    )
    sent = json.loads(made.request.body)
    assert sent == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 64,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [WIRE_WEATHER],
        "tool_choice": {"type": "auto"},
        "temperature": 0.5,
        "top_k": 40,
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u-1"},
        "stream": True,
        "service_tier": "auto",
    }
    assert list(sent) == [
        "model", "max_tokens", "system", "messages", "tools", "tool_choice", "temperature", "top_k",
        "stop_sequences", "metadata", "stream", "service_tier",
    ]  # fmt: skip


def test_extra_goes_over_everything_else() -> None:
    sent = body(ChatRequest(messages="hi", extra={"max_tokens": 9, "model": "claude-other"}))
    assert (sent["max_tokens"], sent["model"]) == (9, "claude-other")


def test_the_configuration_says_the_output_limit_where_the_request_does_not() -> None:
    assert fields("claude-sonnet-4-5") == {"max_tokens": 4096, "temperature": 0.0}


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://localhost:4010", "http://localhost:4010/v1/messages"),
        ("http://localhost:4010/v1", "http://localhost:4010/v1/messages"),
        ("https://gateway.example/anthropic/", "https://gateway.example/anthropic/v1/messages"),
    ],
)
def test_the_version_in_the_path_is_not_doubled(base_url: str, url: str) -> None:
    config = file_config(api_type="anthropic", model="claude-sonnet-4-5", base_url=base_url)
    assert built(ChatRequest(messages="hi"), config).request.url == url


def test_headers_of_the_configuration_go_over_our_own_and_bring_no_credential() -> None:
    config = file_config(
        api_type="anthropic",
        model="claude-sonnet-4-5",
        api_version="2023-01-01",
        headers=(("Anthropic-Beta", "a,b"), ("x-api-key", "sk-ant-secret")),
    )
    assert built(ChatRequest(messages="hi"), config).request.headers == (
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("anthropic-version", "2023-01-01"),
        ("anthropic-beta", "a,b"),
    )


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("claude-sonnet-4-5", {"temperature": 0.5, "top_k": 9}),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", {"temperature": 0.5, "top_k": 9}),
        ("claude-3-5-haiku-20241022", {"temperature": 0.5, "top_p": 0.9, "top_k": 9}),
        ("claude-sonnet-4-20250514", {"temperature": 0.5, "top_p": 0.9, "top_k": 9}),
        ("claude-mythos-preview", {"top_p": 0.95}),  # it always thinks
        ("claude-opus-4-7", {}),
        ("global.anthropic.claude-sonnet-5", {}),
        ("claude-haiku-5-5", {}),
        ("claude-of-the-future-9", {}),
        ("somebody-elses-model", {"temperature": 0.5, "top_p": 0.9, "top_k": 9}),
    ],
)
def test_sampling_settings_go_where_the_model_takes_them(model: str, sent: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"temperature": 0.5, "top_p": 0.9, "top_k": 9}
    assert fields(model, **asked) == {"max_tokens": 4096, **sent}
    lost = {field for field, action in told(model, **asked) if action == "dropped"}
    assert lost == asked.keys() - sent.keys()


def test_a_default_temperature_gives_way_to_a_top_p_that_was_asked_for() -> None:
    assert fields("claude-sonnet-4-5", top_p=0.9) == {"max_tokens": 4096, "top_p": 0.9}
    assert told("claude-sonnet-4-5", top_p=0.9) == []


def test_the_api_version_of_october_2026_has_no_sampling_settings() -> None:
    config = file_config(api_type="anthropic", model="claude-sonnet-4-5", api_version="2026-10-21")
    made = built(ChatRequest(messages="hi", temperature=0.5), config)
    assert json.loads(made.request.body) == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert made.adaptations == (
        Adaptation(
            field="temperature",
            action="dropped",
            reason="API version 2026-10-21 has no sampling parameters",
            before=0.5,
        ),
    )


def test_what_the_api_does_not_know_is_dropped_and_reported() -> None:
    asked: dict[str, Any] = {
        "seed": 7, "n": 2, "logprobs": 3, "presence_penalty": 0.1, "frequency_penalty": 0.2,
        "repetition_penalty": 1.1, "metadata": {"job": "7"}, "stop": ("\n", "END"),
    }  # fmt: skip
    assert fields("claude-sonnet-4-5", **asked) == {
        "max_tokens": 4096,
        "temperature": 0.0,
        "stop_sequences": ["END"],
    }
    assert set(told("claude-sonnet-4-5", **asked)) == {
        ("seed", "dropped"), ("n", "dropped"), ("logprobs", "dropped"), ("metadata/job", "dropped"),
        ("presence_penalty", "dropped"), ("frequency_penalty", "dropped"), ("stop", "changed"),
        ("repetition_penalty", "dropped"),
    }  # fmt: skip


def test_one_answer_is_what_there_is_anyway() -> None:
    assert told("claude-sonnet-4-5", n=1) == []


@pytest.mark.parametrize(
    ("model", "most"),
    [("claude-sonnet-4-5", 64_000), ("claude-opus-4-6", 128_000), ("claude-fable-5-2", 128_000)],
)
def test_the_output_limit_is_clamped_to_what_the_model_can_write(model: str, most: int) -> None:
    assert fields(model, max_tokens=10**6)["max_tokens"] == most
    assert told(model, max_tokens=10**6) == [("max_tokens", "clamped")]


def test_a_temperature_above_one_is_clamped() -> None:
    assert fields("claude-sonnet-4-5", temperature=1.5)["temperature"] == 1.0
    assert told("claude-sonnet-4-5", temperature=1.5) == [("temperature", "clamped")]


def test_a_host_may_want_the_version_in_the_body_and_model_and_stream_in_the_path() -> None:
    quirks = Quirks(
        version="bedrock-2023-05-31",
        version_in="body",
        model_in="path",
        stream_in_body=False,
        betas_in_body=True,
    )
    config = file_config(
        api_type="bedrock",
        model="anthropic.claude-sonnet-4-5-20250929-v1:0",
        headers=(("anthropic-beta", "a, b"),),
    )
    made = build_body(
        make_service("bedrock", quirks=quirks), config, ChatRequest(messages="hi", stream=True)
    )
    assert (made.model, made.stream) == ("anthropic.claude-sonnet-4-5-20250929-v1:0", True)
    assert list(made.fields.items()) == [
        ("anthropic_version", "bedrock-2023-05-31"),
        ("max_tokens", 4096),
        ("messages", [{"role": "user", "content": "hi"}]),
        ("temperature", 0.0),
        ("anthropic_beta", ["a", "b"]),
    ]


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (file_config(api_type="anthropic"), "model"),
        (
            file_config(api_type="anthropic", model="claude-sonnet-4-5", base_url="ftp://x"),
            "base_url",
        ),
    ],
)
def test_a_configuration_that_cannot_work_is_named(config: LLMConfig, field: str) -> None:
    got = error(ChatRequest(messages="hi"), config)
    assert isinstance(got, InvalidConfiguration)
    assert got.field == field
