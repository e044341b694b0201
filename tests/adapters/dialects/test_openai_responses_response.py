"""Whole answers of the Responses API -> Completion, or the error that they tell."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    ChatRequest,
    Completion,
    HttpResponse,
    LLMConfig,
    Message,
    Usage,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    TimedOut,
)
from llm_pure.types.messages import (
    Image,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from llm_pure.types.operations import TokenCount
from llm_pure.types.result import Failure, Result, Success
from tests.support.json_values import json_values
from tests.support.openai_responses_bodies import (
    USAGE,
    JsonObject,
    answer,
    call,
    message,
    reasoning,
    refusal,
    text,
)
from tests.support.replies import response

OPENAI = registry.get("openai_responses").unwrap()
CITED = {"type": "url_citation", "start_index": 0, "end_index": 2, "title": "t", "url": "u"}
TOKEN = {"token": "Hi", "bytes": [72, 105], "logprob": -0.1, "top_logprobs": []}


def parse(body: Any, status: int = 200, **headers: str) -> Result[Completion, LLMError]:
    return OPENAI.parse_chat(response(body, status, **headers))


def provider_metadata(**fields: Any) -> ProviderMetadata:
    return ProviderMetadata("openai_responses", msgspec.json.encode(fields).decode())


def parts(*output: JsonObject) -> tuple[Part, ...]:
    return parse(answer(*output)).unwrap().message.parts


MESSAGE_ECHO = provider_metadata(
    item={"id": "msg_1", "status": "completed"}, part={"annotations": []}
)


def test_the_whole_answer() -> None:
    body = answer(
        reasoning("Let me ", "see.", encrypted_content="enc"),
        message(text("Hi", annotations=[CITED], logprobs=[TOKEN]), phase="final_answer"),
        service_tier="default",
        temperature=0.0,
        metadata={},
    )
    assert parse(body, x_request_id="req_1") == Success(
        Completion(
            id="resp_1",
            model="gpt-x-2026-01-01",
            provider="openai_responses",
            message=Message(
                "assistant",
                (
                    Reasoning(
                        "Let me \n\nsee.",
                        "enc",
                        provider_metadata(
                            id="rs_1",
                            summary=[
                                {"type": "summary_text", "text": "Let me "},
                                {"type": "summary_text", "text": "see."},
                            ],
                        ),
                    ),
                    Text(
                        "Hi",
                        provider_metadata(
                            item={"id": "msg_1", "status": "completed", "phase": "final_answer"},
                            part={"annotations": [CITED]},
                        ),
                    ),
                ),
            ),
            finish_reason="stop",
            raw_finish_reason="completed",
            usage=Usage(
                input_tokens=20,
                output_tokens=9,
                cached_input_tokens=8,
                cache_write_tokens=2,
                reasoning_tokens=5,
                raw=USAGE,
            ),
            extra={
                "annotations": [CITED],
                "logprobs": [TOKEN],
                "created_at": 1790000000,
                "service_tier": "default",
                "temperature": 0.0,
                "request_id": "req_1",
            },
        )
    )


def opaque(item: JsonObject) -> Opaque:
    return Opaque("openai_responses", item["type"], msgspec.json.encode(item).decode())


SEARCH = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"query": "x"}}
PICTURE = {
    "id": "ig_1",
    "type": "image_generation_call",
    "status": "completed",
    "revised_prompt": "a cat",
    "result": "iVBORw0KGgo=",
}
FAILED_PICTURE = {"id": "ig_1", "type": "image_generation_call", "status": "failed", "result": None}
ODD_PART = {"type": "output_hologram", "data": "x"}


@pytest.mark.parametrize(
    ("item", "part"),
    [
        pytest.param(message(text("Hi")), Text("Hi", MESSAGE_ECHO), id="text"),
        pytest.param(
            message(refusal("No.")),
            Refusal("No.", provider_metadata(item={"id": "msg_1", "status": "completed"})),
            id="refusal",
        ),
        pytest.param(
            reasoning(content=[{"type": "reasoning_text", "text": "hm"}], status=None),
            Reasoning(
                "hm",
                None,
                provider_metadata(
                    id="rs_1", summary=[], content=[{"type": "reasoning_text", "text": "hm"}]
                ),
            ),
            id="reasoning in plain",
        ),
        pytest.param(
            reasoning("short", content=[{"type": "reasoning_text", "text": "long"}]),
            Reasoning(
                "long\n\nshort",
                None,
                provider_metadata(
                    id="rs_1",
                    summary=[{"type": "summary_text", "text": "short"}],
                    content=[{"type": "reasoning_text", "text": "long"}],
                ),
            ),
            id="thoughts before their summary",
        ),
        pytest.param(
            reasoning(encrypted_content="enc"),
            Reasoning("", "enc", provider_metadata(id="rs_1", summary=[])),
            id="reasoning that shows nothing",
        ),
        pytest.param(
            call("weather", '{"city":"Oslo"}', namespace="met"),
            ToolCall(
                "call_1",
                "weather",
                '{"city":"Oslo"}',
                provider_metadata(id="fc_1", status="completed", namespace="met"),
            ),
            id="call",
        ),
        pytest.param(
            call("weather", ""),
            ToolCall("call_1", "weather", "{}", provider_metadata(id="fc_1", status="completed")),
            id="call without arguments",
        ),
        pytest.param(
            {**call("weather", ""), "arguments": {"city": "Oslo"}},
            ToolCall(
                "call_1",
                "weather",
                '{"city":"Oslo"}',
                provider_metadata(id="fc_1", status="completed"),
            ),
            id="arguments as an object",
        ),
        pytest.param(
            {
                "type": "custom_tool_call",
                "id": "ctc_1",
                "call_id": "c1",
                "name": "sql",
                "input": "SELECT",
            },
            ToolCall("c1", "sql", "SELECT", provider_metadata(type="custom_tool_call", id="ctc_1")),
            id="call of a custom tool",
        ),
        pytest.param(
            PICTURE,
            Image(
                data=b"\x89PNG\r\n\x1a\n",
                media_type="image/png",
                provider_metadata=provider_metadata(
                    id="ig_1", status="completed", revised_prompt="a cat"
                ),
            ),
            id="picture",
        ),
        pytest.param(FAILED_PICTURE, opaque(FAILED_PICTURE), id="picture that failed"),
        pytest.param(SEARCH, opaque(SEARCH), id="an item that only the provider understands"),
        pytest.param({"type": "thought_2030"}, opaque({"type": "thought_2030"}), id="unknown item"),
        pytest.param(message(ODD_PART), opaque(message(ODD_PART)), id="unknown part of a message"),
    ],
)
def test_an_item_is_a_part(item: JsonObject, part: Part) -> None:
    assert parts(item) == (part,)


def test_items_keep_their_order_whatever_they_are() -> None:
    kinds = [
        type(part) for part in parts(SEARCH, reasoning("a"), call("f", "{}"), message(text("b")))
    ]
    assert kinds == [Opaque, Reasoning, ToolCall, Text]


@pytest.mark.parametrize(
    ("more", "output", "finish"),
    [
        ({}, message(text("Hi")), ("stop", "completed")),
        ({}, call("f", "{}"), ("tool_calls", "completed")),
        ({}, message(refusal("No.")), ("refusal", "completed")),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            call("f", '{"a'),
            ("length", "max_output_tokens"),
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            message(text("Hi")),
            ("content_filter", "content_filter"),
        ),
        ({"status": "incomplete"}, message(text("Hi")), ("unknown", "incomplete")),
        ({"status": "cancelled"}, message(text("Hi")), ("error", "cancelled")),
        ({"status": "queued"}, reasoning(), ("unknown", "queued")),
    ],
    ids=[
        "completed", "with a call", "with a refusal", "out of tokens, though it called", "filtered", "cut for no reason",
        "called off", "background",
    ],
)  # fmt: skip
def test_finish_reason(more: JsonObject, output: JsonObject, finish: tuple[str, str]) -> None:
    got = parse(answer(output, **more)).unwrap()
    assert (got.finish_reason, got.raw_finish_reason) == finish


def test_an_answer_without_usage_does_not_know_it() -> None:
    assert parse(answer(usage=None)).unwrap().usage == Usage()


ERROR = {"message": "m", "type": "invalid_request_error", "param": "input", "code": None}


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, {}, InvalidRequest(message="m", code="invalid_request_error", param="input")),
        (
            400,
            {"code": "model_not_found", "param": "model"},
            NotFound(message="m", code="model_not_found"),
        ),
        (
            400,
            {"code": "context_length_exceeded"},
            ContextLengthExceeded(message="m", code="context_length_exceeded"),
        ),
        (
            401,
            {"code": "invalid_api_key"},
            AuthenticationFailed(message="m", code="invalid_api_key"),
        ),
        (
            429,
            {"code": "rate_limit_exceeded"},
            RateLimited(message="m", code="rate_limit_exceeded", retry_after_s=2.0),
        ),
        (
            429,
            {"code": "insufficient_quota"},
            QuotaExceeded(message="m", code="insufficient_quota"),
        ),
        (500, {"type": "server_error"}, ServerError(message="m", code="server_error", retry_after_s=2)),
        (
            503,
            {"code": "server_is_overloaded"},
            Overloaded(message="m", code="server_is_overloaded", retry_after_s=2.0),
        ),
    ],
    ids=["400", "model", "context", "key", "rate", "quota", "500", "503"],
)  # fmt: skip
def test_an_error_body(status: int, error: JsonObject, expected: LLMError) -> None:
    body = {"error": {**ERROR, **error}}
    failure = parse(body, status, retry_after="2").failure()
    assert failure == msgspec.structs.replace(
        expected,
        provider="openai_responses",
        status=status,
        body=body,
        rate_limits=(("retry-after", "2"),),
    )


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "server_error", "message": "m"}, ServerError),
        ({"code": "rate_limit_exceeded", "message": "m"}, RateLimited),
        ({"code": "insufficient_quota", "message": "m"}, QuotaExceeded),
        ({"code": "invalid_prompt", "message": "m"}, InvalidRequest),
        ({"code": "image_content_policy_violation", "message": "m"}, ContentFiltered),
        ({"code": "bio_policy", "message": "m"}, ContentFiltered),
        ({"code": "image_too_large", "message": "m"}, InvalidRequest),
        ({"code": "vector_store_timeout", "message": "m"}, TimedOut),
        (None, ServerError),
    ],
    ids=lambda one: str(one and one["code"]) if not isinstance(one, type) else one.__name__,
)
def test_a_failed_answer_is_an_error_that_carries_what_there_was(error: Any, kind: type) -> None:
    whole = answer(message(text("Hi")), status="failed", error=error)
    got = parse(whole).failure()
    assert type(got) is kind
    assert got.partial == Completion(
        id="resp_1",
        model="gpt-x-2026-01-01",
        provider="openai_responses",
        message=Message("assistant", (Text("Hi", MESSAGE_ECHO),)),
        finish_reason="error",
        raw_finish_reason="failed",
        usage=Usage(20, 9, 8, 2, 5, raw=USAGE),
        extra={"created_at": 1790000000},
    )


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 200, ProtocolError),
        (b"<html>", 200, ProtocolError),
        (b"<html>busy</html>", 503, Overloaded),
        (b"[]", 200, ProtocolError),
        (b"{}", 200, ProtocolError),
        (b"{}", 500, ServerError),
        (b'"no"', 400, InvalidRequest),
        (b'{"output": 1}', 200, ProtocolError),
        (b'{"output": [1]}', 200, ProtocolError),
        (b'{"output": [{"type": "message", "content": 7}]}', 200, ProtocolError),
        (b'{"output": [{"type": "message", "content": [{"type": []}]}]}', 200, ProtocolError),
        (b'{"output": [{"type": "function_call", "call_id": 7}]}', 200, ProtocolError),
        (b'{"output": [], "model": 7}', 200, ProtocolError),
        (b'{"error": {"message": "inside a 200", "code": "server_error"}}', 200, ServerError),
        (b"\xff\xfe", 200, ProtocolError),
        (b"[" * 5000, 200, ProtocolError),
        (b'{"output":' + b"[" * 5000, 200, ProtocolError),
        (b'{"output": [], "usage": 1e999}', 200, ProtocolError),
    ],
    ids=[
        "nothing", "HTML", "HTML of a gateway", "a list", "an empty object", "an empty error", "a string", "output that is none",
        "items that are none", "content that is none", "a part that is none", "an id that is none", "a model that is none",
        "an error inside a 200", "no UTF-8", "deep", "deep inside", "a number out of range",
    ],
)  # fmt: skip
def test_a_body_that_is_no_answer(body: bytes, status: int, kind: type) -> None:
    assert type(parse(body, status).failure()) is kind


JSON = json_values(
    "type", "output", "content", "text", "id", "summary", "usage", "error", "status", "call_id",
    max_leaves=12, max_keys=4, nan=True,
)  # fmt: skip


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(
                    ["message", "reasoning", "function_call", "custom_tool_call", "image_generation_call", "x"]
                )
            },
            optional=dict.fromkeys(
                ("content", "summary", "arguments", "input", "call_id", "name", "result", "encrypted_content"), JSON
            ),
        ),
        max_size=3,
    )
)  # fmt: skip
def test_no_item_raises(output: list[JsonObject]) -> None:
    parse(answer(*output))


def sendable(name: str) -> st.SearchStrategy[JsonObject]:
    words = st.text(max_size=8)
    rest = st.dictionaries(st.sampled_from(["x_new", "created_by"]), st.integers() | words)
    return st.one_of(
        st.builds(lambda w, e, r: [reasoning(w, encrypted_content=e, **r), call("f", "{}")], words, words.filter(bool), rest),
        st.builds(lambda w, p, r: [message(text(w), phase=p, **r)], words, st.sampled_from(["commentary", "final_answer"]), rest),
        st.builds(lambda w, v: [message(text(w), refusal(v))], words, words),
        st.builds(lambda w, r: [call("f", w, **r)], words.filter(bool), rest),
        st.builds(lambda r: [{**SEARCH, **r}], rest),
        st.just([PICTURE]),
    ).map(lambda items: {"items": items})  # fmt: skip


@given(st.lists(sendable("items"), min_size=1, max_size=4))
def test_what_came_goes_back_unchanged(groups: list[JsonObject]) -> None:
    output = [
        {**item, "id": f"{item['id']}{place}"}
        | ({"call_id": f"c{place}"} if "call_id" in item else {})
        for place, item in enumerate([item for group in groups for item in group["items"]])
    ]
    turn = parse(answer(*output)).unwrap().message
    results = [tool_result(part.id, "x") for part in turn.parts if isinstance(part, ToolCall)]
    request = ChatRequest(messages=[user("hi"), turn, *results, user("go on")], model="gpt-5")
    built = OPENAI.build_chat(LLMConfig(), request).unwrap()
    sent = json.loads(built.request.body)["input"][1 : -1 - len(results)]
    assert sent == [without_logprobs(item) for item in output]
    assert built.adaptations == ()


def without_logprobs(item: JsonObject) -> JsonObject:
    if item["type"] != "message":
        return item
    content = [{k: v for k, v in part.items() if k != "logprobs"} for part in item["content"]]
    return {**item, "content": content}


def test_counted_tokens() -> None:
    assert OPENAI.count_tokens is not None
    body = b'{"object":"response.input_tokens","input_tokens":11,"cached":3}'
    assert OPENAI.count_tokens.parse(HttpResponse(200, (), body)) == Success(
        TokenCount(input_tokens=11, provider="openai_responses", extra={"cached": 3})
    )


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, json.dumps({"error": ERROR}).encode(), AuthenticationFailed),
        (200, b"{}", ProtocolError),
        (200, b'{"input_tokens":"many"}', ProtocolError),
        (502, b"<html>", ServerError),
        (200, b"", ProtocolError),
    ],
    ids=["an error", "nothing counted", "no number", "HTML", "nothing"],
)
def test_a_count_that_is_none(status: int, body: bytes, kind: type) -> None:
    assert OPENAI.count_tokens is not None
    got = OPENAI.count_tokens.parse(HttpResponse(status, (), body))
    assert isinstance(got, Failure)
    assert type(got.failure()) is kind
