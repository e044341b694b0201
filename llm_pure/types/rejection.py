"""Failures inside builders and readers: raised as one private exception, returned as a Result at the seam.

Functions that users call (build_*, authorize, parse_*) return a Result; they are decorated with `returns_failure`. What
they call raises `Rejected`, and takes values out of Results with `ok`. `Rejected` never leaves a decorated function.
"""

from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

from llm_pure.types.errors import InvalidRequest, LLMError, ProtocolError, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success

TYPE_ERRORS = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
"""What code raises that works on a value of a wrong type."""

A = TypeVar("A")
P = ParamSpec("P")


class Rejected(Exception):
    """The build or the parse fails with this error."""

    def __init__(self, error: LLMError) -> None:
        super().__init__(error.message)
        self.error = error


class UnsupportedPart(Rejected):
    """A message part that the dialect cannot encode. The message begins with the part's path.

    The provider's name is added where messages are encoded: `raise part.of_provider(service.name)`.
    """

    def __init__(self, message: str, *, provider: str = "") -> None:
        super().__init__(UnsupportedFeature(message=message, provider=provider, feature="messages"))

    def of_provider(self, provider: str) -> "UnsupportedPart":
        """The same rejection with the provider's name in its error."""
        return UnsupportedPart(self.error.message, provider=provider)


def ok(result: LLMResult[A]) -> A:
    """Return the value of a Result. Raises Rejected with its error."""
    if type(result) is Failure:  # isinstance is an ABC's, and five times slower
        raise Rejected(result.failure())
    return result.unwrap()


def reject(error: LLMError) -> NoReturn:
    """Raise Rejected, as an expression: `value or reject(error)`."""
    raise Rejected(error)


def returns_failure(function: Callable[P, A]) -> Callable[P, LLMResult[A]]:
    """Make a function that may raise Rejected return a Result. Other exceptions pass through: they are bugs.

    An exception that a value of a wrong type explains is an error of the request or the configuration, with its path. A
    RecursionError is an error of the response or the request: its values are nested too deeply for the caller's stack.

    >>> from llm_pure.types.errors import InvalidRequest
    >>> @returns_failure
    ... def half(number: int) -> int:
    ...     return number // 2 if number % 2 == 0 else reject(InvalidRequest(message="odd"))
    >>> half(4).unwrap(), half(3).failure().message
    (2, 'odd')
    """

    @wraps(function)
    def seam(*args: P.args, **kwargs: P.kwargs) -> LLMResult[A]:
        try:
            return Success(function(*args, **kwargs))
        except Rejected as rejected:
            return Failure(rejected.error)
        except RecursionError:
            return Failure(_depth_error(args))
        except TYPE_ERRORS:
            from llm_pure.types.wrong_types import wrong_type_error  # imported late: start-up

            error = wrong_type_error(*args, *kwargs.values())
            if error is None:
                raise
            return Failure(error)

    return seam


def _depth_error(args: tuple[object, ...]) -> LLMError:
    """The error of a value that is nested too deeply for the caller's stack: of a response, else of the request."""
    for argument in args:
        if isinstance(argument, HttpResponse):
            return ProtocolError(
                message="the response is nested too deeply",
                status=argument.status,
                where="body",
                evidence=argument.body,
            )
    return InvalidRequest(message="a value is nested too deeply")
