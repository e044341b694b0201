"""Whole answers of Converse, and refusals -> Completion and LLMError."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    ChatRequest,
    Completion,
    HttpResponse,
    Image,
    LLMConfig,
    Message,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Text,
    TokenCount,
    ToolCall,
    Usage,
    assistant,
    user,
)
from llm_pure.adapters.bedrock import PROVIDER
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    TimedOut,
)
from llm_pure.types.result import Failure, Success
from tests.support.json_values import json_values

OWN = ProviderMetadata("bedrock")
JSON = ("content-type", "application/json")


def answer(*content: Any, stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop,
        "usage": {"inputTokens": 7, "outputTokens": 2, "totalTokens": 9},
        **more,
    }


def parse(said: Any, status: int = 200, *headers: tuple[str, str]) -> Any:
    body = said if isinstance(said, bytes) else msgspec.json.encode(said)
    return PROVIDER.parse_chat(HttpResponse(status, (JSON, *headers), body))


def error(said: Any, status: int, *headers: tuple[str, str]) -> LLMError:
    found: LLMError = parse(said, status, *headers).failure()
    return found


def test_an_answer_is_a_completion() -> None:
    usage = {
        "inputTokens": 10,
        "outputTokens": 5,
        "totalTokens": 45,
        "cacheReadInputTokens": 20,
        "cacheWriteInputTokens": 10,
        "serverToolUsage": {},
    }
    said = answer(
        {"text": "Hello."},
        metrics={"latencyMs": 328},
        serviceTier={"type": "default"},
        trace=None,
        usage=usage,
    )
    assert parse(said, 200, ("x-amzn-requestid", "r-1")) == Success(
        Completion(
            provider="bedrock",
            message=assistant("Hello."),
            finish_reason="stop",
            raw_finish_reason="end_turn",
            usage=Usage(40, 5, 20, 10, raw=usage),
            extra={
                "metrics": {"latencyMs": 328},
                "serviceTier": {"type": "default"},
                "request_id": "r-1",
            },
        )
    )


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"text": "Hi"}, Text("Hi")),
        ({"text": ""}, None),
        ({}, None),
        (
            {"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1.50}, "type": "tool_use"}},
            ToolCall("t", "f", '{"a":1.5}'),
        ),
        ({"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}, ToolCall("t", "f", "{}")),
        ({"toolUse": {"toolUseId": "t", "name": "f"}}, ToolCall("t", "f", "{}")),
        ({"toolUse": {"toolUseId": "t", "name": "f", "input": '{"a":'}}, ToolCall("t", "f", '{"a":')),
        (
            {"toolUse": {"toolUseId": "t", "name": "f", "input": {}, "new": 1}},
            ToolCall("t", "f", "{}", ProviderMetadata("bedrock", '{"new":1}')),
        ),
        (
            {"toolUse": {"toolUseId": "t", "name": "f", "input": {}, "type": "server_tool_use"}},
            Opaque(
                "bedrock",
                "toolUse",
                '{"toolUse":{"toolUseId":"t","name":"f","input":{},"type":"server_tool_use"}}',
            ),
        ),
        (
            {"toolResult": {"toolUseId": "t", "content": [{"json": {"a": 1}}]}},
            Opaque(
                "bedrock",
                "toolResult",
                '{"toolResult":{"toolUseId":"t","content":[{"json":{"a":1}}]}}',
            ),
        ),
        (
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s=="}}},
            Reasoning("Hm.", "s==", OWN),
        ),
        ({"reasoningContent": {"reasoningText": {"text": "Hm."}}}, Reasoning("Hm.", None, OWN)),
        (
            {"reasoningContent": {"reasoningText": {"text": "", "signature": "s"}}},
            Reasoning("", "s", OWN),
        ),
        (
            {"reasoningContent": {"redactedContent": "c2VjcmV0"}},
            Opaque(
                "bedrock", "reasoningContent", '{"reasoningContent":{"redactedContent":"c2VjcmV0"}}'
            ),
        ),
        (
            {"image": {"format": "png", "source": {"bytes": "iVBORw=="}}},
            Image(data=b"\x89PNG", media_type="image/png"),
        ),
        (
            {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k"}}}},
            Opaque(
                "bedrock",
                "image",
                '{"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/k"}}}}',
            ),
        ),
        ({"hologram": {"x": 1}}, Opaque("bedrock", "hologram", '{"hologram":{"x":1}}')),
    ],
    ids=[
        "text", "empty text", "empty block", "call", "call with empty input", "call without input",
        "call with text", "call with more", "server tool", "tool result", "signed reasoning",
        "unsigned reasoning", "hidden reasoning", "redacted reasoning", "picture",
        "picture in S3", "unknown",
    ],
)  # fmt: skip
def test_blocks_are_parts(block: Any, part: Any) -> None:
    got = parse(answer(block)).unwrap()
    assert got.message == Message("assistant", (part,) if part is not None else ())


def test_parts_stand_as_they_were_sent() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm."}}}
    got = parse(answer({"text": "\n\nYes."}, thought)).unwrap()
    assert got.message.parts == (Text("\n\nYes."), Reasoning("Hm.", None, OWN))


def test_cited_text_is_text_and_its_citations_are_kept_twice() -> None:
    citation = {"title": "Atlas", "location": {"documentChar": {"start": 1, "end": 5}}}
    block = {"content": [{"text": "Par"}, {"text": "is"}], "citations": [citation]}
    got = parse(answer({"text": "It is "}, {"citationsContent": block})).unwrap()
    provider_metadata = ProviderMetadata(
        "bedrock", msgspec.json.encode({"citations": [citation]}).decode()
    )
    assert got.message.parts == (Text("It is "), Text("Paris", provider_metadata))
    assert got.extra == {"citations": [citation]}


def test_a_prompt_router_tells_which_model_answered() -> None:
    trace = {"promptRouter": {"invokedModelId": "arn:aws:bedrock:::foundation-model/m"}}
    got = parse(answer({"text": "Hi"}, trace=trace)).unwrap()
    assert got.model == "arn:aws:bedrock:::foundation-model/m"
    assert got.extra == {"trace": trace}


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_model_output", "error"),
        ("malformed_tool_use", "error"),
        ("something_new", "unknown"),
    ],
)
def test_stop_reasons(word: str, reason: str) -> None:
    got = parse(answer({"text": "Hi"}, stop=word)).unwrap()
    assert (got.finish_reason, got.raw_finish_reason) == (reason, word)


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"inputTokens": 7, "outputTokens": 2}, (7, 2, None, None)),
        ({"inputTokens": 7, "cacheReadInputTokens": 0}, (7, None, 0, None)),
        ({"inputTokens": 1, "cacheReadInputTokenCount": 5, "cacheWriteInputTokenCount": 3}, (9, None, 5, 3)),
        ({"outputTokens": 2, "cacheReadInputTokens": 3}, (None, 2, None, None)),
        ({"inputTokens": -1, "outputTokens": "2"}, (None, 2, None, None)),
        ({"inputTokens": True, "outputTokens": 2.0}, (None, 2, None, None)),
    ],
    ids=["plain", "no cache hit", "old names", "no input", "no counts", "odd types"],
)  # fmt: skip
def test_cached_tokens_count_as_input(usage: Any, read: tuple[int | None, ...]) -> None:
    got = parse(answer({"text": "Hi"}, usage=usage)).unwrap()
    sent, made, cached, written = read
    assert got.usage == Usage(sent, made, cached, written, raw=usage)


OVERFLOW = "Input is too long for requested model."


@pytest.mark.parametrize(
    ("code", "status", "message", "kind"),
    [
        ("ValidationException", 400, "Malformed input request", InvalidRequest),
        ("ValidationException", 400, OVERFLOW, ContextLengthExceeded),
        (
            "ValidationException",
            400,
            "Input Tokens Exceeded: 9 is more than 8",
            ContextLengthExceeded,
        ),
        ("ValidationException", 400, "The provided model identifier is invalid.", NotFound),
        ("ValidationException", 400, "Output blocked by content filtering policy", ContentFiltered),
        ("ServiceQuotaExceededException", 400, "too many", QuotaExceeded),
        ("AccessDeniedException", 403, "You don't have access to the model", PermissionDenied),
        ("AccessDeniedException", 403, "Bearer Token has expired", AuthenticationFailed),
        ("UnrecognizedClientException", 403, "no", AuthenticationFailed),
        ("ExpiredTokenException", 403, "no", AuthenticationFailed),
        ("ExpiredToken", 403, "no", AuthenticationFailed),
        ("InvalidSignatureException", 403, "no", AuthenticationFailed),
        ("ResourceNotFoundException", 404, "no", NotFound),
        ("ModelTimeoutException", 408, "slow", TimedOut),
        ("ModelErrorException", 424, "oh", ServerError),
        ("ModelStreamErrorException", 424, "oh", ServerError),
        ("ThrottlingException", 429, "Too many tokens, please wait", RateLimited),
        ("ModelNotReadyException", 429, "soon", Overloaded),
        ("InternalServerException", 500, "oh", ServerError),
        ("ServiceUnavailableException", 503, "busy", Overloaded),
        ("NewException", 418, "tea", InvalidRequest),
    ],
)
def test_codes_and_texts_tell_what_went_wrong(
    code: str, status: int, message: str, kind: type[LLMError]
) -> None:
    got = error({"message": message}, status, ("x-amzn-errortype", f"{code}:http://internal/"))
    assert type(got) is kind
    assert (got.code, got.status, got.message) == (code, status, message)


def test_a_model_that_fails_while_it_streams_may_be_asked_again_although_that_is_a_4xx() -> None:
    said = {"message": "It failed.", "originalStatusCode": 500, "originalMessage": "boom"}
    got = error(said, 424, ("x-amzn-errortype", "ModelStreamErrorException"))
    assert got == ServerError(
        message="It failed.: boom",
        provider="bedrock",
        status=424,
        code="ModelStreamErrorException",
        retryable=True,
        body=said,
    )


def test_an_agreement_that_is_being_made_passes_by_itself() -> None:
    got = error({"message": "soon"}, 403, ("x-amzn-errortype", "MPAgreementBeingCreated"))
    assert isinstance(got, PermissionDenied)
    assert got.retryable


@pytest.mark.parametrize(
    "said",
    [
        {"message": "slow down", "__type": "com.amazon.bedrock#ThrottlingException"},
        {"Message": "slow down", "code": "ThrottlingException"},
        {"message": "slow down", "Code": "throttlingException"},
    ],
    ids=["__type", "code", "Code"],
)
def test_the_code_may_be_in_the_body(said: Any) -> None:
    assert error(said, 429) == RateLimited(
        message="slow down", provider="bedrock", status=429, code="ThrottlingException", body=said
    )


@pytest.mark.parametrize(
    ("said", "status", "kind"),
    [
        ({"message": "The security token included in the request is invalid."}, 403, AuthenticationFailed),
        ({"message": "Too many requests"}, 429, RateLimited),
        ({"message": OVERFLOW}, 400, ContextLengthExceeded),
        ([], 400, InvalidRequest),
        ("no", 403, PermissionDenied),
        (b"<html>Bad gateway</html>", 502, ServerError),
        (b"", 503, Overloaded),
        ({"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}, "Version": "1.0"}, 200, NotFound),
        ({"message": "busy", "__type": "ServiceUnavailableException"}, 200, Overloaded),
    ],
    ids=["token", "429", "overflow", "list", "string", "HTML", "nothing", "error inside a 200", "exception inside a 200"],
)  # fmt: skip
def test_errors_without_a_code_in_the_header(said: Any, status: int, kind: type[LLMError]) -> None:
    assert type(error(said, status)) is kind


def test_a_page_of_a_gateway_with_the_services_code_keeps_the_code() -> None:
    got = error(b"slow", 429, ("x-amzn-errortype", "ThrottlingException"))
    assert got == RateLimited(
        message="slow", provider="bedrock", status=429, code="ThrottlingException"
    )


def test_nesting_at_the_edge_of_what_can_be_written_never_raises() -> None:
    for depth in range(480, 1100, 7):
        block = b'{"hologram":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
        said = b'{"stopReason":"end_turn","output":{"message":{"content":[' + block + b"]}}}"
        assert isinstance(parse(said), Success | Failure)


JSON_VALUES = json_values(max_leaves=6)
KEYS = st.sampled_from(
    ["text", "toolUse", "reasoningContent", "citationsContent", "image", "toolResult", "new"]
)
INNER_KEYS = st.sampled_from(
    ["toolUseId", "name", "input", "type", "reasoningText", "redactedContent", "content", "citations", "source", "format"]
)  # fmt: skip
BLOCKS = st.dictionaries(
    KEYS, JSON_VALUES | st.dictionaries(INNER_KEYS, JSON_VALUES, max_size=3), max_size=2
)


@given(st.lists(BLOCKS, max_size=3), JSON_VALUES, JSON_VALUES)
def test_odd_shapes_never_raise(blocks: list[Any], usage: Any, stop: Any) -> None:
    said = answer(*blocks, usage=usage)
    assert isinstance(parse({**said, "stopReason": stop}), Success | Failure)


WORDS = st.text(min_size=1, max_size=5).filter(lambda text: not text.isspace())
"""Blocks of white space alone are refused, so they are not sent back."""

SIGNATURES = st.text("abc+/=", min_size=1, max_size=12)
REPLAYED = st.one_of(
    st.builds(
        lambda text, sig: {"reasoningContent": {"reasoningText": {"text": text, "signature": sig}}},
        st.text(min_size=1, max_size=5),
        SIGNATURES,
    ),
    SIGNATURES.map(lambda text: {"reasoningContent": {"redactedContent": text}}),
    WORDS.map(lambda text: {"text": text}),
    st.builds(
        lambda text: {
            "toolResult": {"toolUseId": "t", "content": [{"text": text}], "status": "success"}
        },
        st.text(max_size=5),
    ),
)


@given(st.lists(REPLAYED, min_size=1, max_size=5))
def test_parse_append_build_sends_back_what_came(blocks: list[Any]) -> None:
    got = parse(answer(*blocks)).unwrap()
    config = LLMConfig(model="anthropic.claude-sonnet-4-5-20250929-v1:0")
    request = ChatRequest(messages=[user("Hi"), got.message, user("And?")])
    sent = msgspec.json.decode(PROVIDER.build_chat(config, request).unwrap().request.body)
    assert sent["messages"][1] == {"role": "assistant", "content": blocks}


def test_a_count_of_tokens_is_read() -> None:
    assert PROVIDER.count_tokens is not None
    count = PROVIDER.count_tokens.parse
    assert count(HttpResponse(200, (JSON,), b'{"inputTokens":375}')) == Success(
        TokenCount(input_tokens=375, provider="bedrock")
    )
    refused = count(
        HttpResponse(
            400, (JSON,), b'{"message":"The provided model doesn\'t support counting tokens."}'
        )
    )
    assert isinstance(refused.failure(), InvalidRequest)
    for said in (b"", b"[]", b"{}", b'{"inputTokens":"x"}'):
        assert isinstance(count(HttpResponse(200, (JSON,), said)).failure(), ProtocolError)
