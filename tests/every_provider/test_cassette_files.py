"""The folder cassettes/ holds what is recorded_paths for, and nothing else."""

from pathlib import Path

import pytest

from llm_pure.types.redact import SECRET_PATTERN
from tests.support.batch_scenarios import batch_scenarios
from tests.support.rows import check_each
from tests.support.scenarios import CASSETTES, KEY, scenarios

FILES = sorted(CASSETTES.glob("*/*.yaml"))


def test_every_cassette_belongs_to_a_question_that_is_asked() -> None:
    recorded_paths = {one.path for one in scenarios()} | {one.path for one in batch_scenarios()}
    assert set(FILES) == recorded_paths


@pytest.mark.parametrize("folder", sorted({path.parent.name for path in FILES}))
def test_a_cassette_says_what_it_was_recorded_from_and_holds_no_key(folder: str) -> None:
    check_each(_check_text, (CASSETTES / folder).glob("*.yaml"))


def _check_text(path: Path) -> None:
    text = path.read_text("utf-8")

    assert "\nrecorded_from: " in text
    assert KEY not in text
    assert SECRET_PATTERN.search(text) is None
