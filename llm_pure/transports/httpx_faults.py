"""What httpx or httpx2 and the sockets below raise -> LLMError, with no URL and no header value in the message."""

import ssl
from typing import Any

from llm_pure.transports.causes import exception_chain, reason, said
from llm_pure.types.errors import (
    ConnectionFailed,
    InvalidConfiguration,
    LLMError,
    ProtocolError,
    TimedOut,
)

_PHASES = {
    "ConnectTimeout": ("connect", "no connection"),
    "WriteTimeout": ("write", "the request could not be sent"),
    "PoolTimeout": ("pool", "no connection was free"),
}
"""Every other timeout is one of reading."""


def error_of(
    httpx: Any,
    fault: Exception,
    place: str,
    *,
    late: bool,
    begun: bool,
    ended: bool,
    status: int | None = None,
) -> LLMError:
    """The error that this exception means.

    httpx: the package that raised it. place: the host, for the message. late: the deadline of the whole call has
    passed. begun: bytes of the body had come, so that the service has done its work once and is not asked again for
    being slow. ended: the connection has ended, so that a protocol error means a response that was cut off.
    """
    match fault:
        case httpx.TimeoutException():
            phase, what = _PHASES.get(type(fault).__name__, ("read", "no answer"))
            return TimedOut(
                message=f"{what} from {place} in time",
                phase="total" if late else phase,
                status=status,
                retryable=not begun,
            )
        case httpx.RemoteProtocolError():
            if ended:
                return ConnectionFailed(message=f"{place}: {said(fault)}", status=status)
            return ProtocolError(
                message=f"{place} does not speak HTTP/1.1: {said(fault)}", status=status
            )
        case httpx.LocalProtocolError() | UnicodeError():
            # its message may quote the header, and the header may be the key
            return InvalidConfiguration(
                message=f"a header or the address cannot be sent ({type(fault).__name__})",
                field="headers",
            )
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return InvalidConfiguration(
                message=f"the address cannot be used: {said(fault)}", field="base_url"
            )
        case httpx.ProxyError():
            return ConnectionFailed(
                message=f"the proxy refused: {said(fault)}", retryable=not _is_refusal(fault)
            )
        case httpx.ConnectError():
            causes = exception_chain(fault)
            untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
            return ConnectionFailed(
                message=f"no connection to {place}: {reason(fault)}", retryable=not untrusted
            )
        case _:
            what = "broke off" if status is not None else "failed"
            return ConnectionFailed(
                message=f"the connection to {place} {what}: {reason(fault)}", status=status
            )


def _is_refusal(fault: Exception) -> bool:
    """Return true for a proxy's status 4xx. httpcore gives the status line of a proxy as text only.

    The text begins with the status ("407 Proxy Authentication Required"). With any other text the call may be retried.
    """
    return str(fault).startswith("4")
