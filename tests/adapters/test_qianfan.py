"""What only the provider `qianfan` does: two versions under one name, and the exchange of keys for a token."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, HttpResponse, ResponseHead, collect
from llm_pure.adapters import registry
from llm_pure.adapters.qianfan import build_token, parse_token
from llm_pure.replay.checks.stream_properties import read_pieces
from tests.support.configs import file_config
from tests.support.pieces import one_byte_at_a_time

PROVIDER = registry.get("qianfan").unwrap()
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
V1 = "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop"
V2 = "https://qianfan.baidubce.com/v2"


def test_it_is_what_it_says() -> None:
    assert (PROVIDER.name, PROVIDER.dialect, PROVIDER.base_url) == ("qianfan", "openai_chat", V2)
    assert PROVIDER.api_key_env == ("QIANFAN_API_KEY", "QIANFAN_BEARER_TOKEN", "QIANFAN_AK")
    assert PROVIDER.base_url_env == ("QIANFAN_BASE_URL",)
    assert PROVIDER.env_vars == {
        "access_key": ("QIANFAN_ACCESS_KEY",),
        "secret_key": ("QIANFAN_SECRET_KEY", "QIANFAN_SK"),
        "session_token": ("QIANFAN_ACCESS_TOKEN",),
    }


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"api_key": "bce-v3/ALTAK-1/2"}, f"{V2}/chat/completions"),
        ({"api_key": "bce-v3/ALTAK-1/2", "secret_key": "s"}, f"{V2}/chat/completions"),
        ({}, f"{V2}/chat/completions"),
        ({"base_url": f"{V2}/", "access_key": "a", "secret_key": "s"}, f"{V2}/chat/completions"),
        ({"base_url": "https://qianfan.baidubce.com"}, f"{V2}/chat/completions"),
        ({"base_url": "https://gate.test/v2", "secret_key": "s"}, "https://gate.test/v2/chat/completions"),
        ({"access_key": "a", "secret_key": "s"}, f"{V1}/chat/completions_pro"),
        ({"api_key": "k", "secret_key": "s"}, f"{V1}/chat/completions_pro"),
        ({"session_token": "t"}, f"{V1}/chat/completions_pro"),
        ({"base_url": V1, "api_key": "k"}, f"{V1}/chat/completions_pro"),
        ({"base_url": "https://aip.baidubce.com"}, f"{V1}/chat/completions_pro"),
    ],
)  # fmt: skip
def test_the_configuration_says_which_version_is_asked(fields: dict[str, Any], url: str) -> None:
    config = file_config(api_type="qianfan", model="ERNIE-4.0-8K", **fields)
    assert PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap().request.url == url


def test_version_2_takes_a_bearer_and_speaks_as_openai_does() -> None:
    config = file_config(api_type="qianfan", model="ernie-4.5-turbo", api_key="bce-v3/ALTAK-1/2")
    request = ChatRequest(messages="hi", repetition_penalty=2.5, top_k=4, stream=True)
    made = PROVIDER.build_chat(config, request).unwrap()
    assert json.loads(made.request.body) == {
        "model": "ernie-4.5-turbo",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 4096,
        "temperature": 0.01,
        "penalty_score": 2,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert [(one.field, one.action) for one in made.adaptations] == [
        ("top_k", "dropped"),
        ("repetition_penalty", "clamped"),
        ("repetition_penalty", "renamed"),
    ]
    signed = PROVIDER.authorize(config, made.request, NOW).unwrap()
    assert signed.headers[-1] == ("authorization", "Bearer bce-v3/ALTAK-1/2")


def test_version_1_is_signed_without_a_call_before_it() -> None:
    config = file_config(api_type="qianfan", model="m", access_key="AK", secret_key="SK")
    made = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap().request
    signed = PROVIDER.authorize(config, made, NOW).unwrap()
    assert dict(signed.headers)["authorization"].startswith("bce-auth-v1/AK/2026-11-20T12:00:00Z/")


def test_keys_are_exchanged_for_a_token_that_signs_the_next_call() -> None:
    config = file_config(api_type="qianfan", model="m", api_key="AK", secret_key="SK")
    asked = build_token(config).unwrap()
    assert asked.url.startswith("https://aip.baidubce.com/oauth/2.0/token?")
    answer = HttpResponse(200, (), b'{"access_token":"24.abc","expires_in":2592000}')
    token = parse_token(answer).unwrap()
    assert token.valid_s == 2592000
    config = msgspec.structs.replace(config, session_token=token.token)
    made = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap().request
    signed = PROVIDER.authorize(config, made, NOW).unwrap()
    assert signed.url == f"{V1}/chat/m?access_token=24.abc"


FIRST = b'data: {"id":"a","result":"hi","is_end":false}\n\ndata: {"id":"a","result":"","is_end":true}\n\n'
SECOND = (
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
    b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


@pytest.mark.parametrize("body", [FIRST, SECOND], ids=["version 1", "version 2"])
def test_the_first_frame_says_which_version_answers(body: bytes) -> None:
    head = ResponseHead(200, (("content-type", "text/event-stream"),))
    for split in ([body], one_byte_at_a_time(body)):
        events, error = read_pieces(PROVIDER.open_stream(head), split)
        assert error is None
        answer = collect(events).unwrap()
        assert (answer.text, answer.finish_reason) == ("hi", "stop")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"error_code":18,"error_msg":"slow"}', "rate_limited"),
        (200, b'{"error_code":"%s","error_msg":"slow"}' % (b"1" * 5000), "server_error"),
        (
            401,
            b'{"error":{"code":"invalid_iam_token","message":"no"},"id":"as-1"}',
            "authentication",
        ),
        (400, b'{"error":{"code":"characters_too_long","message":"no"}}', "context_length"),
        (429, b'{"error":{"code":"tpm_rate_limit_exceeded","message":"no"}}', "rate_limited"),
    ],
)
def test_errors_of_both_versions_are_known(status: int, body: bytes, kind: str) -> None:
    assert PROVIDER.parse_chat(HttpResponse(status, (), body)).failure().kind == kind
