"""httpx or httpx2, whichever a transport is made for: the same names in two packages, each with an httpcore below it."""

import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import msgspec


class Library(msgspec.Struct, frozen=True, eq=False):
    """One of the two. client: the package. core: its httpcore. content: a request's body, as its transports want it."""

    client: Any
    core: Any
    content: type[Any]
    faults: tuple[type[Exception], ...]
    """Everything that carrying bytes over it may raise."""


def load_library(client: str, core: str) -> Library:
    """Imports both. ImportError when they are not installed."""
    http = _without_its_command(client)
    return Library(
        http,
        import_module(core),
        type("Content", (Content, http.SyncByteStream, http.AsyncByteStream), {}),
        (http.HTTPError, http.InvalidURL, http.StreamError, OSError, UnicodeError),
    )


def _without_its_command(name: str) -> Any:
    """The package, but not its command line, for which httpx loads click, rich and Pygments where they are installed.

    To httpx it looks as if they were not there; its `main` then loads them when it is called after all.
    """
    command = f"{name}._main"
    if name in sys.modules:
        return import_module(name)
    hidden: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    hidden[command] = None  # importing it is an ImportError
    try:
        http: Any = import_module(name)
    finally:
        hidden.pop(command, None)
    if "main" in vars(http):
        http.main = lambda: import_module(command).main()
    return http


class Content:
    """A request's body. httpx's own is an async generator, which a cancelled call leaves to the garbage collector."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        return iter((self._data,) if self._data else ())

    def __aiter__(self) -> "_AsyncPieces":
        return _AsyncPieces(iter(self))


class _AsyncPieces:
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> "_AsyncPieces":
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration
