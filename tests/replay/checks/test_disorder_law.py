"""The law of disorders over every cassette: the Completion stays the same, and no cut is a success that says less or more.

`llm-pure stream fuzz cassettes --disorders --every-byte` cuts everywhere; here each answer is split and cut once.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pytest

from llm_pure.replay.checks.disorder_check import check_disorders
from llm_pure.replay.disorders.answer import recorded_answer
from llm_pure.replay.disorders.blocks import BLOCK_DISORDERS
from llm_pure.replay.disorders.calls import CALL_DISORDERS
from llm_pure.replay.disorders.choices import CHOICE_DISORDERS
from llm_pure.replay.disorders.disorder import Disorder
from llm_pure.replay.disorders.framing import FRAMING_DISORDERS
from llm_pure.replay.disorders.labels import LABEL_DISORDERS
from llm_pure.replay.disorders.responses import RESPONSES_DISORDERS
from llm_pure.replay.disorders.values import VALUE_DISORDERS
from tests.support.cassettes import recorded

KNOWN_DIVERGENCES: Mapping[str, str] = {
    "heartbeat_ping_json": "dashscope_generation gemini_content llama_native openai_chat",
    "heartbeat_ping_date": "anthropic_messages cohere_chat dashscope_generation gemini_content llama_native openai_chat openai_responses",
    "heartbeat_keepalive_event": "anthropic_messages dashscope_generation gemini_content llama_native openai_chat",
    "heartbeat_heartbeat_event": "dashscope_generation llama_native openai_chat",
    "heartbeat_null": "anthropic_messages cohere_chat dashscope_generation gemini_content llama_native openai_chat openai_responses",
    "heartbeat_empty_object": "dashscope_generation llama_native openai_chat",
    "done_added": "gemini_content",
    "stream_labeled_json": "anthropic_messages cohere_chat dashscope_generation llama_native ollama_native openai_chat openai_responses",
    "stream_labeled_ndjson": "openai_chat",
    "body_labeled_ndjson": "openai_chat",
    "byte_order_mark": "anthropic_messages cohere_chat dashscope_generation gemini_content llama_native ollama_native openai_chat openai_responses",
    "body_for_stream_labeled_sse": "anthropic_messages cohere_chat dashscope_generation llama_native openai_chat openai_responses",
    "body_for_stream_labeled_text": "anthropic_messages cohere_chat dashscope_generation llama_native openai_chat openai_responses",
    "body_for_stream_labeled_none": "anthropic_messages cohere_chat dashscope_generation llama_native openai_chat openai_responses",
    "body_as_event": "gemini_content",
    "stream_for_body": "anthropic_messages cohere_chat dashscope_generation gemini_content llama_native ollama_native openai_chat openai_responses",
    "stream_for_body_labeled_json": "anthropic_messages cohere_chat dashscope_generation gemini_content llama_native ollama_native openai_chat openai_responses",
    "usage_as_text": "anthropic_messages bedrock_converse bedrock_invoke cohere_chat dashscope_generation llama_native ollama_native openai_chat openai_responses",
    "indexes_as_text": "anthropic_messages bedrock_converse bedrock_invoke cohere_chat dashscope_generation gemini_content llama_native openai_chat openai_responses",
    "call_indexes_left_out": "dashscope_generation",
    "call_indexes_per_event": "dashscope_generation",
    "call_ids_without_indexes": "dashscope_generation llama_native openai_chat",
    "call_ids_under_one_index": "dashscope_generation",
    "call_ids_per_piece": "dashscope_generation llama_native openai_chat",
    "call_ids_null_text": "dashscope_generation llama_native openai_chat",
    "call_names_in_pieces": "dashscope_generation llama_native openai_chat",
    "block_indexes_left_out": "anthropic_messages bedrock_converse bedrock_invoke cohere_chat",
    "block_indexes_all_zero": "bedrock_converse cohere_chat",
    "start_repeated": "anthropic_messages bedrock_invoke",
    "message_stop_twice": "bedrock_converse",
    "output_indexes_left_out": "openai_responses",
    "places_left_out": "openai_responses",
    "output_indexes_all_zero": "openai_responses",
    "last_deltas_left_out": "openai_responses",
    "arguments_in_done_event": "openai_responses",
}
"""Disorder -> dialects whose parsers still read it otherwise. Strict: a dialect that reads all of its answers must go."""

NOT_RECORDED: Mapping[str, str] = {
    "nulls_left_out": "bedrock_converse dashscope_generation gemini_content llama_native ollama_native openai_responses qianfan_v1",
    "sequence_left_out": "openai_responses",
}
"""Disorder -> dialects it is meant for, of which no cassette has what it changes."""

GROUPS: Mapping[str, Sequence[Disorder]] = {
    "heartbeats": [disorder for disorder in FRAMING_DISORDERS if "heartbeat" in disorder.name],
    "framing": [disorder for disorder in FRAMING_DISORDERS if "heartbeat" not in disorder.name],
    "labels": LABEL_DISORDERS,
    "values": VALUE_DISORDERS,
    "choices": CHOICE_DISORDERS,
    "calls": CALL_DISORDERS,
    "blocks": BLOCK_DISORDERS,
    "responses": RESPONSES_DISORDERS,
}


@pytest.mark.parametrize("group", GROUPS)
def test_deformed_answers_of_all_cassettes_mean_the_same(group: str) -> None:
    disorders = GROUPS[group]
    applied: dict[str, set[str]] = defaultdict(set)
    divergent: dict[str, set[str]] = defaultdict(set)
    examples: dict[tuple[str, str], str] = {}
    for number, one in enumerate(recorded()):
        if one.operation != "chat" or one.interaction.response.status >= 300:
            continue
        answer = recorded_answer(one.provider.dialect, one.streamed, one.interaction.response)
        for disorder, divergence in check_disorders(
            one.provider, answer, disorders, seed=number, rounds=1
        ):
            name = disorder.name
            applied[name].add(answer.dialect)
            if divergence is not None:
                divergent[name].add(one.provider.dialect)
                examples.setdefault(
                    (name, one.provider.dialect),
                    f"{one.file}: {divergence.property} at {divergence.at}: expected {divergence.expected}, "
                    f"got {divergence.actual}",
                )
    for disorder in disorders:
        name = disorder.name
        known = set(KNOWN_DIVERGENCES.get(name, "").split())
        added = [
            f"{name}: {examples[name, dialect]}" for dialect in sorted(divergent[name] - known)
        ]
        assert added == []
        assert sorted(known - divergent[name]) == [], (
            f"{name} is mended there: shorten its row in KNOWN_DIVERGENCES"
        )
        assert sorted(set(disorder.dialects) - applied[name]) == sorted(
            NOT_RECORDED.get(name, "").split()
        ), name


def test_known_divergences_and_unrecorded_ones_are_of_disorders() -> None:
    names = {disorder.name for group in GROUPS.values() for disorder in group}
    assert KNOWN_DIVERGENCES.keys() | NOT_RECORDED.keys() <= names
