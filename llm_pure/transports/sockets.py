"""Sockets and locks of this process: none is used by a process that is forked from it. Also what sockets have to be read.

A forked process has copies of the parent's sockets: what it wrote to them the service would take for the parent's, and each
would read answers to the other. It also has the locks that other threads of the parent held at that moment.
"""

import os
import select
import socket
from collections.abc import Iterator
from contextlib import suppress
from threading import Lock
from time import monotonic
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


LEAST_CONNECT_S = 2.0
"""For one address of several, if there is so much time: as Go's `net.Dialer` has it."""


def addresses_in_turn(host: str, port: int, timeout_s: float) -> Iterator[tuple[str, float]]:
    """Yield each address of a host with its share of the time: `socket.create_connection` gives all of it to each of them.

    Ends when the time is over. Raises OSError.
    """
    ends_s = monotonic() + timeout_s
    resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys([str(address[0]) for *_, address in resolved]))
    for number, address in enumerate(addresses):
        left_s = ends_s - monotonic()
        if left_s <= 0:
            return
        yield address, min(left_s, max(LEAST_CONNECT_S, left_s / (len(addresses) - number)))


def connect(host: str, port: int, timeout_s: float) -> socket.socket:
    """Return a connected socket, of any address of the host. Raises OSError."""
    failed: OSError = TimeoutError()
    for address, step_s in addresses_in_turn(host, port, timeout_s):
        try:
            return socket.create_connection((address, port), timeout=step_s)
        except OSError as error:
            failed = error
    raise failed


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
