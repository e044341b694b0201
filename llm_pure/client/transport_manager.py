"""Transports of a client: opened by name when a call first needs one, closed together.

A transport that the caller brought is his: it is used as it is, and neither entered nor closed here.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from importlib import import_module
from threading import Lock
from typing import Any, Generic, TypeVar

from llm_pure.transports.base import AsyncTransport, Transport, TransportSettings
from llm_pure.transports.loops import running_loop
from llm_pure.transports.override import TransportOverride, current_override
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success

T = TypeVar("T")

NAMES = {
    "aiohttp": "llm_pure.transports.aiohttp_transport",
    "httpx": "llm_pure.transports.httpx",
    "httpx2": "llm_pure.transports.httpx2",
    "websocket": "llm_pure.transports.websocket_transport",
}
"""Transports by name: modules with `open_sync` and `open_async`, which take TransportSettings."""

AnyTransport = str | Transport | AsyncTransport
"""What `LLM(transport=...)` takes."""


def preload(transport: AnyTransport) -> None:
    """Imports what a named transport is made of, so that no call has to. What is missing is told by the calls."""
    if isinstance(transport, str) and transport in NAMES:
        with suppress(ImportError):
            import_module(NAMES[transport])


class Links(Generic[T]):
    """The transports of one kind that are open, one for each way of reaching services (a proxy, none) and each detour."""

    def __init__(self, transport: AnyTransport, kind: type[T], maker: str) -> None:
        self._transport = transport
        self._maker = maker
        self._brought: LLMResult[T] | None = None
        if not isinstance(transport, str):
            self._brought = _checked(transport, kind)
        self._open: dict[tuple[str, TransportSettings, TransportOverride | None], T] = {}
        self._closed = False
        self._lock = Lock()

    def get(self, settings: TransportSettings, url: str = "") -> LLMResult[T]:
        """The transport for this URL: a ws:// one is carried by "websocket", whatever carries the others.

        Fails with InvalidConfiguration for an unknown name, a missing package or a transport of the other kind.
        """
        if self._brought is not None:
            return self._brought
        name = "websocket" if url.startswith(("wss://", "ws://")) else str(self._transport)
        way = (name, settings, current_override())
        with self._lock:
            if self._closed:
                return Failure(_wrong("this client was closed while the call was under way"))
            if way not in self._open:
                made = self._made(*way)
                if isinstance(made, Failure):
                    return made
                self._open[way] = made.unwrap()
            return Success(self._open[way])

    def take_all(self) -> list[Any]:
        """Every transport that was opened here, to be closed; none is opened from now on."""
        with self._lock:
            self._closed = True
            taken = list(self._open.values())
            self._open.clear()
            return taken

    def _made(
        self, name: str, settings: TransportSettings, detour: TransportOverride | None
    ) -> LLMResult[T]:
        if name not in NAMES:
            from difflib import get_close_matches  # hardly ever needed

            near = tuple(get_close_matches(name, NAMES, n=3))
            known = ", ".join(sorted(NAMES))
            return Failure(_wrong(f"there is no transport {name!r}; known are {known}", near))
        if detour is None:
            return self._make(name, settings)
        return Success(getattr(detour, self._maker)(lambda: self._make(name, settings)))

    def _make(self, name: str, settings: TransportSettings) -> LLMResult[T]:
        try:
            module = import_module(NAMES[name])
        except ImportError as fault:
            return Failure(_wrong(f"the transport {name!r} needs the package {fault.name}"))
        return Success(getattr(module, self._maker)(settings))


class _Kept:
    """Links that stay open, and how many `with` blocks hold them."""

    def __init__(self, links: Links[Any]) -> None:
        self.links = links
        self.holders = 0


_THREADS = object()
"""Where sync calls are made from: any thread. Async calls are made from an event loop."""


class LinkKeeper:
    """The links of a client: kept inside `with`, for sync calls and for each event loop by itself; else one call's own."""

    def __init__(self, transport: AnyTransport) -> None:
        self._transport = transport
        self._kept: dict[object, _Kept] = {}
        self._lock = Lock()

    def borrow(self) -> AbstractContextManager[Links[Transport]]:
        """For one sync call."""
        kept = self._kept.get(_THREADS)
        return nullcontext(kept.links) if kept is not None else _own_sync(self._sync_links())

    def aborrow(self) -> AbstractAsyncContextManager[Links[AsyncTransport]]:
        """For one async call."""
        kept = self._kept.get(running_loop())
        return nullcontext(kept.links) if kept is not None else _own(self._async_links())

    def enter(self) -> None:
        """Keep the links of sync calls. May be nested."""
        self._hold(_THREADS, self._sync_links())

    def exit(self) -> None:
        """The last one out closes them."""
        links = self._let_go(_THREADS)
        if links is not None:
            _close(links)

    def aenter(self) -> None:
        """Keep the links of async calls in this event loop. May be nested."""
        self._hold(running_loop(), self._async_links())

    async def aexit(self) -> None:
        """The last one out closes them."""
        links = self._let_go(running_loop())
        if links is not None:
            await _aclose(links)

    def _sync_links(self) -> Links[Transport]:
        return Links(self._transport, Transport, "open_sync")  # type: ignore[type-abstract]

    def _async_links(self) -> Links[AsyncTransport]:
        return Links(self._transport, AsyncTransport, "open_async")  # type: ignore[type-abstract]

    def _hold(self, where: object, fresh: Links[Any]) -> None:
        with self._lock:
            self._kept.setdefault(where, _Kept(fresh)).holders += 1

    def _let_go(self, where: object) -> Links[Any] | None:
        with self._lock:
            kept = self._kept[where]
            kept.holders -= 1
            if kept.holders:
                return None
            return self._kept.pop(where).links


@contextmanager
def _own_sync(links: Links[Transport]) -> Iterator[Links[Transport]]:
    try:
        yield links
    finally:
        _close(links)


@asynccontextmanager
async def _own(links: Links[AsyncTransport]) -> AsyncIterator[Links[AsyncTransport]]:
    try:
        yield links
    finally:
        await _aclose(links)


def _checked(transport: object, kind: type[T]) -> LLMResult[T]:
    if isinstance(transport, kind):
        return Success(transport)
    name = type(transport).__name__
    return Failure(_wrong(f"{name} is no {kind.__name__}: it lacks that kind's methods"))


def _close(links: Links[Transport]) -> None:
    for transport in links.take_all():
        transport.close()


async def _aclose(links: Links[AsyncTransport]) -> None:
    for transport in links.take_all():
        await transport.aclose()


def _wrong(message: str, near: tuple[str, ...] = ()) -> InvalidConfiguration:
    return InvalidConfiguration(message=message, field="transport", suggestions=near)
