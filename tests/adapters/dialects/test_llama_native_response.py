"""Whole answers of the Llama API -> Completion, whatever the bytes."""

from typing import Any

import pytest

from llm_pure import Completion, ProviderMetadata, assistant
from llm_pure.adapters.dialects.llama_native import parse_chat
from llm_pure.types.completion import Usage
from llm_pure.types.messages import Message, Opaque, ToolCall
from llm_pure.types.result import Success
from tests.support.llama_native_streams import SERVICE
from tests.support.replies import response


def answer(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "a-1", "completion_message": {"role": "assistant", **message}, **more}


def message_of(said: dict[str, Any]) -> Message:
    return parse_chat(SERVICE, response(answer(said))).unwrap().message


def test_an_answer_is_read_whole() -> None:
    metrics = [
        {"metric": "num_completion_tokens", "value": 2, "unit": "tokens"},
        {"metric": "num_prompt_tokens", "value": 11, "unit": "tokens"},
    ]
    body = answer(
        {"content": {"type": "text", "text": "Hi!"}, "stop_reason": "stop", "mood": "good"},
        metrics=metrics,
        region="eu",
    )
    assert parse_chat(SERVICE, response(body)) == Success(
        Completion(
            id="a-1",
            provider="llama_api",
            message=assistant("Hi!"),
            finish_reason="stop",
            raw_finish_reason="stop",
            usage=Usage(11, 2, raw={"metrics": metrics}),
            extra={"region": "eu", "mood": "good"},
        )
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"content": "plain"}, assistant("plain")),
        ({"content": None}, assistant()),
        ({}, assistant()),
        ({"content": [{"type": "text", "text": "a"}, {"text": "b"}]}, assistant("ab")),
        (
            {"content": {"type": "image", "url": "u"}},
            assistant(Opaque("llama_api", "image", '{"type":"image","url":"u"}')),
        ),
        (
            {
                "tool_calls": [
                    {"id": "c", "function": {"name": "f", "arguments": '{"a":1}'}, "score": 1},
                    {"id": "c", "function": {"name": "f", "arguments": ""}},
                    {"function": {"name": "g", "arguments": None}},
                ]
            },
            assistant(
                ToolCall("c", "f", '{"a":1}', ProviderMetadata("llama_api", '{"score":1}')),
                ToolCall("c", "f"),
                ToolCall("call_a-1_2", "g"),
            ),
        ),
    ],
    ids=["a string", "null", "nothing", "a list", "another type", "calls"],
)
def test_content_and_calls(said: dict[str, Any], message: Message) -> None:
    assert message_of(said) == message


def test_counts_that_are_no_numbers_are_not_said() -> None:
    metrics = [{"metric": "num_prompt_tokens", "value": "many"}, {"value": 3}, {}]
    usage = parse_chat(SERVICE, response(answer({}, metrics=metrics))).unwrap().usage
    assert usage == Usage(raw={"metrics": metrics})


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (401, {"title": "Unauthorized", "detail": "no key", "status": 401}, "authentication", "no key"),
        (400, {"error": {"message": "bad", "code": 400}}, "invalid_request", "bad"),
        (429, {"error": {"message": "slow"}}, "rate_limited", "slow"),
        (500, b"<html>bad</html>", "server_error", "<html>bad</html>"),
        (503, {}, "overloaded", None),
        (200, {"error": {"message": "inside"}}, "server_error", "inside"),
    ],
)  # fmt: skip
def test_errors(status: int, body: Any, kind: str, message: str | None) -> None:
    error = parse_chat(SERVICE, response(body, status)).failure()
    assert (error.kind, error.provider) == (kind, "llama_api")
    assert message is None or error.message == message
