"""What only the provider `dashscope_compatible` does."""

import json
from typing import Any

from llm_pure import (
    ChatRequest,
    HttpResponse,
    ReasoningRequest,
    ResponseHead,
    assistant,
    collect,
    user,
)
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.messages import ProviderMetadata, Reasoning, ToolCall
from tests.support.configs import file_config

PROVIDER = registry.get("dashscope_compatible").unwrap()
CONFIG = file_config(api_type="dashscope_compatible", model="qwen-plus")


def test_it_is_what_it_says() -> None:
    assert (PROVIDER.name, PROVIDER.dialect) == ("dashscope_compatible", "openai_chat")
    assert PROVIDER.base_url == "https://dashscope.aliyuncs.com/compatible-mode/v1"
    assert PROVIDER.api_key_env == ("DASHSCOPE_API_KEY",)
    assert PROVIDER.base_url_env == ("DASHSCOPE_COMPATIBLE_BASE_URL",)
    assert PROVIDER.embed is not None


def test_thinking_is_a_switch_and_a_budget() -> None:
    request = ChatRequest(
        messages=[
            user("a"),
            assistant(Reasoning("hm", None, ProviderMetadata("dashscope_compatible")), "b"),
            user("c"),
        ],
        reasoning=ReasoningRequest(budget_tokens=900),
        top_k=40,
        stream=True,
    )
    made = PROVIDER.build_chat(CONFIG, request).unwrap()
    assert made.adaptations == ()
    assert json.loads(made.request.body) == {
        "model": "qwen-plus",
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b", "reasoning_content": "hm"},
            {"role": "user", "content": "c"},
        ],
        "max_tokens": 4096,
        "temperature": 0.0,
        "top_k": 40,
        "enable_thinking": True,
        "thinking_budget": 900,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_empty_ids_of_later_pieces_replace_nothing() -> None:
    pieces = [
        {"index": 0, "id": "call_1", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "id": "", "function": {"arguments": '{"a":'}},
        {"index": 0, "id": "", "function": {"arguments": "1}"}},
        {"index": 0, "id": "", "function": {}},
    ]
    deltas = [{"content": None, "tool_calls": [piece]} for piece in pieces]
    frames: list[Any] = [{"id": "c", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    frames.append(
        {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    )
    body = "".join([f"data: {json.dumps(frame)}\n\n" for frame in frames]) + "data: [DONE]\n\n"
    head = ResponseHead(200, (("content-type", "text/event-stream"),))
    events, error = read_pieces(PROVIDER.open_stream(head), [body.encode()])
    assert error is None
    assert collect(events).unwrap().tool_calls == (ToolCall("call_1", "f", '{"a":1}'),)


def test_its_own_error_words_are_known() -> None:
    body = b'{"error":{"code":"data_inspection_failed","message":"no"},"request_id":"r"}'
    error = PROVIDER.parse_chat(HttpResponse(400, (), body)).failure()
    assert (error.kind, error.request_id) == ("content_filtered", "r")
