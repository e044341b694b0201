"""Buffered responses of /v2/chat, /v2/embed and /v1/tokenize, for any bytes."""

from typing import Any

import pytest

from llm_pure import Completion, ProviderMetadata, assistant
from llm_pure.adapters.cohere import PROVIDER
from llm_pure.adapters.dialects.cohere_chat import make_service
from llm_pure.adapters.dialects.cohere_chat.count import parse_count
from llm_pure.adapters.dialects.cohere_chat.embed import parse_embed
from llm_pure.adapters.dialects.cohere_chat.stream import PLAN_ECHO
from llm_pure.types.completion import Usage
from llm_pure.types.errors import ProtocolError
from llm_pure.types.messages import Opaque, Reasoning, Text, ToolCall
from llm_pure.types.operations import Embeddings, TokenCount
from llm_pure.types.result import Failure, Success
from tests.support.replies import response


def answer(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "a-1", "message": {"role": "assistant", **message}, **more}


def test_an_answer_is_read_whole() -> None:
    usage = {
        "billed_units": {"input_tokens": 1, "output_tokens": 9},
        "tokens": {"input_tokens": 496, "output_tokens": 11},
    }
    body = answer(
        {"content": [{"type": "text", "text": "Hi!"}], "citations": [{"text": "Hi"}]},
        finish_reason="COMPLETE",
        usage=usage,
        logprobs=[{"text": "Hi!", "logprobs": [-0.1]}],
        served_by="somewhere",
    )
    assert PROVIDER.parse_chat(response(body, x_request_id="r-1")) == Success(
        Completion(
            id="a-1",
            provider="cohere",
            message=assistant("Hi!"),
            finish_reason="stop",
            raw_finish_reason="COMPLETE",
            usage=Usage(496, 11, raw=usage),
            extra={
                "request_id": "r-1",
                "served_by": "somewhere",
                "logprobs": [{"text": "Hi!", "logprobs": [-0.1]}],
                "citations": [{"text": "Hi"}],
            },
        )
    )


def test_a_plan_is_reasoning_that_knows_where_it_came_from() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    body = answer({"tool_plan": "I will ask.", "tool_calls": [call]}, finish_reason="TOOL_CALL")
    assert PROVIDER.parse_chat(response(body)).unwrap().message == assistant(
        Reasoning("I will ask.", None, ProviderMetadata("cohere", PLAN_ECHO)),
        ToolCall("c1", "f", '{"a":1}'),
    )


def test_blocks_stand_in_their_order_and_unknown_ones_are_kept_whole() -> None:
    blocks = [
        {"type": "text", "text": "a"},
        {"type": "chart", "points": [1, 2]},
        {"type": "thinking", "thinking": "b"},
        {"type": "text", "text": "c", "style": "bold"},
    ]
    assert PROVIDER.parse_chat(response(answer({"content": blocks}))).unwrap().message == assistant(
        "a",
        Opaque("cohere", "chart", '{"type":"chart","points":[1,2]}'),
        Reasoning("b", None, ProviderMetadata("cohere")),
        Text("c", ProviderMetadata("cohere", '{"style":"bold"}')),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "finish"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "length"),
        ("ERROR", "error"),
        ("TIMEOUT", "error"),
        ("SOMETHING_NEW", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_finish_reasons(word: str | None, finish: str) -> None:
    got = PROVIDER.parse_chat(response(answer({"content": "a"}, finish_reason=word))).unwrap()
    assert (got.finish_reason, got.raw_finish_reason, got.text) == (finish, word or None, "a")


@pytest.mark.parametrize(
    ("usage", "want"),
    [
        ({"tokens": {"input_tokens": 10.0, "output_tokens": 2.0}}, (10, 2, None)),
        ({"billed_units": {"input_tokens": 3}}, (3, None, None)),
        ({"tokens": {"input_tokens": 5}, "cached_tokens": 9}, (5, None, 5)),
        ({"tokens": {"input_tokens": 5}, "cached_tokens": 2}, (5, None, 2)),
        ({"cached_tokens": 2}, (None, None, 2)),
        ({"tokens": "many", "billed_units": {"input_tokens": -1}}, (None, None, None)),
        ({"tokens": {"input_tokens": True}}, (None, None, None)),
    ],
)
def test_usage(usage: dict[str, Any], want: tuple[int | None, ...]) -> None:
    got = PROVIDER.parse_chat(response(answer({}, usage=usage))).unwrap().usage
    assert (got.input_tokens, got.output_tokens, got.cached_input_tokens) == want
    assert got.raw == usage


@pytest.mark.parametrize("content", [None, [], ""])
def test_an_answer_without_words_is_an_answer(content: Any) -> None:
    body = answer({"content": content}, finish_reason="COMPLETE")
    assert PROVIDER.parse_chat(response(body)).unwrap().message == assistant()


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, {"message": "invalid request: no model"}, "invalid_request", "invalid request: no model"),
        (400, {"message": "too many tokens: the limit is 1"}, "context_length", None),
        (401, {"id": "e-1", "message": "invalid api token"}, "authentication", None),
        (403, {"message": "no"}, "permission", "no"),
        (404, {"message": "model 'x' not found"}, "not_found", None),
        (422, {"message": "bad", "data": {}}, "invalid_request", "bad"),
        (429, {"message": "slow down"}, "rate_limited", "slow down"),
        (498, {"message": "token is gone"}, "authentication", "token is gone"),
        (499, {"message": "closed"}, "invalid_request", "closed"),
        (500, {"message": "boom"}, "server_error", "boom"),
        (503, {"message": "busy"}, "overloaded", "busy"),
        (504, {"message": "late"}, "timeout", "late"),
        (500, {}, "server_error", "HTTP status 500"),
        (500, "a string", "server_error", "a string"),
        (502, {"error": {"message": "bad gateway"}}, "server_error", "bad gateway"),
        (502, {"detail": "bad gateway"}, "server_error", "bad gateway"),
        (502, b"<html>bad</html>", "server_error", "<html>bad</html>"),
        (500, [1], "server_error", "[1]"),
        (200, {"message": "text where a message belongs"}, "server_error", None),
    ],
)  # fmt: skip
def test_errors(status: int, body: Any, kind: str, message: str | None) -> None:
    error = PROVIDER.parse_chat(response(body, status)).failure()
    assert (error.kind, error.provider) == (kind, "cohere")
    assert message is None or error.message == message


def test_an_error_has_the_id_that_the_body_or_the_head_gives() -> None:
    told = response({"id": "e-1", "message": "m"}, 400, x_request_id="r-1")
    assert PROVIDER.parse_chat(told).failure().request_id == "e-1"
    bare = response({"message": "m"}, 400, x_request_id="r-1")
    assert PROVIDER.parse_chat(bare).failure().request_id == "r-1"


def test_vectors_stand_in_the_order_of_their_texts() -> None:
    body = {
        "id": "e-1",
        "texts": ["a", "b"],
        "embeddings": {"float": [[0.5, 1], [2.5, -1]], "int8": [[1, 2], [3, 4]]},
        "meta": {"billed_units": {"input_tokens": 4}, "api_version": {"version": "2"}},
    }
    assert parse_embed(make_service("cohere"), response(body)) == Success(
        Embeddings(
            vectors=((0.5, 1.0), (2.5, -1.0)),
            provider="cohere",
            usage=Usage(4, raw={"billed_units": {"input_tokens": 4}}),
            extra={
                "id": "e-1",
                "texts": ["a", "b"],
                "embeddings": {"int8": [[1, 2], [3, 4]]},
                "meta": body["meta"],
            },
        )
    )


@pytest.mark.parametrize(
    ("embeddings", "vectors"),
    [
        ({"float": None, "base64": ["AACAPwAAAMA="]}, ((1.0, -2.0),)),
        ({"uint8": [[1, 255]]}, ((1.0, 255.0),)),
        ([[1, 2]], ((1.0, 2.0),)),
    ],
    ids=["base64", "small numbers", "the first version's list"],
)
def test_vectors_of_other_kinds(embeddings: Any, vectors: Any) -> None:
    assert (
        parse_embed(make_service("cohere"), response({"embeddings": embeddings})).unwrap().vectors
        == vectors
    )


@pytest.mark.parametrize(
    "body", [{}, {"embeddings": {}}, {"embeddings": {"base64": ["AAA"]}}, {"embeddings": 7}]
)
def test_an_answer_without_vectors_is_a_fault(body: Any) -> None:
    assert isinstance(parse_embed(make_service("cohere"), response(body)).failure(), ProtocolError)


def test_tokens_are_counted() -> None:
    body = {"tokens": [1, 2, 3], "token_strings": ["a", "b", "c"]}
    assert parse_count(make_service("cohere"), response(body)) == Success(
        TokenCount(input_tokens=3, provider="cohere", extra={"token_strings": ["a", "b", "c"]})
    )
    refused = parse_count(make_service("cohere"), response({"message": "no such model"}, 404))
    assert isinstance(refused, Failure)
    assert refused.failure().kind == "not_found"
