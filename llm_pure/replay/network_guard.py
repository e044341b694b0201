"""Block network connections of this process, except allowed hosts, while a test replays; or only note them, while it records.

Python raises an audit event before each connection, so nothing is patched, and what a test patches or records itself stays.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from llm_pure.replay.client_packages import ClientPackage, advice, connecting_package


class NetworkBlocked(ConnectionError):
    """A blocked connection. An OSError like a refused connection, so transports return it as an error value."""


class Connection(msgspec.Struct, frozen=True):
    """An attempt to connect, or to resolve a name (port None), by code that is not ours."""

    host: str
    port: object
    package: ClientPackage | None

    def __str__(self) -> str:
        where = self.host if self.port is None else f"{self.host}:{self.port}"
        if self.package is None:
            return f"a connection to {where}"
        return f"the package {self.package.name} connected to {where}"

    @property
    def advice(self) -> str:
        """The line to write, "" if the package is not known."""
        return "" if self.package is None else advice(self.package, self.host, self.port)


class Guard:
    """One block."""

    def __init__(self, allowed: Iterable[str] = (), *, blocks: bool = True) -> None:
        self.allowed = set(allowed)
        """Hosts, or `host:port`."""
        self.blocks = blocks
        self.connections: list[Connection] = []
        """Attempts to connect to what is not allowed."""

    def allow(self, address: str) -> None:
        """Allow this `host:port` too."""
        self.allowed.add(address)

    def allows(self, host: str, port: object) -> bool:
        """Return whether a connection is allowed. Name lookups have no port: any allowed port of the host counts."""
        if host in self.allowed or f"{host}:{port}" in self.allowed:
            return True
        return port is None and host in {address.rpartition(":")[0] for address in self.allowed}


_guards: list[Guard] = []
_installed = False


@contextmanager
def guard_network(guard: Guard) -> Iterator[Guard]:
    """Raise NetworkBlocked for connections inside the block, except AF_UNIX sockets and allowed hosts; or only note them."""
    global _installed
    if not _installed:  # an audit hook cannot be removed; without a guard it does nothing
        sys.addaudithook(_audit)
        _installed = True
    _guards.append(guard)
    try:
        yield guard
    finally:
        _guards.remove(guard)


_RESOLVING = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_REACHING = frozenset({"socket.connect", "socket.sendto"})


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _guards or not event.startswith("socket."):
        return
    if event in _REACHING:
        address = arguments[1]
        if isinstance(address, tuple) and len(address) >= 2:
            _check(str(address[0]), address[1])
    elif event in _RESOLVING:
        host = arguments[0]
        name = host.decode("latin-1") if isinstance(host, bytes) else str(host or "")
        if name and name != "localhost" and not name.replace(".", "").isdigit() and ":" not in name:
            _check(name, None)


def _check(host: str, port: object) -> None:
    closed = [guard for guard in _guards if not guard.allows(host, port)]
    if not closed:
        return
    connection = Connection(host, port, connecting_package(sys._getframe(), host))
    for guard in closed:
        guard.connections.append(connection)
    if any(guard.blocks for guard in closed):
        raise NetworkBlocked(blocked_message(connection))


def blocked_message(connection: Connection) -> str:
    """Return what to do about a connection in a test that replays."""
    host, port = connection.host, connection.port
    where = host if port is None else f"{host}:{port}"
    text = f"connection to {where} blocked: this test replays a cassette. "
    if connection.package is not None:
        return (
            f"{text}The package {connection.package.name} does not use it: write {connection.advice}. Or allow it with "
            f'@pytest.mark.llm_cassette(allowed_hosts=["{host}"])'
        )
    return (
        f"{text}Record with --llm-record, or allow it with "
        f'@pytest.mark.llm_cassette(allowed_hosts=["{host}"])'
    )
