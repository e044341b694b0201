"""Block network connections of this process, except allowed hosts, while a test replays.

Python raises an audit event before each connection, so nothing is patched, and what a test patches or records itself stays.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class NetworkBlocked(ConnectionError):
    """A blocked connection. An OSError like a refused connection, so transports return it as an error value."""


class _Guard:
    """One block."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = set(allowed)
        """Hosts, or `host:port`."""

    def allows(self, host: str, port: object) -> bool:
        """Return whether a connection is allowed. Name lookups have no port: any allowed port of the host counts."""
        if host in self.allowed or f"{host}:{port}" in self.allowed:
            return True
        return port is None and host in {address.rpartition(":")[0] for address in self.allowed}


_guards: list[_Guard] = []
_installed = False


@contextmanager
def block_network(allowed: Iterable[str] = ()) -> Iterator[None]:
    """Raise NetworkBlocked for connections inside the block, except AF_UNIX sockets and `allowed`."""
    global _installed
    if not _installed:  # an audit hook cannot be removed; without a guard it does nothing
        sys.addaudithook(_audit)
        _installed = True
    guard = _Guard(allowed)
    _guards.append(guard)
    try:
        yield
    finally:
        _guards.remove(guard)


def allow(address: str) -> None:
    """Allow this `host:port` in the innermost block."""
    if _guards:
        _guards[-1].allowed.add(address)


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
    if not all(guard.allows(host, port) for guard in _guards):
        where = host if port is None else f"{host}:{port}"
        raise NetworkBlocked(
            f"connection to {where} blocked: this test replays a cassette. Record with --llm-record, or allow it with "
            f'@pytest.mark.llm_cassette(allowed_hosts=["{host}"])'
        )
