"""Law 11, the requests: what a client of ours sends is what the server reads, so that it is built again as it was."""

import json
from typing import Any

import pytest
from hypothesis import strategies as st

from llm_pure import HttpRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.types.result import Failure
from tests.support.acceptance.wild import Wild, wild_requests
from tests.support.laws import same_examples
from tests.support.server_answers import READERS

MODELS = {
    "openai_chat": ("gpt-5-mini", "gpt-4o", "o3"),
    "openai_responses": ("gpt-5-mini", "gpt-4o", "o3"),
    "anthropic_messages": ("claude-sonnet-4-5", "claude-opus-4-6", "claude-3-5-haiku-20241022"),
    "gemini_content": ("gemini-3-pro", "gemini-2.5-flash", "gemini-2.0-flash"),
    "ollama_native": ("qwen3", "gpt-oss:20b", "llama3.2"),
}

DONE = tuple(READERS)


def body_of(request: HttpRequest) -> Any:
    return json.loads(request.body)


@pytest.mark.parametrize("dialect", DONE)
@same_examples(150, wild=wild_requests())
def test_a_built_request_is_read_and_built_again_the_same(dialect: str, wild: Wild) -> None:
    provider = registry.get(READERS[dialect]).unwrap()
    model = MODELS[dialect][wild.model % len(MODELS[dialect])]
    config = LLMConfig(api_type=provider.name, model=model, api_key="k")
    built = provider.build_chat(config, wild.request)
    if isinstance(built, Failure):
        return
    sent = built.unwrap().request
    received = server_dialects[dialect].parse_request(sent).unwrap()
    assert received.operation == "chat"
    assert received.model == model
    assert received.stream is bool(wild.request.stream)
    assert received.unread == {}
    assert [change for change in received.adaptations if not change.lossless] == []
    again = provider.build_chat(config, received.chat).unwrap().request
    assert again.url == sent.url
    assert body_of(again) == body_of(sent)


@pytest.mark.parametrize("dialect", DONE)
@same_examples(
    150,
    body=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-2, 2)
        | st.floats(allow_nan=False)
        | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "model",
                        "messages",
                        "input",
                        "contents",
                        "role",
                        "content",
                        "parts",
                        "type",
                        "text",
                        "tools",
                        "function",
                        "name",
                        "parameters",
                        "stop",
                        "stream",
                        "think",
                        "format",
                        "options",
                        "generationConfig",
                        "systemInstruction",
                        "system",
                        "thinking",
                        "tool_choice",
                        "response_format",
                        "reasoning",
                        "functionCall",
                        "functionResponse",
                        "inlineData",
                        "tool_calls",
                        "tool_result",
                        "source",
                        "metadata",
                        "stream_options",
                        "audio",
                    ]
                ),
                inner
                | st.sampled_from(
                    ["user", "assistant", "tool", "text", "function", "m", "message"]
                ),
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    raw=st.none() | st.binary(max_size=20),
)
def test_any_body_is_read_or_is_an_error_of_the_client(
    dialect: str, body: Any, raw: bytes | None
) -> None:
    path = {
        "openai_chat": "/v1/chat/completions",
        "openai_responses": "/v1/responses",
        "anthropic_messages": "/v1/messages",
        "gemini_content": "/v1beta/models/m:generateContent",
        "ollama_native": "/api/chat",
    }[dialect]
    data = json.dumps(body).encode() if raw is None else raw
    request = HttpRequest("POST", f"http://test{path}", (), data)
    result = server_dialects[dialect].parse_request(request)
    if isinstance(result, Failure):
        error = result.failure()
        assert error.kind == "invalid_request"
        response = server_dialects[dialect].build_error(error, ReceivedRequest(dialect=dialect))
        assert response.status == 400
    else:
        assert result.unwrap().operation == "chat"


@pytest.mark.parametrize("dialect", DONE)
@same_examples(
    150,
    path=st.text(max_size=20),
    method=st.sampled_from(["GET", "POST", "HEAD", "DELETE", "x"]),
)
def test_any_url_is_read_or_is_an_error(dialect: str, path: str, method: str) -> None:
    result = server_dialects[dialect].parse_request(HttpRequest(method, f"http://test/{path}"))
    if isinstance(result, Failure):
        assert result.failure().kind in ("not_found", "invalid_request")
