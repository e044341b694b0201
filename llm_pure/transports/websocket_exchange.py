"""What the sync and the async websocket transport share: a request on its way, and the connection that it goes over."""

import socket
import ssl
from functools import lru_cache
from time import monotonic

import anyio
import msgspec
from anyio.abc import ByteStream
from websockets.uri import WebSocketURI

from llm_pure.adapters.dialects import spark_frames
from llm_pure.transports.base import Timeouts, TransportSettings
from llm_pure.transports.causes import reason
from llm_pure.transports.exchange import CLOSED, sent_headers, unusable_proxy
from llm_pure.transports.websocket_dialogue import IsLast, WebSocketSession, read_uri
from llm_pure.types.errors import ConnectionFailed, LLMError, TimedOut
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success

READ = 64 * 1024
FAULTS = (OSError, UnicodeError, anyio.BrokenResourceError, anyio.ClosedResourceError)
"""What carrying bytes may raise; TimeoutError and ssl.SSLError are OSErrors."""

HANG_UP_S = 1.0


class Sending(msgspec.Struct, frozen=True):
    """A request on its way. place: where to, for people."""

    uri: WebSocketURI
    dialogue: WebSocketSession
    timeouts: Timeouts
    deadline_s: float
    tls: ssl.SSLContext | None

    @property
    def place(self) -> str:
        return f"{self.uri.host}:{self.uri.port}"

    def left_s(self, step_s: float) -> float:
        """How long a step may take by now; TimeoutError when the whole call has had its time."""
        left = min(step_s, self.deadline_s - monotonic())
        if left <= 0:
            raise TimeoutError
        return left

    def error(self, fault: Exception, phase: str) -> LLMError:
        """What this exception means."""
        begun = self.dialogue.head is not None
        if isinstance(fault, TimeoutError):
            late = monotonic() >= self.deadline_s
            what = "no connection" if phase == "connect" else "no answer"
            return TimedOut(
                message=f"{what} from {self.place} in time",
                phase="total" if late else phase,
                retryable=not begun,
            )
        untrusted = isinstance(fault, ssl.SSLCertVerificationError)
        return ConnectionFailed(
            message=f"the connection to {self.place} failed: {reason(fault)}",
            retryable=not untrusted,
        )


class Base:
    """What both kinds of transport know."""

    def __init__(
        self,
        settings: TransportSettings | None = None,
        *,
        is_last: IsLast = spark_frames.is_last,
    ) -> None:
        self._settings = settings or TransportSettings()
        self._is_last = is_last
        self._closed = False

    def prepare(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[Sending]:
        if self._closed:
            return Failure(CLOSED)
        if self._settings.proxy is not None:
            return Failure(unusable_proxy("a websocket goes through none here"))
        uri = read_uri(request.url)
        headers = sent_headers(request.headers, self._settings)
        if isinstance(uri, Failure):
            return uri
        if isinstance(headers, Failure):
            return headers
        there = uri.unwrap()
        dialogue = WebSocketSession(
            there, headers.unwrap(), request.body, self._is_last, self._settings.body_limit
        )
        tls = (self._settings.tls or _default_tls()) if there.secure else None
        return Success(Sending(there, dialogue, timeouts, monotonic() + timeouts.total_s, tls))


def connect(sending: Sending) -> LLMResult[socket.socket]:
    uri = sending.uri
    try:
        wait_s = sending.left_s(sending.timeouts.connect_s)
        sock = socket.create_connection((uri.host, uri.port), timeout=wait_s)
    except FAULTS as fault:
        return Failure(sending.error(fault, "connect"))
    if sending.tls is None:
        return Success(sock)
    try:
        return Success(sending.tls.wrap_socket(sock, server_hostname=uri.host))
    except FAULTS as fault:
        sock.close()
        return Failure(sending.error(fault, "connect"))


async def aconnect(sending: Sending) -> LLMResult[ByteStream]:
    uri = sending.uri
    try:
        with anyio.fail_after(sending.left_s(sending.timeouts.connect_s)):
            if sending.tls is None:
                return Success(await anyio.connect_tcp(uri.host, uri.port))
            return Success(
                await anyio.connect_tcp(
                    uri.host,
                    uri.port,
                    tls=True,
                    ssl_context=sending.tls,
                    tls_hostname=uri.host,
                    tls_standard_compatible=False,
                )
            )
    except FAULTS as fault:
        return Failure(sending.error(fault, "connect"))


@lru_cache(maxsize=1)
def _default_tls() -> ssl.SSLContext:
    """The system's authorities and certifi's, which comes with httpx."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
