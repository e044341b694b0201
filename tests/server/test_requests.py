"""Requests of clients: operations, credentials, everything that they said, and errors with their paths."""

import json
from typing import Any

import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest
from google import genai
from google.genai import types as google

from llm_pure import (
    ChatRequest,
    Document,
    EmbedRequest,
    HttpRequest,
    Image,
    JsonFormat,
    LLMConfig,
    Message,
    NamedToolChoice,
    NativeTool,
    Opaque,
    ProviderMetadata,
    Reasoning,
    ReasoningRequest,
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
from llm_pure.adapters import registry
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import CacheMark
from llm_pure.types.operations import ModelInfo, ModelPage
from llm_pure.types.request import AllowedTools
from tests.support.png import tiny_png
from tests.support.server_answers import READERS

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def post(path: str, body: Any, **headers: str) -> HttpRequest:
    named = tuple([(name.replace("_", "-"), value) for name, value in headers.items()])
    return HttpRequest("POST", f"http://test{path}", named, json.dumps(body).encode())


def parse(dialect: str, path: str, body: Any, **headers: str) -> ReceivedRequest:
    return server_dialects[dialect].parse_request(post(path, body, **headers)).unwrap()


def fault(dialect: str, path: str, body: Any) -> tuple[str | None, str]:
    error = server_dialects[dialect].parse_request(post(path, body)).failure()
    assert isinstance(error, InvalidRequest)
    return error.param, error.message


def lossy(received: ReceivedRequest) -> list[str]:
    return [change.field for change in received.adaptations if not change.lossless]


# Operations


@pytest.mark.parametrize(
    ("dialect", "method", "path", "operation", "model"),
    [
        ("openai_chat", "GET", "/v1/models", "models", ""),
        ("openai_chat", "GET", "/v1/models/org/m:free", "models", "org/m:free"),
        ("openai_chat", "GET", "/healthz", "health", ""),
        ("openai_chat", "HEAD", "/", "health", ""),
        ("openai_responses", "GET", "/v1/models/m", "models", "m"),
        ("anthropic_messages", "HEAD", "/api/hello", "health", ""),
        ("anthropic_messages", "GET", "/v1/models?limit=1000", "models", ""),
        ("gemini_content", "GET", "/v1beta/models/gemini-3", "models", "gemini-3"),
        ("gemini_content", "GET", "/v1/models", "models", ""),
        ("ollama_native", "GET", "/api/tags", "models", ""),
        ("ollama_native", "GET", "/api/ps", "models", ""),
        ("ollama_native", "GET", "/api/version", "health", ""),
        ("ollama_native", "GET", "/", "health", ""),
    ],
)
def test_requests_without_a_body(
    dialect: str, method: str, path: str, operation: str, model: str
) -> None:
    received = (
        server_dialects[dialect].parse_request(HttpRequest(method, f"http://t{path}")).unwrap()
    )
    assert (received.operation, received.model) == (operation, model)


@pytest.mark.parametrize("dialect", READERS)
def test_another_url_is_not_found(dialect: str) -> None:
    for method, path in (
        ("POST", "/v1/nothing"),
        ("GET", "/v1/chat/completions"),
        ("DELETE", "/v1/models/m"),
    ):
        result = server_dialects[dialect].parse_request(HttpRequest(method, f"http://t{path}"))
        assert result.failure().kind == "not_found"


@pytest.mark.parametrize(
    "path",
    ["/v1/chat/completions", "/chat/completions", "/v1/v1/chat/completions", "/ollama/v1/chat/completions", "/v1/chat/completions/?beta=true"],
)  # fmt: skip
def test_a_path_is_matched_by_its_end(path: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    assert parse("openai_chat", path, body).chat.messages == [user("hi")]


@pytest.mark.parametrize(
    ("path", "model", "stream", "framing"),
    [
        ("/v1beta/models/gemini-3:generateContent", "gemini-3", False, "json_array"),
        ("/v1/models/a%2Fb%3Ac@1:streamGenerateContent?alt=sse&x=1", "a/b:c@1", True, "sse"),
        ("/v1/models/m:streamGenerateContent", "m", True, "json_array"),
        ("/v1beta1/projects/p/locations/l/publishers/google/models/m:generateContent", "m", False, "json_array"),
    ],
)  # fmt: skip
def test_geminis_paths(path: str, model: str, stream: bool, framing: str) -> None:
    received = parse("gemini_content", path, {"contents": [{"parts": [{"text": "hi"}]}]})
    assert (received.model, received.stream, received.framing) == (model, stream, framing)
    assert received.chat.messages == [user("hi")]


@pytest.mark.parametrize(
    ("dialect", "name"),
    [("anthropic_messages", "anthropic"), ("openai_responses", "openai_responses"), ("gemini_content", "gemini")],
)  # fmt: skip
def test_a_count_has_the_request(dialect: str, name: str) -> None:
    provider = registry.get(name).unwrap()
    assert provider.count_tokens is not None
    config = LLMConfig(api_type=name, model="m")
    sent = provider.count_tokens.build(config, ChatRequest(messages=[system("be"), user("hi")]))
    received = server_dialects[dialect].parse_request(sent.unwrap().request).unwrap()
    assert received.operation == "count_tokens"
    assert [message.text for message in received.messages] == [
        "be",
        "hi",
    ]
    assert received.model == "m"


@pytest.mark.parametrize(
    ("dialect", "name"),
    [("openai_chat", "openai"), ("openai_responses", "openai_responses"), ("gemini_content", "gemini"), ("ollama_native", "ollama"), ("ollama_native", "ollama.embeddings")],
)  # fmt: skip
def test_embeddings_have_the_texts(dialect: str, name: str) -> None:
    provider = registry.get(name).unwrap()
    assert provider.embed is not None
    config = LLMConfig(api_type=name, model="m")
    sent = provider.embed.build(config, EmbedRequest(input="a")).unwrap().request
    received = server_dialects[dialect].parse_request(sent).unwrap()
    assert received.operation == "embed"
    assert received.embed is not None
    assert (received.embed.texts, received.embed.model) == (("a",), "m")


# Credentials


@pytest.mark.parametrize("dialect", READERS)
def test_every_form_of_a_key_is_read_and_none_is_shown(dialect: str) -> None:
    forms = (
        {"authorization": "Bearer sk-canary"},
        {"x_api_key": "sk-canary"},
        {"x_goog_api_key": "sk-canary"},
        {"api_key": "sk-canary"},
    )
    for headers in forms:
        named = tuple([(name.replace("_", "-"), value) for name, value in headers.items()])
        request = HttpRequest("GET", "http://t/health", named)
        received = server_dialects[dialect].parse_request(request).unwrap()
        assert received.credential is not None
        assert received.credential.reveal() == "sk-canary"
        assert "sk-canary" not in repr(received)
    request = HttpRequest(
        "GET", "http://t/health?key=k1", (("x-api-key", "k2"), ("authorization", "bearer k3"))
    )
    keys = server_dialects[dialect].parse_request(request).unwrap().credentials
    assert [key.reveal() for key in keys] == ["k3", "k2", "k1"]


# Errors

CHAT_PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "ollama_native": "/api/chat",
    "gemini_content": "/v1/models/m:generateContent",
}


@pytest.mark.parametrize(
    ("dialect", "body", "path"),
    [
        ("openai_chat", [], ""),
        ("openai_chat", {"messages": [{"role": "user", "content": "x"}]}, "model"),
        ("openai_chat", {"model": "m"}, "messages"),
        ("openai_chat", {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages/0/content/0/image_url/url"),
        ("openai_chat", {"model": "m", "messages": [{"role": "boss", "content": "x"}]}, "messages/0/role"),
        ("openai_chat", {"model": "m", "messages": [{"role": "user", "content": "x"}], "temperature": "hot"}, "temperature"),
        ("openai_chat", {"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {}}]}, "tools/0/function/name"),
        ("openai_chat", {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 1.5}, "max_tokens"),
        ("openai_chat", {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": "yes"}, "stream"),
        ("anthropic_messages", {"model": "m", "messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]}, "messages/0/content/0/source/type"),
        ("anthropic_messages", {"model": "m", "messages": [{"role": "user", "content": "x"}], "system": 3}, "system"),
        ("anthropic_messages", {"model": "m", "messages": [{"role": "user", "content": "x"}], "tool_choice": {"type": "tool"}}, "tool_choice/name"),
        ("openai_responses", {"model": "m", "input": []}, "input"),
        ("openai_responses", {"model": "m", "input": [{"type": "function_call", "name": "f"}]}, "input/0/call_id"),
        ("gemini_content", {}, "contents"),
        ("gemini_content", {"contents": [{"role": "x", "parts": []}]}, "contents/0/role"),
        ("gemini_content", {"contents": [{"parts": [{"text": "x"}, {"inlineData": {"data": "?"}}]}]}, "contents/0/parts/1/inlineData/data"),
        ("ollama_native", {"messages": []}, "model"),
        ("ollama_native", {"model": "m", "messages": [{"role": "user", "images": ["?"]}]}, "messages/0/images/0"),
        ("ollama_native", {"model": "m", "messages": [], "think": 3}, "think"),
    ],
)  # fmt: skip
def test_an_error_has_the_path_of_the_field(dialect: str, body: Any, path: str) -> None:
    assert fault(dialect, CHAT_PATHS[dialect], body)[0] == path


@pytest.mark.parametrize("dialect", READERS)
def test_a_body_that_is_no_json_or_too_deep_is_an_error_of_the_client(dialect: str) -> None:
    for body in (b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 50_000):
        request = HttpRequest("POST", f"http://t{CHAT_PATHS[dialect]}", (), body)
        error = server_dialects[dialect].parse_request(request).failure()
        assert error.kind == "invalid_request"
        assert (
            server_dialects[dialect].build_error(error, ReceivedRequest(dialect=dialect)).status
            == 400
        )


# What clients say


def test_a_chat_completion_with_everything() -> None:
    received = parse(
        "openai_chat",
        "/v1/chat/completions",
        {
            "model": "m",
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "name": "ann", "content": [
                    {"type": "text", "text": "What is it?", "cache_control": {"type": "ephemeral"}},
                    {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}},
                    {"type": "hologram", "hologram": {"x": 1}},
                ]},
                {"role": "assistant", "content": "", "reasoning_content": "hm", "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}},
                ]},
                {"role": "tool", "tool_call_id": "c1", "content": "4"},
                {"role": "user", "content": "And?", "mood": "good"},
            ],
            "tools": [
                {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}},
                {"type": "custom", "custom": {"name": "patch"}},
            ],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
            "parallel_tool_calls": False,
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": False}},
            "max_completion_tokens": 9, "temperature": 0, "stop": "END", "logprobs": True, "top_logprobs": 2,
            "reasoning_effort": "low", "stream": True, "stream_options": {"include_usage": True}, "user": "u",
            "metadata": {"team": "t", "run": 3}, "enable_vibes": True,
        },
        authorization="Bearer k",
    )  # fmt: skip
    chat = received.chat
    assert list(received.messages) == [
        system("Be brief."),
        Message("user", (
            Text("What is it?", cache=CacheMark()),
            Image(url="https://example.org/a.png", detail="low"),
            Opaque("openai", "hologram", '{"type":"hologram","hologram":{"x":1}}'),
        ), "ann"),
        assistant(Reasoning("hm"), ToolCall("c1", "f", '{"a":1}')),
        tool_result("c1", "4"),
        user("And?"),
    ]  # fmt: skip
    assert chat.tools == (
        Tool(name="f", description="d", parameters=SCHEMA, strict=True),
        NativeTool("openai", {"type": "custom", "custom": {"name": "patch"}}),
    )
    assert chat.tool_choice == NamedToolChoice("f")
    assert chat.response_format == SchemaFormat(schema=SCHEMA, name="n", strict=False)
    assert (chat.max_tokens, chat.temperature, chat.stop, chat.logprobs) == (9, 0, ("END",), 2)
    assert chat.reasoning == ReasoningRequest(effort="low")
    assert (chat.user, chat.metadata) == ("u", {"team": "t", "run": "3"})
    assert (received.stream, received.usage_in_stream) == (True, True)
    assert received.unread == {"enable_vibes": True}
    assert lossy(received) == ["messages/4/mood", "enable_vibes"]


def test_old_functions_and_the_input_of_responses_at_chat_completions() -> None:
    body = {
        "model": "m",
        "input": "hi",
        "functions": [{"name": "f", "parameters": SCHEMA}],
        "function_call": {"name": "f"},
    }
    chat = parse("openai_chat", "/v1/chat/completions", body).chat
    assert chat.messages == [user("hi")]
    assert chat.tools == (Tool(name="f", parameters=SCHEMA),)
    assert chat.tool_choice == NamedToolChoice("f")


def test_a_message_as_claude_code_sends_it() -> None:
    received = parse(
        "anthropic_messages",
        "/v1/messages?beta=true",
        {
            "model": "claude-x",
            "max_tokens": 128000,
            "system": [
                {"type": "text", "text": "x-anthropic-billing-header: cc_version=1; cch=abc;"},
                {"type": "text", "text": "You code.", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            ],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "reminder"}, {"type": "text", "text": "Go on."}]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                    {"type": "tool_use", "id": "call_abc/1:x", "name": "Read", "input": {"path": "a"}},
                ]},
                {"role": "user", "content": [
                    {"tool_use_id": "call_abc/1:x", "type": "tool_result", "is_error": True, "content": [
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                        {"type": "tool_reference", "tool_name": "X"},
                    ]},
                ], "output_config": {"effort": "low"}},
            ],
            "tools": [
                {"name": "Read", "description": "d", "input_schema": SCHEMA, "defer_loading": True},
                {"type": "web_search_20250305", "name": "web_search"},
            ],
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
            "thinking": {"type": "adaptive", "display": "omitted"},
            "output_config": {"effort": "high"},
            "context_management": {"edits": []},
            "metadata": {"user_id": '{"device_id":"d"}'},
            "stream": True,
        },
        anthropic_beta="a-1, b-2",
        x_api_key="k",
    )  # fmt: skip
    chat = received.chat
    assert list(received.messages) == [
        Message("system", (Text("You code.", cache=CacheMark("1h")),)),
        user("reminder", "Go on."),
        assistant(
            Reasoning("hm", "c2ln", ProviderMetadata("anthropic")),
            ToolCall("call_abc/1:x", "Read", '{"path":"a"}'),
        ),
        Message("tool", (
            ToolResult(tool_call_id="call_abc/1:x", is_error=True, content=(
                Image(data=b"\x00\x00\x00", media_type="image/png"),
                Opaque("anthropic", "tool_reference", '{"type":"tool_reference","tool_name":"X"}'),
            )),
        )),
    ]  # fmt: skip
    assert chat.tools == (
        Tool(name="Read", description="d", parameters=SCHEMA),
        NativeTool("anthropic", {"type": "web_search_20250305", "name": "web_search"}),
    )
    assert (chat.tool_choice, chat.parallel_tool_calls) == (None, False)
    assert chat.reasoning == ReasoningRequest(effort="high", summary=False)
    assert chat.metadata == {"user_id": '{"device_id":"d"}'}
    assert received.unread == {"context_management": {"edits": []}, "betas": ["a-1", "b-2"]}
    assert lossy(received) == [
        "messages/2/output_config", "tools/0/defer_loading", "context_management",
    ]  # fmt: skip


def test_a_response_as_codex_sends_it() -> None:
    received = parse(
        "openai_responses",
        "/v1/responses",
        {
            "model": "m",
            "input": [
                {"type": "message", "role": "developer", "id": "msg_1", "content": [{"type": "input_text", "text": "You code."}]},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go."}]},
                {"type": "reasoning", "id": "rs_1", "summary": [], "content": None, "encrypted_content": "ZW5j"},
                {"type": "function_call", "id": "fc_1", "status": "completed", "name": "shell", "arguments": "{}", "call_id": "c1"},
                {"type": "function_call_output", "call_id": "c1", "output": "ok"},
                {"type": "novelty", "x": 1},
            ],
            "tools": [
                {"type": "function", "name": "shell", "parameters": SCHEMA, "strict": False},
                {"type": "custom", "name": "apply_patch", "format": {"type": "grammar"}},
            ],
            "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "shell"}]},
            "include": ["reasoning.encrypted_content", "web_search_call.results"],
            "store": False, "prompt_cache_key": "k", "text": {"verbosity": "low", "format": {"type": "json_object"}},
            "reasoning": {"effort": "medium", "summary": "auto"}, "client_metadata": {"a": "b"}, "stream": True,
        },
    )  # fmt: skip
    chat = received.chat
    own = ProviderMetadata("openai_responses", '{"id":"rs_1","summary":[]}')
    call = ProviderMetadata("openai_responses", '{"id":"fc_1","status":"completed"}')
    assert list(received.messages) == [
        system("You code."),
        user("Go."),
        assistant(Reasoning("", "ZW5j", own), ToolCall("c1", "shell", "{}", call)),
        tool_result("c1", "ok"),
        assistant(Opaque("openai_responses", "novelty", '{"type":"novelty","x":1}')),
    ]
    assert chat.tools == (
        Tool(name="shell", parameters=SCHEMA, strict=False),
        NativeTool("openai_responses", {"type": "custom", "name": "apply_patch", "format": {"type": "grammar"}}),
    )  # fmt: skip
    assert chat.tool_choice == AllowedTools(("shell",), "required")
    assert chat.response_format == JsonFormat()
    assert (chat.store, chat.prompt_cache_key, chat.verbosity) == (False, "k", "low")
    assert chat.reasoning == ReasoningRequest(effort="medium", summary=True)
    assert received.unread == {
        "include": ["web_search_call.results"],
        "client_metadata": {"a": "b"},
    }


def test_a_request_as_the_gemini_cli_sends_it() -> None:
    received = parse(
        "gemini_content",
        "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
        {
            "system_instruction": {"role": "user", "parts": [{"text": "You code."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
                {"role": "user", "parts": [{"inline_data": {"mime_type": "application/pdf", "data": "AAAA"}}]},
                {"role": "model", "parts": [
                    {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
                    {"functionCall": {"name": "read", "args": {"p": 1}}, "thoughtSignature": "c2ln"},
                    {"functionCall": {"name": "read", "args": {}}},
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"name": "read", "response": {"output": "first"}}},
                    {"functionResponse": {"name": "read", "response": {"error": "gone"}}},
                ]},
            ],
            "tools": [{"functionDeclarations": [{"name": "read", "description": "d", "parametersJsonSchema": SCHEMA}]}, {"googleSearch": {}}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["read"]}},
            "generationConfig": {"temperature": 1, "topP": 0.95, "topK": 64, "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "HIGH"}, "mediaResolution": "LOW"},
            "safetySettings": [{"category": "HARM", "threshold": "OFF"}],
            "session_id": "s",
        },
        x_goog_api_key="k",
    )  # fmt: skip
    chat = received.chat
    signed = ProviderMetadata("gemini", '{"thoughtSignature":"c2ln"}')
    assert list(received.messages) == [
        system("You code."),
        user("a", "b"),
        user(Document(data=b"\x00\x00\x00", media_type="application/pdf")),
        assistant(
            Reasoning("hm", "c2ln", ProviderMetadata("gemini")),
            ToolCall("call_1", "read", '{"p":1}', signed),
            ToolCall("call_2", "read", "{}", ProviderMetadata("gemini")),
        ),
        Message("tool", (
            ToolResult(tool_call_id="call_1", name="read", content=(Text("first"),)),
            ToolResult(tool_call_id="call_2", name="read", content=(Text("gone"),), is_error=True),
        )),
    ]  # fmt: skip
    assert chat.tools == (
        Tool(name="read", description="d", parameters=SCHEMA),
        NativeTool("gemini", {"googleSearch": {}}),
    )
    assert chat.tool_choice == NamedToolChoice("read")
    assert (chat.temperature, chat.top_p, chat.top_k) == (1, 0.95, 64)
    assert chat.reasoning == ReasoningRequest(effort="high", summary=True)
    assert chat.safety_settings == {"HARM": "OFF"}
    assert received.unread == {"sessionId": "s", "generationConfig": {"mediaResolution": "LOW"}}


def test_a_request_to_ollama() -> None:
    received = parse(
        "ollama_native",
        "/api/chat",
        {
            "model": "qwen3",
            "messages": [
                {"role": "user", "content": "What?", "images": ["iVBORw0KGgo="]},
                {"role": "assistant", "content": "", "thinking": "hm", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
                {"role": "tool", "tool_name": "f", "content": "4"},
            ],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
            "think": "high", "format": SCHEMA, "options": {"num_ctx": 8192, "num_predict": -1, "seed": 7, "stop": ["x"]}, "keep_alive": -1,
        },
    )  # fmt: skip
    chat = received.chat
    assert received.stream
    assert received.framing == "ndjson"
    assert list(received.messages) == [
        user("What?", Image(data=b"\x89PNG\r\n\x1a\n")),
        assistant(Reasoning("hm"), ToolCall("call_1", "f", '{"a":1}')),
        tool_result("call_1", "4", name="f"),
    ]
    assert chat.reasoning == ReasoningRequest(effort="high")
    assert chat.response_format == SchemaFormat(schema=SCHEMA)
    assert (chat.seed, chat.stop, chat.max_tokens) == (7, ("x",), None)
    assert received.unread == {"keep_alive": -1, "options": {"num_ctx": 8192}}
    loads = parse("ollama_native", "/api/chat", {"model": "m", "messages": []})
    assert list(loads.messages) == []


# What the vendors' own packages send


class _Recorder:
    """Records the request of a package and refuses it."""

    def __init__(self) -> None:
        self.request = HttpRequest("GET", "http://none")

    def old(self, request: httpx.Request) -> httpx.Response:
        self._keep(request)
        return httpx.Response(
            400, json={"error": {"message": "recorded", "code": 400, "status": "x"}}
        )

    def new(self, request: httpx2.Request) -> httpx2.Response:
        self._keep(request)
        return httpx2.Response(400, json={"error": {"message": "recorded", "type": "x"}})

    def _keep(self, request: Any) -> None:
        headers = tuple([(name, value) for name, value in request.headers.items()])
        self.request = HttpRequest(request.method, str(request.url), headers, request.content)


def sent_by_openai(call: Any) -> HttpRequest:
    recorder = _Recorder()
    client = openai.OpenAI(
        api_key="sk-1",
        base_url="http://t/v1",
        http_client=httpx2.Client(transport=httpx2.MockTransport(recorder.new)),
    )
    with pytest.raises(openai.BadRequestError):
        call(client)
    return recorder.request


def test_what_the_openai_package_sends() -> None:
    tools: Any = [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]
    request = sent_by_openai(
        lambda client: client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": "hi"}],
            tools=tools,
            stream=True,
            max_completion_tokens=5,
        )
    )
    received = server_dialects["openai_chat"].parse_request(request).unwrap()
    assert received.chat.messages == [user("hi")]
    assert received.chat.tools == (Tool(name="f", parameters=SCHEMA),)
    assert (received.stream, received.usage_in_stream, received.chat.max_tokens) == (True, False, 5)
    assert received.credential is not None
    assert received.credential.reveal() == "sk-1"
    assert received.adaptations == ()
    request = sent_by_openai(
        lambda client: client.responses.create(model="m", input="hi", instructions="Be brief.")
    )
    received = server_dialects["openai_responses"].parse_request(request).unwrap()
    assert list(received.messages) == [system("Be brief."), user("hi")]
    assert received.adaptations == ()


def test_what_the_anthropic_package_sends() -> None:
    recorder = _Recorder()
    client = anthropic.Anthropic(
        api_key="k",
        base_url="http://t",
        http_client=httpx2.Client(transport=httpx2.MockTransport(recorder.new)),
    )
    tools: Any = [{"name": "f", "input_schema": SCHEMA}]
    with pytest.raises(anthropic.BadRequestError):
        client.messages.create(
            model="m",
            max_tokens=9,
            system="Be brief.",
            messages=[{"role": "user", "content": "hi"}],
            tools=tools,
            tool_choice={"type": "any"},
        )
    received = server_dialects["anthropic_messages"].parse_request(recorder.request).unwrap()
    assert list(received.messages) == [system("Be brief."), user("hi")]
    assert (received.chat.max_tokens, received.chat.tool_choice) == (9, "required")
    assert lossy(received) == []


def test_what_the_google_package_sends() -> None:
    recorder = _Recorder()
    options = google.HttpOptions(
        base_url="http://t", httpx_client=httpx.Client(transport=httpx.MockTransport(recorder.old))
    )
    client = genai.Client(api_key="k", http_options=options)
    config = google.GenerateContentConfig(
        system_instruction="Be brief.",
        max_output_tokens=9,
        response_mime_type="application/json",
        response_json_schema=SCHEMA,
        thinking_config=google.ThinkingConfig(thinking_budget=1024, include_thoughts=True),
    )
    image = google.Part.from_bytes(data=tiny_png(), mime_type="image/png")
    contents: Any = ["hi", image]
    with pytest.raises(genai.errors.ClientError):
        client.models.generate_content(model="gemini-x", contents=contents, config=config)
    received = server_dialects["gemini_content"].parse_request(recorder.request).unwrap()
    assert list(received.messages) == [
        system("Be brief."),
        user("hi", Image(data=tiny_png(), media_type="image/png")),
    ]
    assert received.model == "gemini-x"
    assert received.chat.max_tokens == 9
    assert received.chat.response_format == SchemaFormat(schema=SCHEMA)
    assert received.chat.reasoning == ReasoningRequest(budget_tokens=1024)
    assert received.adaptations == ()


def test_what_the_ollama_package_sends() -> None:
    recorder = _Recorder()
    client = ollama.Client(host="http://t", transport=httpx.MockTransport(recorder.old))
    with pytest.raises(ollama.ResponseError):
        client.chat(
            model="m",
            messages=[{"role": "user", "content": "hi"}],
            think=True,
            format="json",
            options={"top_k": 3},
        )
    received = server_dialects["ollama_native"].parse_request(recorder.request).unwrap()
    assert received.chat.messages == [user("hi")]
    assert received.stream is False
    assert received.chat.top_k == 3
    assert received.chat.response_format == JsonFormat()
    assert lossy(received) == []


@pytest.mark.parametrize(
    ("path", "model", "stream"),
    [
        ("/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-x@1:rawPredict", "claude-x@1", False),
        ("/v1/projects/p/locations/global/publishers/anthropic/models/claude-x%401:streamRawPredict", "claude-x@1", True),
        ("/models/claude-x:streamRawPredict", "claude-x", True),
    ],
)  # fmt: skip
def test_claude_on_vertex_has_its_model_and_its_stream_in_the_url(
    path: str, model: str, stream: bool
) -> None:
    body = {
        "anthropic_version": "vertex-2023-10-16",
        "anthropic_beta": ["beta-2"],
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
        "stream": not stream,
    }
    received = parse("anthropic_messages", path, body, **{"anthropic-beta": "beta-1"})
    assert (received.operation, received.model, received.chat.model) == ("chat", model, model)
    assert (received.stream, received.chat.stream) == (stream, stream)
    assert list(received.messages) == [user("hi")]
    assert received.unread == {"betas": ["beta-1", "beta-2"]}
    assert lossy(received) == []


@pytest.mark.parametrize(("path", "form"), [("/", "text"), ("", "text"), ("/api/version", "")])
def test_ollama_says_that_it_runs(path: str, form: str) -> None:
    dialect = server_dialects["ollama_native"]
    received = dialect.parse_request(HttpRequest("GET", f"http://t{path}")).unwrap()
    assert (received.operation, received.form) == ("health", form)
    response = dialect.build_result(None, received)
    expected = b"Ollama is running" if form else b'{"version":"0.33.0"}'
    assert (response.status, response.body) == (200, expected)


def test_no_model_of_ollama_is_loaded() -> None:
    dialect = server_dialects["ollama_native"]
    received = dialect.parse_request(HttpRequest("GET", "http://t/api/ps")).unwrap()
    page = ModelPage(models=(ModelInfo(id="m"),))
    assert dialect.build_result(page, received).body == b'{"models":[]}'


def test_an_unknown_url_is_no_unknown_model() -> None:
    dialect = server_dialects["openai_responses"]
    error = dialect.parse_request(HttpRequest("GET", "http://t/v1/responses/resp_1")).failure()
    response = dialect.build_error(error, ReceivedRequest(dialect="openai_responses"))
    assert response.status == 404
    assert json.loads(response.body)["error"]["code"] is None


def test_claude_on_vertex_counts_at_its_own_url() -> None:
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict"
    body = {"model": "claude-x", "messages": [{"role": "user", "content": "hi"}]}
    received = parse("anthropic_messages", path, body)
    assert (received.operation, received.model) == ("count_tokens", "claude-x")
