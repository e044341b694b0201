"""Broken arguments: what is read, what was changed, and what stays unread."""

import json
from typing import Any

import json_repair
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.output.json_parser import Edit, apply_edits
from llm_pure.output.json_repair import Exact, Repair, Repaired, Unrepairable, repair
from tests.support.broken_arguments import HELD_OUT, Broken, corpus
from tests.support.laws import examples

CORPUS = corpus()


def value_of(got: Repair) -> dict[str, Any] | None:
    return None if isinstance(got, Unrepairable) else got.value


def rates(broken: tuple[Broken, ...], alone: bool) -> tuple[int, int]:
    """(recovered, falsely repaired)."""
    recovered = false = 0
    for one in broken:
        read: Any = (
            json_repair.loads(one.text, stream_stable=True) if alone else value_of(repair(one.text))
        )
        got = read if isinstance(read, dict) and read else None
        recovered += one.meant is not None and got == one.meant
        false += got is not None and got != one.meant
    return recovered, false


def test_the_corpus_is_large_and_always_the_same() -> None:
    assert len(CORPUS) >= 300
    assert corpus() == CORPUS


@pytest.mark.parametrize(
    "broken",
    [pytest.param(CORPUS, id="tuned on"), pytest.param(corpus(7, HELD_OUT), id="held out")],
)
def test_more_is_recovered_and_less_is_made_up_than_by_the_library_alone(
    broken: tuple[Broken, ...],
) -> None:
    ours, alone = rates(broken, alone=False), rates(broken, alone=True)
    assert ours[0] > alone[0]
    assert ours[1] < alone[1]


def test_what_docs_say_of_the_corpus_holds() -> None:
    assert (len(CORPUS), sum(one.meant is not None for one in CORPUS)) == (353, 307)
    assert rates(CORPUS, alone=False) == (307, 1)


@pytest.mark.parametrize("one", CORPUS, ids=lambda one: one.how)
def test_the_edits_make_the_json_that_was_read(one: Broken) -> None:
    got = repair(one.text)
    if isinstance(got, Repaired):
        assert all(one.text.startswith(edit.before, edit.offset) for edit in got.edits)
        assert json.loads(apply_edits(one.text, list(got.edits))) == got.value
    assert repair(one.text) == got


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ('{"a": 1}', Exact({"a": 1})),
        (
            '{"a": "x\ny"}',
            Repaired(value={"a": "x\ny"}, edits=(Edit(8, "\n", "\\n"),), method="lenient"),
        ),
        (
            '{"a": 1}{"a": 1}',
            Repaired(value={"a": 1}, edits=(Edit(8, '{"a": 1}', ""),), method="unwrapped"),
        ),
        ('{"a": 1}{"a": 2}', Unrepairable("two different objects in the input")),
        ('{"a": "b', Unrepairable("input ends inside a string")),
        ('{"a": 12', Unrepairable("input ends inside a number")),
        ('{"a": 1,', Unrepairable("input ends before a value")),
        ('{"a"', Unrepairable("input ends inside a string")),
        ("", Unrepairable("no object in the input")),
        ("[1]", Unrepairable("JSON, but not an object: [1]")),
        ("{" * 100, Unrepairable("no key at offset 1")),
        ('{"a":' * 100, Unrepairable("nested too deep")),
    ],
)
def test_each_outcome_says_what_happened(text: str, got: Repair) -> None:
    assert repair(text) == got


def test_known_keys_tell_a_quote_in_a_text_from_its_end() -> None:
    text = '{"code": "f("a", "b": 1)", "language": "python"}'
    keys = frozenset({"code", "language"})
    assert value_of(repair(text, keys=keys)) == {"code": 'f("a", "b": 1)', "language": "python"}


def test_an_object_without_a_required_key_was_cut_off() -> None:
    got = repair('{"language": "python"', required=frozenset({"language", "code"}))
    assert got == Unrepairable("code is missing; the input may have been cut off")


@given(st.text(alphabet="{}[]\",:'\\ab1 \n`", max_size=60) | st.text(max_size=60))
@examples(500)
def test_no_text_makes_it_raise_and_the_same_text_gives_the_same(text: str) -> None:
    assert repair(text) == repair(text)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers(), max_size=3))
def test_json_stays_as_it_is(value: dict[str, Any]) -> None:
    assert repair(json.dumps(value)) == Exact(value) or any(
        isinstance(one, int) and abs(one) >= 2**63 for one in value.values()
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"a":"' + '"' * 100_000,
        '{"a":"' + "x'\"," * 50_000,
        "{" * 100_000,
        "```" * 50_000,
        '{"a": "b"' + " " * 200_000,
        '"' * 100_000,
        "{'" * 60_000,
        '{"a":[' + '"x" ' * 40_000,
        "x" * 2_000_000,
    ],
    ids=range(9),
)
def test_hostile_texts_end_soon(text: str) -> None:
    assert isinstance(repair(text), Unrepairable | Repaired)
