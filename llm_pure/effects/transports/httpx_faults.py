"""What httpx, httpcore and the sockets below raise -> LLMError, with no URL and no header value in the message."""

import os
import re
import ssl

import httpx

from llm_pure.errors import (
    ConfigurationInvalid,
    ConnectionFailed,
    LLMError,
    ProtocolFault,
    TimedOut,
)
from llm_pure.redact import conceal

FAULTS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, UnicodeError)
"""Everything that carrying bytes over httpx may raise."""

_PHASES: tuple[tuple[type[httpx.TimeoutException], str, str], ...] = (
    (httpx.ConnectTimeout, "connect", "no connection"),
    (httpx.WriteTimeout, "write", "the request could not be sent"),
    (httpx.PoolTimeout, "pool", "no connection was free"),
    (httpx.ReadTimeout, "read", "no answer"),
)

_CUT_OFF = re.compile(r"(?i)server disconnected|peer closed connection")


def error_of(
    fault: Exception, place: str, *, late: bool, begun: bool, status: int | None = None
) -> LLMError:
    """The error that this exception means.

    place: the host, for the message. late: the deadline of the whole call has passed. begun: bytes of the body had
    come, so that the service has done its work once and is not asked again for being slow.
    """
    match fault:
        case httpx.TimeoutException():
            phase, what = next(
                ((phase, what) for kind, phase, what in _PHASES if isinstance(fault, kind)),
                ("read", "no answer"),
            )
            return TimedOut(
                message=f"{what} from {place} in time",
                phase="total" if late else phase,
                status=status,
                retryable=not begun,
            )
        case httpx.RemoteProtocolError():
            if _CUT_OFF.search(str(fault)):
                return ConnectionFailed(message=f"{place}: {_said(fault)}", status=status)
            return ProtocolFault(
                message=f"{place} does not speak HTTP/1.1: {_said(fault)}", status=status
            )
        case httpx.LocalProtocolError() | UnicodeError():
            # its message may quote the header, and the header may be the key
            return ConfigurationInvalid(
                message=f"a header or the address cannot be sent ({type(fault).__name__})",
                field="headers",
            )
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return ConfigurationInvalid(
                message=f"the address cannot be used: {_said(fault)}", field="base_url"
            )
        case httpx.ProxyError():
            asks_for_more = str(fault).startswith(
                "4"
            )  # such as "407 Proxy Authentication Required"
            return ConnectionFailed(
                message=f"the proxy refused: {_said(fault)}", retryable=not asks_for_more
            )
        case httpx.ConnectError():
            causes = _causes(fault)
            untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
            return ConnectionFailed(
                message=f"no connection to {place}: {_reason(fault)}", retryable=not untrusted
            )
        case _:
            what = "broke off" if status is not None else "failed"
            return ConnectionFailed(
                message=f"the connection to {place} {what}: {_reason(fault)}", status=status
            )


def _said(fault: BaseException) -> str:
    return conceal(str(fault)) or type(fault).__name__


def _reason(fault: BaseException) -> str:
    """The words of the innermost cause that has any: "Connection refused", not "All connection attempts failed"."""
    told = [cause for cause in _causes(fault) if isinstance(cause, OSError) and str(cause)]
    innermost = told[-1] if told else fault
    if isinstance(innermost, ConnectionError) and innermost.errno:
        return os.strerror(innermost.errno)  # asyncio puts words of its own in place of these
    return _said(innermost)


def _causes(fault: BaseException) -> list[BaseException]:
    """What led to this exception, the innermost last."""
    causes: list[BaseException] = []
    cause = fault.__cause__ or fault.__context__
    while cause is not None and len(causes) < 8:
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes
