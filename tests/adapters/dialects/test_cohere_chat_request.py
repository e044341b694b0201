"""ChatRequest, EmbedRequest -> requests to Cohere's API, and their adaptations."""

import json
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
from llm_pure.adapters.cohere import PROVIDER
from llm_pure.adapters.dialects.cohere_chat import make_service
from llm_pure.adapters.dialects.cohere_chat.count import build_count
from llm_pure.adapters.dialects.cohere_chat.embed import build_embed
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, UnsupportedFeature
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    ToolCall,
)
from llm_pure.types.request import JsonFormat, NamedToolChoice, NativeTool, SchemaFormat, Tool
from tests.support.builders import ProviderCase
from tests.support.chat_requests import PDF, PNG, WAV
from tests.support.configs import file_config, overridden

COHERE = ProviderCase("cohere", "command-a-plus")
CONFIG, built, body = COHERE.config, COHERE.built, COHERE.body
PIXELS = "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAA=="
EMPTY = {"type": "object", "properties": {}}
NEEDY = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
WEATHER = Tool(name="weather", description="Weather now", parameters={"type": "object"})
WEATHER_SENT = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Weather now",
        "parameters": {"type": "object", "properties": {}},
    },
}
PLAIN = {"max_tokens": 4096, "temperature": 0.0}


def test_a_plain_question() -> None:
    made = built(ChatRequest(messages="hi")).request
    assert (made.method, made.url) == ("POST", "https://api.cohere.com/v2/chat")
    assert made.headers == (("content-type", "application/json"), ("accept", "application/json"))
    assert json.loads(made.body) == {
        "model": "command-a-plus",
        "messages": [{"role": "user", "content": "hi"}],
        **PLAIN,
    }


@pytest.mark.parametrize(
    "base_url",
    [
        "https://gate.test",
        "https://gate.test/",
        "https://gate.test/v2",
        "https://gate.test/v1/",
        "https://gate.test/v2/chat",
    ],
)
def test_the_version_at_the_end_of_a_base_url_is_the_paths_to_say(base_url: str) -> None:
    config = file_config(api_type="cohere", model="m", base_url=base_url)
    assert built(ChatRequest(messages="hi"), config).request.url == "https://gate.test/v2/chat"


def test_everything_at_once() -> None:
    request = ChatRequest(
        messages=[
            system("Be brief."),
            user("What is this?", Image(data=PNG, detail="low"), Image(url="https://x.test/a.png")),
            assistant(
                Reasoning("hm", None, ProviderMetadata("cohere")),
                "Let me see.",
                ToolCall("c1", "weather", '{"city":"Oslo"}'),
            ),
            tool_result("c1", "21", "°C"),
        ],
        tools=(WEATHER,),
        tool_choice="required",
        max_tokens=64,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop="END",
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logprobs=True,
        reasoning=ReasoningRequest(budget_tokens=900),
        stream=True,
        extra={"documents": ["a document"], "temperature": 0.25},
    )
    made = built(request)
    assert made.adaptations == (overridden("extra/temperature", 0.5, 0.25),)
    assert dict(made.request.headers)["accept"] == "text/event-stream"
    assert list(json.loads(made.request.body).items()) == list(
        {
            "model": "command-a-plus",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": {"url": PIXELS, "detail": "low"}},
                        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm"},
                        {"type": "text", "text": "Let me see."},
                    ],
                    "tool_calls": [
                        {
                            "id": "c1",
                            "type": "function",
                            "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "21\n°C"},
            ],
            "tools": [WEATHER_SENT],
            "tool_choice": "REQUIRED",
            "max_tokens": 64,
            "temperature": 0.25,
            "p": 0.9,
            "k": 40,
            "stop_sequences": ["END"],
            "seed": 7,
            "presence_penalty": 0.1,
            "frequency_penalty": 0.2,
            "logprobs": True,
            "thinking": {"type": "enabled", "token_budget": 900},
            "stream": True,
            "documents": ["a document"],
        }.items()
    )


@pytest.mark.parametrize(
    ("asked", "sent", "reported"),
    [
        ({"tool_choice": "auto"}, {"tools": [WEATHER_SENT]}, []),
        ({"tool_choice": "none"}, {"tools": [WEATHER_SENT], "tool_choice": "NONE"}, []),
        (
            {"tool_choice": NamedToolChoice("weather"), "tools": (Tool(name="clock"), WEATHER)},
            {"tools": [WEATHER_SENT], "tool_choice": "REQUIRED"},
            [("tool_choice", "changed")],
        ),
        (
            {"tool_choice": NamedToolChoice("nobody")},
            {"tools": [WEATHER_SENT]},
            [("tool_choice", "dropped")],
        ),
        (
            {"tools": (Tool(name="f", parameters={}, strict=True),)},
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": EMPTY}}]},
            [("tools/0/strict", "dropped")],
        ),
        (
            {"tools": (Tool(name="f", parameters=NEEDY, strict=True),)},
            {
                "tools": [{"type": "function", "function": {"name": "f", "parameters": NEEDY}}],
                "strict_tools": True,
            },
            [],
        ),
        (
            {"tools": (Tool(name="f", parameters=NEEDY, strict=True), WEATHER)},
            {
                "tools": [
                    {"type": "function", "function": {"name": "f", "parameters": NEEDY}},
                    WEATHER_SENT,
                ],
                "strict_tools": True,
            },
            [("tools", "changed")],
        ),
        ({"tools": (NativeTool("cohere", {"type": "x"}),)}, {"tools": [{"type": "x"}]}, []),
        ({"tools": (NativeTool("openai", {"type": "x"}),)}, {}, [("tools/0", "dropped")]),
        (
            {"parallel_tool_calls": False},
            {"tools": [WEATHER_SENT]},
            [("parallel_tool_calls", "dropped")],
        ),
        (
            {"tools": (), "response_format": JsonFormat()},
            {"response_format": {"type": "json_object"}},
            [],
        ),
        (
            {"tools": (), "response_format": SchemaFormat(schema={}, description="d")},
            {"response_format": {"type": "json_object", "json_schema": EMPTY}},
            [
                ("response_format/schema/type", "changed"),
                ("response_format/description", "dropped"),
            ],
        ),
    ],
)
def test_tools_and_formats(
    asked: dict[str, Any], sent: dict[str, Any], reported: list[tuple[str, str]]
) -> None:
    request = ChatRequest(**{"messages": "hi", "tools": (WEATHER,), **asked})
    got = body(request)
    assert {k: v for k, v in got.items() if k not in ("model", "messages", *PLAIN)} == sent
    assert COHERE.adaptations(request) == reported


@pytest.mark.parametrize(
    ("model", "asked", "sent", "reported"),
    [
        ("command-a-plus", "none", {"type": "disabled"}, []),
        ("command-a-plus", "high", {"type": "enabled"}, [("reasoning", "changed")]),
        ("command-a-plus", 500, {"type": "enabled", "token_budget": 500}, []),
        ("command-a-plus", ReasoningRequest(), {"type": "enabled"}, []),
        ("command-a-plus", 0, {"type": "disabled"}, []),
        ("command-r7b-12-2024", "high", None, [("reasoning", "dropped")]),
        ("command-r7b-12-2024", "none", None, []),
    ],
)
def test_reasoning(model: str, asked: Any, sent: Any, reported: list[tuple[str, str]]) -> None:
    request = ChatRequest(messages="hi", model=model, reasoning=asked)
    assert body(request).get("thinking") == sent
    assert COHERE.adaptations(request) == reported


@pytest.mark.parametrize(
    ("asked", "sent", "reported"),
    [
        ({"top_p": 1.0}, {"p": 0.99}, [("top_p", "clamped")]),
        ({"top_k": 900}, {"k": 500}, [("top_k", "clamped")]),
        ({"frequency_penalty": -1.0}, {"frequency_penalty": 0}, [("frequency_penalty", "clamped")]),
        ({"n": 2}, {}, [("n", "dropped")]),
        ({"repetition_penalty": 1.5}, {}, [("repetition_penalty", "dropped")]),
        ({"logprobs": 4}, {"logprobs": True}, [("logprobs", "changed")]),
        ({"metadata": {"a": "b"}}, {}, [("metadata", "dropped")]),
    ],
)
def test_settings_that_cohere_does_not_take_as_they_are(
    asked: dict[str, Any], sent: dict[str, Any], reported: list[tuple[str, str]]
) -> None:
    request = ChatRequest(messages="hi", **asked)
    got = body(request)
    assert {k: v for k, v in got.items() if k not in ("model", "messages", *PLAIN)} == sent
    assert COHERE.adaptations(request) == reported
    refused = PROVIDER.build_chat(CONFIG, request, strict=True).failure()
    assert isinstance(refused, UnsupportedFeature)
    assert refused.feature == reported[0][0]


def test_what_another_provider_said_is_left_out_and_reported() -> None:
    request = ChatRequest(
        messages=[
            "hi",
            assistant(
                Reasoning("hm", "sig", ProviderMetadata("anthropic")),
                Reasoning("signed", "sig"),
                Opaque("openai", "web_search_call", "{}"),
                Image(data=PNG),
                Refusal("No."),
                ToolCall("c1", "f", "{}", ProviderMetadata("openai", '{"index":0}')),
            ),
            tool_result("c1", "x"),
            user("b", name="ann"),
        ]
    )
    assert body(request)["messages"][1] == {
        "role": "assistant",
        "content": "No.",
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        ],
    }
    assert COHERE.adaptations(request) == [
        ("messages/1/parts/0", "dropped"),
        ("messages/1/parts/1", "dropped"),
        ("messages/1/parts/2", "dropped"),
        ("messages/1/parts/5/provider_metadata", "rewritten"),
        ("messages/1/parts/3", "dropped"),
        ("messages/1/parts/4", "changed"),
        ("messages/3/name", "dropped"),
    ]


def test_own_opaque_parts_go_back_byte_for_byte() -> None:
    part = Opaque("cohere", "chart", '{"type":"chart","b":2,"a":1}')
    made = built(ChatRequest(messages=["hi", assistant("x", part), "y"]))
    assert b'{"type":"text","text":"x"},{"type":"chart","b":2,"a":1}' in made.request.body


def test_a_picture_among_results_follows_as_the_users() -> None:
    request = ChatRequest(
        messages=[
            "hi",
            assistant(ToolCall("c1", "f")),
            tool_result("c1", "Look:", Image(data=PNG), is_error=True),
        ]
    )
    assert body(request)["messages"][2:] == [
        {"role": "tool", "tool_call_id": "c1", "content": "Look:"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PIXELS}}]},
    ]
    assert COHERE.adaptations(request) == [
        ("messages/2/parts/0", "changed"),
        ("messages/2/parts/0/is_error", "dropped"),
    ]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Document(data=PDF), "documents"),
        (Audio(data=WAV), "Audio"),
        (Image(file_id="file-1"), "Image"),
        (Image(data=b"????"), "not an image"),
    ],
    ids=["a document", "sound", "a file id", "bytes of no image"],
)
def test_a_part_without_a_form_is_unsupported_and_named(part: Any, words: str) -> None:
    error = PROVIDER.build_chat(CONFIG, ChatRequest(messages=[user("a", part)])).failure()
    assert isinstance(error, UnsupportedFeature)
    assert error.message.startswith("messages/0/parts/1: ")
    assert words in error.message


def test_embeddings_are_asked_for_as_floats() -> None:
    request = EmbedRequest(
        input=("a", "b"), model="embed-v4.0", dimensions=256, task="search_query",
        extra={"truncate": "END"},
    )  # fmt: skip
    made = build_embed(make_service("cohere"), CONFIG, request).unwrap().request
    assert made.url == "https://api.cohere.com/v2/embed"
    assert json.loads(made.body) == {
        "model": "embed-v4.0",
        "texts": ["a", "b"],
        "input_type": "search_query",
        "embedding_types": ["float"],
        "output_dimension": 256,
        "truncate": "END",
    }


def test_an_embedding_without_a_task_is_of_a_document() -> None:
    made = build_embed(make_service("cohere"), CONFIG, EmbedRequest(input="a")).unwrap().request
    assert json.loads(made.body)["input_type"] == "search_document"


@pytest.mark.parametrize(
    ("config", "request_", "kind"),
    [
        (file_config(api_type="cohere"), EmbedRequest(input="a"), InvalidConfiguration),
        (CONFIG, EmbedRequest(input=()), InvalidRequest),
        (CONFIG, EmbedRequest(input=("a", "")), InvalidRequest),
    ],
)
def test_embeddings_that_cannot_be_made(
    config: LLMConfig, request_: EmbedRequest, kind: type
) -> None:
    assert isinstance(build_embed(make_service("cohere"), config, request_).failure(), kind)


def test_the_words_of_a_conversation_are_counted() -> None:
    request = ChatRequest(
        messages=[
            system("Be brief."),
            user("hi", Image(data=PNG)),
            assistant(ToolCall("c1", "f", '{"a":1}')),
            tool_result("c1", "21"),
        ],
        tools=(WEATHER,),
    )
    made = build_count(make_service("cohere"), CONFIG, request).unwrap()
    assert made.request.url == "https://api.cohere.com/v1/tokenize"
    assert json.loads(made.request.body) == {
        "text": 'Be brief.\nhi\nf\n{"a":1}\n21',
        "model": "command-a-plus",
    }
    assert [(one.field, one.action) for one in made.adaptations] == [
        ("messages/1/parts/1", "dropped"),
        ("tools", "dropped"),
    ]


def test_without_words_there_is_nothing_to_count() -> None:
    request = ChatRequest(messages=[user(Image(data=PNG))])
    assert isinstance(
        build_count(make_service("cohere"), CONFIG, request).failure(), InvalidRequest
    )
