"""What only the provider `spark` does: HTTP and websocket under one name."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from llm_pure import ChatRequest, HttpResponse, ResponseHead, collect
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import InvalidConfiguration
from tests.support.configs import file_config
from tests.support.pieces import one_byte_at_a_time

PROVIDER = registry.get("spark").unwrap()
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HTTP = "https://spark-api-open.xf-yun.com/v1/chat/completions"


def test_it_is_what_it_says() -> None:
    assert (PROVIDER.name, PROVIDER.dialect) == ("spark", "openai_chat")
    assert PROVIDER.base_url == "https://spark-api-open.xf-yun.com/v1"
    assert PROVIDER.api_key_env == (
        "SPARKAI_API_KEY",
        "IFLYTEK_SPARK_API_KEY",
        "SPARKAI_API_PASSWORD",
    )
    assert PROVIDER.base_url_env == ("SPARKAI_URL", "IFLYTEK_SPARK_API_URL")
    assert PROVIDER.env_vars == {
        "app_id": ("SPARKAI_APP_ID", "IFLYTEK_SPARK_APP_ID"),
        "api_secret": ("SPARKAI_API_SECRET", "IFLYTEK_SPARK_API_SECRET"),
        "domain": ("SPARKAI_DOMAIN", "IFLYTEK_SPARK_LLM_DOMAIN"),
    }


@pytest.mark.parametrize(
    ("fields", "method", "url"),
    [
        ({"api_key": "p"}, "POST", HTTP),
        ({"api_key": "k", "api_secret": "s"}, "POST", HTTP),
        (
            {"base_url": "https://gate.test/v1", "app_id": "a"},
            "POST",
            "https://gate.test/v1/chat/completions",
        ),
        ({"app_id": "a"}, "GET", "wss://spark-api.xf-yun.com/v4.0/chat"),
        (
            {"base_url": "WSS://gate.test/v4.0/chat", "app_id": "a"},
            "GET",
            "WSS://gate.test/v4.0/chat",
        ),
    ],
)
def test_the_configuration_says_how_it_is_asked(
    fields: dict[str, Any], method: str, url: str
) -> None:
    config = file_config(api_type="spark", model="4.0Ultra", **fields)
    made = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap().request
    assert (made.method, made.url) == (method, url)


@pytest.mark.parametrize(
    ("fields", "bearer"),
    [
        ({"api_key": "password"}, "password"),
        ({"api_key": "key", "api_secret": "secret"}, "key:secret"),
        ({"api_key": "key:secret", "api_secret": "secret"}, "key:secret"),
    ],
)
def test_over_http_the_key_is_a_bearer(fields: dict[str, Any], bearer: str) -> None:
    config = file_config(api_type="spark", model="lite", **fields)
    made = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap().request
    signed = PROVIDER.authorize(config, made, NOW).unwrap()
    assert signed.headers[-1] == ("authorization", f"Bearer {bearer}")
    assert "secret" not in repr(signed)


def test_over_http_without_a_key_nothing_is_sent() -> None:
    config = file_config(api_type="spark", model="lite", api_secret="s")
    made = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap().request
    assert isinstance(PROVIDER.authorize(config, made, NOW).failure(), InvalidConfiguration)


def test_over_the_websocket_the_address_is_signed() -> None:
    config = file_config(
        api_type="spark", domain="4.0Ultra", app_id="a", api_key="k", api_secret="s"
    )
    made = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap().request
    signed = PROVIDER.authorize(config, made, NOW).unwrap()
    assert signed.url.startswith("wss://spark-api.xf-yun.com/v4.0/chat?authorization=")


def test_over_http_settings_are_kept_within_sparks_bounds() -> None:
    config = file_config(api_type="spark", model="lite", api_key="p")
    request = ChatRequest(messages="hi", top_k=40, seed=7, stream=True)
    made = PROVIDER.build_chat(config, request).unwrap()
    assert json.loads(made.request.body) == {
        "model": "lite",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 4096,
        "temperature": 0.01,
        "top_k": 6,
        "stream": True,
    }
    assert {(one.field, one.action) for one in made.adaptations} == {
        ("seed", "dropped"),
        ("top_k", "clamped"),
    }


CHUNK = '"code":0,"message":"Success","sid":"cha-1"'
OVER_HTTP = (
    f'data:{{{CHUNK},"id":"cha-1","created":1,"choices":[{{"delta":{{"role":"assistant","content":"hi"}},"index":0}}]}}\n\n'
    f'data:{{{CHUNK},"choices":[{{"delta":{{"content":"!"}},"index":0}}],"usage":{{"prompt_tokens":6,'
    '"completion_tokens":2,"total_tokens":8}}\n\ndata:[DONE]\n\n'
).encode()
FRAMES = (
    b'{"header":{"code":0,"sid":"cht-1","status":0},"payload":{"choices":{"status":0,"text":[{"content":"hi"}]}}}\n'
    b'{"header":{"code":0,"sid":"cht-1","status":2},"payload":{"choices":{"status":2,"text":[{"content":"!"}]},'
    b'"usage":{"text":{"prompt_tokens":6,"completion_tokens":2,"total_tokens":8}}}}\n'
)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("text/event-stream", OVER_HTTP), ("application/x-ndjson", FRAMES)],
    ids=["http", "websocket"],
)
def test_the_head_says_how_it_is_answered(content_type: str, body: bytes) -> None:
    head = ResponseHead(200, (("content-type", content_type),))
    for split in ([body], one_byte_at_a_time(body)):
        events, error = read_pieces(PROVIDER.open_stream(head), split)
        assert error is None
        answer = collect(events).unwrap()
        assert (answer.text, answer.finish_reason) == ("hi!", "unknown")
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (6, 2)
    if content_type == "application/x-ndjson":
        assert PROVIDER.parse_chat(HttpResponse(200, head.headers, body)).unwrap() == answer


def test_an_answer_over_http_needs_no_names() -> None:
    body = (
        f'{{{CHUNK},"choices":[{{"message":{{"role":"assistant","content":"hi"}},"index":0}}],'
        '"usage":{"prompt_tokens":6,"completion_tokens":1,"total_tokens":7}}'
    ).encode()
    got = PROVIDER.parse_chat(HttpResponse(200, (), body)).unwrap()
    assert (got.text, got.usage.output_tokens) == ("hi", 1)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"error":{"message":"invalid user","type":"api_error","param":null,"code":null}}', "authentication"),
        (200, b'{"code":10013,"message":"audit","sid":"cha-1"}', "content_filtered"),
        (200, b'{"code":11202,"message":"too fast","sid":"cha-1"}', "rate_limited"),
        (200, b'{"code":77777,"message":"odd","sid":"cha-1"}', "server_error"),
    ],
)  # fmt: skip
def test_errors_over_http(status: int, body: bytes, kind: str) -> None:
    error = PROVIDER.parse_chat(HttpResponse(status, (), body)).failure()
    assert error.kind == kind
