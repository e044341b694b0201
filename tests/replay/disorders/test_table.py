"""The table of disorders: names, texts, and that each has literal rows."""

from collections import Counter

import msgspec
import pytest

from llm_pure.adapters import registry
from llm_pure.replay.disorders.disorder import ALL_DIALECTS, Disorder
from llm_pure.replay.disorders.table import DISORDERS
from tests.replay.disorders import (
    test_blocks,
    test_choices,
    test_framing,
    test_labels,
    test_responses,
)
from tests.support.disorder_rows import Row, deformed

ROWS = (
    *test_framing.ROWS,
    *test_labels.ROWS,
    *test_choices.ROWS,
    *test_blocks.ROWS,
    *test_responses.ROWS,
)


def test_every_disorder_has_a_name_of_its_own() -> None:
    counts = Counter(disorder.name for disorder in DISORDERS)
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_disorder_has_a_row_that_changes_the_answer() -> None:
    assert {row.disorder for row in ROWS if row.after is not None} == {
        disorder.name for disorder in DISORDERS
    }


@pytest.mark.parametrize("disorder", DISORDERS, ids=lambda disorder: disorder.name)
def test_a_disorder_says_what_it_does_and_where_it_is_from(disorder: Disorder) -> None:
    assert disorder.description
    assert disorder.source
    assert set(disorder.dialects) <= set(ALL_DIALECTS)
    assert len(set(disorder.dialects)) == len(disorder.dialects) > 0


def test_all_dialects_are_dialects_of_providers_or_of_bodies_that_they_send() -> None:
    dialects = {registry.get(name).unwrap().dialect for name in registry.names()}
    assert set(ALL_DIALECTS) - {"qianfan_v1"} == dialects - {"openai_media"}


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.after is not None], ids=lambda row: row.disorder
)
def test_a_disorder_does_not_apply_to_other_dialects_or_kinds_of_body(row: Row) -> None:
    disorder = next(disorder for disorder in DISORDERS if disorder.name == row.disorder)
    answer = deformed(row)
    assert answer is not None
    assert disorder.apply(msgspec.structs.replace(answer, dialect="spark_frames")) is None
    if disorder.streamed is not None:
        other = msgspec.structs.replace(answer, streamed=not disorder.streamed)
        assert disorder.apply(other) is None
