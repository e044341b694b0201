"""Whole answers and errors of the Messages API -> values."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import Completion, HttpResponse, LLMError, TokenCount
from llm_pure.adapters.dialects.anthropic_messages import (
    make_service,
    parse_chat,
    parse_count,
)
from llm_pure.types.completion import Usage
from llm_pure.types.errors import (
    AuthenticationFailed,
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
from llm_pure.types.messages import Message, Text, ToolCall
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.anthropic_answers import ANSWERS, Answer
from tests.support.json_values import json_values

SERVICE = make_service("anthropic")
JSON = (("content-type", "application/json"),)


def parsed(
    body: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = JSON
) -> LLMResult[Completion]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_chat(SERVICE, HttpResponse(status, headers, data))


def failed(body: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = JSON) -> LLMError:
    got = parsed(body, status, headers)
    assert isinstance(got, Failure)
    failure: LLMError = got.failure()
    return failure


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_whole_answer_says_what_its_stream_says(answer: Answer) -> None:
    assert parsed(answer.body) == Success(answer.completion)


def test_a_bare_answer_has_nothing_made_up() -> None:
    assert parsed({"content": [{"type": "text", "text": "hi"}]}) == Success(
        Completion(provider="anthropic", message=Message("assistant", (Text("hi"),)))
    )


def test_the_request_id_and_what_is_not_modelled_are_kept() -> None:
    body: dict[str, Any] = {
        "id": "msg_1",
        "content": [],
        "stop_reason": "stop_sequence",
        "stop_sequence": "END",
        "container": None,
        "usage": {"input_tokens": 1, "output_tokens": 2},
        "new": {"a": [1]},
    }
    assert parsed(body, headers=(*JSON, ("request-id", "req_1"))) == Success(
        Completion(
            id="msg_1",
            provider="anthropic",
            finish_reason="stop",
            raw_finish_reason="stop_sequence",
            usage=Usage(1, 2, raw={"input_tokens": 1, "output_tokens": 2}),
            extra={"request_id": "req_1", "stop_sequence": "END", "new": {"a": [1]}},
        )
    )


def test_input_that_is_text_stays_as_it_is() -> None:
    body = {"content": [{"type": "tool_use", "id": "t", "name": "f", "input": '{"a": 1}'}]}
    assert parsed(body).unwrap().tool_calls == (ToolCall("t", "f", '{"a": 1}'),)


def error_body(type_: str, message: str = "Oops", **more: Any) -> dict[str, Any]:
    return {
        "type": "error",
        "error": {"type": type_, "message": message, **more},
        "request_id": "req_1",
    }


LIMITED = {"error_code": "enforced_spend_limit_reached"}
ERRORS: dict[str, tuple[int, Any, type[LLMError]]] = {
    "invalid request": (400, error_body("invalid_request_error"), InvalidRequest),
    "key": (401, error_body("authentication_error"), AuthenticationFailed),
    "billing": (402, error_body("billing_error"), QuotaExceeded),
    "permission": (403, error_body("permission_error"), PermissionDenied),
    "model": (404, error_body("not_found_error", "model: claude-x"), NotFound),
    "conflict": (409, error_body("conflict_error"), ServerError),
    "too large": (413, error_body("request_too_large"), InvalidRequest),
    "rate": (429, error_body("rate_limit_error"), RateLimited),
    "spend limit": (429, error_body("rate_limit_error", details=LIMITED), QuotaExceeded),
    "unknown code": (429, error_body("rate_limit_error", details={"error_code": "x"}), RateLimited),
    "details of another shape": (429, error_body("rate_limit_error", details=[1]), RateLimited),
    "server": (500, error_body("api_error"), ServerError),
    "timeout": (504, error_body("timeout_error"), TimedOut),
    "overload": (529, error_body("overloaded_error"), Overloaded),
    "too long": (
        400,
        error_body("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        ContextLengthExceeded,
    ),
    "too long with the answer": (
        400,
        error_body(
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
        ),
        ContextLengthExceeded,
    ),
    "no credit": (
        400,
        error_body("invalid_request_error", "Your credit balance is too low to access the API."),
        QuotaExceeded,
    ),
    "limit of one's own": (
        400,
        error_body("invalid_request_error", "You have reached your specified API usage limits."),
        QuotaExceeded,
    ),
    "inside a 200": (200, error_body("overloaded_error"), Overloaded),
    "Google's": (
        429,
        {"error": {"code": 429, "message": "Oops", "status": "RESOURCE_EXHAUSTED"}},
        RateLimited,
    ),
    "Google's in a list": (
        403,
        [{"error": {"code": 403, "message": "Oops", "status": "PERMISSION_DENIED"}}],
        PermissionDenied,
    ),
    "a gateway's": (502, {"message": "Oops"}, ServerError),
    "a gateway's text": (404, {"error": "Oops"}, NotFound),
    "a gateway's page": (503, b"<html>Oops</html>", Overloaded),
    "nothing": (529, b"", Overloaded),
    "a list": (500, [], ServerError),
    "a string": (400, "Oops", InvalidRequest),
}


@pytest.mark.parametrize(("status", "body", "kind"), ERRORS.values(), ids=ERRORS)
def test_an_error_is_what_a_caller_would_do_about_it(
    status: int, body: Any, kind: type[LLMError]
) -> None:
    error = failed(body, status)
    assert type(error) is kind
    assert error.provider == "anthropic"
    assert error.status == (529 if status == 200 else status)


def test_an_error_says_all_that_is_known_of_it() -> None:
    headers = (*JSON, ("retry-after", "12"), ("request-id", "req_of_header"))
    body = error_body("rate_limit_error", "Slow down")
    assert failed(body, 429, headers) == RateLimited(
        message="Slow down",
        provider="anthropic",
        status=429,
        code="rate_limit_error",
        request_id="req_1",
        retry_after_s=12.0,
        body=body,
        rate_limits=(("retry-after", "12"),),
    )
    body = error_body("rate_limit_error", "Spent", details=LIMITED)
    spent = failed(body, 429, headers[2:])
    assert spent == QuotaExceeded(
        message="Spent",
        provider="anthropic",
        status=429,
        code="enforced_spend_limit_reached",
        request_id="req_1",
        body=body,
    )


def test_the_service_says_whether_to_try_again() -> None:
    error = failed(error_body("api_error"), 500, (("x-should-retry", "false"),))
    assert (type(error), error.retryable) == (ServerError, False)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"hi", b"\xff", b"null", b"[]", b"{}", b'{"content": {}}', b'{"content": [1]}',
        b'{"content": [{}]}', b'{"content": [{"type": "text", "text": 1}]}', b'{"content": [], "usage": 1}',
        b'{"content": [], "id": 1}',
    ],
)  # fmt: skip
def test_a_good_status_without_an_answer_is_a_protocol_fault(body: bytes) -> None:
    error = failed(body)
    assert isinstance(error, ProtocolError)
    assert error.where == "body"
    assert error.evidence == body[:300] or b'"content"' in body


@pytest.mark.parametrize("kind", ["text", "thinking", "tool_use", "x"])
def test_json_nested_to_the_edge_is_answered_and_never_raised(kind: str) -> None:
    for depth in (*range(900, 1000), 100_000):
        nested = b'{"a":' * depth + b"1" + b"}" * depth
        body = b'{"content":[{"type":"%b","x":%b,"input":%b}]}' % (kind.encode(), nested, nested)
        assert isinstance(parsed(body), Success | Failure)


_VALUES = json_values(max_leaves=5)


@given(
    st.dictionaries(
        st.sampled_from(["id", "model", "stop_reason", "usage", "error", "x"]), _VALUES
    ),
    st.lists(
        st.dictionaries(
            st.sampled_from(["text", "input", "id", "citations", "x"]), _VALUES
        ).flatmap(
            lambda block: st.sampled_from(["text", "thinking", "tool_use", "x", 1]).map(
                lambda kind: {**block, "type": kind}
            )
        ),
        max_size=3,
    ),
)
def test_no_json_makes_the_parser_raise(body: dict[str, Any], content: list[Any]) -> None:
    assert isinstance(parsed({**body, "content": content}), Success | Failure)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"input_tokens": 42}', TokenCount(input_tokens=42, provider="anthropic")),
        (
            200,
            b'{"input_tokens": 42, "context_management": {"original_input_tokens": 50}}',
            TokenCount(
                input_tokens=42,
                provider="anthropic",
                extra={"context_management": {"original_input_tokens": 50}},
            ),
        ),
        (404, json.dumps(error_body("not_found_error")).encode(), "not_found"),
        (200, b'{"input_tokens": "42"}', TokenCount(input_tokens=42, provider="anthropic")),
        (200, b'{"input_tokens": "x"}', "protocol"),
        (200, b"[]", "protocol"),
        (503, b"<html>", "overloaded"),
        (500, b"3", "server_error"),
    ],
)  # fmt: skip
def test_a_count_of_tokens(status: int, body: bytes, expected: Any) -> None:
    got = parse_count(SERVICE, HttpResponse(status, JSON, body))
    if isinstance(got, Failure):
        assert got.failure().kind == expected
    else:
        assert got.unwrap() == expected
