"""Sockets and locks of this process: none is used by a process that is forked from it. Also what sockets have to be read.

A forked process has copies of the parent's sockets: what it wrote to them the service would take for the parent's, and each
would read answers to the other. It also has the locks that other threads of the parent held at that moment.
"""

import os
import select
import socket
from contextlib import suppress
from threading import Lock
from typing import Protocol
from weakref import WeakSet


class _ForkAware(Protocol):
    """Has state that a forked process must not use."""

    def reset_after_fork(self) -> None:
        """Forget connections and locks; called in the child, before any of its code runs."""
        ...


class _Connection(Protocol):
    """An open connection."""

    def fileno(self) -> int:
        """Return the socket's file descriptor, -1 when it is closed."""
        ...


_fork_aware: "WeakSet[_ForkAware]" = WeakSet()
_connections: "WeakSet[_Connection]" = WeakSet()
inherited: list[object] = []
"""What must not be closed or deleted in a forked process."""


def reset_after_fork(owner: _ForkAware) -> None:
    """Call `owner.reset_after_fork()` in every process that is forked from this one."""
    _fork_aware.add(owner)


def leave_to_parent(connection: _Connection) -> None:
    """Cut this connection off in every process that is forked from this one."""
    _connections.add(connection)


class ForkSafeLock:
    """A lock that is free in a forked process, whatever thread of the parent held it."""

    def __init__(self) -> None:
        self._lock = Lock()
        reset_after_fork(self)

    def reset_after_fork(self) -> None:
        """Replace the lock."""
        self._lock = Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        if self._lock.locked():  # not in a process that was forked inside of the block
            self._lock.release()


def _after_fork() -> None:
    """Put /dev/null in the place of every inherited socket, then reset what owned them.

    Closing the socket objects instead is no way: TLS would say goodbye to the service in the parent's name, and an event
    loop would remove the parent's socket from the `epoll` that both have.
    """
    connections = list(_connections)
    descriptors = {descriptor for item in connections if (descriptor := item.fileno()) >= 0}
    if descriptors:
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        for descriptor in descriptors:
            os.dup2(null, descriptor, inheritable=False)
        os.close(null)
    inherited.extend(connections)
    _connections.clear()
    for owner in list(_fork_aware):
        owner.reset_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def wait_until_ready(
    descriptor: int, timeout_s: float | None, *, read: bool = True, write: bool = True
) -> tuple[bool, bool]:
    """Wait until a socket can be read or written; return which. Neither after the timeout."""
    if not hasattr(select, "poll"):  # Windows
        reading, writing, _ = select.select(
            [descriptor] if read else [], [descriptor] if write else [], [], timeout_s
        )
        return bool(reading), bool(writing)
    poll = select.poll()
    poll.register(descriptor, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))
    ready = poll.poll(None if timeout_s is None else min(timeout_s, 86_400) * 1000)
    events = ready[0][1] if ready else 0
    return read and bool(events & ~select.POLLOUT), write and bool(events & ~select.POLLIN)


def is_readable(descriptor: int) -> bool:
    """True if bytes, or the end of the connection, can be read from a socket."""
    return descriptor >= 0 and wait_until_ready(descriptor, 0, write=False)[0]


def duplicate(connection: _Connection) -> socket.socket | None:
    """Return a second socket of the connection: asyncio closes its own when a write fails, with all that is unread."""
    if not hasattr(os, "register_at_fork"):  # Windows, whose sockets are no files
        return None
    spare = socket.socket(fileno=os.dup(connection.fileno()))
    leave_to_parent(spare)
    return spare


def unread(sock: socket.socket, limit: int = 1024 * 1024) -> list[bytes]:
    """Return what the system still has of a connection that is over, at most about `limit` bytes."""
    pieces: list[bytes] = []
    with suppress(OSError):
        sock.setblocking(False)
        while sum(map(len, pieces)) < limit and (data := sock.recv(64 * 1024)):
            pieces.append(data)
    return pieces
