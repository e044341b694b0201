"""Exit codes, after sysexits.h, so that scripts can tell what went wrong."""

from typing import assert_never

from llm_pure.types.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ConnectionFailed,
    ContentFiltered,
    ContextLengthExceeded,
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

OK = 0
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
exit codes: 0 answered; 64 wrong usage, unknown provider or model; 65 the answer could not be read, was cut off or
refused; 66 no such file or model at the provider; 69 no server there, or it failed; 75 rate limit, overload or
timeout: try again; 77 the key was refused; 78 no key, or a configuration that cannot work."""


def exit_code(error: LLMError) -> int:
    """The code with which a command ends on this error."""
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
        case ProtocolError() | StreamInterrupted():
            return DATA
        case _:
            assert_never(error)
