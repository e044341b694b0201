"""ChatRequest -> requests of the Llama API, and what is said about what it cannot take."""

import json
from typing import Any

import pytest

from llm_pure import ChatRequest, assistant, system, tool_result, user
from llm_pure.adapters.dialects.llama_native import build_chat
from llm_pure.core.provider import Built
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import Image, Opaque, ProviderMetadata, Reasoning, ToolCall
from llm_pure.types.request import JsonFormat, NamedToolChoice, SchemaFormat, Tool
from llm_pure.types.result import LLMResult
from tests.support.chat_requests import PNG
from tests.support.configs import file_config
from tests.support.llama_native_streams import SERVICE

CONFIG = file_config(api_type="llama_api", model="Llama-4-Maverick-17B-128E-Instruct-FP8")
PIXELS = "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAA=="


def build(request: ChatRequest, *, strict: bool = False) -> LLMResult[Built]:
    return build_chat(SERVICE, CONFIG, request, strict=strict)


def test_everything_at_once() -> None:
    request = ChatRequest(
        messages=[
            system("Be brief."),
            user("What is this?", Image(data=PNG)),
            assistant("Let me see.", ToolCall("c1", "weather", '{"city":"Oslo"}')),
            tool_result("c1", "21 °C"),
            assistant("Warm."),
            user("Thanks."),
        ],
        tools=(
            Tool(name="weather", description="Now", parameters={"type": "object"}, strict=True),
        ),
        tool_choice=NamedToolChoice("weather"),
        response_format=SchemaFormat(schema={"type": "object"}, name="place", strict=None),
        max_tokens=64,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        repetition_penalty=1.1,
        stream=True,
        extra={"user": "u-1", "temperature": 0.25},
    )
    made = build(request).unwrap()
    assert made.request.url == "https://api.llama.com/v1/chat/completions"
    assert dict(made.request.headers)["accept"] == "text/event-stream"
    assert [(one.field, one.action) for one in made.adaptations] == [
        ("max_tokens", "renamed"),
        ("extra/temperature", "changed"),
    ]
    assert json.loads(made.request.body) == {
        "model": "Llama-4-Maverick-17B-128E-Instruct-FP8",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": PIXELS}},
                ],
            },
            {
                "role": "assistant",
                "content": "Let me see.",
                "stop_reason": "tool_calls",
                "tool_calls": [
                    {"id": "c1", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "21 °C"},
            {"role": "assistant", "content": "Warm.", "stop_reason": "stop"},
            {"role": "user", "content": "Thanks."},
        ],
        "max_completion_tokens": 64,
        "temperature": 0.25,
        "top_p": 0.9,
        "top_k": 40,
        "repetition_penalty": 1.1,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "description": "Now",
                    "parameters": {
                        "type": "object",
                        "properties": {},
                        "required": [],
                        "additionalProperties": False,
                    },
                    "strict": True,
                },
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "place", "schema": {"type": "object", "properties": {}}},
        },
        "stream": True,
        "user": "u-1",
    }


def test_a_turn_that_only_calls_tools_has_empty_words() -> None:
    request = ChatRequest(messages=["hi", assistant(ToolCall("c1", "f", "{}"))])
    turn = json.loads(build(request).unwrap().request.body)["messages"][1]
    assert turn == {
        "role": "assistant",
        "content": "",
        "stop_reason": "tool_calls",
        "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}],
    }


@pytest.mark.parametrize(
    "asked",
    [
        {"presence_penalty": 0.5},
        {"frequency_penalty": 0.5},
        {"stop": "END"},
        {"seed": 7},
        {"n": 2},
        {"logprobs": True},
        {"metadata": {"a": "b"}},
        {"reasoning": "high"},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_what_the_api_does_not_take_is_left_out_and_reported(asked: dict[str, Any]) -> None:
    (field,) = asked
    request = ChatRequest(messages="hi", **asked)
    made = build(request).unwrap()
    assert [(one.field, one.action) for one in made.adaptations] == [(field, "dropped")]
    assert set(json.loads(made.request.body)) == {
        "model", "messages", "max_completion_tokens", "temperature",
    }  # fmt: skip
    refused = build(request, strict=True).failure()
    assert isinstance(refused, UnsupportedFeature)
    assert refused.feature == field


def test_some_json_is_a_schema_of_any_object() -> None:
    request = ChatRequest(messages="hi", response_format=JsonFormat())
    body = json.loads(build(request).unwrap().request.body)
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_what_another_provider_said_is_left_out_and_reported() -> None:
    said = assistant(
        Reasoning("hm", "sig", ProviderMetadata("anthropic")),
        Opaque("openai", "web_search_call", "{}"),
        "b",
    )
    made = build(ChatRequest(messages=["a", said, "c"])).unwrap()
    assert json.loads(made.request.body)["messages"][1] == {
        "role": "assistant",
        "content": "b",
        "stop_reason": "stop",
    }
    assert [(one.field, one.action) for one in made.adaptations] == [
        ("messages/1/parts/0", "dropped"),
        ("messages/1/parts/1", "dropped"),
    ]


@pytest.mark.parametrize("messages", ["none", [], [1, {"role": "assistant"}]])
def test_extra_goes_over_everything(messages: Any) -> None:
    request = ChatRequest(messages="hi", extra={"messages": messages})
    body = json.loads(build(request).unwrap().request.body)
    assert len(body["messages"]) == len(messages)
