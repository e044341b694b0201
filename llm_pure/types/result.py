"""`LLMResult[A]`: an A, or the LLMError that explains why there is none. Both come from the package `returns`."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeAlias, TypeVar, cast

from returns.primitives.exceptions import UnwrapFailedError
from returns.result import Failure, Result, Success

from llm_pure.types.errors import LLMError

A = TypeVar("A")
B = TypeVar("B")
P = ParamSpec("P")

LLMResult: TypeAlias = Result[A, LLMError]

__all__ = ["Failure", "LLMResult", "Result", "Success", "fold", "returns_failure"]


def fold(result: LLMResult[A], *, ok: Callable[[A], B], err: Callable[[LLMError], B]) -> B:
    """One value from either side.

    >>> fold(Success(2), ok=str, err=lambda error: error.message)
    '2'
    """
    if isinstance(result, Failure):
        return err(result.failure())
    return ok(result.unwrap())


def returns_failure(function: Callable[P, LLMResult[A]]) -> Callable[P, LLMResult[A]]:
    """Decorate a function that calls `.unwrap()` on Results: it returns the first Failure that it unwraps.

    >>> @returns_failure
    ... def total(left: LLMResult[int], right: LLMResult[int]) -> LLMResult[int]:
    ...     return Success(left.unwrap() + right.unwrap())
    >>> total(Success(1), Failure("no number"))
    <Failure: no number>
    """

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> LLMResult[A]:
        try:
            return function(*args, **kwargs)
        except UnwrapFailedError as failed:
            return cast("LLMResult[A]", failed.halted_container)

    return wrapper
