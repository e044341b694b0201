"""Exit codes of the commands, after sysexits.h, and the exception that ends a command early."""

from typing import TypeVar, assert_never

from llm_pure.types.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ConnectionFailed,
    ContentFiltered,
    ContextLengthExceeded,
    IncompleteAnswer,
    InvalidConfiguration,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
    UnknownPrice,
    UnsupportedFeature,
)
from llm_pure.types.result import Failure, LLMResult

A = TypeVar("A")

OK = 0
FINDINGS = 1
"""A check ran and found something: secrets, differences or violations."""
ROW_ERRORS = 3
"""A bulk run has ended, and some of its rows are errors."""
BUDGET = 4
"""A bulk run was stopped by its budget."""
USAGE = 64
DATA = 65
NO_INPUT = 66
UNAVAILABLE = 69
CANNOT_WRITE = 73
TRY_AGAIN = 75
NO_PERMISSION = 77
CONFIGURATION = 78
INTERRUPTED = 130
BROKEN_PIPE = 141

TABLE = """\
exit codes:
  0      success
  1      a check found something
  3, 4   of `batch`: rows with errors, budget spent
  64     wrong usage, unknown provider or model
  65     response that cannot be parsed, is cut off or refused
  66     file not found, or no such model at the provider
  69     server unreachable or failing
  73     output cannot be written
  75     rate limit, overload or timeout: try again
  77     key rejected
  78     missing key, invalid configuration, or over budget
  130    Ctrl-C"""


BATCH_TABLE = """\
Exit 0 if all rows are answered, 3 if all have ended and some in errors, 4 if the budget stopped the run, 130 if it was
interrupted; else, also if --max-errors stopped it, by the error as `ask`."""


class CommandFailed(Exception):
    """Ends a command. `main` prints the error or the message to standard error and exits with the code."""

    def __init__(self, reason: LLMError | str, code: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


def value_or_exit(result: LLMResult[A], code: int | None = None) -> A:
    """Return the value of a Result. Raises CommandFailed with its error; `code` overrides the error's exit code."""
    if isinstance(result, Failure):
        error = result.failure()
        raise CommandFailed(error, exit_code(error) if code is None else code)
    return result.unwrap()


def exit_code(error: LLMError) -> int:
    """Return the exit code of a command that ends with this error."""
    match error:
        case InvalidConfiguration(field="api_type" | "model"):
            return USAGE
        case InvalidConfiguration(field="file"):
            return NO_INPUT
        case InvalidConfiguration() | BudgetExceeded() | UnknownPrice():
            return CONFIGURATION
        case UnsupportedFeature():
            return USAGE
        case AuthenticationFailed() | PermissionDenied():
            return NO_PERMISSION
        case RateLimited() | Overloaded() | TimedOut() | QuotaExceeded():
            return TRY_AGAIN
        case NotFound():
            return NO_INPUT
        case ConnectionFailed() | ServerError():
            return UNAVAILABLE
        case InvalidRequest() | ContextLengthExceeded() | ContentFiltered():
            return DATA
        case ProtocolError() | StreamInterrupted() | IncompleteAnswer():
            return DATA
        case _:
            assert_never(error)
