"""Buffered responses of generateContent and countTokens."""

import base64
import json
from typing import Any

import pytest

from llm_pure import Completion, HttpResponse
from llm_pure.adapters.dialects.gemini_content.count import parse_count
from llm_pure.adapters.dialects.gemini_content.usage import read_usage
from llm_pure.types.completion import Choice, FinishReason, Usage
from llm_pure.types.errors import (
    ContentFiltered,
    NotFound,
    ProtocolError,
    ServerError,
)
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Text,
    ToolCall,
)
from llm_pure.types.operations import TokenCount
from llm_pure.types.result import Failure, Success
from tests.support.builders import ProviderCase
from tests.support.gemini import VERTEX_SERVICE

GEMINI = ProviderCase("gemini", "gemini-2.5-flash")

PNG = b"\x89PNG\r\n\x1a\n0123"
PNG64 = base64.b64encode(PNG).decode()
OWN = ProviderMetadata("gemini")


def candidate(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP"}
    return {"candidates": [{**said, **more}], "responseId": "r1", "modelVersion": "gemini-2.5-pro"}


def parts_of(*parts: dict[str, Any]) -> tuple[Part, ...]:
    return GEMINI.parse(candidate(*parts)).unwrap().message.parts


def test_a_whole_answer_is_a_completion() -> None:
    usage = {
        "promptTokenCount": 3520,
        "cachedContentTokenCount": 3512,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 5,
        "totalTokenCount": 3535,
        "serviceTier": "standard",
    }
    body = {
        **candidate(
            {"text": "Let me see.", "thought": True},
            {"text": "Tromsø is ", "thoughtSignature": "czE="},
            {"text": "cold."},
            {"functionCall": {"name": "weather", "args": {"city": "Tromsø"}}},
            index=0,
            avgLogprobs=-0.25,
            safetyRatings=[{"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"}],
            citationMetadata={"citationSources": [{"uri": "https://example.org"}]},
            groundingMetadata={},
        ),
        "usageMetadata": usage,
        "createTime": "2026-11-20T00:00:00Z",
    }
    assert GEMINI.parse(json.dumps(body).encode()) == Success(
        Completion(
            id="r1",
            model="gemini-2.5-pro",
            provider="gemini",
            message=Message(
                "assistant",
                (
                    Reasoning("Let me see.", None, OWN),
                    Text("Tromsø is ", ProviderMetadata("gemini", '{"thoughtSignature":"czE="}')),
                    Text("cold."),
                    ToolCall("call_r1_0", "weather", '{"city": "Troms\\u00f8"}', OWN),
                ),
            ),
            finish_reason="tool_calls",
            raw_finish_reason="STOP",
            usage=Usage(3520, 15, 3512, None, 5, False, usage),
            extra={
                "createTime": "2026-11-20T00:00:00Z",
                "avgLogprobs": -0.25,
                "safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"}],
                "citationMetadata": {"citationSources": [{"uri": "https://example.org"}]},
            },
        )
    )


EXECUTED = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "czE="}
PARTS: dict[str, tuple[dict[str, Any], tuple[Part, ...]]] = {
    "text": ({"text": "hi"}, (Text("hi"),)),
    "empty text": ({"text": ""}, ()),
    "empty signed text": (
        {"text": "", "thoughtSignature": "czE="},
        (Text("", ProviderMetadata("gemini", '{"thoughtSignature":"czE="}')),),
    ),
    "a signature alone": (
        {"thoughtSignature": "czE="},
        (Opaque("gemini", "thoughtSignature", '{"thoughtSignature": "czE="}'),),
    ),
    "thought": ({"text": "hm", "thought": True}, (Reasoning("hm", None, OWN),)),
    "signed thought": (
        {"text": "hm", "thought": True, "thoughtSignature": "czE="},
        (Reasoning("hm", "czE=", OWN),),
    ),
    "picture": (
        {"inlineData": {"mimeType": "image/png", "data": PNG64}},
        (Image(data=PNG, media_type="image/png", provider_metadata=OWN),),
    ),
    "signed picture": (
        {"inlineData": {"mimeType": "image/png", "data": PNG64}, "thoughtSignature": "czE="},
        (Image(data=PNG, media_type="image/png", provider_metadata=ProviderMetadata("gemini", '{"thoughtSignature":"czE="}')),),
    ),
    "picture that was only thought": (
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thought": True},
        (Opaque("gemini", "inlineData", '{"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thought": true}'),),
    ),
    "sound": (
        {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAE="}},
        (Audio(data=b"\0\1", media_type="audio/L16;rate=24000", provider_metadata=OWN),),
    ),
    "file": (
        {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://b/a.pdf"}},
        (Document(url="gs://b/a.pdf", media_type="application/pdf", provider_metadata=OWN),),
    ),
    "damaged base64": (
        {"inlineData": {"mimeType": "image/png", "data": "*"}},
        (Opaque("gemini", "inlineData", '{"inlineData": {"mimeType": "image/png", "data": "*"}}'),),
    ),
    "code": (EXECUTED, (Opaque("gemini", "executableCode", json.dumps(EXECUTED)),)),
    "a tool of the server's": (
        {"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB", "args": {}}},
        (Opaque("gemini", "toolCall", '{"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB", "args": {}}}'),),
    ),
    "unknown": ({"hologram": {"a": 1}}, (Opaque("gemini", "hologram", '{"hologram": {"a": 1}}'),)),
    "call with an id": (
        {"functionCall": {"id": "c9", "name": "f", "args": {"x": 1.0}}},
        (ToolCall("c9", "f", '{"x": 1.0}', ProviderMetadata("gemini", '{"functionCall":{"id":"c9"}}')),),
    ),
    "call without arguments": (
        {"functionCall": {"name": "f"}},
        (ToolCall("call_r1_0", "f", "{}", OWN),),
    ),
    "null arguments": (
        {"functionCall": {"name": "f", "args": None}},
        (ToolCall("call_r1_0", "f", "{}", OWN),),
    ),
    "side fields": (
        {"text": "x", "partMetadata": {"a": 1}},
        (Text("x", ProviderMetadata("gemini", '{"partMetadata":{"a":1}}')),),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("part", "expected"), PARTS.values(), ids=PARTS)
def test_each_kind_of_part_has_its_form(part: dict[str, Any], expected: tuple[Part, ...]) -> None:
    assert parts_of(part) == expected


FINISHES: list[tuple[str, FinishReason]] = [
    ("STOP", "stop"),
    ("MAX_TOKENS", "length"),
    ("SAFETY", "content_filter"),
    ("RECITATION", "content_filter"),
    ("BLOCKLIST", "content_filter"),
    ("PROHIBITED_CONTENT", "content_filter"),
    ("SPII", "content_filter"),
    ("MODEL_ARMOR", "content_filter"),
    ("IMAGE_SAFETY", "content_filter"),
    ("LANGUAGE", "error"),
    ("MALFORMED_FUNCTION_CALL", "error"),
    ("UNEXPECTED_TOOL_CALL", "error"),
    ("MISSING_THOUGHT_SIGNATURE", "error"),
    ("NO_IMAGE", "error"),
    ("CONTINUATION", "pause"),
    ("OTHER", "unknown"),
    ("SOMETHING_NEW", "unknown"),
]


@pytest.mark.parametrize(("word", "reason"), FINISHES)
def test_finish_reasons(word: str, reason: FinishReason) -> None:
    got = GEMINI.parse(candidate({"text": "x"}, finishReason=word)).unwrap()
    assert (got.finish_reason, got.raw_finish_reason) == (reason, word)


def test_an_unexpected_tool_call_is_an_error_that_keeps_the_call() -> None:
    call = {"functionCall": {"name": "gone", "args": {}}}
    got = GEMINI.parse(
        candidate(call, finishReason="UNEXPECTED_TOOL_CALL", finishMessage="no")
    ).unwrap()
    assert (got.finish_reason, [one.name for one in got.tool_calls]) == ("error", ["gone"])
    assert got.extra == {"finishMessage": "no"}


EMPTY: dict[str, tuple[dict[str, Any], FinishReason]] = {
    "content {}": ({"content": {}, "finishReason": "SAFETY"}, "content_filter"),
    "no content": ({"finishReason": "MODEL_ARMOR"}, "content_filter"),
    "null content": ({"content": None, "finishReason": "OTHER"}, "unknown"),
    "no parts": ({"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}, "length"),
    "nothing": ({}, "unknown"),
}


@pytest.mark.parametrize(("given", "reason"), EMPTY.values(), ids=EMPTY)
def test_a_candidate_without_parts_is_an_empty_answer(
    given: dict[str, Any], reason: FinishReason
) -> None:
    got = GEMINI.parse({"candidates": [given]}).unwrap()
    assert (got.message, got.finish_reason) == (Message("assistant"), reason)


def test_further_candidates_are_alternatives() -> None:
    said = [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"} for text in "abc"]
    got = GEMINI.parse({"candidates": [said[0], {**said[1], "index": 1}, {**said[2], "index": 2}]})
    whole = got.unwrap()
    assert whole.text == "a"
    assert whole.alternatives == tuple(
        [
            Choice(
                message=Message("assistant", (Text(text),)),
                finish_reason="stop",
                raw_finish_reason="STOP",
            )
            for text in "bc"
        ]
    )
    assert [
        one.message.text for one in GEMINI.parse({"candidates": said}).unwrap().alternatives
    ] == [
        "b",
        "c",
    ]


USAGES: dict[str, tuple[dict[str, Any], tuple[int | None, ...]]] = {
    # input, output, cached, reasoning
    "plain": ({"promptTokenCount": 8, "candidatesTokenCount": 5, "totalTokenCount": 13}, (8, 5, None, None)),
    "thoughts are output": (
        {"promptTokenCount": 8, "candidatesTokenCount": 5, "thoughtsTokenCount": 7, "totalTokenCount": 20},
        (8, 12, None, 7),
    ),
    "what tools put in is input": (
        {"promptTokenCount": 8, "toolUsePromptTokenCount": 100, "candidatesTokenCount": 5, "totalTokenCount": 113},
        (108, 5, None, None),
    ),
    "cached input is inside": (
        {"promptTokenCount": 80, "cachedContentTokenCount": 70, "candidatesTokenCount": 1, "totalTokenCount": 81},
        (80, 1, 70, None),
    ),
    "the total makes up for a missing count": (
        {"promptTokenCount": 8, "thoughtsTokenCount": 7, "totalTokenCount": 36},
        (8, 28, None, 7),
    ),
    "no total": ({"promptTokenCount": 8, "candidatesTokenCount": 5, "thoughtsTokenCount": 2}, (8, 7, None, 2)),
    "nothing was made": ({"promptTokenCount": 8, "totalTokenCount": 8}, (8, 0, None, None)),
    "a total that is too small": (
        {"promptTokenCount": 8, "candidatesTokenCount": 5, "totalTokenCount": 3},
        (8, 5, None, None),
    ),
    "parts never exceed their whole": (
        {
            "promptTokenCount": 8,
            "cachedContentTokenCount": 9,
            "thoughtsTokenCount": 7,
            "totalTokenCount": 10,
        },
        (8, 2, 8, 2),
    ),
    "nothing said": ({"trafficType": "ON_DEMAND"}, (None, None, None, None)),
    "counts as text": ({"promptTokenCount": "8", "totalTokenCount": "9" * 5000}, (8, None, None, None)),
    "no counts at all": ({"promptTokenCount": True, "totalTokenCount": -4}, (None, None, None, None)),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "counts"), USAGES.values(), ids=USAGES)
def test_usage(raw: dict[str, Any], counts: tuple[int | None, ...]) -> None:
    sent, made, cached, thought = counts
    assert read_usage(raw) == Usage(sent, made, cached, None, thought, False, raw)


def test_a_blocked_prompt_is_content_filtered_with_what_was_told() -> None:
    feedback = {"blockReason": "SAFETY", "blockReasonMessage": "Blocked by a filter."}
    usage = {"promptTokenCount": 9, "totalTokenCount": 9}
    body = {"promptFeedback": feedback, "usageMetadata": usage, "responseId": "r4"}
    got = GEMINI.parse(body)
    partial = Completion(
        id="r4", provider="gemini", usage=Usage(9, 0, raw=usage), extra={"promptFeedback": feedback}
    )
    assert got == Failure(
        ContentFiltered(
            message="Blocked by a filter.",
            provider="gemini",
            status=200,
            code="SAFETY",
            partial=partial,
            body=body,
        )
    )


def test_a_part_of_a_wrong_shape_keeps_what_came_before_it() -> None:
    fault = GEMINI.parse(candidate({"text": "so far"}, {"functionCall": "f"})).failure()
    assert isinstance(fault, ProtocolError)
    assert fault.where == "candidates/0/content/parts/1"
    assert fault.partial is not None
    assert fault.partial.text == "so far"


def test_a_count_of_tokens() -> None:
    details = [{"modality": "TEXT", "tokenCount": 31}]
    body = {"totalTokens": 31, "totalBillableCharacters": 96, "promptTokensDetails": details}
    extra = {"totalBillableCharacters": 96, "promptTokensDetails": details}
    got = parse_count(VERTEX_SERVICE, HttpResponse(200, (), json.dumps(body).encode()))
    assert got == Success(TokenCount(input_tokens=31, provider="vertex", extra=extra))
    failed = parse_count(
        VERTEX_SERVICE, HttpResponse(404, (), b'{"error": {"code": 404, "status": "NOT_FOUND"}}')
    )
    assert isinstance(failed.failure(), NotFound)
    assert isinstance(
        parse_count(VERTEX_SERVICE, HttpResponse(200, (), b"{}")).failure(), ProtocolError
    )
    assert isinstance(
        parse_count(VERTEX_SERVICE, HttpResponse(502, (), b"")).failure(), ServerError
    )
