"""Connections of clients in uvicorn, ended if the client does not send, or read, what it has to.

uvicorn limits no time but that between two requests, and with httptools no size of a head: a client that anyone can be would
hold connections, and memory, for as long as it likes. (uvicorn 0.54, httptools 0.9: measured on 2026-11-30;
so it is in xorbitsai/inference#5213.)
"""

import asyncio
from time import monotonic
from typing import Any, cast

HEAD_BYTES = 128 * 1024
"""h11 has the same limit as a setting. What is longer than `admission.MAX_HEADER_BYTES` is refused in words."""
IDLE_S = 75.0
"""For the first byte, as between two requests: balancers open connections ahead (as generally known on 2026-11-30, unconfirmed)."""
HEAD_S = 30.0
"""For a head."""
BODY_S = 120.0
"""For a body."""
CLOSE_S = 30.0
"""For some of the last bytes of a connection that is closed, which the client has to read."""
LOOK_S = 5.0
"""How often connections are looked at: one timer for each connection costs nothing, one for each request would."""


class LimitedConnection(asyncio.Protocol):
    """Comes before one of uvicorn's two protocols, whose attributes it reads: uvicorn has no settings for it."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    cycle: Any
    """The last request and its response, None before the first."""
    scope: Any
    """Of the last request. httptools begins it with the head, and adds the path at the end of the head."""
    timeout_keep_alive_task: Any
    """Runs between two requests, up to the first byte of the second."""

    _is_new = True
    """Nothing has come yet."""
    _head_bytes = 0
    _waits_for: tuple[object, ...] = ()
    _since_s = 0.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._is_new = False
        super().data_received(data)
        if self.scope is None or "path" in self.scope:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read. The request that it belongs to gets no other response; one that has begun is cut off."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.abort()
                return
        cast(Any, super()).send_400_response(msg)

    def _look(self) -> None:
        """End the connection if it waits for too long for one thing."""
        now_s = monotonic()
        waits_for, limit_s = self._wait()
        if waits_for != self._waits_for:
            self._waits_for, self._since_s = waits_for, now_s
        elif waits_for and now_s - self._since_s >= limit_s:
            self.transport.abort()
            return
        self._timer = self.loop.call_later(LOOK_S, self._look)

    def _wait(self) -> tuple[tuple[object, ...], float]:
        """What the client has to do next, as a value that stays the same until that is done, () for nothing; and how long it
        may take."""
        if self._is_new:
            return ("byte",), IDLE_S
        if self.transport.is_closing():
            return ("close", self.transport.get_write_buffer_size()), CLOSE_S
        if self.cycle is None or self.cycle.response_complete:
            between = self.timeout_keep_alive_task is not None
            return () if between else ("head", self.scope), HEAD_S
        return ("body", self.cycle) if self.cycle.more_body else (), BODY_S


def connection_class(parser: str) -> type[asyncio.Protocol]:
    """uvicorn's protocol with this parser, "httptools" or "h11", with the limits."""
    base: Any
    if parser == "h11":
        from uvicorn.protocols.http.h11_impl import H11Protocol as base  # imported late: an extra
    else:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as base
    return type("Connection", (LimitedConnection, base), {})
