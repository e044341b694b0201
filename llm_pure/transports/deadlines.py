"""The deadline of a whole call, under httpcore's own timeouts: no read, write or connect waits past it.

httpcore bounds each read by itself, so a server that drips one byte a second never runs out of time. The streams here
stand between httpcore and its sockets, and give each step what is left of the whole. They are what httpcore calls a
NetworkStream and a NetworkBackend by their methods alone, so that they serve httpcore and httpcore2; `core` is either.
"""

import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from time import monotonic
from typing import Any

_deadline: ContextVar[float] = ContextVar("llm_pure_deadline", default=float("inf"))

_has_ended: ContextVar[bool] = ContextVar("llm_pure_connection_has_ended", default=False)

CLOSED_BY_PEER = float("-inf")
"""A deadline that lets nothing pass: whoever reads next finds that the call is over."""

_PIECE = 64 * 1024
"""How much is written under one timeout, so that a server that reads slowly can't stretch it."""


@contextmanager
def until(deadline_s: float) -> Iterator[None]:
    """Within this context, what is read or written by this task or thread has until then (`time.monotonic`)."""
    token, ended = _deadline.set(deadline_s), _has_ended.set(False)
    try:
        yield
    finally:
        _deadline.reset(token)
        _has_ended.reset(ended)


def has_ended() -> bool:
    """Return true if the last read within `until` met the end of the connection.

    After a protocol error this distinguishes a response that was cut off from a malformed one. httpcore raises one
    exception type for both, and only the text differs.
    """
    return _has_ended.get()


def _noted(data: bytes) -> bytes:
    if not data:
        _has_ended.set(True)
    return data


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    left_s = _deadline.get() - monotonic()
    if left_s <= 0:
        raise late("the deadline of the call has passed")
    return left_s if timeout is None else min(timeout, left_s)


def _pieces(data: bytes) -> Iterable[bytes]:
    if len(data) <= _PIECE:
        return (data,)
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))


class DeadlineStream:
    """A connection that knows the deadline."""

    def __init__(self, core: Any, inner: Any) -> None:
        self._core = core
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        return _noted(self._inner.read(max_bytes, _left(timeout, self._core.ReadTimeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for piece in _pieces(buffer):
            self._inner.write(piece, _left(timeout, self._core.WriteTimeout))

    def close(self) -> None:
        sock = self._inner.get_extra_info("socket")
        with suppress(OSError):  # wakes a thread that reads from it; closing alone does not
            sock.shutdown(socket.SHUT_RDWR)
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "DeadlineStream":
        left = _left(timeout, self._core.ConnectTimeout)
        return DeadlineStream(self._core, self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class DeadlineBackend:
    """Makes connections that know the deadline."""

    def __init__(self, core: Any, inner: Any) -> None:
        self._core = core
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> "DeadlineStream":
        left = _left(timeout, self._core.ConnectTimeout)
        return DeadlineStream(
            self._core, self._inner.connect_tcp(host, port, left, local_address, socket_options)
        )


class AsyncCappedStream:
    """The same, async."""

    def __init__(self, core: Any, inner: Any) -> None:
        self._core = core
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        return _noted(await self._inner.read(max_bytes, _left(timeout, self._core.ReadTimeout)))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, _left(timeout, self._core.WriteTimeout))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "AsyncCappedStream":
        left = _left(timeout, self._core.ConnectTimeout)
        return AsyncCappedStream(
            self._core, await self._inner.start_tls(ssl_context, server_hostname, left)
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class AsyncCappedBackend:
    """The same, async."""

    def __init__(self, core: Any, inner: Any) -> None:
        self._core = core
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> "AsyncCappedStream":
        left = _left(timeout, self._core.ConnectTimeout)
        return AsyncCappedStream(
            self._core,
            await self._inner.connect_tcp(host, port, left, local_address, socket_options),
        )
