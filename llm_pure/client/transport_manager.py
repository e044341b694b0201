"""Transports of a client: created by name on first use, closed together.

A transport that the caller passed as an object is used as is; the caller opens and closes it.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from datetime import UTC, datetime
from functools import lru_cache
from importlib import import_module
from inspect import signature
from typing import Any, Generic, TypeVar

from llm_pure.client.targets import Target, target_secrets
from llm_pure.transports.base import AsyncTransport, Transport, TransportSettings
from llm_pure.transports.exchange import running_loop
from llm_pure.transports.override import LearnsSecrets, TransportOverride, current_override
from llm_pure.transports.sockets import ForkSafeLock
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import ResponseHead
from llm_pure.types.messages import user
from llm_pure.types.rejection import ok, returns_failure
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

T = TypeVar("T")

NAMES = {
    "aiohttp": "llm_pure.transports.aiohttp_transport",
    "httpx": "llm_pure.transports.httpx",
    "httpx2": "llm_pure.transports.httpx2",
    "websocket": "llm_pure.transports.websocket_transport",
}
"""Transport name -> module with `open_sync` and `open_async`, which take TransportSettings."""

AnyTransport = str | Transport | AsyncTransport
"""What `LLM(transport=...)` accepts."""


class TransportCache(Generic[T]):
    """Open transports of one kind: one for each combination of name, settings and active override."""

    def __init__(
        self,
        transport: AnyTransport,
        kind: type[T],
        open_function: str,
        targets: LLMResult[tuple[Target, ...]],
    ) -> None:
        self._transport = transport
        self._targets = targets
        self._open_function = open_function
        self._provided: LLMResult[T] | None = None
        if not isinstance(transport, str):
            self._provided = _check_kind(transport, kind)
        self._open: dict[tuple[str, TransportSettings, TransportOverride | None], T] = {}
        self._closed = False
        self._lock = ForkSafeLock()

    def get(self, settings: TransportSettings, url: str = "") -> LLMResult[T]:
        """Return the transport for this URL, opening it if necessary. ws:// and wss:// URLs use "websocket".

        Fails with InvalidConfiguration for an unknown name, a missing package or a transport of the other kind.
        """
        if self._provided is not None:
            return self._provided
        name = "websocket" if url.startswith(("wss://", "ws://")) else str(self._transport)
        key = (name, settings, current_override())
        opened = self._open.get(key)
        if opened is not None:
            return Success(opened)
        with self._lock:
            if self._closed:
                return Failure(_invalid("this client was closed while the call was under way"))
            if key in self._open:
                return Success(self._open[key])
            return self._create(*key).map(lambda opened: self._open.setdefault(key, opened))

    @property
    def needs_credentials(self) -> bool:
        """False if no request reaches a service."""
        return _needs_credentials(self._transport)

    def pop_all(self) -> list[Any]:
        """Remove and return every open transport, to be closed. Later calls of `get` fail."""
        with self._lock:
            self._closed = True
            transports = list(self._open.values())
            self._open.clear()
            return transports

    def _create(
        self, name: str, settings: TransportSettings, override: TransportOverride | None
    ) -> LLMResult[T]:
        if name not in NAMES:
            from difflib import get_close_matches  # imported late: start-up

            similar = tuple(get_close_matches(name, NAMES, n=3))
            known = ", ".join(sorted(NAMES))
            return Failure(_invalid(f"unknown transport {name!r}; known are {known}", similar))
        if override is None:
            return self._import(name, settings)
        if isinstance(override, LearnsSecrets):
            # not all are in the request that is recorded: some only sign it, and the transport adds its own headers
            for target in self._targets.value_or(()):
                override.learn_secrets(target_secrets(target))
        return Success(getattr(override, self._open_function)(lambda: self._import(name, settings)))

    def _import(self, name: str, settings: TransportSettings) -> LLMResult[T]:
        try:
            module = import_module(NAMES[name])
        except ImportError as error:
            return Failure(_invalid(f"the transport {name!r} needs the package {error.name}"))
        return Success(getattr(module, self._open_function)(settings))


class _Shared:
    """A cache that stays open, and the number of `with` blocks that use it."""

    def __init__(self, cache: TransportCache[Any]) -> None:
        self.cache = cache
        self.users = 0


_ANY_THREAD = object()
"""Key of the cache for sync calls, which all threads share. Async caches have their event loop as key."""


_NO_TARGETS: LLMResult[tuple[Target, ...]] = Success(())


class TransportManager:
    """Owns the transports of a client.

    Inside `with`, sync calls share one cache, and inside `async with` the async calls of each event loop share one.
    Outside, each call opens its own transports and closes them.
    """

    def __init__(
        self, transport: AnyTransport, targets: LLMResult[tuple[Target, ...]] = _NO_TARGETS
    ) -> None:
        """targets: of the client; a recorder learns their secrets."""
        self._transport = transport
        self._targets = targets
        self._shared: dict[object, _Shared] = {}
        self._lock = ForkSafeLock()
        if isinstance(transport, str) and transport in NAMES:
            with suppress(ImportError):  # calls fail with InvalidConfiguration
                import_module(NAMES[transport])  # now, so that no call has to
        elif not isinstance(transport, str):
            self.enter()  # nothing to close: all sync calls share the transport that was passed

    @property
    def needs_credentials(self) -> bool:
        """False if no request reaches a service: a replay, or the double of a test."""
        return _needs_credentials(self._transport)

    @contextmanager
    def acquire(self) -> Iterator[TransportCache[Transport]]:
        """Provide the transports for one sync call."""
        shared = self._shared.get(_ANY_THREAD)
        cache = self._sync_cache() if shared is None else shared.cache
        try:
            yield cache
        finally:
            for transport in cache.pop_all() if shared is None else ():
                transport.close()

    @asynccontextmanager
    async def aacquire(self) -> AsyncIterator[TransportCache[AsyncTransport]]:
        """Provide the transports for one async call."""
        shared = self._shared.get(running_loop())
        cache = self._async_cache() if shared is None else shared.cache
        try:
            yield cache
        finally:
            for transport in cache.pop_all() if shared is None else ():
                await transport.aclose()

    def shared_async(self) -> TransportCache[AsyncTransport] | None:
        """Return the transports that async calls in this event loop share, None outside `async with`."""
        shared = self._shared.get(running_loop())
        return None if shared is None else shared.cache

    def enter(self) -> None:
        """Share the transports of sync calls from now on. May be nested."""
        self._hold(_ANY_THREAD, self._sync_cache())

    def exit(self) -> None:
        """End sharing; the last of nested calls closes the transports. Once more is harmless."""
        with ExitStack() as closing:  # an exception of one leaves none of the others open
            for transport in self._release(_ANY_THREAD):
                closing.callback(transport.close)

    def aenter(self) -> None:
        """Share the transports of async calls in this event loop from now on. May be nested."""
        self._hold(running_loop(), self._async_cache())

    async def aexit(self) -> None:
        """End sharing in this event loop; the last of nested calls closes the transports. Once more is harmless."""
        async with AsyncExitStack() as closing:
            for transport in self._release(running_loop()):
                closing.push_async_callback(transport.aclose)

    def _sync_cache(self) -> TransportCache[Transport]:
        return TransportCache(self._transport, Transport, "open_sync", self._targets)  # type: ignore[type-abstract]

    def _async_cache(self) -> TransportCache[AsyncTransport]:
        return TransportCache(self._transport, AsyncTransport, "open_async", self._targets)  # type: ignore[type-abstract]

    def _hold(self, key: object, cache: TransportCache[Any]) -> None:
        with self._lock:
            self._shared.setdefault(key, _Shared(cache)).users += 1

    def _release(self, key: object) -> list[Any]:
        """Return the transports to close: none while other blocks use them, or if no block was entered."""
        with self._lock:
            shared = self._shared.get(key)
            if shared is None:
                return []
            shared.users -= 1
            return [] if shared.users else self._shared.pop(key).cache.pop_all()


@returns_failure
def preconnect(transports: TransportCache[Any], targets: tuple[Target, ...]) -> None:
    """Load what a first call would load: build and sign a request for each target, open a decoder and a transport.

    Sends nothing. Fails with the error that every call would end in, such as a missing key or package. A replay has
    nothing to load.
    """
    for target in targets if transports.needs_credentials else ():
        chat = ChatRequest(model=target.config.model or "any", messages=(user("Hi"),))
        built = ok(target.provider.build_chat(target.config, chat))
        now = datetime.now(UTC)
        request = ok(target.provider.authorize(target.config, built.request, now))
        target.provider.open_stream(ResponseHead(200, (("content-type", "text/event-stream"),)))
        transport = ok(transports.get(target.settings, request.url))
        preload = getattr(transport, "preload", None)
        loaded: LLMResult[None] | None = None if preload is None else preload(request.url)
        if loaded is not None:
            ok(loaded)


def _needs_credentials(transport: AnyTransport) -> bool:
    """Return `needs_credentials` of a transport, or of the override in place of a named one; true without it."""
    source = current_override() if isinstance(transport, str) else transport
    return getattr(source, "needs_credentials", True) is not False


def _check_kind(transport: object, kind: type[T]) -> LLMResult[T]:
    prefix = "" if kind is Transport else "a"
    methods = [getattr(transport, f"{prefix}{name}", None) for name in ("send", "stream")]
    if isinstance(transport, kind) and all(map(_takes_request, methods)):
        return Success(transport)
    message = (
        f"{type(transport).__name__} is no {kind.__name__}: it needs {prefix}send(request, timeouts) and "
        f"{prefix}stream(request, timeouts); llm_pure.transports.callable_transport makes one of any HTTP library"
    )
    return Failure(_invalid(message))


def _takes_request(method: Any) -> bool:
    """Whether the method takes a request and timeouts: clients of HTTP libraries have methods of these names, too."""
    function = getattr(method, "__func__", None)
    return callable(method) and _takes(function or method, 2 if function is None else 3)


@lru_cache(maxsize=64)
def _takes(function: Callable[..., object], count: int) -> bool:
    try:
        signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # a function of another language
        return True
    return True


def _invalid(message: str, similar: tuple[str, ...] = ()) -> InvalidConfiguration:
    return InvalidConfiguration(message=message, field="transport", suggestions=similar)
