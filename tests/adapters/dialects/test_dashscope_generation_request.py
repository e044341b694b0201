"""ChatRequest, EmbedRequest -> requests of DashScope's own API, and what is said about what it cannot take."""

import json
from functools import partial
from typing import Any

import pytest

from llm_pure import (
    ChatRequest,
    EmbedRequest,
    LLMConfig,
    ReasoningRequest,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters.dialects.dashscope_generation import build_chat
from llm_pure.adapters.dialects.dashscope_generation.embed import build_embed
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.messages import Audio, Image, Opaque, ProviderMetadata, Reasoning, ToolCall
from llm_pure.types.request import Tool
from llm_pure.types.result import Success
from tests.support.builders import ChatCase
from tests.support.chat_requests import PNG, WAV
from tests.support.configs import file_config, overridden
from tests.support.dashscope_generation_streams import SERVICE

CONFIG = file_config(api_type="dashscope", model="qwen-plus")
SERVICES = "https://dashscope.aliyuncs.com/api/v1/services"
TEXT = f"{SERVICES}/aigc/text-generation/generation"
MULTIMODAL = f"{SERVICES}/aigc/multimodal-generation/generation"
PIXELS = "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAA=="
CASE = ChatCase(partial(build_chat, SERVICE), CONFIG)
built, body = CASE.built, CASE.body


def test_a_plain_question() -> None:
    made = built(ChatRequest(messages="hi")).request
    assert (made.method, made.url) == ("POST", TEXT)
    assert made.headers == (("content-type", "application/json"), ("accept", "application/json"))
    assert json.loads(made.body) == {
        "model": "qwen-plus",
        "input": {"messages": [{"role": "user", "content": "hi"}]},
        "parameters": {"result_format": "message", "max_tokens": 4096, "temperature": 0.0},
    }


def test_a_stream_is_asked_for_by_a_header() -> None:
    made = built(ChatRequest(messages="hi", stream=True)).request
    assert made.headers == (
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("x-dashscope-sse", "enable"),
    )
    sent = json.loads(made.body)
    assert sent["parameters"]["incremental_output"] is True
    assert "stream" not in made.body.decode()


def test_everything_at_once() -> None:
    request = ChatRequest(
        messages=[
            system("Be brief."),
            user("How is the weather?"),
            assistant(
                Reasoning("hm", None, ProviderMetadata("dashscope")),
                ToolCall("c1", "weather", '{"city":"Oslo"}'),
            ),
            tool_result("c1", "21 °C"),
        ],
        tools=(Tool(name="weather", description="Now", parameters={"type": "object"}),),
        tool_choice="auto",
        parallel_tool_calls=True,
        max_tokens=64,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        repetition_penalty=1.1,
        presence_penalty=0.1,
        stop=("END", "STOP"),
        seed=7,
        logprobs=3,
        reasoning=ReasoningRequest(budget_tokens=900),
        stream=True,
        extra={"parameters": {"enable_search": True, "temperature": 0.25}, "input": {"x": 1}},
    )
    made = built(request)
    assert made.adaptations == (overridden("extra/parameters/temperature", 0.5, 0.25),)
    assert json.loads(made.request.body) == {
        "model": "qwen-plus",
        "input": {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "How is the weather?"},
                {
                    "role": "assistant",
                    "content": "",
                    "reasoning_content": "hm",
                    "tool_calls": [
                        {
                            "id": "c1",
                            "type": "function",
                            "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "21 °C"},
            ],
            "x": 1,
        },
        "parameters": {
            "result_format": "message",
            "incremental_output": True,
            "max_tokens": 64,
            "temperature": 0.25,
            "top_p": 0.9,
            "top_k": 40,
            "repetition_penalty": 1.1,
            "presence_penalty": 0.1,
            "stop": ["END", "STOP"],
            "seed": 7,
            "logprobs": True,
            "top_logprobs": 3,
            "enable_thinking": True,
            "thinking_budget": 900,
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "weather",
                        "description": "Now",
                        "parameters": {"type": "object", "properties": {}},
                    },
                }
            ],
            "tool_choice": "auto",
            "parallel_tool_calls": True,
            "enable_search": True,
        },
    }


@pytest.mark.parametrize(
    ("model", "messages", "base_url", "url"),
    [
        ("qwen-plus", "hi", None, TEXT),
        ("qwen3-max", "hi", None, TEXT),
        ("qwen3-vl-plus", "hi", None, MULTIMODAL),
        ("qwen3.7-plus", "hi", None, MULTIMODAL),
        ("qvq-max", "hi", None, MULTIMODAL),
        ("qwen-plus", [user("a", Image(data=PNG))], None, MULTIMODAL),
        ("qwen-plus", [user("a", "b")], None, TEXT),
        ("qwen-plus", "hi", "https://x.test/api/v1/", TEXT.replace("dashscope.aliyuncs.com", "x.test")),
        ("new-model", "hi", MULTIMODAL, MULTIMODAL),
        ("qwen3-vl-plus", "hi", TEXT, TEXT),
    ],
)  # fmt: skip
def test_the_model_the_media_or_the_base_url_say_where_to_ask(
    model: str, messages: Any, base_url: str | None, url: str
) -> None:
    config = file_config(api_type="dashscope", model=model, base_url=base_url)
    assert built(ChatRequest(messages=messages), config).request.url == url


def test_multimodal_content_is_a_list_of_pieces() -> None:
    request = ChatRequest(
        messages=[
            system("Be brief."),
            user("What?", Image(data=PNG), Image(url="https://x.test/a.png"), Audio(data=WAV)),
            assistant("x", ToolCall("c1", "f")),
            tool_result("c1", "21 °C"),
            user("And?"),
        ]
    )
    sound = "data:audio/wav;base64,UklGRgAAAABXQVZFZm10IA=="
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert body(request)["input"]["messages"] == [
        {"role": "system", "content": [{"text": "Be brief."}]},
        {
            "role": "user",
            "content": [
                {"text": "What?"},
                {"image": PIXELS},
                {"image": "https://x.test/a.png"},
                {"audio": sound},
            ],
        },
        {"role": "assistant", "content": [{"text": "x"}], "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "21 °C"},
        {"role": "user", "content": [{"text": "And?"}]},
    ]


def test_own_opaque_parts_go_back() -> None:
    part = Opaque("dashscope", "video", '{"video":"v","fps":2}')
    made = built(ChatRequest(messages=["hi", assistant("x", part), "y"]))
    assert made.request.url == MULTIMODAL
    assert b'[{"text":"x"},{"video":"v","fps":2}]' in made.request.body


@pytest.mark.parametrize(
    ("asked", "fields", "reported"),
    [
        ({"reasoning": "none"}, {"enable_thinking": False}, []),
        (
            {"reasoning": "low"},
            {"enable_thinking": True, "thinking_budget": 1024},
            [("reasoning", "changed")],
        ),
        ({"temperature": 2.0}, {"temperature": 1.99}, [("temperature", "clamped")]),
        ({"n": 9}, {"n": 4}, [("n", "clamped")]),
        ({"frequency_penalty": 0.5}, {}, [("frequency_penalty", "dropped")]),
        ({"metadata": {"a": "b"}}, {}, [("metadata", "dropped")]),
        ({"messages": [user("hi", name="ann")]}, {}, [("messages/0/name", "dropped")]),
    ],
)
def test_what_is_changed_or_left_out_is_reported(
    asked: dict[str, Any], fields: dict[str, Any], reported: list[tuple[str, str]]
) -> None:
    request = ChatRequest(**{"messages": "hi", **asked})
    plain = {"result_format": "message", "max_tokens": 4096, "temperature": 0.0}
    assert body(request)["parameters"] == {**plain, **fields}
    assert [(one.field, one.action) for one in built(request).adaptations] == reported
    strict = build_chat(SERVICE, CONFIG, request, strict=True)
    assert isinstance(strict, Success) == (not reported)


@pytest.mark.parametrize("extra", [{"parameters": None}, {"input": "text"}, {"model": "other"}])
def test_extra_goes_over_everything(extra: dict[str, Any]) -> None:
    sent = body(ChatRequest(messages="hi", extra=extra))
    assert {key: sent[key] for key in extra} == extra


def test_embeddings() -> None:
    request = EmbedRequest(
        input=("a", "b"), model="text-embedding-v4", dimensions=256, task="query", extra={"x": 1}
    )
    made = build_embed(SERVICE, CONFIG, request).unwrap().request
    assert made.url == f"{SERVICES}/embeddings/text-embedding/text-embedding"
    assert json.loads(made.body) == {
        "model": "text-embedding-v4",
        "input": {"texts": ["a", "b"]},
        "parameters": {"text_type": "query", "dimension": 256},
        "x": 1,
    }


@pytest.mark.parametrize(
    ("config", "request_", "kind"),
    [
        (file_config(api_type="dashscope"), EmbedRequest(input="a"), InvalidConfiguration),
        (file_config(base_url="nowhere", model="m"), EmbedRequest(input="a"), InvalidConfiguration),
        (CONFIG, EmbedRequest(input=()), InvalidRequest),
        (CONFIG, EmbedRequest(input=("a", "")), InvalidRequest),
    ],
)
def test_embeddings_that_cannot_be_made(
    config: LLMConfig, request_: EmbedRequest, kind: type
) -> None:
    assert isinstance(build_embed(SERVICE, config, request_).failure(), kind)
