"""ChatRequest -> a websocket's address and the frame that is sent there."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from llm_pure import ChatRequest, LLMConfig, assistant, system, tool_result, user
from llm_pure.adapters.dialects.spark_frames import build_chat
from llm_pure.adapters.dialects.spark_frames.request import authorize
from llm_pure.adapters.dialects.spark_frames.urls import URLS
from llm_pure.types.errors import InvalidConfiguration, UnsupportedFeature
from llm_pure.types.messages import (
    Audio,
    Image,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    ToolCall,
)
from llm_pure.types.request import JsonFormat, NativeTool, Tool
from llm_pure.types.result import Success
from tests.support.builders import ChatCase
from tests.support.chat_requests import PNG, WAV
from tests.support.configs import file_config, overridden
from tests.support.spark_frames_streams import SERVICE

CONFIG = file_config(api_type="spark", app_id="app-1", domain="generalv3.5")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CASE = ChatCase(partial(build_chat, SERVICE), CONFIG)
built, frame, adaptations = CASE.built, CASE.body, CASE.adaptations


def test_a_plain_question() -> None:
    made = built(ChatRequest(messages="hi")).request
    assert (made.method, made.url, made.headers) == (
        "GET", "wss://spark-api.xf-yun.com/v3.5/chat", (),
    )  # fmt: skip
    assert json.loads(made.body) == {
        "header": {"app_id": "app-1"},
        "parameter": {"chat": {"domain": "generalv3.5", "temperature": 0.01, "max_tokens": 4096}},
        "payload": {"message": {"text": [{"role": "user", "content": "hi"}]}},
    }


def test_a_stream_is_asked_for_in_the_same_words() -> None:
    asked = [built(ChatRequest(messages="hi", stream=stream)) for stream in (None, False, True)]
    assert asked[0] == asked[1] == asked[2]


def test_everything_at_once() -> None:
    request = ChatRequest(
        messages=[
            system("Be brief."),
            user("What", "is this?"),
            assistant("A cat."),
            user("Sure?"),
        ],
        tools=(
            Tool(name="weather", description="Now", parameters={"type": "object"}),
            NativeTool("spark", {"name": "own"}),
        ),
        tool_choice="auto",
        max_tokens=64,
        temperature=0.5,
        top_k=4,
        extra={
            "header": {"uid": "u-1"},
            "parameter": {"chat": {"auditing": "default", "temperature": 0.25}},
        },
    )
    made = built(request)
    assert made.adaptations == (overridden("extra/parameter/chat/temperature", 0.5, 0.25),)
    assert json.loads(made.request.body) == {
        "header": {"app_id": "app-1", "uid": "u-1"},
        "parameter": {
            "chat": {
                "domain": "generalv3.5",
                "temperature": 0.25,
                "top_k": 4,
                "max_tokens": 64,
                "auditing": "default",
            }
        },
        "payload": {
            "message": {
                "text": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "What\nis this?"},
                    {"role": "assistant", "content": "A cat."},
                    {"role": "user", "content": "Sure?"},
                ]
            },
            "functions": {
                "text": [
                    {
                        "name": "weather",
                        "description": "Now",
                        "parameters": {"type": "object", "properties": {}},
                    },
                    {"name": "own"},
                ]
            },
        },
    }


@pytest.mark.parametrize(
    ("fields", "model", "domain", "url"),
    [
        ({"domain": "4.0Ultra"}, "", "4.0Ultra", "wss://spark-api.xf-yun.com/v4.0/chat"),
        ({"domain": None, "model": "lite"}, "", "lite", "wss://spark-api.xf-yun.com/v1.1/chat"),
        ({"model": "lite"}, "", "generalv3.5", "wss://spark-api.xf-yun.com/v3.5/chat"),
        ({}, "max-32k", "max-32k", "wss://spark-api.xf-yun.com/chat/max-32k"),
        ({"base_url": "ws://x.test"}, "pro-128k", "pro-128k", "ws://x.test/chat/pro-128k"),
        ({"base_url": "ws://x.test/v9/chat"}, "new", "new", "ws://x.test/v9/chat"),
    ],
)
def test_the_domain_says_where(fields: dict[str, Any], model: str, domain: str, url: str) -> None:
    config = msgspec.structs.replace(CONFIG, **fields)
    made = built(ChatRequest(messages="hi", model=model), config).request
    assert made.url == url
    assert json.loads(made.body)["parameter"]["chat"]["domain"] == domain


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (file_config(domain="lite"), "app_id"),
        (file_config(app_id="a"), "model"),
        (file_config(app_id="a", domain="new"), "base_url"),
        (file_config(app_id="a", domain="lite", base_url="nowhere"), "base_url"),
    ],
)
def test_a_configuration_that_cannot_work_is_named(config: LLMConfig, field: str) -> None:
    error = build_chat(SERVICE, config, ChatRequest(messages="hi")).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == field


def test_an_unknown_domain_is_told_those_that_are_known() -> None:
    config = file_config(app_id="a", domain="new")
    error = build_chat(SERVICE, config, ChatRequest(messages="hi")).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.suggestions == tuple(sorted(URLS))


@pytest.mark.parametrize(
    ("messages", "text", "reported"),
    [
        (
            [user("a"), system("b")],
            [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
            [("messages/1/role", "changed")],
        ),
        (
            [user("What?", Image(data=PNG), name="ann")],
            [
                {"role": "user", "content": "iVBORw0KGgoAAAAAAAAAAA==", "content_type": "image"},
                {"role": "user", "content": "What?"},
            ],
            [("messages/0/name", "dropped")],
        ),
        (
            [user(Image(data=PNG))],
            [{"role": "user", "content": "iVBORw0KGgoAAAAAAAAAAA==", "content_type": "image"}],
            [],
        ),
        (
            [
                user("a"),
                assistant(
                    Reasoning("hm", None, ProviderMetadata("spark")),
                    Reasoning("hm", "sig", ProviderMetadata("anthropic")),
                    Opaque("openai", "x", "{}"),
                    Opaque("spark", "x", "{}"),
                    Refusal("No."),
                ),
                user("b"),
            ],
            [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "No."},
                {"role": "user", "content": "b"},
            ],
            [
                ("messages/1/parts/0", "dropped"),
                ("messages/1/parts/1", "dropped"),
                ("messages/1/parts/2", "dropped"),
                ("messages/1/parts/4", "changed"),
                ("messages/1", "dropped"),
            ],
        ),
    ],
    ids=["late system text", "a picture and words", "a picture", "what has no place"],
)
def test_messages(messages: Any, text: Any, reported: list[tuple[str, str]]) -> None:
    request = ChatRequest(messages=messages)
    assert frame(request)["payload"]["message"]["text"] == text
    assert adaptations(request) == reported


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([user("a"), assistant(ToolCall("c1", "f"))], "messages/1: Spark's frames have no form for a tool call"),
        ([user("a"), tool_result("c1", "x")], "messages/1/parts/0: Spark's frames have no form for a tool"),
        ([user(Image(url="https://x.test/a"))], "messages/0/parts/0: Spark takes images as bytes only"),
        ([user("a", Audio(data=WAV))], "messages/0/parts/1: Spark has no form for Audio"),
    ],
)  # fmt: skip
def test_a_part_without_a_form_is_unsupported_and_named(messages: Any, words: str) -> None:
    error = build_chat(SERVICE, CONFIG, ChatRequest(messages=messages)).failure()
    assert isinstance(error, UnsupportedFeature)
    assert error.message.startswith(words)


@pytest.mark.parametrize(
    ("asked", "chat", "reported"),
    [
        ({"temperature": 1.5}, {"temperature": 1}, [("temperature", "clamped")]),
        ({"top_k": 40}, {"top_k": 6}, [("top_k", "clamped")]),
        ({"max_tokens": 9000}, {"max_tokens": 8192}, [("max_tokens", "clamped")]),
        ({"top_p": 0.5}, {}, [("top_p", "dropped")]),
        ({"stop": "END"}, {}, [("stop", "dropped")]),
        ({"seed": 4}, {}, [("seed", "dropped")]),
        ({"n": 2}, {}, [("n", "dropped")]),
        ({"logprobs": True}, {}, [("logprobs", "dropped")]),
        ({"metadata": {"a": "b"}}, {}, [("metadata", "dropped")]),
        ({"reasoning": "high"}, {}, [("reasoning", "dropped")]),
        ({"reasoning": "none"}, {}, []),
        ({"response_format": JsonFormat()}, {}, [("response_format", "changed")]),
        ({"tool_choice": "required"}, {}, [("tool_choice", "dropped")]),
        ({"tools": (Tool(name="f"),), "tool_choice": "none"}, {}, [("tool_choice", "changed")]),
        ({"tools": (NativeTool("openai", {}),)}, {}, [("tools/0", "dropped")]),
        ({"tools": (Tool(name="f", strict=True),), "tool_choice": "none"}, {},
         [("tools/0/strict", "dropped"), ("tool_choice", "changed")]),
    ],
)  # fmt: skip
def test_what_is_changed_or_left_out_is_reported(
    asked: dict[str, Any], chat: dict[str, Any], reported: list[tuple[str, str]]
) -> None:
    request = ChatRequest(messages="hi", **asked)
    plain = {"domain": "generalv3.5", "temperature": 0.01, "max_tokens": 4096}
    sent = frame(request)
    assert sent["parameter"]["chat"] == {**plain, **chat}
    assert "functions" not in sent["payload"]
    assert adaptations(request) == reported
    strict = build_chat(SERVICE, CONFIG, request, strict=True)
    assert isinstance(strict, Success) == (not reported)


def test_the_address_is_signed_and_shows_no_key() -> None:
    config = msgspec.structs.replace(CONFIG, api_key="key-1", api_secret="secret-1")
    made = built(ChatRequest(messages="hi"), config).request
    signed = authorize(SERVICE, config, made, NOW).unwrap()
    query = parse_qs(urlsplit(signed.url).query)
    assert query["host"] == ["spark-api.xf-yun.com"]
    assert query["date"] == ["Fri, 20 Nov 2026 12:00:00 GMT"]
    assert list(query) == ["authorization", "date", "host"]
    assert (signed.method, signed.body) == (made.method, made.body)
    assert query["authorization"][0] not in repr(signed)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"api_secret": "s"}, "api_key"), ({"api_key": "k"}, "api_secret"), ({}, "api_key")],
)
def test_a_key_that_is_missing_is_named(fields: dict[str, Any], field: str) -> None:
    config = msgspec.structs.replace(CONFIG, **fields)
    made = built(ChatRequest(messages="hi")).request
    error = authorize(SERVICE, config, made, NOW).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == field
