"""Whole answers of InvokeModel -> Completion: the body's shape tells the vendor."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    ChatRequest,
    Choice,
    Completion,
    Embeddings,
    HttpResponse,
    LLMConfig,
    Opaque,
    ProviderMetadata,
    Reasoning,
    TokenCount,
    ToolCall,
    Usage,
    assistant,
    user,
)
from llm_pure.adapters.bedrock_invoke import PROVIDER
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import (
    ContextLengthExceeded,
    LLMError,
    NotFound,
    ProtocolError,
    RateLimited,
    ServerError,
)
from llm_pure.types.messages import Message, Text
from llm_pure.types.result import Failure, Success
from tests.support.json_values import json_values

NAME = "bedrock_invoke"
JSON = ("content-type", "application/json")
COUNTS = (
    ("x-amzn-bedrock-input-token-count", "7"),
    ("x-amzn-bedrock-output-token-count", "2"),
    ("x-amzn-bedrock-cache-read-input-token-count", "3"),
)
BY_HEADERS = Usage(
    10,
    2,
    3,
    raw={"inputTokenCount": 7, "outputTokenCount": 2, "cacheReadInputTokenCount": 3},
)


def response(said: Any, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    body = said if isinstance(said, bytes) else msgspec.json.encode(said)
    return HttpResponse(status, (JSON, *headers), body)


def parse(said: Any, status: int = 200, *headers: tuple[str, str]) -> Any:
    return PROVIDER.parse_chat(response(said, status, *headers))


LLAMA = {
    "generation": "Hello.",
    "prompt_token_count": 7,
    "generation_token_count": 2,
    "stop_reason": "stop",
}
TITAN = {
    "inputTextTokenCount": 7,
    "results": [{"outputText": "Hello.", "tokenCount": 2, "completionReason": "FINISH"}],
}
J2 = {
    "id": 12,
    "prompt": {"text": "Hi", "tokens": []},
    "completions": [
        {"data": {"text": "Hello.", "tokens": []}, "finishReason": {"reason": "endoftext"}}
    ],
}
COHERE = {
    "response_id": "r",
    "generation_id": "g",
    "text": "Hello.",
    "finish_reason": "COMPLETE",
    "chat_history": [{"role": "USER", "message": "Hi"}],
}


def hello(finish: FinishReason, raw_finish: str, **fields: Any) -> Completion:
    """The Completion that says Hello. and counts its tokens by the headers."""
    return Completion(
        **{
            "message": assistant("Hello."),
            "finish_reason": finish,
            "raw_finish_reason": raw_finish,
            "usage": BY_HEADERS,
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("said", "completion"),
    [
        pytest.param(
            LLAMA,
            hello(
                "stop",
                "stop",
                usage=Usage(7, 2, raw={"prompt_token_count": 7, "generation_token_count": 2}),
            ),
            id="llama",
        ),
        pytest.param(
            {"outputs": [{"text": "Hello.", "stop_reason": "length"}]},
            hello(
                "length",
                "length",
            ),
            id="mistral",
        ),
        pytest.param(
            {
                "id": "x",
                "model": "mistral-large-2407",
                "object": "chat.completion",
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": "Hello.", "tool_calls": None},
                        "stop_reason": "stop",
                    }
                ],
            },
            hello("stop", "stop", id="x", model="mistral-large-2407"),
            id="mistral, new",
        ),
        pytest.param(
            {"choices": [{"text": "Hm.</think>Hello.", "stop_reason": "stop"}]},
            Completion(
                message=Message(
                    "assistant",
                    (Reasoning("Hm.", None, ProviderMetadata("bedrock_invoke")), Text("Hello.")),
                ),
                finish_reason="stop",
                raw_finish_reason="stop",
                usage=BY_HEADERS,
            ),
            id="deepseek",
        ),
        pytest.param(
            {
                "id": "chatcmpl-1",
                "model": "openai.gpt-oss-120b-1:0",
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": "Hello.", "reasoning": "Hm."},
                        "finish_reason": "stop",
                    }
                ],
                "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
            },
            Completion(
                id="chatcmpl-1",
                model="openai.gpt-oss-120b-1:0",
                message=assistant(Reasoning("Hm.", None, ProviderMetadata(NAME)), "Hello."),
                finish_reason="stop",
                raw_finish_reason="stop",
                usage=Usage(
                    7, 2, raw={"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
                ),
            ),
            id="chat completion",
        ),
        pytest.param(
            COHERE,
            hello(
                "stop",
                "COMPLETE",
                id="g",
                extra={"response_id": "r", "chat_history": [{"role": "USER", "message": "Hi"}]},
            ),
            id="command r",
        ),
        pytest.param(
            {
                "text": "I will add.",
                "generation_id": "g",
                "finish_reason": "COMPLETE",
                "tool_calls": [
                    {"name": "add", "parameters": {"a": 1}},
                    {"name": "add", "parameters": None},
                ],
                "citations": [{"start": 0, "end": 1}],
                "meta": {"tokens": {"input_tokens": 7, "output_tokens": 2}},
            },
            Completion(
                id="g",
                message=assistant(
                    "I will add.",
                    ToolCall("call_g_0", "add", '{"a":1}'),
                    ToolCall("call_g_1", "add", "{}"),
                ),
                finish_reason="tool_calls",
                raw_finish_reason="COMPLETE",
                usage=Usage(7, 2, raw={"input_tokens": 7, "output_tokens": 2}),
                extra={
                    "citations": [{"start": 0, "end": 1}],
                    "meta": {"tokens": {"input_tokens": 7, "output_tokens": 2}},
                },
            ),
            id="command r with calls",
        ),
        pytest.param(
            {
                "id": "c",
                "generations": [
                    {"text": "Hello.", "finish_reason": "COMPLETE"},
                    {"text": "Hey.", "finish_reason": "MAX_TOKENS"},
                ],
                "prompt": "Hi",
            },
            hello(
                "stop",
                "COMPLETE",
                id="c",
                alternatives=(
                    Choice(
                        message=assistant("Hey."),
                        finish_reason="length",
                        raw_finish_reason="MAX_TOKENS",
                    ),
                ),
            ),
            id="command, two answers",
        ),
        pytest.param(
            J2,
            hello("stop", "endoftext", id="12"),
            id="jurassic",
        ),
        pytest.param(
            TITAN,
            hello(
                "stop", "FINISH", usage=Usage(7, 2, raw={"inputTextTokenCount": 7, "tokenCount": 2})
            ),
            id="titan",
        ),
        pytest.param(
            {"completion": " Hello.", "stop_reason": "stop_sequence", "stop": "\n\nHuman:"},
            Completion(
                message=assistant(" Hello."),
                finish_reason="stop",
                raw_finish_reason="stop_sequence",
                usage=BY_HEADERS,
            ),
            id="old claude",
        ),
        pytest.param(
            {
                "output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
                "stopReason": "max_tokens",
                "usage": {"inputTokens": 7, "outputTokens": 2},
            },
            hello(
                "length", "max_tokens", usage=Usage(7, 2, raw={"inputTokens": 7, "outputTokens": 2})
            ),
            id="nova",
        ),
    ],
)
def test_the_shape_of_a_body_tells_whose_it_is(said: Any, completion: Completion) -> None:
    named = msgspec.structs.replace(completion, provider=NAME)
    assert parse(said, 200, *COUNTS) == Success(named)


def test_claude_answers_in_its_own_words() -> None:
    usage = {"input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 2}
    said = {
        "id": "msg_bdrk_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
            {"type": "text", "text": "Hello."},
            {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "usage": usage,
    }
    got = parse(said, 200, *COUNTS, ("x-amzn-requestid", "r-1")).unwrap()
    assert got.text == "Hello."
    assert got.message.parts[0].signature == "c2ln"
    assert got.tool_calls == (ToolCall("t", "f", '{"a":1}'),)
    assert (got.id, got.provider, got.finish_reason) == ("msg_bdrk_1", NAME, "tool_calls")
    assert (got.usage.input_tokens, got.usage.cached_input_tokens) == (10, 3)
    assert got.extra == {"request_id": "r-1"}


def test_parse_append_build_sends_back_what_came_from_claude() -> None:
    content = [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "c2VjcmV0"},
        {"type": "text", "text": "Hello."},
    ]
    said = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": "end_turn",
    }
    got = parse(said).unwrap()
    assert isinstance(got.message.parts[1], Opaque)
    request = ChatRequest(
        model="anthropic.claude-sonnet-4-20250514-v1:0",
        messages=[user("Hi"), got.message, user("And?")],
    )
    built = PROVIDER.build_chat(LLMConfig(), request).unwrap()
    sent = msgspec.json.decode(built.request.body)
    assert sent["messages"][1] == {"role": "assistant", "content": content}


@pytest.mark.parametrize(
    "counts",
    [(("x-amzn-bedrock-input-token-count", "many"),), (("x-amzn-bedrock-input-token-count", "9" * 40),), ()],
    ids=["no number", "no count", "none"],
)  # fmt: skip
def test_headers_that_count_nothing_leave_usage_unknown(counts: Any) -> None:
    assert parse({"outputs": [{"text": "Hi"}]}, 200, *counts).unwrap().usage == Usage()


@pytest.mark.parametrize(
    ("said", "status", "headers", "kind"),
    [
        ({"message": "Input is too long for requested model."}, 400, (), ContextLengthExceeded),
        (
            {"message": "slow"},
            429,
            (("x-amzn-errortype", "ThrottlingException:http://x/"),),
            RateLimited,
        ),
        ({"message": "The provided model identifier is invalid."}, 400, (), NotFound),
        (b"<html>", 502, (), ServerError),
        ({"type": "error", "error": {"type": "api_error", "message": "oh"}}, 200, (), ServerError),
        ({"message": "busy", "__type": "InternalServerException"}, 200, (), ServerError),
        (LLAMA, 500, (), ServerError),
    ],
    ids=["overflow", "throttling", "model", "HTML", "error inside a 200", "exception inside a 200", "an answer that failed"],
)  # fmt: skip
def test_errors(said: Any, status: int, headers: Any, kind: type[LLMError]) -> None:
    error = parse(said, status, *headers).failure()
    assert type(error) is kind
    assert error.provider == NAME


def test_nesting_at_the_edge_of_what_can_be_written_never_raises() -> None:
    bodies = (
        (b'{"choices":[{"message":{"content":"a","x":', b"}}]}"),
        (b'{"generation_id":"g","tool_calls":[{"name":"f","parameters":{"x":', b"}}]}"),
        (b'{"output":{"message":{"content":[{"x":', b"}]}}}"),
        (b'{"generation":"a","x":', b"}"),
    )
    for depth in range(480, 1100, 13):
        for before, after in bodies:
            said = before + b'{"a":' * depth + b"1" + b"}" * depth + after
            assert isinstance(parse(said), Success | Failure)


JSON_VALUES = json_values(max_leaves=6)
KEYS = st.sampled_from(
    ["type", "choices", "output", "generation", "outputs", "generations", "completions", "results", "outputText",
     "completion", "event_type", "generation_id", "is_finished", "text", "stop_reason", "finish_reason", "tool_calls",
     "citations", "response", "meta", "id", "usage", "content", "message", "index", "delta", "data", "prompt_token_count"]
)  # fmt: skip
BODIES = st.dictionaries(
    KEYS,
    JSON_VALUES
    | st.dictionaries(KEYS, JSON_VALUES, max_size=3)
    | st.lists(st.dictionaries(KEYS, JSON_VALUES, max_size=3), max_size=2),
    max_size=4,
)


@given(BODIES, st.sampled_from([200, 400, 500]))
def test_odd_shapes_never_raise(said: Any, status: int) -> None:
    assert isinstance(parse(said, status), Success | Failure)
    assert PROVIDER.embed is not None
    assert isinstance(PROVIDER.embed.parse(response(said, status)), Success | Failure)


@pytest.mark.parametrize(
    ("said", "vectors", "usage", "extra"),
    [
        (
            {
                "embedding": [0.5, 1],
                "inputTextTokenCount": 5,
                "embeddingsByType": {"float": [0.5, 1]},
            },
            ((0.5, 1.0),),
            Usage(5, raw={"inputTextTokenCount": 5}),
            {},
        ),
        (
            {"embeddings": [[0.5], [1.5]], "id": "x", "response_type": "embeddings_floats"},
            ((0.5,), (1.5,)),
            Usage(7, raw={"inputTokenCount": 7}),
            {"id": "x", "response_type": "embeddings_floats"},
        ),
        (
            {"embeddings": {"float": [[0.5]], "int8": [[1]]}},
            ((0.5,),),
            Usage(7, raw={"inputTokenCount": 7}),
            {"embeddings": {"int8": [[1]]}},
        ),
        (
            {"embeddings": [{"embeddingType": "TEXT", "embedding": [0.5]}]},
            ((0.5,),),
            Usage(7, raw={"inputTokenCount": 7}),
            {},
        ),
    ],
    ids=["titan", "cohere", "cohere by type", "nova"],
)
def test_embeddings_are_read(said: Any, vectors: Any, usage: Usage, extra: Any) -> None:
    assert PROVIDER.embed is not None
    got = PROVIDER.embed.parse(response(said, 200, ("x-amzn-bedrock-input-token-count", "7")))
    assert got == Success(Embeddings(vectors=vectors, provider=NAME, usage=usage, extra=extra))


@pytest.mark.parametrize(
    ("said", "status", "kind"),
    [
        ({"embedding": ["a"]}, 200, ProtocolError),
        ({"embeddings": {"int8": []}}, 200, ProtocolError),
        ({}, 200, ProtocolError),
        (b"nope", 200, ProtocolError),
        ({"message": "Too many requests"}, 429, RateLimited),
    ],
)
def test_embeddings_that_are_none(said: Any, status: int, kind: type[LLMError]) -> None:
    assert PROVIDER.embed is not None
    assert isinstance(PROVIDER.embed.parse(response(said, status)).failure(), kind)


def test_a_count_of_tokens_is_read() -> None:
    assert PROVIDER.count_tokens is not None
    assert PROVIDER.count_tokens.parse(response({"inputTokens": 18})) == Success(
        TokenCount(input_tokens=18, provider=NAME)
    )
