"""Connections below httpcore: they respect the deadline of the whole call, end where a response ends, and notice early errors.

httpcore bounds each read by itself, so a server that sends one byte a second never times out. The streams here stand between
httpcore and its sockets and limit each step to the time that is left. They have the methods of httpcore's NetworkStream and
NetworkBackend without inheriting them, so that they serve httpcore and httpcore2; `core` is either package.

- Bytes after the end of a response are dropped, and the connection serves no other request: httpcore would take them for the
  response to the next one.
- An error that comes while a large request is being sent is read at once. Sending on until the service closes the connection
  loses it on asyncio.
"""

import socket
import ssl
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from time import monotonic
from typing import Any, TypeVar

import anyio

from llm_pure.transports.http1_framing import ResponseFraming, is_early_error
from llm_pure.transports.sockets import (
    addresses_in_turn,
    duplicate,
    leave_to_parent,
    unread,
    wait_until_ready,
)

_deadline: ContextVar[float] = ContextVar("llm_pure_deadline", default=float("inf"))
_has_ended: ContextVar[bool] = ContextVar("llm_pure_connection_has_ended", default=False)

CLOSED_BY_PEER = float("-inf")
"""A deadline in the past: the next read fails."""

_PIECE = 64 * 1024
"""Bytes that are written under one timeout, so that a server that reads slowly cannot extend it."""

_READ_SIZE = 256 * 1024
"""asyncio receives no more at once. anyio keeps what is left of a smaller read, where no check of the socket sees it."""

_EARLY_SIZE, _EARLY_PIECES = 64 * 1024, 16
"""How much of an early response is read while the request is being sent: so many bytes at once, so often."""


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


def _seconds_left(timeout: float | None, too_late: type[Exception]) -> float:
    left_s = _deadline.get() - monotonic()
    if left_s <= 0:
        raise too_late("the deadline of the call has passed")
    return left_s if timeout is None else min(timeout, left_s)


class _Wrapper:
    """A stream or a backend of httpcore, and the httpcore that it is of."""

    def __init__(self, core: Any, inner: Any) -> None:
        self._core = core
        self._inner = inner


class _Stream(_Wrapper):
    """What both kinds of connection have."""

    def __init__(self, core: Any, inner: Any) -> None:
        super().__init__(core, inner)
        self._framing = ResponseFraming()
        self._early: deque[bytes] = deque()
        """What was read while the request was being sent."""
        leave_to_parent(self)

    def fileno(self) -> int:
        """Return the file descriptor of the connection, -1 if there is none."""
        sock = self._inner.get_extra_info("socket")
        return -1 if sock is None else int(sock.fileno())

    def get_extra_info(self, info: str) -> Any:
        """As httpcore's. A connection with bytes that nobody asked for is "is_readable", and its pool closes it."""
        value = self._inner.get_extra_info(info)
        if info != "is_readable":
            return value
        return value or not self._framing.is_reusable or bool(self._early) or self._holds_bytes()

    def _holds_bytes(self) -> bool:
        """True if TLS has bytes that were taken from the socket."""
        raise NotImplementedError

    def _received(self, data: bytes) -> bytes:
        """Return what is of the response. Raises RemoteProtocolError for a head that is ambiguous."""
        if not data:
            _has_ended.set(True)
            return data
        own = self._framing.receive(data)
        if self._framing.problem:
            raise self._core.RemoteProtocolError(self._framing.problem)
        return own

    def _is_refused(self) -> bool:
        """True if an early response is an error, or the service has ended the connection."""
        return bool(self._early) and (not self._early[-1] or is_early_error(b"".join(self._early)))

    def _begin(self, buffer: bytes) -> bool:
        """Note bytes that are about to be sent. Return true if the response may come before the last of them."""
        early = self._framing.awaits_head
        self._framing.sent(buffer)
        return early or len(buffer) > _PIECE


S = TypeVar("S", bound=_Stream)


class DeadlineStream(_Stream):
    """A connection, sync."""

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        if self._early:
            return self._received(self._early.popleft())
        left_s = _seconds_left(timeout, self._core.ReadTimeout)
        return self._received(self._inner.read(max_bytes, left_s))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        watched = self._begin(buffer)
        for start in range(0, len(buffer), _PIECE):
            left_s = _seconds_left(timeout, self._core.WriteTimeout)
            if watched:
                self._wait_until_writable(left_s)
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

    def _wait_until_writable(self, left_s: float | None) -> None:
        """Read what comes meanwhile. Raises WriteError, after which httpcore reads the response, if that is an error."""
        descriptor = self.fileno()
        while descriptor >= 0:
            readable, writable = wait_until_ready(
                descriptor, left_s, read=len(self._early) < _EARLY_PIECES
            )
            if readable:
                with suppress(self._core.ReadTimeout):  # less than a record of TLS
                    self._early.append(self._inner.read(_EARLY_SIZE, 0.001))
                if self._is_refused():
                    raise self._core.WriteError("the response came before the request was sent")
            if writable or not readable:
                return

    def _holds_bytes(self) -> bool:
        sock = self._inner.get_extra_info("socket")
        return isinstance(sock, ssl.SSLSocket) and sock.fileno() >= 0 and sock.pending() > 0


class DeadlineBackend(_Wrapper):
    """Opens connections that respect the deadline, sync."""

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, **options: Any
    ) -> DeadlineStream:
        left_s = _seconds_left(timeout, self._core.ConnectTimeout)
        failed = self._core.ConnectTimeout("the deadline of the call has passed")
        try:
            for address, step_s in addresses_in_turn(host, port, left_s):
                try:
                    stream = self._inner.connect_tcp(address, port, step_s, **options)
                except (self._core.ConnectError, self._core.ConnectTimeout) as error:
                    failed = error
                else:
                    return DeadlineStream(self._core, stream)
        except OSError as error:  # the host is unknown
            raise self._core.ConnectError(str(error)) from error
        raise failed


class AsyncDeadlineStream(_Stream):
    """A connection, async."""

    _failed: Exception | None = None
    """Why nothing more can be read, once `_early` is empty."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        if self._early:
            return self._received(self._early.popleft())
        if self._failed is not None:
            raise self._failed
        left_s = _seconds_left(timeout, self._core.ReadTimeout)
        return self._received(await self._inner.read(max(max_bytes, _READ_SIZE), left_s))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left_s = _seconds_left(timeout, self._core.WriteTimeout)
        if self._begin(buffer) and (len(buffer) > _PIECE or self._is_readable()):
            await self._write_watching(buffer, left_s)
        else:
            await self._inner.write(buffer, left_s)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> "AsyncDeadlineStream":
        left_s = _seconds_left(timeout, self._core.ConnectTimeout)
        stream = await self._inner.start_tls(ssl_context, server_hostname, left_s)
        return AsyncDeadlineStream(self._core, stream)

    def _is_readable(self) -> bool:
        return bool(self._inner.get_extra_info("is_readable"))

    async def _write_watching(self, buffer: bytes, left_s: float | None) -> None:
        """Write, and read what comes meanwhile. Raises WriteError if that is an error: httpcore then reads it."""
        errors: list[Exception] = []
        watched = anyio.Event()
        ends_s = None if left_s is None else monotonic() + left_s
        refused = self._core.WriteError("the response came before the request was sent")
        encrypted = self._inner.get_extra_info("ssl_object") is not None
        spare = None if encrypted else duplicate(self)
        try:
            async with anyio.create_task_group() as tasks:

                async def watch() -> None:
                    try:
                        while not self._is_refused() and len(self._early) < _EARLY_PIECES:
                            self._early.append(await self._inner.read(_READ_SIZE, None))
                    except Exception as error:  # noqa: BLE001 - `read` raises it
                        self._failed = error
                    watched.set()
                    if self._is_refused():
                        errors.append(refused)
                        tasks.cancel_scope.cancel()

                tasks.start_soon(watch)
                try:
                    for start in range(0, len(buffer), _READ_SIZE):
                        while self._is_readable() and not watched.is_set():
                            await anyio.lowlevel.checkpoint()  # to `watch`
                        step_s = None if ends_s is None else max(0.0, ends_s - monotonic())
                        await self._inner.write(buffer[start : start + _READ_SIZE], step_s)
                except self._core.WriteError as error:  # what came before it may be the response
                    errors.append(error)
                    with anyio.move_on_after(1):
                        await watched.wait()
                    if spare is not None and not self._is_refused():
                        self._early.extend(unread(spare))
                except Exception as error:  # noqa: BLE001 - not as part of a group
                    errors.append(error)
                tasks.cancel_scope.cancel()
        finally:
            if spare is not None:
                spare.close()
        if errors:
            raise errors[0]

    def _holds_bytes(self) -> bool:
        """anyio reads TLS into memory, where no check of the socket sees the next records."""
        tls = self._inner.get_extra_info("ssl_object")
        if tls is None:
            return False
        try:
            return bool(tls.read(1)) or True  # something, or the end
        except ssl.SSLWantReadError:
            return False
        except (ssl.SSLError, OSError, ValueError):
            return True


class AsyncDeadlineBackend(_Wrapper):
    """Opens connections that respect the deadline, async."""

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, **options: Any
    ) -> AsyncDeadlineStream:
        left_s = _seconds_left(timeout, self._core.ConnectTimeout)
        stream = await self._inner.connect_tcp(host, port, left_s, **options)
        return AsyncDeadlineStream(self._core, stream)
