"""What aiohttp and the sockets below raise -> LLMError, with no URL and no header value in the message."""

import ssl

import aiohttp

from llm_pure.transports.causes import exception_chain, reason, said
from llm_pure.types.errors import (
    ConnectionFailed,
    InvalidConfiguration,
    LLMError,
    ProtocolError,
    TimedOut,
)

FAULTS = (aiohttp.ClientError, OSError, ValueError, RuntimeError)
"""Everything that carrying bytes over aiohttp may raise; TimeoutError is an OSError."""


class WriteTimeout(TimeoutError):
    """A piece of the request was not sent in time."""


def error_of(
    fault: Exception, place: str, *, begun: bool, ended: bool = False, status: int | None = None
) -> LLMError:
    """The error that this exception means.

    place: the host, for the message. begun: bytes of the body had come, so that the service has done its work once and
    is not asked again for being slow. ended: the service has ended the connection, so that a broken body was cut off.
    """
    match fault:
        case TimeoutError():
            phase, what = _phase(fault)
            return TimedOut(
                message=f"{what} from {place} in time",
                phase=phase,
                status=status,
                retryable=not begun,
            )
        case aiohttp.ClientHttpProxyError():
            return ConnectionFailed(
                message=f"the proxy refused: {fault.status} {said(Exception(fault.message))}",
                retryable=not 400 <= fault.status < 500,
            )
        case aiohttp.ClientConnectorError():
            untrusted = any(
                isinstance(cause, ssl.SSLCertVerificationError)
                for cause in (fault.os_error, *exception_chain(fault))
            )
            return ConnectionFailed(
                message=f"no connection to {place}: {reason(fault)}", retryable=not untrusted
            )
        case aiohttp.ClientResponseError():
            what = _first_line(fault.message)
            return ProtocolError(message=f"{place} does not speak HTTP/1.1: {what}", status=status)
        case aiohttp.ClientPayloadError() if not ended:
            return ProtocolError(
                message=f"{place} does not speak HTTP/1.1: {_first_line(str(fault))}", status=status
            )
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError() | ValueError():
            # its message may quote the header, and the header may be the key
            return InvalidConfiguration(
                message=f"a header or the address cannot be sent ({type(fault).__name__})",
                field="headers",
            )
        case _:
            what = "broke off" if status is not None else "failed"
            return ConnectionFailed(
                message=f"the connection to {place} {what}: {_first_line(reason(fault))}",
                status=status,
            )


def _phase(fault: TimeoutError) -> tuple[str, str]:
    if isinstance(fault, aiohttp.ConnectionTimeoutError):
        return "connect", "no connection"
    if isinstance(fault, WriteTimeout):
        return "write", "the request could not be sent"
    if isinstance(fault, aiohttp.SocketTimeoutError):
        return "read", "no answer"
    return "total", "no answer"


def _first_line(text: str) -> str:
    return said(Exception(text.strip().partition("\n")[0].rstrip(": ")))
