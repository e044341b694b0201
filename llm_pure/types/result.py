"""`LLMResult[A]`: a Success with an A or a Failure with an LLMError, both of the package `returns`."""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from returns.result import Failure, Result, Success

from llm_pure.types.errors import LLMError

A = TypeVar("A")
B = TypeVar("B")

LLMResult: TypeAlias = Result[A, LLMError]

__all__ = ["Failure", "LLMResult", "Result", "Success", "fold"]


def fold(result: LLMResult[A], *, ok: Callable[[A], B], err: Callable[[LLMError], B]) -> B:
    """Return `ok` of the value, or `err` of the error.

    >>> fold(Success(2), ok=str, err=lambda error: error.message)
    '2'
    """
    if isinstance(result, Failure):
        return err(result.failure())
    return ok(result.unwrap())
