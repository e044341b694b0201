"""`LLMResult[A]`: a Success with an A or a Failure with an LLMError, both of the package `returns`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeGuard, TypeVar

from returns.result import Failure, Result, Success

from llm_pure.types.errors import LLMError

A = TypeVar("A")
B = TypeVar("B")

LLMResult: TypeAlias = Result[A, LLMError]

__all__ = [
    "Failure",
    "LLMResult",
    "Result",
    "Success",
    "error_of",
    "fold",
    "is_series",
    "type_name",
]


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


def is_series(value: object) -> TypeGuard[Iterable[Any]]:
    """Return true for an iterable of values: no text, bytes or mapping, and no Result, which can be iterated too."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping | Result)


def type_name(value: object) -> str:
    """Return the name of a wrong value's type for a message, "missing" for None.

    >>> type_name(5), type_name(Success(5))
    ('int', 'Success: pass its value, unwrap(result)')
    """
    if value is None:
        return "missing"
    hint = ": pass its value, unwrap(result)" if isinstance(value, Result) else ""
    return f"{type(value).__name__}{hint}"
