"""One websocket as bytes in and bytes out, around the protocol of the package `websockets`, which does no I/O itself.

The handshake, one message sent, the messages that come back, each as a line; pings are answered by the way.
"""

import logging
from collections import deque
from collections.abc import Callable

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI, PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from llm_pure.transports.exchange import unusable_address
from llm_pure.types.errors import ConnectionFailed, LLMError, ProtocolError
from llm_pure.types.http import Headers, ResponseHead
from llm_pure.types.result import Failure, LLMResult, Success

IsLast = Callable[[bytes], bool]
"""Does nothing come after this message? The service may leave the connection open."""

_LINES = (("content-type", "application/x-ndjson"),)
_SILENT = logging.getLogger("llm_pure.websocket")
_SILENT.disabled = True  # what `websockets` logs holds the signed address


def read_uri(url: str) -> LLMResult[WebSocketURI]:
    """InvalidConfiguration when no websocket can be there; what is wrong is told without the address."""
    try:
        return Success(parse_uri(url))
    except InvalidURI as fault:
        return Failure(unusable_address(url, fault.msg))
    except (ValueError, UnicodeError):
        return Failure(unusable_address(url, "it is no URL"))


class WebSocketSession:
    """From the handshake to the last message. over: nothing more is to be read."""

    def __init__(
        self, uri: WebSocketURI, headers: Headers, message: bytes, is_last: IsLast, limit: int
    ) -> None:
        self.head: ResponseHead | None = None
        self.over = False
        self._fault: LLMError | None = None
        self._protocol = ClientProtocol(uri, max_size=limit, logger=_SILENT)
        self._message = message
        self._is_last = is_last
        self._left = limit
        self._fragments: list[bytes] = []
        self._lines: deque[bytes] = deque()
        handshake = self._protocol.connect()
        for name, value in headers:
            handshake.headers[name] = value
        self._protocol.send_request(handshake)

    def opened(self) -> LLMResult[ResponseHead] | None:
        """What the service answered: 200 for an open websocket, else what it refused with; None while that is to come."""
        if self.head is not None:
            return Success(self.head)
        return None if self._fault is None else Failure(self._fault)

    def item(self) -> LLMResult[bytes] | None:
        """The next message with a line break after it, and after the last one the fault; None when there is none."""
        if self._lines:
            return Success(self._lines.popleft())
        fault, self._fault = self._fault, None
        return None if fault is None else Failure(fault)

    def fail(self, error: LLMError) -> None:
        """It broke off."""
        self.over, self._fault = True, error

    def outgoing(self) -> bytes:
        """What is to be written now."""
        return b"".join(self._protocol.data_to_send())

    def take(self, data: bytes) -> None:
        """Bytes that came; none at all is the end of the connection."""
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._answered(event)
            elif isinstance(event, Frame) and not self.over:
                self._framed(event)
        if not self.over:
            self._note_the_end(ended=not data)

    def hang_up(self) -> bytes:
        """The last words of this side."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
        return self.outgoing()

    def _answered(self, response: Response) -> None:
        headers = tuple(response.headers.raw_items())
        if self._protocol.handshake_exc is None:
            plain = tuple([pair for pair in headers if pair[0].lower() != "content-type"])
            self.head = ResponseHead(200, (*_LINES, *plain))
            if self._protocol.state is State.OPEN:  # it may have been closed in the same breath
                self._protocol.send_text(self._message)
            return
        if response.status_code == 101:
            what = "the service's handshake is not one of a websocket"
            self.fail(ProtocolError(message=what, status=101))
            return
        self.over = True
        self.head = ResponseHead(response.status_code, headers)
        if response.body:
            self._lines.append(bytes(response.body))

    def _framed(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        self._fragments.append(bytes(frame.data))
        if not frame.fin:
            return
        message, self._fragments = b"".join(self._fragments), []
        self._left -= len(message)
        if self._left < 0:
            self._too_long()
            return
        # in JSON a line break is white space, and here it would end the line
        self._lines.append(message.replace(b"\n", b" ") + b"\n")
        self.over = self._is_last(message)

    def _note_the_end(self, *, ended: bool) -> None:
        broken = self._protocol.parser_exc
        if isinstance(broken, PayloadTooBig):
            self._too_long()
        elif broken is not None and not isinstance(broken, EOFError):
            what = f"the service breaks the websocket protocol: {type(broken).__name__}"
            self.fail(ProtocolError(message=what, status=self._status))
        elif self._protocol.close_rcvd is not None:
            code = self._protocol.close_rcvd.code
            self.over = True
            if code not in (1000, 1001):
                what = f"the service closed the websocket with code {code}"
                self.fail(ConnectionFailed(message=what, status=self._status))
        elif self._is_no_handshake():
            what = "what the service answers is no HTTP"
            self.fail(ProtocolError(message=what))
        elif ended and self.head is None:
            self.fail(ConnectionFailed(message="the connection ended before the handshake did"))
        elif ended:
            what = "the connection broke off"
            self.fail(ConnectionFailed(message=what, status=self._status))

    def _is_no_handshake(self) -> bool:
        """Bytes that are no answer of HTTP, as against one that was cut off."""
        broken = self._protocol.handshake_exc
        return broken is not None and not isinstance(broken.__cause__, EOFError)

    def _too_long(self) -> None:
        self.fail(
            ProtocolError(message="the messages are longer than the limit", status=self._status)
        )

    @property
    def _status(self) -> int | None:
        return self.head.status if self.head is not None else None
