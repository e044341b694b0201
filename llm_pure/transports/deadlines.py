"""The deadline of a whole call, below httpcore's own timeouts: no read, write or connect waits past it.

httpcore bounds each read by itself, so a server that sends one byte a second never times out. The streams here stand between
httpcore and its sockets and limit each step to the time that is left. They have the methods of httpcore's NetworkStream and
NetworkBackend without inheriting them, so that they serve httpcore and httpcore2; `core` is either package.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from time import monotonic
from typing import Any

_deadline: ContextVar[float] = ContextVar("llm_pure_deadline", default=float("inf"))
_has_ended: ContextVar[bool] = ContextVar("llm_pure_connection_has_ended", default=False)

CLOSED_BY_PEER = float("-inf")
"""A deadline in the past: the next read fails."""

_PIECE = 64 * 1024
"""Bytes that are written under one timeout, so that a server that reads slowly cannot extend it."""


@contextmanager
def until(deadline_s: float) -> Iterator[None]:
    """Limit reads and writes of this task or thread to this time (`time.monotonic`) within the context."""
    deadline, ended = _deadline.set(deadline_s), _has_ended.set(False)
    try:
        yield
    finally:
        _deadline.reset(deadline)
        _has_ended.reset(ended)


def has_ended() -> bool:
    """Return true if the last read within `until` met the end of the connection.

    After a protocol error this distinguishes a response that was cut off from a malformed one. httpcore raises one
    exception type for both, and only the text differs.
    """
    return _has_ended.get()


def _note_end(data: bytes) -> bytes:
    if not data:
        _has_ended.set(True)
    return data


def _seconds_left(timeout: float | None, too_late: type[Exception]) -> float | None:
    left_s = _deadline.get() - monotonic()
    if left_s <= 0:
        raise too_late("the deadline of the call has passed")
    return left_s if timeout is None else min(timeout, left_s)


class _Wrapper:
    """A stream or a backend of httpcore, and the httpcore that it is of."""

    def __init__(self, core: Any, inner: Any) -> None:
        self._core = core
        self._inner = inner

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class DeadlineStream(_Wrapper):
    """A connection that respects the deadline, sync."""

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        left_s = _seconds_left(timeout, self._core.ReadTimeout)
        return _note_end(self._inner.read(max_bytes, left_s))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            left_s = _seconds_left(timeout, self._core.WriteTimeout)
            self._inner.write(buffer[start : start + _PIECE], left_s)

    def close(self) -> None:
        sock = self._inner.get_extra_info("socket")
        with suppress(OSError):  # wakes a thread that reads from it; closing alone does not
            sock.shutdown(socket.SHUT_RDWR)
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> "DeadlineStream":
        left_s = _seconds_left(timeout, self._core.ConnectTimeout)
        stream = self._inner.start_tls(ssl_context, server_hostname, left_s)
        return DeadlineStream(self._core, stream)


class DeadlineBackend(_Wrapper):
    """Opens connections that respect the deadline, sync."""

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, **options: Any
    ) -> DeadlineStream:
        left_s = _seconds_left(timeout, self._core.ConnectTimeout)
        return DeadlineStream(self._core, self._inner.connect_tcp(host, port, left_s, **options))


class AsyncDeadlineStream(_Wrapper):
    """A connection that respects the deadline, async."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        left_s = _seconds_left(timeout, self._core.ReadTimeout)
        return _note_end(await self._inner.read(max_bytes, left_s))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, _seconds_left(timeout, self._core.WriteTimeout))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> "AsyncDeadlineStream":
        left_s = _seconds_left(timeout, self._core.ConnectTimeout)
        stream = await self._inner.start_tls(ssl_context, server_hostname, left_s)
        return AsyncDeadlineStream(self._core, stream)


class AsyncDeadlineBackend(_Wrapper):
    """Opens connections that respect the deadline, async."""

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, **options: Any
    ) -> AsyncDeadlineStream:
        left_s = _seconds_left(timeout, self._core.ConnectTimeout)
        stream = await self._inner.connect_tcp(host, port, left_s, **options)
        return AsyncDeadlineStream(self._core, stream)
