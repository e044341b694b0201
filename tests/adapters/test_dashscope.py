"""What only the provider `dashscope` does: two APIs under one name."""

import json
from datetime import UTC, datetime

import pytest

from llm_pure import ChatRequest, EmbedRequest, HttpResponse, LLMConfig, ResponseHead, collect
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from tests.support.pieces import one_byte_at_a_time

PROVIDER = registry.get("dashscope").unwrap()
NOW = datetime(2026, 11, 20, tzinfo=UTC)
COMPATIBLE_URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/"
HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))


def test_it_is_what_it_says() -> None:
    assert (PROVIDER.name, PROVIDER.dialect) == ("dashscope", "dashscope_generation")
    assert PROVIDER.base_url == "https://dashscope.aliyuncs.com/api/v1"
    assert PROVIDER.api_key_env == ("DASHSCOPE_API_KEY",)
    assert PROVIDER.base_url_env == ("DASHSCOPE_HTTP_BASE_URL",)


@pytest.mark.parametrize(
    ("base_url", "url", "key"),
    [
        (
            None,
            "https://dashscope.aliyuncs.com/api/v1/services/aigc/text-generation/generation",
            "input",
        ),
        (
            COMPATIBLE_URL,
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions",
            "messages",
        ),
    ],
)
def test_the_base_url_says_which_api_is_asked(base_url: str | None, url: str, key: str) -> None:
    config = LLMConfig(api_type="dashscope", model="qwen-plus", base_url=base_url, api_key="k-123")
    made = PROVIDER.build_chat(config, ChatRequest(messages="hi", stream=True)).unwrap().request
    assert made.url == url
    assert key in json.loads(made.body)
    assert ("x-dashscope-sse" in dict(made.headers)) == (key == "input")
    assert PROVIDER.authorize(config, made, NOW).unwrap().headers[-1] == (
        "authorization",
        "Bearer k-123",
    )


def test_compatible_mode_has_its_own_embeddings() -> None:
    assert PROVIDER.embed is not None
    config = LLMConfig(api_type="dashscope", model="text-embedding-v4", base_url=COMPATIBLE_URL)
    made = PROVIDER.embed.build(config, EmbedRequest(input="a", dimensions=64)).unwrap().request
    assert made.url == "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/embeddings"
    assert json.loads(made.body) == {"model": "text-embedding-v4", "input": "a", "dimensions": 64}
    told = {"data": [{"index": 0, "embedding": [1.0]}], "model": "text-embedding-v4"}
    compatible = PROVIDER.embed.parse(HttpResponse(200, (), json.dumps(told).encode()))
    own = {"output": {"embeddings": [{"text_index": 0, "embedding": [1.0]}]}}
    native = PROVIDER.embed.parse(HttpResponse(200, (), json.dumps(own).encode()))
    assert compatible.unwrap().vectors == native.unwrap().vectors == ((1.0,),)


NATIVE = (
    b'id:1\nevent:result\n:HTTP_STATUS/200\ndata:{"output":{"choices":[{"message":{"content":"hi"},'
    b'"finish_reason":"stop"}]},"request_id":"r"}\n\n'
)
COMPATIBLE = (
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
    b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)


@pytest.mark.parametrize("body", [NATIVE, COMPATIBLE], ids=["native", "compatible"])
def test_the_first_frame_says_which_api_answers(body: bytes) -> None:
    for split in ([body], one_byte_at_a_time(body)):
        events, error = read_pieces(PROVIDER.open_stream(HEAD), split)
        assert error is None
        assert collect(events).unwrap().text == "hi"


def test_compatible_mode_may_be_answered_by_either_kind_of_error() -> None:
    flat = b'{"code":"Throttling.RateQuota","message":"slow","request_id":"r"}'
    nested = b'{"error":{"code":"Throttling","message":"slow"}}'
    for body in (flat, nested):
        assert PROVIDER.parse_chat(HttpResponse(429, (), body)).failure().kind == "rate_limited"
        _, error = read_pieces(PROVIDER.open_stream(HEAD), [b"data: " + body + b"\n\n"])
        assert error is not None
        assert error.kind == "rate_limited"
