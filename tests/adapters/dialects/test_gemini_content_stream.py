"""Streams of generateContent -> events, in both framings and at any split."""

import json
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, LLMConfig, collect, user
from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.partial_args import join_fragments
from llm_pure.adapters.gemini import PROVIDER
from llm_pure.types.completion import Usage
from llm_pure.types.errors import (
    StreamInterrupted,
)
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.messages import ProviderMetadata, Reasoning, Text
from llm_pure.types.result import Success
from tests.support.gemini_streams import (
    CODE,
    ITEMS,
    JSON,
    SSE,
    USAGE,
    WHOLE,
    as_array,
    as_sse,
    dumped,
    events_of,
    item,
    text_of,
)


def test_each_item_makes_its_events() -> None:
    events, _ = events_of(SSE, as_sse(*ITEMS))
    first = Usage(8, 0, raw=ITEMS[0]["usageMetadata"])
    assert [one for one in events if not isinstance(one, UsageReported)] == [
        Started(id="r1", model="gemini-3-flash", provider="gemini"),
        ReasoningDelta("I should ", 0),
        ProviderMetadataReceived("{}", 0, 0, "reasoning"),
        ReasoningDelta("compute.", 0),
        PartReceived(WHOLE.message.parts[1], 1),
        PartReceived(WHOLE.message.parts[2], 2),
        TextDelta("It is ", 3),
        TextDelta("42 — 四十二", 3),
        TextDelta(".", 3),
        ToolCallDelta('{"n": 42}', 4, 0, "", "save"),
        ProviderMetadataReceived('{"thoughtSignature":"c2lnMg=="}', 4),
        ToolCallDelta("{}", 5, 0, "w7", "save"),
        ProviderMetadataReceived('{"functionCall":{"id":"w7"}}', 5),
        ExtraReceived("finishMessage", "Model generated function call(s).", choice=0),
        ProviderMetadataReceived('{"thoughtSignature":"c2lnMw=="}', 6),
        Finished("stop", "STOP"),
    ]
    assert events[1] == UsageReported(first)
    assert [one for one in events if isinstance(one, UsageReported)][-1] == UsageReported(USAGE)


def test_an_array_without_its_closing_bracket_was_cut() -> None:
    events, error = events_of(JSON, as_array(*ITEMS).rstrip()[:-1])
    assert isinstance(error, StreamInterrupted)
    assert text_of(events) == WHOLE.text


def test_a_cut_stream_knows_the_usage_of_its_last_item() -> None:
    _, error = events_of(SSE, as_sse(*ITEMS[4:6]))
    assert error is not None
    assert error.partial is not None
    assert error.partial.usage == Usage(8, 12, raw={"promptTokenCount": 8, "totalTokenCount": 20})


def test_the_framing_is_told_by_the_first_byte_whatever_the_content_type_says() -> None:
    assert collect(events_of(JSON, as_sse(*ITEMS))[0]) == Success(WHOLE)
    assert collect(events_of(SSE, b"\r\n " + as_array(*ITEMS))[0]) == Success(WHOLE)


def test_signed_text_stays_a_part_of_its_own() -> None:
    body = as_sse(
        item({"text": "a"}),
        item({"text": "b", "thoughtSignature": "czE="}),
        item({"text": "c"}),
        item({"text": "d"}, finishReason="STOP"),
    )
    got = collect(events_of(SSE, body)[0]).unwrap()
    signed = Text("b", ProviderMetadata("gemini", '{"thoughtSignature":"czE="}'))
    assert got.message.parts == (Text("a"), signed, Text("cd"))
    assert got.text == "abcd"


def test_signed_thoughts_stay_parts_of_their_own() -> None:
    body = as_sse(
        item({"text": "a", "thought": True}),
        item({"text": "b", "thought": True, "thoughtSignature": "czE="}),
        item({"text": "c", "thought": True}, finishReason="STOP"),
    )
    assert collect(events_of(SSE, body)[0]).unwrap().message.parts == (
        Reasoning("a", None, ProviderMetadata("gemini")),
        Reasoning("b", "czE=", ProviderMetadata("gemini")),
        Reasoning("c", None, ProviderMetadata("gemini")),
    )


def test_candidates_are_kept_apart_and_all_have_to_end() -> None:
    first = {"content": {"parts": [{"text": "A"}]}}
    second = {"content": {"parts": [{"text": "B"}]}, "index": 1}
    items = [
        {"candidates": [first, second], "responseId": "r", "modelVersion": "m"},
        {"candidates": [{"content": {"parts": [{"text": "b"}]}, "index": 1}]},
        {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]},
        {"candidates": [{"index": 1, "finishReason": "MAX_TOKENS"}]},
    ]
    got = collect(events_of(SSE, as_sse(*items))[0]).unwrap()
    assert (got.text, got.finish_reason) == ("Aa", "stop")
    assert [(one.message.text, one.finish_reason) for one in got.alternatives] == [("Bb", "length")]
    assert isinstance(events_of(SSE, as_sse(*items[:3]))[1], StreamInterrupted)


def test_grounding_that_comes_in_parts_is_put_together() -> None:
    body = as_sse(
        item({"text": "x"}, groundingMetadata={"webSearchQueries": ["q"]}),
        item({"text": "y"}, groundingMetadata={}),
        item(
            {}, finishReason="STOP", groundingMetadata={"groundingChunks": [{"web": {"uri": "u"}}]}
        ),
    )
    assert collect(events_of(SSE, body)[0]).unwrap().extra == {
        "groundingMetadata": {"webSearchQueries": ["q"], "groundingChunks": [{"web": {"uri": "u"}}]}
    }


def test_logprobs_go_on_from_item_to_item() -> None:
    body = as_sse(
        item(
            {"text": "a"},
            logprobsResult={"chosenCandidates": [{"token": "a"}], "topCandidates": []},
        ),
        item(
            {"text": "b"},
            logprobsResult={"chosenCandidates": [{"token": "b"}], "logProbabilitySum": -0.5},
            finishReason="STOP",
        ),
    )
    assert collect(events_of(SSE, body)[0]).unwrap().extra == {
        "chosenCandidates": [{"token": "a"}, {"token": "b"}],
        "logProbabilitySum": -0.5,
    }


def test_arguments_in_pieces_are_put_together() -> None:
    body = as_sse(
        item({"functionCall": {"name": "plan", "willContinue": True}, "thoughtSignature": "czE="}),
        item({"functionCall": {"partialArgs": [{"jsonPath": "$.city", "stringValue": "Tro", "willContinue": True}], "willContinue": True}}),
        item({"functionCall": {"partialArgs": [{"jsonPath": "$.city", "stringValue": "msø"}], "willContinue": True}}),
        item({"functionCall": {"partialArgs": [
            {"jsonPath": "$.days[0].n", "numberValue": 1},
            {"jsonPath": "$.days[1].n", "numberValue": 2.5},
            {"jsonPath": "$['dry run']", "boolValue": True},
            {"jsonPath": "$.until", "nullValue": "NULL_VALUE"},
        ], "willContinue": True}}),
        item({"functionCall": {}}),
        item({"text": ""}, finishReason="STOP"),
    )  # fmt: skip
    (call,) = collect(events_of(SSE, body)[0]).unwrap().tool_calls
    assert (call.name, call.provider_metadata) == (
        "plan",
        ProviderMetadata("gemini", '{"thoughtSignature":"czE="}'),
    )
    assert json.loads(call.arguments) == {
        "city": "Tromsø",
        "days": [{"n": 1}, {"n": 2.5}],
        "dry run": True,
        "until": None,
    }


def test_unknown_fields_are_told_and_change_nothing_else() -> None:
    new = {**item({"text": "x"}, finishReason="STOP", novelty={"a": 1}), "somethingNew": [1]}
    new["candidates"][0]["content"]["mood"] = "calm"
    got = collect(events_of(SSE, as_sse(new))[0]).unwrap()
    assert got.text == "x"
    assert got.extra == {"somethingNew": [1], "novelty": {"a": 1}, "mood": "calm"}


def test_what_was_streamed_goes_back_byte_for_byte() -> None:
    answer = collect(events_of(SSE, as_sse(*ITEMS))[0]).unwrap().message
    config = LLMConfig(api_type="gemini", model="gemini-3-flash")
    built = PROVIDER.build_chat(config, ChatRequest(messages=[user("6 * 7?"), answer, user("ok")]))
    contents = json.loads(built.unwrap().request.body)["contents"]
    assert contents[1] == {
        "role": "model",
        "parts": [
            {"text": "I should compute.", "thought": True},
            {**CODE, "thoughtSignature": "c2lnMQ=="},
            {"codeExecutionResult": {"id": "x1", "outcome": "OUTCOME_OK", "output": "42\n"}},
            {"text": "It is 42 — 四十二."},
            {"functionCall": {"name": "save", "args": {"n": 42}}, "thoughtSignature": "c2lnMg=="},
            {"functionCall": {"id": "w7", "name": "save", "args": {}}},
            {"text": "", "thoughtSignature": "c2lnMw=="},
        ],
    }
    assert dumped({**CODE, "thoughtSignature": "c2lnMQ=="}).encode() in built.unwrap().request.body


PIECES: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "nothing": ([], {}),
    "a path that is none": ([{"jsonPath": "city", "stringValue": "x"}], {"city": "x"}),
    "a key in the way": (
        [{"jsonPath": "$.a", "numberValue": 1}, {"jsonPath": "$.a.b", "numberValue": 2}],
        {"a": 1, "$.a.b": 2},
    ),
    "a list in the way": (
        [{"jsonPath": "$.a[0]", "numberValue": 1}, {"jsonPath": "$.a.b", "numberValue": 2}],
        {"a": [1], "$.a.b": 2},
    ),
    "a place too far": ([{"jsonPath": "$.a[7]", "numberValue": 1}], {"a": [], "$.a[7]": 1}),
    "another piece of a string": (
        [
            {"jsonPath": "$.a", "stringValue": "x", "willContinue": True},
            {"jsonPath": "$.a", "stringValue": "y", "willContinue": True},
            {"jsonPath": "$.a"},
        ],
        {"a": "xy"},
    ),
    "the same place again": (
        [{"jsonPath": "$.a", "stringValue": "x"}, {"jsonPath": "$.a", "stringValue": "y"}],
        {"a": "y"},
    ),
}


@pytest.mark.parametrize(("given_", "arguments"), PIECES.values(), ids=PIECES)
def test_pieces_of_arguments(given_: list[dict[str, Any]], arguments: dict[str, Any]) -> None:
    pieces_ = msgspec.convert(given_, list[wire.PartialArg])
    assert join_fragments(pieces_) == arguments


def test_a_call_that_no_item_ends_ends_with_the_answer() -> None:
    piece = {"jsonPath": "$.a", "numberValue": 1}
    call = {"functionCall": {"name": "f", "partialArgs": [piece], "willContinue": True}}
    body = as_sse(item(call), item({"text": ""}, finishReason="STOP"))
    (made,) = collect(events_of(SSE, body)[0]).unwrap().tool_calls
    assert (made.name, made.arguments) == ("f", '{"a":1}')
