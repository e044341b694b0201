"""Buffered responses of /api/chat and /api/generate -> Completion or error."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    Completion,
    Image,
    LLMError,
    Message,
    ProviderMetadata,
    Reasoning,
    Text,
    ToolCall,
    Usage,
    assistant,
)
from llm_pure.adapters.ollama import PROVIDER
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContextLengthExceeded,
    InvalidRequest,
    NotFound,
    Overloaded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    UnsupportedFeature,
)
from llm_pure.types.result import Failure, Success
from tests.support.pieces import damaged
from tests.support.replies import response

WHOLE: dict[str, Any] = {
    "model": "qwen3:4b",
    "created_at": "2026-11-20T10:00:00.123456789Z",
    "message": {
        "role": "assistant",
        "content": "Let me look.",
        "thinking": "The user wants weather.",
        "tool_calls": [
            {
                "id": "call_a",
                "function": {"index": 0, "name": "weather", "arguments": {"city": "Oslo"}},
            },
            {"function": {"name": "clock", "arguments": {}}},
        ],
    },
    "done": True,
    "done_reason": "stop",
    "total_duration": 2_000_000_000,
    "prompt_eval_count": 26,
    "eval_count": 290,
}


def parse(body: Any, status: int = 200) -> Any:
    return PROVIDER.parse_chat(response(body, status))


def test_a_whole_answer_is_read_whole() -> None:
    assert parse(WHOLE) == Success(
        Completion(
            model="qwen3:4b",
            provider="ollama",
            message=Message(
                "assistant",
                (
                    Reasoning("The user wants weather.", None, ProviderMetadata("ollama")),
                    Text("Let me look."),
                    ToolCall(
                        "call_a",
                        "weather",
                        '{"city": "Oslo"}',
                        ProviderMetadata("ollama", '{"function":{"index":0}}'),
                    ),
                    ToolCall("call_1", "clock", "{}"),
                ),
            ),
            finish_reason="tool_calls",
            raw_finish_reason="stop",
            usage=Usage(26, 290, raw={"prompt_eval_count": 26, "eval_count": 290}),
            extra={
                "created_at": "2026-11-20T10:00:00.123456789Z",
                "total_duration": 2_000_000_000,
            },
        )
    )


def test_generate_speaks_in_response_and_leaves_its_context() -> None:
    body = {
        "model": "m",
        "response": "42",
        "thinking": "six by seven",
        "done": True,
        "done_reason": "length",
        "context": [1, 2, 3],
        "eval_count": 5,
    }
    assert parse(body) == Success(
        Completion(
            model="m",
            provider="ollama",
            message=assistant(Reasoning("six by seven", None, ProviderMetadata("ollama")), "42"),
            finish_reason="length",
            raw_finish_reason="length",
            usage=Usage(None, 5, raw={"eval_count": 5}),
            extra={"context": [1, 2, 3]},
        )
    )


@pytest.mark.parametrize(
    ("end", "finish", "raw"),
    [
        ({"done": True, "done_reason": "stop"}, "stop", "stop"),
        ({"done": True, "done_reason": "length"}, "length", "length"),
        ({"done": True, "done_reason": "load"}, "unknown", "load"),
        ({"done": True, "done_reason": "unload"}, "unknown", "unload"),
        ({"done": True, "done_reason": ""}, "unknown", None),
        ({"done": True}, "unknown", None),
        ({}, "unknown", None),
    ],
)
def test_why_it_ended_is_one_of_our_words_beside_theirs(
    end: dict[str, Any], finish: str, raw: str | None
) -> None:
    got = parse({"message": {"content": "hi"}, **end}).unwrap()
    assert (got.finish_reason, got.raw_finish_reason, got.text) == (finish, raw, "hi")


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        pytest.param({}, Usage(), id="nothing said is None and not 0"),
        pytest.param(
            {"eval_count": 3}, Usage(None, 3, raw={"eval_count": 3}), id="the prompt was cached"
        ),
        pytest.param(
            {"prompt_eval_count": 0, "eval_count": -1},
            Usage(0, None, raw={"prompt_eval_count": 0, "eval_count": -1}),
            id="a count below nothing is no count",
        ),
        pytest.param(
            {"prompt_eval_count": "7", "eval_count": True},
            Usage(7, None, raw={"prompt_eval_count": "7", "eval_count": True}),
            id="a number as text is one, a boolean is not",
        ),
    ],
)
def test_only_what_was_counted_is_usage(counts: dict[str, Any], usage: Usage) -> None:
    assert parse({"message": {"content": "hi"}, "done": True, **counts}).unwrap().usage == usage


@pytest.mark.parametrize(
    ("sent", "arguments"),
    [
        (b'{"b":1.0,"a":2}', '{"b":1.0,"a":2}'),
        (b"null", "{}"),
        (b'"{\\"a\\":1}"', '{"a":1}'),
        (b'""', "{}"),
        (b"[1]", "[1]"),
    ],
)
def test_arguments_are_kept_as_they_were_written(sent: bytes, arguments: str) -> None:
    call = b'{"function":{"name":"f","arguments":' + sent + b"}}"
    got = parse(b'{"message":{"tool_calls":[' + call + b']},"done":true}').unwrap()
    assert got.tool_calls == (ToolCall("call_0", "f", arguments),)


def test_pictures_are_parts_and_what_is_none_is_kept_in_extra() -> None:
    body = {"message": {"content": "", "images": ["iVBORw0KGgoA", "?"]}, "done": True}
    got = parse(body).unwrap()
    assert got.message.parts == (Image(data=b"\x89PNG\r\n\x1a\n\x00", media_type="image/png"),)
    assert got.extra == {"images": ["?"]}


def test_what_is_not_modelled_is_kept_and_what_is_empty_is_not() -> None:
    body = {
        "message": {"content": "hi", "mood": "good", "images": None},
        "done": True,
        "remote_model": "m",
        "remote_host": "",
        "logprobs": [{"token": "hi", "logprob": -0.5}],
        "context": [],
        "nothing": None,
    }
    assert PROVIDER.parse_chat(response(body, x_request_id="r1")).unwrap().extra == {
        "request_id": "r1",
        "mood": "good",
        "remote_model": "m",
        "logprobs": [{"token": "hi", "logprob": -0.5}],
    }


def test_an_answer_that_is_not_done_was_interrupted() -> None:
    error = parse({"model": "m", "message": {"content": "Hel"}, "done": False}).failure()
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert error.partial.text == "Hel"


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, "invalid options: num_ctx", InvalidRequest),
        (400, '"gemma3" does not support thinking', UnsupportedFeature),
        (500, "m does not support tools", UnsupportedFeature),
        (400, "the input length exceeds the context length", ContextLengthExceeded),
        (401, "unauthorized", AuthenticationFailed),
        (404, "model 'x' not found", NotFound),
        (429, "too many requests", RateLimited),
        (500, "model runner has unexpectedly stopped", ServerError),
        (503, "server busy, please try again.  maximum pending requests exceeded", Overloaded),
        (200, "model 'x' not found, try pulling it first", NotFound),
        (200, "unauthorized", AuthenticationFailed),
        (200, '"gemma3" does not support thinking', UnsupportedFeature),
        (200, "you have reached your hourly usage limit", RateLimited),
        (200, "server busy, please try again.", Overloaded),
        (200, "an error was encountered while running the model", ServerError),
    ],
)
def test_errors_are_told_by_status_and_words(status: int, text: str, kind: type[LLMError]) -> None:
    error = parse({"error": text}, status).failure()
    assert type(error) is kind
    assert error.message == text
    assert error.provider == "ollama"
    assert error.status == (status if status != 200 else error.status)


def test_what_a_model_lacks_is_named() -> None:
    error = parse({"error": '"gemma3" does not support thinking'}, 400).failure()
    assert error.feature == "thinking"


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        pytest.param(
            502,
            {"error": {"message": "bad gateway", "code": "x"}},
            "bad gateway",
            id="OpenAI's shape",
        ),
        pytest.param(502, {"message": "no upstream"}, "no upstream", id="a gateway's"),
        pytest.param(403, {"detail": "go away"}, "go away", id="another gateway's"),
        pytest.param(500, "text", "text", id="a string"),
        pytest.param(500, b"<html>bad</html>", "<html>bad</html>", id="a page"),
        pytest.param(500, b"", "HTTP status 500", id="nothing"),
        pytest.param(500, [], "[]", id="a list"),
        pytest.param(
            302, {"message": {}}, "status 302 without a valid response", id="a redirection"
        ),
    ],
)
def test_other_error_bodies_are_read_as_far_as_they_say_something(
    status: int, body: Any, message: str
) -> None:
    error = parse(body, status).failure()
    assert error.message.startswith(message)
    assert error.status == status


@given(st.binary(), st.sampled_from([200, 204, 302, 400, 401, 404, 429, 500, 503]))
def test_random_bytes_are_never_an_answer(data: bytes, status: int) -> None:
    assert isinstance(parse(data, status), Failure)


@given(damaged(json.dumps(WHOLE).encode()))
def test_no_change_of_a_good_body_makes_it_raise(body: bytes) -> None:
    assert isinstance(parse(body), Success | Failure)
