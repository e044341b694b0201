"""The edge between Results and exceptions."""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import llm_pure
from llm_pure import LLMError, LLMException, describe, unwrap
from llm_pure.types.errors import IncompleteAnswer, NotFound, RateLimited
from llm_pure.types.result import Failure, Success

ERROR = RateLimited(message="slow\n down", provider="groq", retry_after_s=2.0)


def test_unwrap_gives_the_value_of_a_success() -> None:
    assert unwrap(Success([1])) == [1]
    assert unwrap(Success(None)) is None


def test_unwrap_raises_the_error_as_one_line_with_cause_and_remedy() -> None:
    with pytest.raises(LLMException) as raised:
        unwrap(Failure(ERROR))

    assert raised.value.error is ERROR
    assert str(raised.value) == " ".join(describe(ERROR).split())
    assert str(raised.value).startswith("groq: rate_limited: slow down (retry after 2 s); wait")


def test_unwrap_in_an_except_block_shows_no_other_exception() -> None:
    def main() -> None:
        try:
            raise KeyError("k")
        except KeyError:
            unwrap(Failure(ERROR))

    with pytest.raises(LLMException) as raised:
        main()

    assert raised.value.__suppress_context__
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("member", get_args(LLMError), ids=lambda member: member.__name__)
def test_an_exception_of_every_error_survives_pickle(member: type[LLMError]) -> None:
    exception = LLMException(member(message="m", provider="p", remedy="do it"))
    copy = pickle.loads(pickle.dumps(exception))
    assert (type(copy), copy.error, str(copy)) == (LLMException, exception.error, str(exception))


def test_the_names_are_those_of_the_package() -> None:
    assert f"{LLMException.__module__}.{LLMException.__qualname__}" == "llm_pure.LLMException"
    assert llm_pure.LLMException is LLMException
    assert issubclass(LLMException, Exception)


TEST_FILE = """
from llm_pure import unwrap
from llm_pure.types.errors import NotFound
from llm_pure.types.result import Failure

def test_answer():
    unwrap(Failure(NotFound(message="no model 'gpt-9'", provider="openai")))
"""


def test_the_short_summary_of_pytest_has_the_reason(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TEST_FILE)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "."],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60,
        env={"PATH": "", "COLUMNS": "300", "CI": "1"},
    )  # fmt: skip
    error = NotFound(message="no model 'gpt-9'", provider="openai")
    expected = f"FAILED test_it.py::test_answer - llm_pure.LLMException: {describe(error)}"
    assert expected in ran.stdout.splitlines()
    assert "types/exceptions.py" not in ran.stdout  # the traceback ends in the caller's line


def test_the_partial_answer_is_a_completion_without_asking() -> None:
    assert IncompleteAnswer(message="m").partial.text == ""
