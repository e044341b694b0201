"""Whole answers of chat completions -> Completion, or the error that they tell."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import Completion, LLMError, Message, Usage
from llm_pure.adapters import registry
from llm_pure.types.completion import Choice
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    TimedOut,
)
from llm_pure.types.messages import Audio, Image, Part, ProviderMetadata, Refusal, Text, ToolCall
from llm_pure.types.result import Result, Success
from tests.support.json_values import json_values
from tests.support.openai_chat_bodies import USAGE, JsonObject, answer, call, choice
from tests.support.replies import response

OPENAI = registry.get("openai").unwrap()


def parse(body: Any, status: int = 200, **headers: str) -> Result[Completion, LLMError]:
    return OPENAI.parse_chat(response(body, status, **headers))


def parts(message: JsonObject, finish: str = "stop") -> tuple[Part, ...]:
    return parse(answer(message, finish)).unwrap().message.parts


def test_the_whole_answer() -> None:
    body = answer(
        {"content": "Hi", "refusal": None, "annotations": []},
        service_tier="default",
        system_fingerprint=None,
    )
    body["choices"][0]["logprobs"] = {"content": [{"token": "Hi"}], "refusal": None}
    assert parse(body, x_request_id="req_1") == Success(
        Completion(
            id="chatcmpl-1",
            model="gpt-x-2026-01-01",
            provider="openai",
            message=Message("assistant", (Text("Hi"),)),
            finish_reason="stop",
            raw_finish_reason="stop",
            usage=Usage(
                input_tokens=20,
                output_tokens=9,
                cached_input_tokens=8,
                reasoning_tokens=5,
                raw=USAGE,
            ),
            extra={
                "created": 1790000000,
                "service_tier": "default",
                "logprobs": [{"token": "Hi"}],
                "request_id": "req_1",
            },
        )
    )


WRAPPED = json.dumps(
    {
        "tool_uses": [
            {"recipient_name": "functions.f", "parameters": {"a": 1}},
            {"recipient_name": "functions.g", "parameters": {}},
        ]
    }
)


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        pytest.param({"content": ""}, (), id="nothing"),
        pytest.param({"refusal": "No."}, (Refusal("No."),), id="refusal"),
        pytest.param(
            {"content": "a", "tool_calls": [call("f", "{}"), call("g", '{"b":2}', "call_2")]},
            (Text("a"), ToolCall("call_1", "f", "{}"), ToolCall("call_2", "g", '{"b":2}')),
            id="text and calls",
        ),
        pytest.param(
            {"tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "sql", "input": "S"}}]},
            (ToolCall("c", "sql", "S", ProviderMetadata("openai", '{"type":"custom"}')),),
            id="a custom tool",
        ),
        pytest.param(
            {"tool_calls": [call("f", "{}", extra_content={"google": {"thought_signature": "s"}})]},
            (
                ToolCall(
                    "call_1",
                    "f",
                    "{}",
                    ProviderMetadata("openai", '{"extra_content":{"google":{"thought_signature":"s"}}}'),
                ),
            ),
            id="a call with fields that must go back",
        ),
        pytest.param(
            {"tool_calls": [call("multi_tool_use.parallel", WRAPPED)]},
            (ToolCall("call_1_0", "f", '{"a":1}'), ToolCall("call_1_1", "g", "{}")),
            id="calls in a wrapper",
        ),
        pytest.param(
            {"function_call": {"name": "f", "arguments": "{}"}},
            (ToolCall("call_chatcmpl-1_0", "f", "{}"),),
            id="the old function_call",
        ),
        pytest.param(
            {"audio": {"id": "audio_1", "data": "UklGRgAAAABXQVZF", "expires_at": 9, "transcript": "hi"}},
            (
                Audio(
                    data=b"RIFF\0\0\0\0WAVE",
                    file_id="audio_1",
                    media_type="audio/wav",
                    transcript="hi",
                    provider_metadata=ProviderMetadata("openai", '{"expires_at":9}'),
                ),
            ),
            id="sound",
        ),
        pytest.param(
            {
                "content": "a",
                "images": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                    {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
                ],
            },
            (
                Text("a"),
                Image(data=b"\x89PNG\r\n\x1a\n", media_type="image/png"),
                Image(url="https://example.org/a.png"),
            ),
            id="pictures",
        ),
    ],
)  # fmt: skip
def test_a_message_is_parts(message: JsonObject, wanted: tuple[Part, ...]) -> None:
    assert parts(message) == wanted


@pytest.mark.parametrize(
    ("message", "finish", "wanted"),
    [
        ({"content": "a"}, "stop", "stop"),
        ({"content": "a"}, "length", "length"),
        ({"content": "a"}, "content_filter", "content_filter"),
        ({"tool_calls": [call("f", "{}")]}, "tool_calls", "tool_calls"),
        ({"tool_calls": [call("f", "{}")]}, "stop", "tool_calls"),
        ({"tool_calls": [call("f", '{"a')]}, "length", "length"),
        ({"function_call": {"name": "f", "arguments": "{}"}}, "function_call", "tool_calls"),
        ({"refusal": "No."}, "stop", "refusal"),
    ],
    ids=[
        "stop", "length", "filter", "calls", "calls that say stop", "a call cut off", "the old function_call", "a refusal that says stop",
    ],
)  # fmt: skip
def test_finish_reason(message: JsonObject, finish: str, wanted: str) -> None:
    got = parse(answer(message, finish)).unwrap()
    assert (got.finish_reason, got.raw_finish_reason) == (wanted, finish)


def test_several_answers() -> None:
    body = answer({"content": "a"})
    body["choices"].append(choice({"content": "b"}, "length", 1) | {"mood": "good"})
    got = parse(body).unwrap()
    assert got.text == "a"
    assert got.alternatives == (
        Choice(
            message=Message("assistant", (Text("b"),)),
            finish_reason="length",
            raw_finish_reason="length",
            extra={"mood": "good"},
        ),
    )


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (USAGE, Usage(20, 9, 8, None, 5)),
        ({"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3}, Usage(3, 0)),
        (
            {
                "prompt_tokens": 3,
                "completion_tokens": 1,
                "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2},
            },
            Usage(3, 1, 1, 2),
        ),
        ({"prompt_tokens": 3, "completion_tokens": 1, "prompt_cache_hit_tokens": 2}, Usage(3, 1, 2)),
        ({"prompt_tokens": 3, "completion_tokens": 1, "cached_tokens": 9}, Usage(12, 1, 9)),
        ({"prompt_tokens": 3, "completion_tokens": 4, "reasoning_tokens": 2}, Usage(3, 4, None, None, 2)),
        ({"prompt_tokens": "many", "completion_tokens": True}, Usage()),
    ],
    ids=["details", "zero is said", "cache writes", "DeepSeek", "more cached than sent", "flat reasoning", "no counts"],
)  # fmt: skip
def test_usage(raw: JsonObject, usage: Usage) -> None:
    got = parse(answer({"content": "a"}, usage=raw)).unwrap().usage
    assert got == msgspec.structs.replace(usage, raw=raw)


ERROR = {"message": "m", "type": "invalid_request_error", "param": None, "code": None}
TOO_LONG = "This model's maximum context length is 8192 tokens."


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "unsupported_parameter", "param": "max_tokens"}, InvalidRequest),
        (400, {"code": "context_length_exceeded"}, ContextLengthExceeded),
        (400, {"message": TOO_LONG}, ContextLengthExceeded),
        (400, {"code": "content_policy_violation"}, ContentFiltered),
        (400, {"code": "model_not_found", "param": "model"}, NotFound),
        (401, {"code": "invalid_api_key"}, AuthenticationFailed),
        (403, {}, PermissionDenied),
        (404, {"code": "model_not_found"}, NotFound),
        (408, {}, TimedOut),
        (409, {}, ServerError),
        (413, {}, InvalidRequest),
        (422, {}, InvalidRequest),
        (429, {"code": "rate_limit_exceeded"}, RateLimited),
        (429, {"code": "slow_down"}, RateLimited),
        (429, {"type": "insufficient_quota", "code": "insufficient_quota"}, QuotaExceeded),
        (429, {"type": "insufficient_quota", "code": "credit_balance_exhausted"}, QuotaExceeded),
        (429, {"type": "insufficient_quota", "code": "project_spend_limit_exceeded"}, QuotaExceeded),
        (500, {"type": "server_error"}, ServerError),
        (503, {"type": "service_unavailable_error", "code": "server_is_overloaded"}, Overloaded),
    ],
    ids=lambda one: str(one) if isinstance(one, int) else "",
)  # fmt: skip
def test_an_error_body(status: int, error: JsonObject, kind: type) -> None:
    got = parse({"error": {**ERROR, **error}}, status, x_request_id="req_1").failure()
    assert type(got) is kind
    assert (got.provider, got.status, got.request_id) == ("openai", status, "req_1")
    assert got.message == error.get("message", "m")
    assert got.code == error.get("code", error.get("type", "invalid_request_error"))


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after": "2"}, 2.0),
        ({"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "6m0s"}, 360.0),
        ({"x_ratelimit_remaining_tokens": "7", "x_ratelimit_reset_tokens": "6m0s"}, None),
        ({}, None),
    ],
    ids=["milliseconds win", "seconds", "a limit that is used up", "one that is not", "no word"],
)
def test_how_long_to_wait(headers: dict[str, str], wait_s: float | None) -> None:
    got = parse({"error": {**ERROR, "code": "rate_limit_exceeded"}}, 429, **headers).failure()
    assert isinstance(got, RateLimited)
    assert got.retry_after_s == wait_s


def test_the_service_has_the_last_word_on_trying_again() -> None:
    assert not parse({"error": ERROR}, 500, x_should_retry="false").failure().retryable
    assert parse({"error": ERROR}, 400, x_should_retry="true").failure().retryable


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 200, ProtocolError),
        (b"", 502, ServerError),
        (b"<html>", 200, ProtocolError),
        (b"<html>busy</html>", 503, Overloaded),
        (b"not found", 404, NotFound),
        (b"[]", 200, ProtocolError),
        (b"{}", 200, ProtocolError),
        (b"{}", 500, ServerError),
        (b"null", 401, AuthenticationFailed),
        (b'{"choices": []}', 200, ProtocolError),
        (b'{"choices": null}', 200, ProtocolError),
        (b'{"choices": 7}', 200, ProtocolError),
        (b'{"choices": [7]}', 200, ProtocolError),
        (b'{"choices": [{"message": {"content": true}}]}', 200, ProtocolError),
        (b"\xff\xfe", 200, ProtocolError),
        (b"[" * 5000, 200, ProtocolError),
        (b'{"choices": [{"message": {"content": "a"}, "x": 1e999}]}', 200, ProtocolError),
        (b'{"choices": [{"message": {"content": "cut', 200, ProtocolError),
    ],
    ids=[
        "nothing", "nothing, 502", "HTML", "HTML of a gateway", "text", "a list", "an empty object", "an empty error", "null",
        "no choices", "null choices", "choices that are none", "a choice that is none", "content that is none", "no UTF-8", "deep",
        "a number out of range", "cut",
    ],
)  # fmt: skip
def test_a_body_that_is_no_answer(body: bytes, status: int, kind: type) -> None:
    got = parse(body, status).failure()
    assert type(got) is kind


def test_a_key_that_an_error_quotes_is_concealed() -> None:
    quoted = {**ERROR, "message": "Incorrect API key provided: sk-abcdefgh12345678."}
    assert parse({"error": quoted}, 401).failure().message == "Incorrect API key provided: ***."


JSON = json_values(
    "choices", "message", "content", "tool_calls", "function", "arguments", "usage", "error", "index", "images",
    "audio", "reasoning_details", "logprobs", "finish_reason", "type", "text",
    max_leaves=14, max_keys=4, nan=True,
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "content",
                "tool_calls",
                "images",
                "audio",
                "reasoning_details",
                "refusal",
                "function_call",
            ]
        ),
        JSON,
    )
)
def test_no_message_raises(message: JsonObject) -> None:
    parse(answer(message))
