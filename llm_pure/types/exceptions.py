"""The edge between Results and exceptions, for programs that would rather stop than go on."""

from typing import TypeVar

from llm_pure.types.errors import LLMError, describe
from llm_pure.types.result import Failure, LLMResult

A = TypeVar("A")


class LLMException(Exception):
    """Raised by `unwrap`. Its text is `describe(error)` on one line: the cause and the remedy."""

    __module__ = "llm_pure"  # as users import it, and so short in a traceback

    def __init__(self, error: LLMError) -> None:
        super().__init__(error)
        self.error = error

    def __str__(self) -> str:
        return " ".join(describe(self.error).split())


def unwrap(result: LLMResult[A]) -> A:
    """Return the value of a Result. Raises LLMException if it is a Failure.

    >>> from llm_pure.types.result import Success
    >>> unwrap(Success(2))
    2
    """
    __tracebackhide__ = True  # pytest: show the caller's line
    if isinstance(result, Failure):
        raise LLMException(result.failure()) from None
    return result.unwrap()
