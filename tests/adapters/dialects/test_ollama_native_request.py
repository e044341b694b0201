"""ChatRequest -> the bodies of /api/chat and /api/generate."""

import json
from typing import Any

import pytest

from llm_pure import (
    Audio,
    ChatRequest,
    Document,
    Image,
    JsonFormat,
    LLMConfig,
    Message,
    NamedToolChoice,
    NativeTool,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    ReasoningRequest,
    Refusal,
    SchemaFormat,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters import ollama, ollama_generate
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Provider
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, UnsupportedFeature
from llm_pure.types.result import Failure
from tests.support.builders import ProviderCase
from tests.support.configs import file_config

build_generate = ollama_generate.PROVIDER.build_chat
PNG = b"\x89PNG\r\n\x1a\n\x00"
PNG_TEXT = "iVBORw0KGgoA"
OLLAMA = ProviderCase("ollama", "llama3.2", input_modalities=("image", "audio", "document"))
CONFIG, built, body = OLLAMA.config, OLLAMA.built, OLLAMA.body
build_chat = OLLAMA.provider.build_chat
OPTIONS = {"num_predict": 4096, "temperature": 0.0}


def fields(**asked: Any) -> dict[str, Any]:
    """The body beside model, messages and stream."""
    sent = body(ChatRequest(messages="hi", **asked))
    return {key: sent[key] for key in sent if key not in ("model", "messages", "stream")}


def messages(*turns: Message) -> Any:
    return body(ChatRequest(messages=turns))["messages"]


def told(request: ChatRequest) -> list[tuple[str, str, Any, Any]]:
    return [(one.field, one.action, one.before, one.after) for one in built(request).adaptations]


def test_a_whole_answer_is_asked_for_in_so_many_words() -> None:
    got = built(ChatRequest(messages=[system("Be short."), "hi"]))
    assert (got.request.method, got.request.url) == ("POST", "http://localhost:11434/api/chat")
    assert got.request.headers == (
        ("content-type", "application/json"),
        ("accept", "application/json"),
    )
    assert json.loads(got.request.body) == {
        "model": "llama3.2",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "hi"},
        ],
        "stream": False,
        "options": OPTIONS,
    }
    assert got.adaptations == ()


def test_a_stream_is_asked_for_as_lines_of_json() -> None:
    got = built(ChatRequest(messages="hi", stream=True))
    assert ("accept", "application/x-ndjson") in got.request.headers
    assert json.loads(got.request.body)["stream"] is True


def test_every_setting_has_its_name_among_the_options() -> None:
    request = ChatRequest(
        messages="hi",
        max_tokens=7,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        repetition_penalty=1.1,
        presence_penalty=0.2,
        frequency_penalty=0.3,
        stop="END",
        seed=42,
        logprobs=3,
    )
    sent = body(request)
    assert {key: sent[key] for key in ("logprobs", "top_logprobs", "options")} == {
        "logprobs": True,
        "top_logprobs": 3,
        "options": {
            "num_predict": 7,
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 40,
            "repeat_penalty": 1.1,
            "presence_penalty": 0.2,
            "frequency_penalty": 0.3,
            "stop": ["END"],
            "seed": 42,
        },
    }
    assert built(request).adaptations == ()


def test_a_configured_context_length_is_the_window_that_the_server_opens() -> None:
    config = file_config(api_type="ollama", model="m", context_length=8192)
    assert body(ChatRequest(messages="hi"), config)["options"] == {**OPTIONS, "num_ctx": 8192}


def test_extra_goes_over_the_body_and_its_options_over_the_options() -> None:
    extra = {"keep_alive": "10m", "truncate": False, "options": {"num_ctx": 9, "temperature": 1}}
    assert fields(extra=extra) == {
        "options": {"num_predict": 4096, "temperature": 1, "num_ctx": 9},
        "keep_alive": "10m",
        "truncate": False,
    }


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        pytest.param(JsonFormat(), "json", id="json"),
        pytest.param(SchemaFormat(schema={"type": "array"}), {"type": "array"}, id="schema"),
    ],
)
def test_the_format_is_a_word_or_the_schema_itself(asked: Any, sent: Any) -> None:
    assert fields(response_format=asked) == {"format": sent, "options": OPTIONS}


@pytest.mark.parametrize(
    ("model", "asked", "think", "changed"),
    [
        pytest.param("qwen3", "none", False, None, id="off"),
        pytest.param("qwen3", ReasoningRequest(enabled=False), False, None, id="disabled"),
        pytest.param("qwen3", ReasoningRequest(), True, None, id="as you like"),
        pytest.param("qwen3", "high", "high", None, id="a level"),
        pytest.param("qwen3", "max", "max", None, id="the top level"),
        pytest.param("qwen3", "minimal", "low", ("minimal", "low"), id="a level below all"),
        pytest.param("qwen3", "xhigh", "high", ("xhigh", "high"), id="a level between two"),
        pytest.param("qwen3", 2000, True, (2000, True), id="a budget"),
        pytest.param("qwen3", 0, False, None, id="a budget of nothing"),
        pytest.param("gpt-oss:20b", ReasoningRequest(), "medium", None, id="gpt-oss: as you like"),
        pytest.param("gpt-oss:20b", "none", "low", ("none", "low"), id="gpt-oss cannot stop"),
        pytest.param("gpt-oss:20b", "max", "high", ("max", "high"), id="gpt-oss has no max"),
        pytest.param("gpt-oss:20b", 1024, "low", (1024, "low"), id="gpt-oss: a small budget"),
        pytest.param("lib/gpt-oss", 9000, "high", (9000, "high"), id="gpt-oss: a large budget"),
    ],
)
def test_reasoning_is_true_false_or_a_level(
    model: str, asked: Any, think: bool | str, changed: tuple[object, object] | None
) -> None:
    request = ChatRequest(messages="hi", model=model, reasoning=asked)
    assert body(request)["think"] == think
    assert told(request) == ([("reasoning", "changed", *changed)] if changed else [])


def test_a_default_budget_of_the_configuration_only_asks_for_thinking() -> None:
    config = file_config(api_type="ollama", model="qwen3", reasoning=True)
    got = built(ChatRequest(messages="hi"), config)
    assert json.loads(got.request.body)["think"] is True
    assert got.adaptations == ()


def test_tools_are_functions_and_a_choice_among_them_is_reported() -> None:
    tool = Tool(name="f", description="does f", parameters={"type": "object"}, strict=True)
    native = NativeTool("openai", {"type": "web_search"})
    request = ChatRequest(
        messages="hi",
        tools=(tool, native, Tool(name="g")),
        tool_choice=NamedToolChoice("f"),
        parallel_tool_calls=False,
    )
    assert body(request)["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "f",
                "description": "does f",
                "parameters": {"type": "object", "properties": {}},
            },
        },
        {
            "type": "function",
            "function": {"name": "g", "parameters": {"type": "object", "properties": {}}},
        },
    ]
    assert told(request) == [
        ("tools/0/strict", "dropped", True, None),
        ("tools/1", "dropped", None, None),
        ("tool_choice", "dropped", NamedToolChoice("f"), None),
        ("parallel_tool_calls", "dropped", False, None),
    ]


def test_no_tool_is_sent_when_none_may_be_called() -> None:
    request = ChatRequest(messages="hi", tools=(Tool(name="f"),), tool_choice="none")
    assert "tools" not in body(request)
    assert told(request) == [("tool_choice", "changed", "none", None)]


def test_the_choice_that_is_the_servers_own_needs_no_word() -> None:
    request = ChatRequest(messages="hi", tools=(Tool(name="f"),), tool_choice="auto")
    assert built(request).adaptations == ()


def test_a_tool_of_the_providers_own_goes_as_it_is() -> None:
    assert fields(tools=(NativeTool("ollama", {"type": "x"}),))["tools"] == [{"type": "x"}]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        pytest.param({"n": 2}, "n", id="several answers"),
        pytest.param({"metadata": {"a": "b"}}, "metadata", id="metadata"),
        pytest.param(
            {"response_format": SchemaFormat(schema={}, description="d")},
            "response_format/description",
            id="a schema's description",
        ),
    ],
)
def test_what_ollama_lacks_is_dropped_and_reported_or_fails_when_strict(
    asked: dict[str, Any], field: str
) -> None:
    request = ChatRequest(messages="hi", **asked)
    assert [one[:2] for one in told(request)] == [(field, "dropped")]
    strict = build_chat(CONFIG, request, strict=True)
    assert isinstance(strict.failure(), UnsupportedFeature)
    assert strict.failure().feature == field  # type: ignore[union-attr]


def test_pictures_are_bare_base64_beside_the_words() -> None:
    turn = user("What is this?", Image(data=PNG), "Be short.")
    same = user(Image(url=f"data:image/webp;base64,{PNG_TEXT}"))
    assert messages(turn, same) == [
        {"role": "user", "content": "What is this?\nBe short.", "images": [PNG_TEXT]},
        {"role": "user", "content": "", "images": [PNG_TEXT]},
    ]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        pytest.param(
            Image(url="https://example.org/cat.png"),
            "messages/0/parts/1: the image has only a URL; Ollama needs the bytes",
            id="picture by URL",
        ),
        pytest.param(
            Image(file_id="file-1"),
            "messages/0/parts/1: the image has only a file id; Ollama needs the bytes",
            id="picture by id",
        ),
        pytest.param(
            Audio(data=b"RIFF"),
            "messages/0/parts/1: Ollama does not support Audio here",
            id="sound",
        ),
        pytest.param(
            Document(data=b"%PDF-"),
            "messages/0/parts/1: Ollama does not support Document here",
            id="document",
        ),
        pytest.param(
            ToolCall("1", "f"),
            "messages/0/parts/1: Ollama does not support ToolCall here",
            id="a call by the user",
        ),
    ],
)
@pytest.mark.parametrize(
    "provider", [ollama.PROVIDER, ollama_generate.PROVIDER], ids=["chat", "generate"]
)
def test_a_part_without_a_form_is_unsupported_and_named(
    provider: Provider, part: Part, reason: str
) -> None:
    result = provider.build_chat(CONFIG, ChatRequest(messages=[user("see", part)]))
    assert result == Failure(
        UnsupportedFeature(message=reason, provider=provider.name, feature="messages")
    )


def test_a_call_goes_back_in_the_models_own_words_and_its_result_names_the_tool() -> None:
    arguments = '{"b": 1.0, "a": [2e300, "\\u00e9"], "b2":10000000000000000000001}'
    call = ToolCall(
        "c1", "f", arguments, ProviderMetadata("ollama", '{"function":{"index":0},"x":1}')
    )
    turns = [assistant("Let me see.", call), tool_result("c1", "21 °C", Image(data=PNG))]
    sent = built(ChatRequest(messages=turns)).request.body
    assert arguments.encode() in sent
    assert json.loads(sent.replace(arguments.encode(), b"{}"))["messages"] == [
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [
                {"id": "c1", "function": {"name": "f", "arguments": {}, "index": 0}, "x": 1}
            ],
        },
        {
            "role": "tool",
            "content": "21 °C",
            "images": [PNG_TEXT],
            "tool_name": "f",
            "tool_call_id": "c1",
        },
    ]


def test_a_result_names_the_tool_of_the_latest_call_with_its_id() -> None:
    turns = (
        assistant(ToolCall("call_0", "f")),
        tool_result("call_0", "1"),
        assistant(ToolCall("call_0", "g")),
        tool_result("call_0", "2"),
        tool_result("call_9", "3"),
        tool_result("call_0", "4", name="h"),
    )
    results = [one for one in messages(*turns) if one["role"] == "tool"]
    assert [one.get("tool_name") for one in results] == ["f", "g", None, "h"]


def test_results_come_before_what_else_the_user_says() -> None:
    turn = user(ToolResult(tool_call_id="1", content=(Text("r"),), name="f"), "and now?")
    assert messages(turn) == [
        {"role": "tool", "content": "r", "tool_name": "f", "tool_call_id": "1"},
        {"role": "user", "content": "and now?"},
    ]


def test_a_failed_tool_has_no_mark() -> None:
    request = ChatRequest(messages=[tool_result("1", "boom", is_error=True)])
    assert told(request) == [("messages/0/parts/0/is_error", "dropped", True, None)]


@pytest.mark.parametrize("arguments", ["[1]", '"x"', '{"a":'])
def test_arguments_that_are_no_object_stand_in_one(arguments: str) -> None:
    request = ChatRequest(messages=[assistant(ToolCall("1", "f", arguments))])
    assert [field for field, *_ in told(request)] == ["messages/0/parts/0"]


def test_only_ones_own_thoughts_and_parts_go_back() -> None:
    turn = assistant(
        Reasoning("mine", None, ProviderMetadata("ollama")),
        Reasoning("and plain"),
        Reasoning("theirs", None, ProviderMetadata("deepseek")),
        Reasoning("signed", "c2ln"),
        Opaque("anthropic", "redacted_thinking", "{}"),
        Refusal("no"),
        Text("yes"),
    )
    request = ChatRequest(messages=[turn, user("a", Opaque("openai", "x", "{}"), name="bob")])
    assert body(request)["messages"] == [
        {"role": "assistant", "content": "noyes", "thinking": "mineand plain"},
        {"role": "user", "content": "a"},
    ]
    assert told(request) == [
        ("messages/0/parts/2", "dropped", None, None),
        ("messages/0/parts/3", "dropped", None, None),
        ("messages/0/parts/4", "dropped", None, None),
        ("messages/1/parts/1", "dropped", None, None),
        ("messages/0/parts/5", "changed", None, None),
        ("messages/1/name", "dropped", "bob", None),
    ]


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (None, "http://localhost:11434/api/chat"),
        ("", "http://localhost:11434/api/chat"),
        ("http://127.0.0.1:11434/api", "http://127.0.0.1:11434/api/chat"),
        ("http://127.0.0.1:11434/api/", "http://127.0.0.1:11434/api/chat"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/api/chat"),
        ("http://127.0.0.1:11434/api/chat", "http://127.0.0.1:11434/api/chat"),
        ("http://127.0.0.1:11434/api/generate", "http://127.0.0.1:11434/api/chat"),
        ("https://ollama.com", "https://ollama.com/api/chat"),
        ("http://gateway/ollama", "http://gateway/ollama/api/chat"),
        ("0.0.0.0", "http://0.0.0.0:11434/api/chat"),
        ("0.0.0.0:8080", "http://0.0.0.0:8080/api/chat"),
        (":8080", "http://localhost:8080/api/chat"),
        ("box/api", "http://box:11434/api/chat"),
        ("[::1]", "http://[::1]:11434/api/chat"),
        ("[::1]:1234", "http://[::1]:1234/api/chat"),
    ],
)
def test_the_base_url_may_be_what_OLLAMA_HOST_or_MetaGPT_hold(given: str | None, url: str) -> None:
    config = file_config(api_type="ollama", model="m", base_url=given)
    assert built(ChatRequest(messages="hi"), config).request.url == url


@pytest.mark.parametrize(
    ("config", "request_", "error"),
    [
        pytest.param(
            file_config(), ChatRequest(messages="hi"), InvalidConfiguration, id="no model"
        ),
        pytest.param(
            file_config(model="m", base_url="ftp://x"),
            ChatRequest(messages="hi"),
            InvalidConfiguration,
            id="bad URL",
        ),
        pytest.param(CONFIG, ChatRequest(messages=()), InvalidRequest, id="no message"),
        pytest.param(
            CONFIG,
            ChatRequest(messages="hi", extra={"x": object()}),
            InvalidRequest,
            id="extra that is no JSON",
        ),
    ],
)
@pytest.mark.parametrize("build", [build_chat, build_generate])
def test_what_cannot_be_built_is_an_error_value(
    build: Any, config: LLMConfig, request_: ChatRequest, error: type
) -> None:
    assert isinstance(build(config, request_).failure(), error)


def test_generate_takes_one_prompt_with_its_system_text_and_pictures() -> None:
    request = ChatRequest(
        model="gpt-oss",
        messages=[system("Be short."), user("What?", Image(data=PNG)), "And why?"],
        tools=(Tool(name="f"),),
        reasoning="low",
        response_format=JsonFormat(),
        extra={"suffix": "END", "context": [1, 2]},
    )
    got = build_generate(CONFIG, request).unwrap()
    assert got.request.url == "http://localhost:11434/api/generate"
    assert json.loads(got.request.body) == {
        "model": "gpt-oss",
        "prompt": "What?\n\nAnd why?",
        "system": "Be short.",
        "images": [PNG_TEXT],
        "stream": False,
        "format": "json",
        "think": "low",
        "options": OPTIONS,
        "suffix": "END",
        "context": [1, 2],
    }
    assert got.adaptations == (
        Adaptation(
            field="messages", action="changed", reason="several messages are joined into one prompt"
        ),
        Adaptation(
            field="tools",
            action="dropped",
            reason="/api/generate does not support tools; api_type ollama does",
        ),
    )


@pytest.mark.parametrize(
    ("turn", "role"), [(assistant("a"), "assistant"), (tool_result("1", "r"), "tool")]
)
def test_generate_holds_no_conversation(turn: Message, role: str) -> None:
    got = build_generate(CONFIG, ChatRequest(messages=["hi", turn]))
    message = (
        f"messages/1: /api/generate takes one prompt, and no message of role {role}; "
        "use api_type ollama for conversations"
    )
    assert got == Failure(
        UnsupportedFeature(message=message, provider="ollama.generate", feature="messages")
    )


def test_a_picture_that_the_model_made_goes_back_beside_its_words() -> None:
    assert messages(assistant("here", Image(data=PNG))) == [
        {"role": "assistant", "content": "here", "images": [PNG_TEXT]}
    ]


@pytest.mark.parametrize("part", [Document(data=b"x"), Opaque("ollama", "x", "{}")])
def test_an_assistants_part_without_a_form_is_unsupported_and_named(part: Part) -> None:
    error = build_chat(CONFIG, ChatRequest(messages=[assistant(part)])).failure()
    kind = type(part).__name__
    assert error == UnsupportedFeature(
        message=f"messages/0/parts/0: an assistant message cannot contain {kind}",
        provider="ollama",
        feature="messages",
    )


def test_a_prompt_has_no_name() -> None:
    request = ChatRequest(messages=[user("hi", name="bob")])
    got = build_generate(CONFIG, request).unwrap()
    assert [(one.field, one.before) for one in got.adaptations] == [("messages/0/name", "bob")]
