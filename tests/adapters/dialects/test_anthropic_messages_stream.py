"""Streams of the Messages API -> events, however they are cut."""

import json

import pytest

from llm_pure import ChatRequest, ToolCall, collect, tool_result
from llm_pure.adapters.dialects.anthropic_messages import build_chat
from llm_pure.types.completion import Usage
from llm_pure.types.events import (
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.messages import Opaque
from tests.support.anthropic_answers import ANSWERS, Answer, Event, begun, end, start
from tests.support.anthropic_streams import SERVICE, collected, fed
from tests.support.configs import file_config

answers = pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)


def test_the_events_of_a_stream_one_by_one() -> None:
    got, _ = fed(ANSWERS["thinking and tools"].streamed)
    raw = {
        "input_tokens": 5,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 200,
        "output_tokens": 2,
        "service_tier": "standard",
    }
    assert [one for one in got if not isinstance(one, UsageReported)] == [
        Started(id="msg_1", model="claude-test", provider="anthropic"),
        ProviderMetadataReceived("{}", 0, 0, "reasoning"),
        ReasoningDelta("I should ", 0),
        ReasoningDelta("ask twice.", 0),
        ReasoningDelta("", 0, 0, "c2ln=="),
        ProviderMetadataReceived("{}", 1, 0, "reasoning"),
        ReasoningDelta("", 1, 0, "c2lnMg=="),
        PartReceived(
            Opaque(
                "anthropic", "redacted_thinking", '{"type":"redacted_thinking","data":"b3BhcXVl=="}'
            ),
            2,
        ),
        ToolCallDelta("", 3, 0, "toolu_1", "weather"),
        ToolCallDelta('{"city":"Os', 3),
        ToolCallDelta('lo","é":"', 3),
        ToolCallDelta('🎈"}', 3),
        ToolCallDelta("", 4, 0, "toolu_2", "clock"),
        ProviderMetadataReceived('{"caller":{"type":"direct"}}', 4),
        Finished("tool_calls", "tool_use"),
    ]
    assert [one.usage for one in got if isinstance(one, UsageReported)] == [
        Usage(235, 2, 200, 30, raw=raw),
        ANSWERS["thinking and tools"].completion.usage,
    ]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("pause_turn", "pause"),
        ("compaction", "pause"),
        ("refusal", "refusal"),
        ("something_new", "unknown"),
    ],
)
def test_a_stop_reason_in_our_words(word: str, reason: str) -> None:
    got = collected(start(), *end(word))
    assert (got.finish_reason, got.raw_finish_reason) == (reason, word)


def test_a_stream_without_a_stop_reason_ends_well() -> None:
    got = collected(start(), begun(0, type="text", text="hi"), {"type": "message_stop"})
    assert (got.text, got.finish_reason, got.raw_finish_reason) == ("hi", "unknown", None)


def test_the_sequence_that_stopped_it_is_kept() -> None:
    assert collected(start(), *end("stop_sequence", stop_sequence="END")).extra == {
        "stop_sequence": "END"
    }


@pytest.mark.parametrize(
    ("before", "after", "usage"),
    [
        (
            {"input_tokens": 9, "output_tokens": 1, "service_tier": "standard"},
            {"output_tokens": 5},
            Usage(9, 5, raw={"input_tokens": 9, "output_tokens": 5, "service_tier": "standard"}),
        ),
        (
            {"input_tokens": 9, "cache_read_input_tokens": 100},
            {"input_tokens": 20, "cache_read_input_tokens": 0, "output_tokens": 5},
            Usage(20, 5, 0, raw={"input_tokens": 20, "cache_read_input_tokens": 0, "output_tokens": 5}),
        ),
        (
            {"input_tokens": 9, "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}},
            {"output_tokens": 5, "iterations": [{"type": "compaction", "input_tokens": 500}]},
            Usage(516, 5, None, 7, raw={
                "input_tokens": 9,
                "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
                "output_tokens": 5,
                "iterations": [{"type": "compaction", "input_tokens": 500}],
            }),
        ),
        ({}, {}, Usage()),
    ],
    ids=["only output at the end", "replaced", "split of writes, and iterations", "nothing"],
)  # fmt: skip
def test_usage_is_merged_key_by_key(before: Event, after: Event, usage: Usage) -> None:
    assert collected(start(usage=before), *end(usage=after)).usage == usage


@answers
def test_signatures_and_opaque_parts_go_back_byte_for_byte(answer: Answer) -> None:
    message = collect(fed(answer.streamed)[0]).unwrap().message
    results = [tool_result(call.id, "done") for call in message.parts if isinstance(call, ToolCall)]
    request = ChatRequest(messages=["hi", message, *results, "go on"])
    config = file_config(api_type="anthropic", model="claude-sonnet-4-5")
    made = build_chat(SERVICE, config, request).unwrap()
    assert made.adaptations == ()
    sent = json.loads(made.request.body)["messages"]
    content = answer.whole["content"]
    if content:
        assert sent[1] == {
            "role": "assistant",
            "content": content[0]["text"] if [*content[0]] == ["type", "text"] else content,
        }
