"""The law of disorders over every cassette: the Completion stays the same, and no cut is a success that says less or more.

`llm-pure stream fuzz cassettes --disorders --every-byte` cuts everywhere; here each answer is split and cut once.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import permutations

import pytest

from llm_pure.replay.checks.disorder_check import check_disorders, check_meaning, read_answer
from llm_pure.replay.disorders.answer import recorded_answer
from llm_pure.replay.disorders.blocks import BLOCK_DISORDERS
from llm_pure.replay.disorders.calls import CALL_DISORDERS
from llm_pure.replay.disorders.choices import CHOICE_DISORDERS
from llm_pure.replay.disorders.disorder import Disorder, combined
from llm_pure.replay.disorders.framing import FRAMING_DISORDERS
from llm_pure.replay.disorders.labels import LABEL_DISORDERS
from llm_pure.replay.disorders.responses import RESPONSES_DISORDERS
from llm_pure.replay.disorders.table import DISORDERS
from llm_pure.replay.disorders.values import VALUE_DISORDERS
from tests.support.cassettes import Recorded, recorded

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
                examples.setdefault(
                    (name, one.provider.dialect),
                    f"{one.file}: {divergence.property} at {divergence.at}: expected {divergence.expected}, "
                    f"got {divergence.actual}",
                )
    unrecorded = {}
    for disorder in disorders:
        name = disorder.name
        if missing := set(disorder.dialects) - applied[name]:
            unrecorded[name] = " ".join(sorted(missing))
    assert [f"{name}: {text}" for (name, _), text in examples.items()] == []
    names = {disorder.name for disorder in disorders}
    assert unrecorded == {name: row for name, row in NOT_RECORDED.items() if name in names}


PAIRED = [
    disorder
    for group in ("values", "choices", "calls", "blocks", "responses")
    for disorder in GROUPS[group]
]
"""What changes the content of frames: only such disorders depend on each other."""


def richest_streams() -> dict[str, Recorded]:
    """The stream with the most of tool calls and reasoning, of each dialect and each dialect that it carries."""
    richest: dict[str, tuple[int, Recorded]] = {}
    for one in recorded():
        response = one.interaction.response
        if one.operation == "chat" and one.streamed and response.status < 300:
            answer = recorded_answer(one.provider.dialect, True, response)
            count = sum(map(response.body.count, (b"call", b"tool", b"reason", b"think")))
            key = f"{one.provider.dialect} {answer.dialect}"
            richest[key] = max(richest.get(key, (-1, one)), (count, one), key=lambda row: row[0])
    return {key: one for key, (_, one) in richest.items()}


@pytest.mark.parametrize("key", richest_streams())
def test_two_disorders_together_mean_the_same(key: str) -> None:
    one = richest_streams()[key]
    answer = recorded_answer(one.provider.dialect, True, one.interaction.response)
    original = read_answer(one.provider, answer).unwrap()

    def diverges(disorder: Disorder) -> bool | None:
        deformed = disorder.apply(answer)
        if deformed is None:
            return None
        return check_meaning(one.provider, disorder, original, deformed) is not None

    alone = [disorder for disorder in PAIRED if diverges(disorder) is False]
    pairs = [combined(first, second) for first, second in permutations(alone, 2)]
    assert [pair.name for pair in pairs if diverges(pair)] == []


def test_every_disorder_is_in_a_group() -> None:
    names = {disorder.name for group in GROUPS.values() for disorder in group}
    assert names == {disorder.name for disorder in DISORDERS}
    assert NOT_RECORDED.keys() <= names
