"""What users have -> messages, and the place of what cannot be read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    Audio,
    ChatRequest,
    Document,
    Image,
    LLMConfig,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    assistant,
    system,
    user,
)
from llm_pure.adapters import registry
from llm_pure.chat.message_export import from_json, to_json, to_openai
from llm_pure.chat.message_input import parse_messages
from llm_pure.framing.json_codec import arguments_text
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.result import Failure, Success

PNG = "iVBORw0KGgo="
PNG_BYTES = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("given", "messages"),
    [
        pytest.param("hi", (user("hi"),), id="a string"),
        pytest.param(user("hi"), (user("hi"),), id="a message"),
        pytest.param({"role": "user", "content": "hi"}, (user("hi"),), id="a mapping"),
        pytest.param(["a", user("b")], (user("a"), user("b")), id="a list"),
        pytest.param((system("s"), "a"), (system("s"), user("a")), id="a tuple"),
        pytest.param(iter(["a"]), (user("a"),), id="an iterator"),
    ],
)
def test_messages_come_in_many_shapes(given: Any, messages: tuple[Message, ...]) -> None:
    assert parse_messages(given) == Success(messages)


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("system", "system"),
        ("developer", "system"),
        ("user", "user"),
        ("human", "user"),
        ("assistant", "assistant"),
        ("model", "assistant"),
    ],
)
def test_roles_have_several_names(word: str, role: Any) -> None:
    assert parse_messages({"role": word, "content": "x", "name": "bob"}) == Success(
        (Message(role, (Text("x"),), "bob"),)
    )


OPENAI: dict[str, tuple[dict[str, Any], Message]] = {
    "no content": ({"role": "assistant"}, assistant()),
    "null content": ({"role": "assistant", "content": None}, assistant()),
    "empty content": ({"role": "user", "content": ""}, user()),
    "part values": (
        {"role": "user", "content": [Text("a"), "b", Image(file_id="f")]},
        user("a", "b", Image(file_id="f")),
    ),
    "text parts": (
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "a"},
                {"type": "input_text", "text": "b"},
                {"type": "output_text", "text": "c"},
            ],
        },
        user("a", "b", "c"),
    ),
    "a picture by URL": (
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}}
            ],
        },
        user(Image(url="https://x/y.png", detail="low")),
    ),
    "a picture in a data URL": (
        {
            "role": "user",
            "content": [
                {
                    "type": "input_image",
                    "image_url": f"data:image/jpeg;base64,{PNG}",
                    "detail": "high",
                }
            ],
        },
        user(Image(data=PNG_BYTES, media_type="image/jpeg", detail="high")),
    ),
    "sound": (
        {
            "role": "user",
            "content": [
                {"type": "input_audio", "input_audio": {"data": "QUI=", "format": "wav"}},
                {"type": "input_audio", "input_audio": {"data": "data:audio/ogg;base64,QUI="}},
                {"type": "input_audio", "input_audio": {"data": "QUI="}},
            ],
        },
        user(
            Audio(data=b"AB", media_type="audio/wav"),
            Audio(data=b"AB", media_type="audio/ogg"),
            Audio(data=b"AB"),
        ),
    ),
    "files": (
        {
            "role": "user",
            "content": [
                {"type": "file", "file": {"file_id": "f1", "filename": "a.pdf"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,QUI="}},
                {"type": "input_file", "file_url": "https://x/a.pdf", "filename": "a.pdf"},
            ],
        },
        user(
            Document(file_id="f1", name="a.pdf"),
            Document(data=b"AB", media_type="application/pdf"),
            Document(url="https://x/a.pdf", name="a.pdf"),
        ),
    ),
    "an assistant's turn": (
        {
            "role": "assistant",
            "content": "a",
            "reasoning_content": "r",
            "refusal": "no",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "2", "function": {"name": "g", "arguments": {"x": 1}}},
                {"custom": {"name": "h", "input": "text"}},
                {"id": "4", "name": "i"},
                ToolCall("5", "j"),
            ],
        },
        assistant(
            Reasoning("r"),
            "a",
            Refusal("no"),
            ToolCall("1", "f", "{}"),
            ToolCall("2", "g", '{"x":1}'),
            ToolCall("", "h", "text", ProviderMetadata("openai", '{"type":"custom"}')),
            ToolCall("4", "i", "{}"),
            ToolCall("5", "j"),
        ),
    ),
    "reasoning under another name": (
        {"role": "assistant", "reasoning": "r", "content": [{"type": "refusal", "refusal": "n"}]},
        assistant(Reasoning("r"), Refusal("n")),
    ),
    "a tool's answer": (
        {"role": "tool", "tool_call_id": "1", "name": "f", "content": "21", "is_error": True},
        Message(
            "tool",
            (ToolResult(tool_call_id="1", content=(Text("21"),), name="f", is_error=True),),
        ),
    ),
    "a function's answer": (
        {"role": "function", "name": "f", "content": "21"},
        Message("tool", (ToolResult(tool_call_id="f", content=(Text("21"),), name="f"),)),
    ),
}

OPENAI |= {
    "the only call of a turn, as it was before there were several": (
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        assistant(ToolCall("f", "f", "{}")),
    ),
    "what the model said aloud": (
        {
            "role": "assistant",
            "content": None,
            "audio": {"id": "audio_1", "transcript": "hi", "expires_at": 7},
        },
        assistant(
            Audio(
                file_id="audio_1",
                transcript="hi",
                provider_metadata=ProviderMetadata("openai", '{"expires_at":7}'),
            )
        ),
    ),
    "an answer as it was kept": (
        {
            "role": "assistant",
            "content": "a",
            "refusal": None,
            "annotations": [{"type": "url_citation"}],
            "audio": None,
            "function_call": None,
            "tool_calls": None,
            "provider_specific_fields": {},
        },
        assistant("a"),
    ),
    "the proof of thoughts": (
        {
            "role": "assistant",
            "reasoning": "r",
            "content": "a",
            "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}],
        },
        assistant(
            Reasoning(
                "r",
                provider_metadata=ProviderMetadata(
                    "openrouter",
                    '{"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]}',
                ),
            ),
            "a",
        ),
    ),
    "Gemini's proof behind OpenAI's API": (
        {
            "role": "assistant",
            "content": "a",
            "tool_calls": [
                {
                    "id": "1",
                    "type": "function",
                    "function": {"name": "f", "arguments": "{}"},
                    "extra_content": {"google": {"thought_signature": "s"}},
                }
            ],
        },
        assistant(
            "a",
            ToolCall(
                "1",
                "f",
                "{}",
                ProviderMetadata(
                    "openai", '{"extra_content":{"google":{"thought_signature":"s"}}}'
                ),
            ),
        ),
    ),
    "Ollama's pictures": (
        {"role": "user", "content": "a", "images": [PNG]},
        user("a", Image(data=PNG_BYTES)),
    ),
    "Mistral's thoughts": (
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}],
        },
        assistant(Reasoning("hm")),
    ),
}

ANTHROPIC: dict[str, tuple[dict[str, Any], Message]] = {
    "sources": (
        {
            "role": "user",
            "content": [
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                },
                {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
                {"type": "image", "source": {"type": "file", "file_id": "f"}},
                {
                    "type": "document",
                    "source": {"type": "text", "data": "é"},
                    "title": "a.txt",
                },
            ],
        },
        user(
            Image(data=PNG_BYTES, media_type="image/png"),
            Image(url="https://x/y.png"),
            Image(file_id="f"),
            Document(data="é".encode(), media_type="text/plain", name="a.txt"),
        ),
    ),
    "thoughts and calls": (
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "t", "signature": "s"},
                {"type": "thinking", "thinking": "u"},
                {"type": "redacted_thinking", "data": "x"},
                {"type": "text", "text": "a"},
                {"type": "tool_use", "id": "1", "name": "f", "input": {"x": 1}},
                {"type": "tool_use", "id": "2", "name": "g"},
            ],
        },
        assistant(
            Reasoning("t", "s"),
            Reasoning("u"),
            Opaque("anthropic", "redacted_thinking", '{"type":"redacted_thinking","data":"x"}'),
            "a",
            ToolCall("1", "f", '{"x":1}'),
            ToolCall("2", "g", "{}"),
        ),
    ),
    "only results make a turn of tools": (
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": "a", "is_error": True},
                {
                    "type": "tool_result",
                    "tool_use_id": "2",
                    "content": [
                        {"type": "text", "text": "b"},
                        {"type": "image", "source": {"type": "url", "url": "https://x"}},
                    ],
                },
                {"type": "tool_result", "tool_use_id": "3"},
            ],
        },
        Message(
            "tool",
            (
                ToolResult(tool_call_id="1", content=(Text("a"),), is_error=True),
                ToolResult(tool_call_id="2", content=(Text("b"), Image(url="https://x"))),
                ToolResult(tool_call_id="3"),
            ),
        ),
    ),
    "results and words are the user's": (
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": "a"},
                {"type": "text", "text": "b"},
            ],
        },
        user(ToolResult(tool_call_id="1", content=(Text("a"),)), "b"),
    ),
}


@pytest.mark.parametrize("case", OPENAI)
def test_mappings_in_openais_shape_are_read(case: str) -> None:
    given, message = OPENAI[case]
    assert parse_messages([given]) == Success((message,))


@pytest.mark.parametrize("case", ANTHROPIC)
def test_mappings_in_anthropics_shape_are_read(case: str) -> None:
    given, message = ANTHROPIC[case]
    assert parse_messages(given) == Success((message,))


def content(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


def calls(*given: Any) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": list(given)}


def source(**fields: Any) -> dict[str, Any]:
    return content({"type": "image", "source": fields})


ENDLESS: dict[str, Any] = {}
ENDLESS["x"] = [ENDLESS]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (None, ""),
        (7, ""),
        ([], ""),
        ((), ""),
        ([7], "/0"),
        (b"hi", ""),
        (["a", None], "/1"),
        ([{"content": "x"}], "/0/role"),
        ({"role": 7, "content": "x"}, "/0/role"),
        ({"role": "narrator", "content": "x"}, "/0/role"),
        ({"role": ["user"], "content": "x"}, "/0/role"),
        ({"role": "user", "name": 7, "content": "x"}, "/0/name"),
        ({"role": "user", "content": 7}, "/0/content"),
        ({"role": "user", "content": {"type": "text", "text": "x"}}, "/0/content"),
        ({"role": "tool", "tool_call_id": 7, "content": "x"}, "/0/tool_call_id"),
        (content(7), "/0/content/0"),
        (content("a", {}), "/0/content/1/type"),
        (content({"type": "hologram"}), "/0/content/0/type"),
        (content({"type": ["text"]}), "/0/content/0/type"),
        (content({"type": "text"}), "/0/content/0/text"),
        (content({"type": "text", "text": 7}), "/0/content/0/text"),
        (content({"type": "refusal"}), "/0/content/0/refusal"),
        (content({"type": "image_url"}), "/0/content/0/image_url/url"),
        (content({"type": "image_url", "image_url": 7}), "/0/content/0/image_url/url"),
        (
            content({"type": "image_url", "image_url": {"url": "data:image/png,abc"}}),
            "/0/content/0/image_url/url",
        ),
        (
            content({"type": "image_url", "image_url": {"url": "data:image/png;base64,?"}}),
            "/0/content/0/image_url/url",
        ),
        (
            content({"type": "image_url", "image_url": {"url": "https://x", "detail": 7}}),
            "/0/content/0/image_url/detail",
        ),
        (
            content({"type": "input_image", "image_url": "https://x", "detail": 7}),
            "/0/content/0/detail",
        ),
        (content({"type": "input_audio"}), "/0/content/0/input_audio"),
        (content({"type": "input_audio", "input_audio": {}}), "/0/content/0/input_audio/data"),
        (
            content({"type": "input_audio", "input_audio": {"data": "?"}}),
            "/0/content/0/input_audio/data",
        ),
        (
            content({"type": "input_audio", "input_audio": {"data": "data:audio/wav,x"}}),
            "/0/content/0/input_audio/data",
        ),
        (
            content({"type": "input_audio", "input_audio": {"data": "QUI=", "format": 7}}),
            "/0/content/0/input_audio/format",
        ),
        (content({"type": "file", "file": 7}), "/0/content/0/file"),
        (content({"type": "file", "file": {}}), "/0/content/0/file/file_data"),
        (content({"type": "file", "file": {"file_id": 7}}), "/0/content/0/file/file_id"),
        (
            content({"type": "file", "file": {"file_id": "f", "filename": 7}}),
            "/0/content/0/file/filename",
        ),
        (content({"type": "image"}), "/0/content/0/source"),
        (source(type="hologram"), "/0/content/0/source/type"),
        (source(type="base64"), "/0/content/0/source/data"),
        (source(type="base64", data="?"), "/0/content/0/source/data"),
        (source(type="base64", data="QUI=", media_type=7), "/0/content/0/source/media_type"),
        (source(type="text"), "/0/content/0/source/data"),
        (source(type="url"), "/0/content/0/source/url"),
        (source(type="file"), "/0/content/0/source/file_id"),
        (
            content({"type": "document", "source": {"type": "url", "url": "x"}, "title": 7}),
            "/0/content/0/title",
        ),
        (content({"type": "thinking"}), "/0/content/0/thinking"),
        (
            content({"type": "thinking", "thinking": "x", "signature": 7}),
            "/0/content/0/signature",
        ),
        (content({"type": "redacted_thinking", "data": object()}), "/0/content/0"),
        (content({"type": "tool_use", "name": "f"}), "/0/content/0/id"),
        (content({"type": "tool_use", "id": "1"}), "/0/content/0/name"),
        (
            content({"type": "tool_use", "id": "1", "name": "f", "input": {1j}}),
            "/0/content/0/input",
        ),
        (content({"type": "tool_result"}), "/0/content/0/tool_use_id"),
        (
            content({"type": "tool_result", "tool_use_id": "1", "content": [7]}),
            "/0/content/0/content/0",
        ),
        (
            content({"type": "tool_result", "tool_use_id": "1", "content": [Reasoning("x")]}),
            "/0/content/0/content/0",
        ),
        ({"role": "tool", "tool_call_id": "1", "content": ["a", Refusal("x")]}, "/0/content/1"),
        ({"role": "assistant", "reasoning": 7}, "/0/reasoning"),
        ([[{"role": "user", "content": "x"}]], "/0"),
        ({"role": "user", "content": [["x"]]}, "/0/content/0"),
        ({"role": "user", "content": [None]}, "/0/content/0"),
        ({"role": "user", "content": b"x"}, "/0/content"),
        (["a", {"role": "user", "content": "x", "priority": 1}], "/1/priority"),
        ({"role": "user", "content": "x", "cache_control": {"type": "ephemeral", "ttl": "9h"}}, "/0/cache_control/ttl"),
        (content({"type": "image_url", "image_url": {"url": "https://x", "format": "png"}}),
         "/0/content/0/image_url/format"),
        (content({"type": "file", "file": {"file_id": "f", "format": "pdf"}}),
         "/0/content/0/file/format"),
        (source(type="url", url="https://x", media_type="image/png"),
         "/0/content/0/source/media_type"),
        (content({"type": "text", "text": "x", "cache_control": object()}),
         "/0/content/0/cache_control"),
        (content({"type": "tool_use", "id": "1", "name": "f", "input": ENDLESS}),
         "/0/content/0/input"),
        (content({"type": "server_tool_use", "input": ENDLESS}), "/0/content/0"),
        (content({"type": "thinking", "thinking": [{"type": "refusal", "refusal": "x"}]}),
         "/0/content/0/thinking/0"),
        ({"role": "assistant", "refusal": ["no"]}, "/0/refusal"),
        ({"role": "assistant", "audio": {}}, "/0/audio/id"),
        ({"role": "assistant", "audio": {"id": "1", "data": "?"}}, "/0/audio/data"),
        ({"role": "assistant", "audio": "x"}, "/0/audio"),
        ({"role": "assistant", "function_call": {"arguments": "{}"}}, "/0/function_call/name"),
        ({"role": "assistant", "function_call": "f"}, "/0/function_call"),
        ({"role": "user", "images": "x"}, "/0/images"),
        ({"role": "user", "images": [PNG, "?"]}, "/0/images/1"),
        (calls({"function": {"name": "f", "arguments": "{}", "strict": True}}),
         "/0/tool_calls/0/function/strict"),
        ({"role": "assistant", "tool_calls": 7}, "/0/tool_calls"),
        ({"role": "assistant", "tool_calls": {"id": "1"}}, "/0/tool_calls"),
        ({"role": "assistant", "tool_calls": "f()"}, "/0/tool_calls"),
        (calls(7), "/0/tool_calls/0"),
        (calls({"id": 7, "function": {"name": "f"}}), "/0/tool_calls/0/id"),
        (calls({"function": 7}), "/0/tool_calls/0/function"),
        (calls({"function": {"arguments": "{}"}}), "/0/tool_calls/0/function/name"),
        (
            calls({"function": {"name": "f", "arguments": object()}}),
            "/0/tool_calls/0/function/arguments",
        ),
        (
            calls({"function": {"name": "f", "arguments": {"a": "\ud800"}}}),
            "/0/tool_calls/0/function/arguments",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_by_its_place(given: Any, path: str) -> None:
    error = parse_messages(given).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == f"messages{path}"
    assert error.message


@pytest.mark.parametrize(
    ("given", "text"),
    [(None, "{}"), ("", "{}"), ('{"a"', '{"a"'), ({"a": 1}, '{"a":1}'), ([], "[]"), (0, "0")],
)
def test_arguments_are_text_however_they_came(given: object, text: str) -> None:
    assert arguments_text(given) == text


CACHED = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
TALK: list[dict[str, Any]] = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Look.", **CACHED},
            {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
            {
                "type": "document",
                "source": {"type": "file", "file_id": "file_1"},
                "title": "a.pdf",
                "context": "what it is",
                "citations": {"enabled": True},
            },
            {"type": "search_result", "source": "s", "title": "t", "content": []},
            {"type": "container_upload", "file_id": "file_2"},
        ],
    },
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s1"},
            {"type": "redacted_thinking", "data": "x"},
            {
                "type": "text",
                "text": "I see.",
                "citations": [{"type": "char_location", "cited_text": "x"}],
            },
            {
                "type": "server_tool_use",
                "id": "srv_1",
                "name": "web_search",
                "input": {"query": "q"},
                "caller": {"type": "direct"},
            },
            {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": []},
            {
                "type": "tool_use",
                "id": "t1",
                "name": "f",
                "input": {"x": [1, {"y": None}]},
                "caller": {"type": "direct"},
                **CACHED,
            },
            {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "t1",
                "content": "a",
                "is_error": True,
                **CACHED,
            },
            {
                "type": "tool_result",
                "tool_use_id": "t2",
                "content": [
                    {"type": "text", "text": "b", **CACHED},
                    {"type": "image", "source": {"type": "url", "url": "https://x"}},
                ],
            },
        ],
    },
]
"""With all that a conversation in Anthropic's shape may hold."""


def test_a_conversation_of_anthropics_goes_back_to_it_as_it_was() -> None:
    config = LLMConfig(api_type="anthropic", model="claude-sonnet-4-5", max_token=1000)
    built = registry.get("anthropic").unwrap().build_chat(config, ChatRequest(messages=TALK))
    assert built.unwrap().adaptations == ()
    assert json.loads(built.unwrap().request.body)["messages"] == TALK


def test_a_conversation_of_anthropics_is_kept_whole_in_openais_shape_and_in_json() -> None:
    read = parse_messages(TALK).unwrap()
    told = to_openai(read).unwrap()
    assert [turn["role"] for turn in told] == ["user", "assistant", "tool", "tool"]
    results = [part for message in parse_messages(told).unwrap()[2:] for part in message.parts]
    assert (*read[:2], results) == (*parse_messages(told).unwrap()[:2], list(read[2].parts))
    assert from_json(to_json(read).unwrap()) == Success(read)


OPENAI_TALK: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "name": "ann",
        "content": [
            {"type": "text", "text": "Look and listen."},
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            {"type": "file", "file": {"file_id": "file_1"}},
        ],
    },
    {
        "role": "assistant",
        "content": "I see.",
        "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1'}},
            {"id": "2", "type": "custom", "custom": {"name": "g", "input": "free words"}},
        ],
    },
    {"role": "tool", "tool_call_id": "1", "content": "a"},
    {"role": "tool", "tool_call_id": "2", "content": "b"},
    {"role": "assistant", "content": None, "audio": {"id": "audio_1"}},
    {"role": "assistant", "content": None, "refusal": "No."},
]


def test_a_conversation_of_openais_goes_back_to_it_as_it_was() -> None:
    config = LLMConfig(api_type="openai", model="some-model")
    built = registry.get("openai").unwrap().build_chat(config, ChatRequest(messages=OPENAI_TALK))
    assert json.loads(built.unwrap().request.body)["messages"] == OPENAI_TALK
    assert built.unwrap().adaptations == ()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "type", "text", "source", "tool_calls", "function", "name"]
            ),
            inner | st.sampled_from(["user", "assistant", "tool", "text", "image", "tool_use"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_nothing_makes_it_raise(given: Any) -> None:
    read = parse_messages(given)
    if isinstance(read, Failure):
        assert isinstance(read.failure(), InvalidRequest)
    else:
        parts: list[Part] = [part for message in read.unwrap() for part in message.parts]
        assert all(isinstance(part, Part) for part in parts)
