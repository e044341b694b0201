"""How many examples a law has stands in one place, so that `make laws` can multiply it."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import strategies as st

from tests.support.laws import same_examples

TESTS = Path(__file__).parents[1]
PLACE = "support/laws.py"


def trees(pattern: str) -> dict[str, ast.Module]:
    """Of the files that match: to parse all takes seconds."""
    sources = {path: path.read_text("utf-8") for path in sorted(TESTS.rglob("*.py"))}
    return {
        path.relative_to(TESTS).as_posix(): ast.parse(source)
        for path, source in sources.items()
        if re.search(pattern, source, re.MULTILINE)
    }


def test_no_test_has_settings_of_its_own() -> None:
    own = [
        name
        for name, tree in trees(r"^from hypothesis import [^)]*(settings|seed)").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "hypothesis"
        and {alias.name for alias in node.names} & {"settings", "seed"}
    ]
    assert own == [PLACE]


def _is_law(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        ast.unparse(mark).startswith("given(") for mark in node.decorator_list
    )


def test_a_test_that_makes_its_law_inside_is_marked_as_one() -> None:
    """`pytest -m hypothesis` knows those with @given alone."""
    unmarked = [
        f"{name}: {test.name}"
        for name, tree in trees(r"^\s+@given\(").items()
        for test in tree.body
        if isinstance(test, ast.FunctionDef)
        and any(_is_law(node) for node in ast.walk(test) if node is not test)
        and not any("mark.hypothesis" in ast.unparse(mark) for mark in test.decorator_list)
        and test.name.startswith("test_")
    ]
    assert unmarked == []


def test_rows_have_the_same_examples_and_one_that_fails_is_shrunk() -> None:
    seen: dict[str, list[int]] = {"a": [], "b": [], "c": []}

    @same_examples(200, number=st.integers(0, 10**9))
    def law(row: str, number: int) -> None:
        seen[row].append(number)
        assert row != "c" or number < 1000

    for row in ("a", "b"):
        law(row=row)
    assert seen["a"] == seen["b"]
    assert len(seen["a"]) == 200
    with pytest.raises(AssertionError) as raised:
        law(row="c")
    assert seen["c"][-1] == 1000
    assert "number=1000," in str(raised.value.__notes__)
