"""No way out: while a test replays, this process opens no connection but those that were allowed.

Python tells of each connection before it is made (an audit event), so nothing is patched, and whatever else a test
patches or records stays as it is.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class NetworkBlocked(ConnectionError):
    """A connection that was not made: an OSError, as a refused one is, so that transports make an error value of it."""


class _Guard:
    """One block. allowed: hosts, or `host:port`."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = set(allowed)

    def lets(self, host: str, port: object) -> bool:
        """May this be reached? An unknown port is let through; the connection itself is asked for with one."""
        if host in self.allowed or f"{host}:{port}" in self.allowed:
            return True
        return port is None and any(one.rpartition(":")[0] == host for one in self.allowed)


_guards: list[_Guard] = []
_installed = False


@contextmanager
def block_network(allowed: Iterable[str] = ()) -> Iterator[None]:
    """Connections beyond this machine's own sockets (AF_UNIX) raise NetworkBlocked inside of the block."""
    global _installed
    if not _installed:  # a hook stays for good: one is enough, and without a guard it does nothing
        sys.addaudithook(_audit)
        _installed = True
    guard = _Guard(allowed)
    _guards.append(guard)
    try:
        yield
    finally:
        _guards.remove(guard)


def allow(address: str) -> None:
    """Let the innermost block reach this `host:port` too."""
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
    if not all(guard.lets(host, port) for guard in _guards):
        where = host if port is None else f"{host}:{port}"
        raise NetworkBlocked(
            f"{where} is not reached: this test replays a cassette. Record with --llm-record, or allow it with "
            f'@pytest.mark.llm_cassette(allowed_hosts=["{host}"])'
        )
