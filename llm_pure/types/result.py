"""`LLMResult[A]`: a Success with an A or a Failure with an LLMError, both of the package `returns`."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from returns.result import Failure, Result, Success

from llm_pure.types.errors import LLMError

A = TypeVar("A")
B = TypeVar("B")

LLMResult: TypeAlias = Result[A, LLMError]

__all__ = ["Failure", "LLMResult", "Result", "Success", "error_of", "fold"]


def fold(result: LLMResult[A], *, ok: Callable[[A], B], err: Callable[[LLMError], B]) -> B:
    """Return `ok` of the value, or `err` of the error.

    >>> fold(Success(2), ok=str, err=lambda error: error.message)
    '2'
    """
    if isinstance(result, Failure):
        return err(result.failure())
    return ok(result.unwrap())


def error_of(result: LLMResult[Any]) -> LLMError | None:
    """Return the error of a Failure; None for a Success.

    >>> error_of(Success(2)) is None
    True
    """
    return result.failure() if isinstance(result, Failure) else None
