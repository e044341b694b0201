"""Whole answers of DashScope's own API -> values, whatever the bytes."""

from typing import Any

import pytest

from llm_pure import Completion, ProviderMetadata, assistant
from llm_pure.adapters.dialects.dashscope_generation import parse_chat
from llm_pure.adapters.dialects.dashscope_generation.embed import parse_embed
from llm_pure.types.completion import Choice, Usage
from llm_pure.types.errors import ProtocolError
from llm_pure.types.messages import Image, Message, Reasoning, ToolCall
from llm_pure.types.operations import Embeddings
from llm_pure.types.result import Success
from tests.support.dashscope_generation_streams import SERVICE
from tests.support.replies import response


def answer(message: dict[str, Any], finish: str | None = "stop", /, **more: Any) -> dict[str, Any]:
    choice = {"finish_reason": finish, "message": {"role": "assistant", **message}}
    return {"output": {"choices": [choice]}, "request_id": "r-1", **more}


def test_an_answer_is_read_whole() -> None:
    usage = {"input_tokens": 26, "output_tokens": 7, "total_tokens": 33}
    body = answer(
        {"content": "Hi!"}, usage=usage, code="", message="", status_code=200, region="cn"
    )
    assert parse_chat(SERVICE, response(body)) == Success(
        Completion(
            id="r-1",
            provider="dashscope",
            message=assistant("Hi!"),
            finish_reason="stop",
            raw_finish_reason="stop",
            usage=Usage(26, 7, raw=usage),
            extra={"request_id": "r-1", "region": "cn"},
        )
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"content": None}, assistant()),
        ({"content": [{"text": "a"}, {"text": "b"}]}, assistant("ab")),
        ({"content": [{"image": "https://x.test/a"}]}, assistant(Image(url="https://x.test/a"))),
        (
            {"content": "b", "reasoning_content": "a"},
            assistant(Reasoning("a", None, ProviderMetadata("dashscope")), "b"),
        ),
        (
            {
                "content": "",
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                    {"id": "c2", "function": {"name": "g", "arguments": ""}, "score": 1},
                ],
            },
            assistant(
                ToolCall("c1", "f"),
                ToolCall("c2", "g", "{}", ProviderMetadata("dashscope", '{"score":1}')),
            ),
        ),
    ],
    ids=["nothing", "pieces", "a picture", "reasoning", "calls"],
)
def test_content_and_calls(said: dict[str, Any], message: Message) -> None:
    assert parse_chat(SERVICE, response(answer(said))).unwrap().message == message


def test_several_answers_are_alternatives() -> None:
    choices = [
        {"finish_reason": "stop", "index": 0, "message": {"content": "a"}},
        {"finish_reason": "length", "index": 1, "message": {"content": "b"}},
    ]
    got = parse_chat(SERVICE, response({"output": {"choices": choices}})).unwrap()
    assert got.message == assistant("a")
    assert got.alternatives == (
        Choice(message=assistant("b"), finish_reason="length", raw_finish_reason="length"),
    )


def test_words_without_choices_are_words() -> None:
    body = {"output": {"text": "Hi", "finish_reason": "stop"}, "request_id": "r"}
    got = parse_chat(SERVICE, response(body)).unwrap()
    assert (got.text, got.finish_reason) == ("Hi", "stop")


def test_an_answer_that_does_not_say_why_it_stopped_is_an_answer() -> None:
    got = parse_chat(SERVICE, response(answer({"content": "a"}, "null"))).unwrap()
    assert (got.text, got.finish_reason, got.raw_finish_reason) == ("a", "unknown", None)


@pytest.mark.parametrize(
    ("usage", "want"),
    [
        (
            {
                "input_tokens": 30, "output_tokens": 9, "total_tokens": 39,
                "prompt_tokens_details": {"cached_tokens": 20, "cache_creation_input_tokens": 5},
                "output_tokens_details": {"reasoning_tokens": 4},
            },
            (30, 9, 20, 5, 4),
        ),
        ({"input_tokens": 3}, (3, None, None, None, None)),
        ({"input_tokens": "x", "output_tokens": -1}, (None, None, None, None, None)),
    ],
)  # fmt: skip
def test_usage(usage: dict[str, Any], want: tuple[int | None, ...]) -> None:
    got = parse_chat(SERVICE, response(answer({}, usage=usage))).unwrap().usage
    assert want == (
        got.input_tokens,
        got.output_tokens,
        got.cached_input_tokens,
        got.cache_write_tokens,
        got.reasoning_tokens,
    )
    assert got.raw == usage


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, "InvalidParameter", "url error, please check url!", "invalid_request"),
        (400, "InvalidParameter", "Range of input length should be [1, 6000]", "context_length"),
        (400, "DataInspectionFailed", "inappropriate", "content_filtered"),
        (400, "Arrearage", "overdue", "quota"),
        (401, "InvalidApiKey", "Invalid API-key provided.", "authentication"),
        (403, "AccessDenied.Unpurchased", "no", "permission"),
        (404, "ModelNotFound", "no", "not_found"),
        (408, "RequestTimeOut", "late", "timeout"),
        (429, "Throttling.RateQuota", "slow", "rate_limited"),
        (429, "Throttling.AllocationQuota", "slow", "rate_limited"),
        (500, "InternalError", "boom", "server_error"),
        (503, "ModelUnavailable", "busy", "overloaded"),
        (200, "InvalidParameter", "inside a 200", "invalid_request"),
        (200, "Throttling", "inside a 200", "rate_limited"),
    ],
)
def test_errors(status: int, code: str, message: str, kind: str) -> None:
    body = {"code": code, "message": message, "request_id": "r-1"}
    error = parse_chat(SERVICE, response(body, status)).failure()
    assert (error.kind, error.code, error.message, error.request_id) == (kind, code, message, "r-1")


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (500, b"<html>bad</html>", "server_error", "<html>bad</html>"),
        (500, "a string", "server_error", "a string"),
        (401, {"error": {"code": "invalid_api_key", "message": "no"}}, "authentication", "no"),
        (502, {"error": "bad gateway"}, "server_error", "bad gateway"),
        (404, {}, "not_found", "HTTP status 404"),
        (500, [1], "server_error", "[1]"),
    ],
)
def test_errors_of_gateways(status: int, body: Any, kind: str, message: str) -> None:
    error = parse_chat(SERVICE, response(body, status)).failure()
    assert (error.kind, error.message) == (kind, message)


def test_vectors_stand_in_the_order_of_their_texts() -> None:
    body = {
        "output": {
            "embeddings": [
                {"text_index": 1, "embedding": [2.5, -1]},
                {"text_index": 0, "embedding": [0.5, 1]},
            ]
        },
        "usage": {"total_tokens": 4},
        "request_id": "r-1",
    }
    assert parse_embed(SERVICE, response(body)) == Success(
        Embeddings(
            vectors=((0.5, 1.0), (2.5, -1.0)),
            provider="dashscope",
            usage=Usage(4, raw={"total_tokens": 4}),
            extra={"request_id": "r-1"},
        )
    )


@pytest.mark.parametrize(
    "body", [{}, {"output": {"embeddings": []}}, {"output": {"embeddings": 7}}]
)
def test_an_answer_without_vectors_is_a_fault(body: Any) -> None:
    assert isinstance(parse_embed(SERVICE, response(body)).failure(), ProtocolError)
