"""ChatRequest, EmbedRequest -> requests of Qianfan's first API, and what is said about what it cannot take."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given

from llm_pure import (
    ChatRequest,
    EmbedRequest,
    LLMConfig,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters.dialects.qianfan_v1 import authorize, build_chat, build_token
from llm_pure.adapters.dialects.qianfan_v1.embed import build_embed
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, UnsupportedFeature
from llm_pure.types.http import get_header
from llm_pure.types.messages import (
    Document,
    Image,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    ToolCall,
)
from llm_pure.types.request import JsonFormat, NamedToolChoice, NativeTool, SchemaFormat, Tool
from llm_pure.types.result import Success
from tests.support.builders import ChatCase
from tests.support.chat_requests import PDF, PNG, chat_requests
from tests.support.configs import file_config, overridden
from tests.support.qianfan_v1_streams import SERVICE

CONFIG = file_config(
    api_type="qianfan", model="ERNIE-4.0-8K", input_modalities=("image", "audio", "document")
)
HOST = "https://aip.baidubce.com"
BASE = f"{HOST}/rpc/2.0/ai_custom/v1/wenxinworkshop"
EMPTY = {"type": "object", "properties": {}}
WEATHER = Tool(name="weather", description="Weather now", parameters={"type": "object"})
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CASE = ChatCase(partial(build_chat, SERVICE), CONFIG)
built, body, adaptations = CASE.built, CASE.body, CASE.adaptations


def test_a_plain_question() -> None:
    made = built(ChatRequest(messages="hi")).request
    assert (made.method, made.url) == ("POST", f"{BASE}/chat/completions_pro")
    assert json.loads(made.body) == {
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0.01,
    }


@pytest.mark.parametrize(
    ("model", "endpoint", "base_url", "url"),
    [
        ("ERNIE-3.5-8K", None, None, f"{BASE}/chat/completions"),
        ("ERNIE-Speed-128K", None, None, f"{BASE}/chat/ernie-speed-128k"),
        ("ERNIE-Bot-turbo", None, None, f"{BASE}/chat/eb-instant"),
        ("my_own_service", None, None, f"{BASE}/chat/my_own_service"),
        ("ERNIE-4.0-8K", "abc/def", None, f"{BASE}/chat/abc%2Fdef"),
        ("", "my_endpoint", None, f"{BASE}/chat/my_endpoint"),
        ("ERNIE-4.0-8K", None, HOST, f"{BASE}/chat/completions_pro"),
        ("ERNIE-4.0-8K", None, "https://x.test/w/", "https://x.test/w/chat/completions_pro"),
    ],
)
def test_the_model_is_in_the_address(
    model: str, endpoint: str | None, base_url: str | None, url: str
) -> None:
    config = file_config(api_type="qianfan", model=model, endpoint=endpoint, base_url=base_url)
    assert built(ChatRequest(messages="hi"), config).request.url == url


def test_everything_at_once() -> None:
    thoughts = ProviderMetadata("qianfan", '{"thoughts":"because"}')
    request = ChatRequest(
        messages=[
            system("Be brief."),
            system("Be kind."),
            user("How is", "the weather?"),
            assistant(ToolCall("c1", "weather", '{"city":"Oslo"}', thoughts)),
            tool_result("c1", '{"celsius":21}'),
            assistant("Warm."),
            user("And tomorrow?"),
        ],
        tools=(WEATHER, Tool(name="clock", parameters={}), NativeTool("qianfan", {"type": "web"})),
        tool_choice=NamedToolChoice("weather"),
        response_format=JsonFormat(),
        max_tokens=64,
        temperature=0.5,
        top_p=0.9,
        repetition_penalty=1.1,
        stop=("END",),
        stream=True,
        extra={"user_id": "u-1", "temperature": 0.25},
    )
    made = built(request)
    assert made.adaptations == (overridden("extra/temperature", 0.5, 0.25),)
    assert dict(made.request.headers)["accept"] == "text/event-stream"
    assert json.loads(made.request.body) == {
        "messages": [
            {"role": "user", "content": "How is\nthe weather?"},
            {
                "role": "assistant",
                "content": "",
                "function_call": {
                    "name": "weather",
                    "arguments": '{"city":"Oslo"}',
                    "thoughts": "because",
                },
            },
            {"role": "function", "name": "weather", "content": '{"celsius":21}'},
            {"role": "assistant", "content": "Warm."},
            {"role": "user", "content": "And tomorrow?"},
        ],
        "system": "Be brief.\n\nBe kind.",
        "functions": [
            {
                "description": "Weather now",
                "name": "weather",
                "parameters": {"type": "object", "properties": {}},
            },
            {"description": "clock", "name": "clock", "parameters": EMPTY},
        ],
        "tools": [{"type": "web"}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "response_format": "json_object",
        "temperature": 0.25,
        "top_p": 0.9,
        "penalty_score": 1.1,
        "stop": ["END"],
        "max_output_tokens": 64,
        "stream": True,
        "user_id": "u-1",
    }


U, A = "user", "assistant"
CALL = ToolCall("c1", "f", "{}")
CALLED = {"role": A, "content": "", "function_call": {"name": "f", "arguments": "{}"}}
ANSWERED = {"role": "function", "name": "f", "content": '{"result":"x"}'}


@pytest.mark.parametrize(
    ("messages", "sent", "reported"),
    [
        (
            [user("a"), user("b")],
            [{"role": U, "content": "a\n\nb"}],
            [("messages/1", "changed")],
        ),
        (
            [user("a"), assistant("b"), assistant("c"), user("d")],
            [{"role": U, "content": "a"}, {"role": A, "content": "b\n\nc"}, {"role": U, "content": "d"}],
            [("messages/2", "changed")],
        ),
        (
            [user("a"), assistant("b"), assistant(CALL), tool_result("c1", "x")],
            [{"role": U, "content": "a"}, {**CALLED, "content": "b"}, ANSWERED],
            [("messages/2", "changed")],
        ),
        (
            [user("a"), assistant(CALL), tool_result("c1", "x"), user("b")],
            [
                {"role": U, "content": "a"},
                CALLED,
                ANSWERED,
                {"role": A, "content": "OK"},
                {"role": U, "content": "b"},
            ],
            [("messages/3", "changed")],
        ),
        (
            [user(""), assistant(), user("b")],
            [{"role": U, "content": "/"}, {"role": A, "content": "/"}, {"role": U, "content": "b"}],
            [],
        ),
        (
            [user("a"), assistant("b"), system("c"), user("d", name="ann")],
            [{"role": U, "content": "a"}, {"role": A, "content": "b"}, {"role": U, "content": "d"}],
            [("messages/2", "changed"), ("messages/3/name", "dropped")],
        ),
        (
            [
                user("a"),
                assistant(
                    Reasoning("hm", None, ProviderMetadata("qianfan")),
                    Reasoning("hm", "sig", ProviderMetadata("anthropic")),
                    Opaque("openai", "x", "{}"),
                    Opaque("qianfan", "x", "{}"),
                    Refusal("No."),
                ),
                user("b"),
            ],
            [{"role": U, "content": "a"}, {"role": A, "content": "No."}, {"role": U, "content": "b"}],
            [
                ("messages/1/parts/0", "dropped"),
                ("messages/1/parts/1", "dropped"),
                ("messages/1/parts/2", "dropped"),
                ("messages/1/parts/4", "changed"),
                ("messages/1", "dropped"),
            ],
        ),
        (
            [user("a"), assistant(CALL), tool_result("c1", "x", is_error=True)],
            [{"role": U, "content": "a"}, CALLED, ANSWERED],
            [("messages/2/parts/0/is_error", "dropped")],
        ),
    ],
    ids=[
        "two of the user", "two of the assistant", "words and a call", "a user after a function", "empty",
        "late system text", "what has no place", "a failed tool",
    ],
)  # fmt: skip
def test_turns_follow_one_another_as_the_api_wants(
    messages: Any, sent: list[dict[str, Any]], reported: list[tuple[str, str]]
) -> None:
    request = ChatRequest(messages=messages)
    assert body(request)["messages"] == sent
    assert adaptations(request) == reported


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([assistant("a"), user("b")], "messages/0: a conversation begins with the user"),
        ([user("a"), assistant("b")], "messages: a conversation ends with the user"),
        ([user("a"), assistant(CALL, ToolCall("c2", "g", "{}"))], "messages/1: a turn calls one"),
        (
            [user("a"), assistant(CALL), assistant("b"), user("c")],
            "messages/2: the result of a called",
        ),
        ([user("a"), tool_result("c9", "x")], "messages/1/parts/0: a function's result needs"),
        ([user("a", Image(data=PNG))], "messages/0/parts/1: Qianfan version 1 supports text"),
        ([user(Document(data=PDF))], "messages/0/parts/0: Qianfan version 1 supports text"),
    ],
)
def test_turns_that_the_api_cannot_carry_are_unsupported_and_named(
    messages: Any, words: str
) -> None:
    error = build_chat(SERVICE, CONFIG, ChatRequest(messages=messages)).failure()
    assert isinstance(error, UnsupportedFeature)
    assert error.message.startswith(words)


@pytest.mark.parametrize(
    ("asked", "fields", "reported"),
    [
        ({"temperature": 1.5}, {"temperature": 1}, [("temperature", "clamped")]),
        ({"temperature": 0.0}, {"temperature": 0.01}, [("temperature", "clamped")]),
        ({"repetition_penalty": 0.5}, {"penalty_score": 1}, [("repetition_penalty", "clamped")]),
        ({"top_k": 4}, {}, [("top_k", "dropped")]),
        ({"seed": 4}, {}, [("seed", "dropped")]),
        ({"n": 2}, {}, [("n", "dropped")]),
        ({"logprobs": True}, {}, [("logprobs", "dropped")]),
        ({"presence_penalty": 0.5}, {}, [("presence_penalty", "dropped")]),
        ({"frequency_penalty": 0.5}, {}, [("frequency_penalty", "dropped")]),
        ({"metadata": {"a": "b"}}, {}, [("metadata", "dropped")]),
        ({"reasoning": "high"}, {}, [("reasoning", "dropped")]),
        ({"reasoning": "none"}, {}, []),
        ({"tool_choice": "required"}, {}, [("tool_choice", "dropped")]),
        ({"tools": (WEATHER,), "tool_choice": "none"}, {}, [("tool_choice", "changed")]),
        ({"tools": (NativeTool("openai", {}),)}, {}, [("tools/0", "dropped")]),
        (
            {"tools": (Tool(name="f", parameters={}, strict=True),)},
            {"functions": [{"description": "f", "name": "f", "parameters": EMPTY}]},
            [("tools/0/strict", "dropped")],
        ),
        (
            {"response_format": SchemaFormat(schema={})},
            {
                "response_format": "json_object",
                "system": "Answer with JSON of this JSON Schema, and with nothing else.\n{}",
            },
            [("response_format", "changed")],
        ),
    ],
)
def test_what_is_changed_or_left_out_is_reported(
    asked: dict[str, Any], fields: dict[str, Any], reported: list[tuple[str, str]]
) -> None:
    request = ChatRequest(messages="hi", **asked)
    plain = {"messages": [{"role": "user", "content": "hi"}], "temperature": 0.01}
    assert body(request) == {**plain, **fields}
    assert adaptations(request) == reported
    strict = build_chat(SERVICE, CONFIG, request, strict=True)
    assert isinstance(strict, Success) == (not reported)


@given(chat_requests())
def test_the_same_request_makes_the_same_bytes_and_turns_alternate(request: ChatRequest) -> None:
    got = build_chat(SERVICE, CONFIG, request)
    assert got == build_chat(SERVICE, CONFIG, request)
    if isinstance(got, Success):
        roles = [one["role"] for one in json.loads(got.unwrap().request.body)["messages"]]
        assert [role == "assistant" for role in roles] == [
            bool(place % 2) for place in range(len(roles))
        ]


def test_embeddings() -> None:
    request = EmbedRequest(
        input=("a", "b"), model="Embedding-V1", dimensions=4, extra={"user_id": "u"}
    )
    made = build_embed(SERVICE, CONFIG, request).unwrap()
    assert made.request.url == f"{BASE}/embeddings/embedding-v1"
    assert json.loads(made.request.body) == {"input": ["a", "b"], "user_id": "u"}
    assert [(one.field, one.action) for one in made.adaptations] == [("dimensions", "dropped")]


@pytest.mark.parametrize(
    ("config", "request_", "kind"),
    [
        (file_config(api_type="qianfan"), EmbedRequest(input="a"), InvalidConfiguration),
        (file_config(base_url="nowhere", model="m"), EmbedRequest(input="a"), InvalidConfiguration),
        (CONFIG, EmbedRequest(input=()), InvalidRequest),
    ],
)
def test_embeddings_that_cannot_be_made(
    config: LLMConfig, request_: EmbedRequest, kind: type
) -> None:
    assert isinstance(build_embed(SERVICE, config, request_).failure(), kind)


def test_keys_sign_each_request() -> None:
    config = file_config(api_type="qianfan", model="m", access_key="AK-1", secret_key="SK-1")
    made = built(ChatRequest(messages="hi"), config).request
    signed = authorize(SERVICE, config, made, NOW).unwrap()
    assert get_header(signed.headers, "x-bce-date") == "2026-11-20T12:00:00Z"
    told = get_header(signed.headers, "authorization") or ""
    assert told.startswith(
        "bce-auth-v1/AK-1/2026-11-20T12:00:00Z/1800/content-type;host;x-bce-date/"
    )
    assert "SK-1" not in repr(signed) + told
    assert signed.url == made.url


def test_a_token_stands_in_the_address_and_shows_nowhere() -> None:
    config = file_config(
        api_type="qianfan", model="m", api_key="k", secret_key="s", session_token="24.a b/c"
    )
    made = built(ChatRequest(messages="hi"), config).request
    signed = authorize(SERVICE, config, made, NOW).unwrap()
    assert signed.url == f"{BASE}/chat/m?access_token=24.a%20b%2Fc"
    assert signed.headers == made.headers
    assert "24.a" not in repr(signed)


@pytest.mark.parametrize(
    ("config", "field", "words"),
    [
        (file_config(api_key="k", secret_key="s"), "session_token", "exchanged for a token"),
        (file_config(), "access_key", "QIANFAN_ACCESS_KEY"),
        (file_config(access_key="a"), "secret_key", "QIANFAN_SECRET_KEY"),
        (file_config(access_key="ключ", secret_key="s"), "access_key", "characters"),
        (file_config(session_token="a\nb"), "session_token", "characters"),
    ],
)
def test_credentials_that_cannot_work_are_named(config: LLMConfig, field: str, words: str) -> None:
    made = built(ChatRequest(messages="hi")).request
    error = authorize(SERVICE, config, made, NOW).failure()
    assert isinstance(error, InvalidConfiguration)
    assert (error.field, words in error.message) == (field, True)


@pytest.mark.parametrize(
    "config",
    [
        file_config(api_key="a/k", secret_key="s k"),
        file_config(access_key="a/k", secret_key="s k", base_url=BASE),
        file_config(access_key="a/k", secret_key="s k", base_url=HOST),
    ],
)
def test_a_token_is_asked_for_with_the_keys_in_the_query(config: LLMConfig) -> None:
    made = build_token(SERVICE, config).unwrap()
    assert (made.method, made.body) == ("POST", b"")
    assert made.url == (
        f"{HOST}/oauth/2.0/token?grant_type=client_credentials&client_id=a%2Fk&client_secret=s+k"
    )
    assert "a%2Fk" not in repr(made)
    assert "s+k" not in repr(made)


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (file_config(secret_key="s"), "api_key"),
        (file_config(api_key="k"), "secret_key"),
        (file_config(api_key="k", secret_key="s", base_url="nowhere"), "base_url"),
    ],
)
def test_no_token_is_asked_for_without_keys(config: LLMConfig, field: str) -> None:
    error = build_token(SERVICE, config).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == field
