"""Whole answers of Qianfan's first API -> values, whatever the bytes."""

from typing import Any

import pytest

from llm_pure import Completion, ProviderMetadata, assistant, describe
from llm_pure.adapters.dialects.qianfan_v1 import Token, parse_chat, parse_token
from llm_pure.adapters.dialects.qianfan_v1.embed import parse_embed
from llm_pure.types.completion import Usage
from llm_pure.types.config import Secret
from llm_pure.types.messages import ToolCall
from llm_pure.types.result import Success
from tests.support.qianfan_v1_streams import SERVICE
from tests.support.replies import response

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def test_an_answer_is_read_whole() -> None:
    body = {
        "id": "as-1",
        "object": "chat.completion",
        "created": 1700000000,
        "result": "Hi!",
        "is_truncated": False,
        "need_clear_history": False,
        "finish_reason": "normal",
        "usage": USAGE,
        "search_info": {"search_results": [{"index": 1, "url": "u"}]},
    }
    assert parse_chat(SERVICE, response(body)) == Success(
        Completion(
            id="as-1",
            provider="qianfan",
            message=assistant("Hi!"),
            finish_reason="stop",
            raw_finish_reason="normal",
            usage=Usage(3, 2, raw=USAGE),
            extra={
                "created": 1700000000,
                "need_clear_history": False,
                "search_info": {"search_results": [{"index": 1, "url": "u"}]},
            },
        )
    )


def test_a_call_has_an_id_made_of_the_answers_own_and_keeps_its_thoughts() -> None:
    call = {"name": "f", "arguments": '{"a":1}', "thoughts": "because"}
    got = parse_chat(SERVICE, response({"id": "as-1", "result": "", "function_call": call}))
    answer = got.unwrap()
    assert answer.message == assistant(
        ToolCall(
            "call_as-1_0", "f", '{"a":1}', ProviderMetadata("qianfan", '{"thoughts":"because"}')
        )
    )
    assert answer.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("truncated", "finish"), [(True, "length"), (False, "stop"), (None, "stop")]
)
def test_answers_without_a_reason(truncated: bool | None, finish: str) -> None:
    got = parse_chat(SERVICE, response({"result": "a", "is_truncated": truncated})).unwrap()
    assert (got.finish_reason, got.raw_finish_reason) == (finish, None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, "server_error"),
        (2, "overloaded"),
        (3, "not_found"),
        (4, "overloaded"),
        (6, "permission"),
        (13, "authentication"),
        (14, "authentication"),
        (17, "quota"),
        (18, "rate_limited"),
        (19, "quota"),
        (100, "invalid_request"),
        (110, "authentication"),
        (111, "authentication"),
        (336000, "server_error"),
        (336003, "invalid_request"),
        (336004, "permission"),
        (336007, "context_length"),
        (336100, "overloaded"),
        (336103, "context_length"),
        (336501, "rate_limited"),
        (336502, "rate_limited"),
        (999, "server_error"),
        ("110", "authentication"),
        ("odd", "server_error"),
    ],
)
def test_errors_come_with_status_200(code: int | str, kind: str) -> None:
    body = {"error_code": code, "error_msg": "why", "id": "as-9"}
    error = parse_chat(SERVICE, response(body)).failure()
    assert (error.kind, error.code, error.message, error.request_id) == (
        kind, str(code), "why", "as-9",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (401, {"error_code": 14, "error_msg": "IAM Certification failed"}, "authentication", None),
        (400, {"error": {"code": "invalid_model", "message": "no"}}, "invalid_request", "no"),
        (500, b"<html>bad</html>", "server_error", "<html>bad</html>"),
        (503, {}, "overloaded", "HTTP status 503"),
        (404, [1], "not_found", "[1]"),
        (200, {"error": {"message": "inside"}}, "server_error", "inside"),
    ],
)
def test_errors_of_other_shapes(status: int, body: Any, kind: str, message: str | None) -> None:
    error = parse_chat(SERVICE, response(body, status)).failure()
    assert error.kind == kind
    assert message is None or error.message == message


def test_vectors() -> None:
    body = {
        "id": "as-1",
        "object": "embedding_list",
        "data": [{"object": "embedding", "embedding": [0.5, 1], "index": 0}],
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }
    got = parse_embed(SERVICE, response(body)).unwrap()
    assert (got.vectors, got.usage.input_tokens, got.extra) == (((0.5, 1.0),), 3, {"id": "as-1"})
    refused = parse_embed(SERVICE, response({"error_code": 18, "error_msg": "slow"})).failure()
    assert refused.kind == "rate_limited"


def test_a_token_says_how_long_it_is_good_for() -> None:
    body = {"access_token": "24.abc", "expires_in": 2592000, "scope": "x"}
    got = parse_token(SERVICE, response(body))
    assert got == Success(Token(Secret("24.abc"), 2592000))
    assert "24.abc" not in repr(got)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (
            401,
            {"error": "invalid_client", "error_description": "unknown client id"},
            "authentication",
            "unknown client id",
        ),
        (200, {"error": "invalid_client"}, "authentication", "invalid_client"),
        (200, {"error": "busy", "error_description": "later"}, "server_error", "later"),
        (500, b"<html>", "server_error", "<html>"),
        (200, {}, "server_error", None),
        (200, [], "protocol", None),
        (200, {"access_token": "24.abc"}, "protocol", None),
        (200, {"access_token": "24.abc", "expires_in": "long"}, "protocol", None),
        (403, {"access_token": "24.abc", "expires_in": 1}, "permission", None),
    ],
)
def test_an_exchange_without_a_token_is_a_failure(
    status: int, body: Any, kind: str, message: str | None
) -> None:
    error = parse_token(SERVICE, response(body, status)).failure()
    assert error.kind == kind
    assert message is None or error.message == message
    assert "24.abc" not in repr(error) + describe(error)
