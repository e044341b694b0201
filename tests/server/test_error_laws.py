"""Errors of a server: read back as the same kind, by our client side, whole and in mid-stream."""

import json
from typing import Any

import pytest

from llm_pure import Completion, HttpResponse
from llm_pure.server import server_dialects
from llm_pure.types.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ConnectionFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidConfiguration,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
    UnknownPrice,
    UnsupportedFeature,
)
from llm_pure.types.events import Started, StreamEvent, TextDelta
from llm_pure.types.result import Failure
from tests.support.server_answers import READERS, reader, received, through_stream

SENT: list[LLMError] = [
    InvalidRequest(message="bad field", param="messages/0"),
    AuthenticationFailed(message="the key is wrong"),
    PermissionDenied(message="not for you"),
    NotFound(message="model: m"),
    RateLimited(message="slow down", retry_after_s=1.5),
    QuotaExceeded(message="no money left"),
    ContextLengthExceeded(message="too much"),
    ContentFiltered(message="not this"),
    Overloaded(message="busy", retry_after_s=3),
    ServerError(message="broken"),
    TimedOut(message="too slow"),
]
"""Errors that a provider sends."""

OTHERS: list[tuple[LLMError, str]] = [
    (InvalidConfiguration(message="no key"), "server_error"),
    (UnsupportedFeature(message="no tools", feature="tools"), "invalid_request"),
    (ConnectionFailed(message="refused"), "server_error"),
    (ProtocolError(message="odd"), "server_error"),
    (StreamInterrupted(message="cut"), "server_error"),
    (BudgetExceeded(message="spent"), "quota"),
    (UnknownPrice(message="no price"), "server_error"),
]
"""Errors that only a program has -> as what a client reads them."""

CHAT_KINDS = {"content_filtered": {"ollama_native": "invalid_request"}}
"""Kind -> dialect that has no such error -> what it is there."""


def built(dialect: str, error: LLMError) -> HttpResponse:
    return server_dialects[dialect].build_error(error, received(dialect))


@pytest.mark.parametrize("dialect", READERS)
@pytest.mark.parametrize("error", SENT, ids=lambda error: error.kind)
def test_an_error_is_read_as_the_same_kind(dialect: str, error: LLMError) -> None:
    back = reader(dialect).parse_chat(built(dialect, error)).failure()
    assert back.kind == CHAT_KINDS.get(error.kind, {}).get(dialect, error.kind)
    assert error.message in back.message
    assert back.retryable == error.retryable
    wait_s = getattr(error, "retry_after_s", None)
    if wait_s is not None:
        assert wait_s <= getattr(back, "retry_after_s", 0) <= wait_s + 1


@pytest.mark.parametrize("dialect", READERS)
@pytest.mark.parametrize(("error", "kind"), OTHERS, ids=lambda one: getattr(one, "kind", one))
def test_an_error_of_the_program_is_an_error_of_the_server(
    dialect: str, error: LLMError, kind: str
) -> None:
    response = built(dialect, error)
    assert response.status >= 400
    back = reader(dialect).parse_chat(response).failure()
    assert back.kind == kind


@pytest.mark.parametrize("dialect", READERS)
@pytest.mark.parametrize("error", SENT, ids=lambda error: error.kind)
@pytest.mark.parametrize("text", ["", "some text"])
def test_an_error_in_a_stream_loses_nothing_before_it(
    dialect: str, error: LLMError, text: str
) -> None:
    events: list[StreamEvent] = [Started(id="i", model="m")]
    events += [TextDelta(text)] if text else []
    back = through_stream(dialect, [events], outcome=Failure(error)).failure()
    assert (back.partial or Completion()).text == text
    lost = {"quota", "permission", "timeout", "content_filtered"}
    if not (dialect == "ollama_native" and error.kind in lost):
        assert back.kind in (
            error.kind,
            "invalid_request" if error.kind == "content_filtered" else "",
        )


def headers(dialect: str, error: LLMError) -> dict[str, str]:
    return dict(built(dialect, error).headers)


@pytest.mark.parametrize(
    ("dialect", "error", "status", "code", "sent"),
    [
        ("openai_chat", RateLimited(message="x", retry_after_s=1.5), 429, "rate_limit_exceeded", {"retry-after": "2", "retry-after-ms": "1500"}),
        ("openai_chat", QuotaExceeded(message="x"), 429, "insufficient_quota", {"x-should-retry": "false"}),
        ("openai_chat", AuthenticationFailed(message="x"), 401, "invalid_api_key", {"x-should-retry": "false"}),
        ("openai_chat", NotFound(message="x"), 404, "model_not_found", {}),
        ("openai_chat", Overloaded(message="x"), 503, "server_is_overloaded", {}),
        ("openai_chat", ContextLengthExceeded(message="x"), 400, "context_length_exceeded", {}),
        ("openai_chat", InvalidRequest(message="x", status=413), 413, None, {}),
        ("openai_responses", QuotaExceeded(message="x"), 429, "insufficient_quota", {"x-should-retry": "false"}),
        ("anthropic_messages", AuthenticationFailed(message="x"), 401, "authentication_error", {"x-should-retry": "false"}),
        ("anthropic_messages", QuotaExceeded(message="x"), 402, "billing_error", {}),
        ("anthropic_messages", RateLimited(message="x", retry_after_s=2), 429, "rate_limit_error", {"retry-after": "2"}),
        ("anthropic_messages", Overloaded(message="x", retry_after_s=2), 529, "overloaded_error", {"retry-after": "2"}),
        ("gemini_content", RateLimited(message="x"), 429, "RESOURCE_EXHAUSTED", {}),
        ("gemini_content", Overloaded(message="x"), 503, "UNAVAILABLE", {}),
        ("ollama_native", NotFound(message="x"), 404, None, {}),
    ],
)  # fmt: skip
def test_status_code_and_retry_headers(
    dialect: str, error: LLMError, status: int, code: str | None, sent: dict[str, str]
) -> None:
    response = built(dialect, error)
    body: Any = json.loads(response.body)["error"]
    key = {"anthropic_messages": "type", "gemini_content": "status"}.get(dialect, "code")
    shown = None if dialect == "ollama_native" else body[key]
    found = headers(dialect, error)
    assert (response.status, shown) == (status, code)
    assert {k: v for k, v in found.items() if k != "content-type"} == sent


def test_the_details_that_the_gemini_cli_goes_by() -> None:
    limited = json.loads(built("gemini_content", RateLimited(message="x", retry_after_s=2)).body)
    assert limited["error"]["details"] == [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"}
    ]
    quota = json.loads(built("gemini_content", QuotaExceeded(message="x")).body)
    assert "PerDay" in quota["error"]["details"][0]["violations"][0]["quotaId"]


def test_claude_code_reads_that_the_prompt_is_too_long() -> None:
    body = json.loads(built("anthropic_messages", ContextLengthExceeded(message="9 > 8")).body)
    assert body["error"]["message"] == "prompt is too long: 9 > 8"


def test_codex_reads_the_wait_in_the_text_of_a_failed_response() -> None:
    encoder = server_dialects["openai_responses"].open_encoder(received("openai_responses"))
    data = encoder.close(Failure(RateLimited(message="slow down.", retry_after_s=1.5))).decode()
    failed = json.loads(data.rpartition("data: ")[2])
    assert failed["type"] == "response.failed"
    assert failed["response"]["error"] == {
        "code": "rate_limit_exceeded",
        "message": "slow down. Please try again in 1.5s.",
    }
