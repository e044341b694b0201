"""Transports of a client: opened by name when a call first needs one, closed together.

A transport that the caller brought is his: it is used as it is, and neither entered nor closed here.
"""

from difflib import get_close_matches
from importlib import import_module
from threading import Lock
from typing import Any, Generic, TypeVar

from llm_pure.effects.transports import AsyncTransport, Transport, TransportSettings
from llm_pure.errors import ConfigurationInvalid
from llm_pure.result import Failure, Parsed, Success

T = TypeVar("T")

NAMES = {"httpx": "llm_pure.effects.transports.httpx"}
"""Transports by name: modules with `open_sync` and `open_async`, which take TransportSettings."""

AnyTransport = str | Transport | AsyncTransport
"""What `LLM(transport=...)` takes."""


class Links(Generic[T]):
    """The transports of one kind that are open, one for each way of reaching services (a proxy, none)."""

    def __init__(self, transport: AnyTransport, kind: type[T], maker: str) -> None:
        self._transport = transport
        self._kind = kind
        self._maker = maker
        self._open: dict[TransportSettings, T] = {}
        self._closed = False
        self._lock = Lock()

    def get(self, settings: TransportSettings) -> Parsed[T]:
        """Fails with ConfigurationInvalid for an unknown name, a missing package or a transport of the other kind."""
        if not isinstance(self._transport, str):
            return self._brought(self._transport)
        with self._lock:
            if self._closed:
                return Failure(_wrong("this client is closed"))
            if settings not in self._open:
                made = self._make(self._transport, settings)
                if isinstance(made, Failure):
                    return made
                self._open[settings] = made.unwrap()
            return Success(self._open[settings])

    def take_all(self) -> list[Any]:
        """Every open transport, to be closed; none is opened from now on."""
        with self._lock:
            self._closed = True
            taken = list(self._open.values())
            self._open.clear()
            return taken

    def _brought(self, transport: object) -> Parsed[T]:
        if isinstance(transport, self._kind):
            return Success(transport)
        name = type(transport).__name__
        return Failure(_wrong(f"{name} is no {self._kind.__name__}: it lacks that kind's methods"))

    def _make(self, name: str, settings: TransportSettings) -> Parsed[T]:
        if name not in NAMES:
            near = tuple(get_close_matches(name, NAMES, n=3))
            known = ", ".join(sorted(NAMES))
            return Failure(_wrong(f"there is no transport {name!r}; known are {known}", near))
        try:
            module = import_module(NAMES[name])
        except ImportError as fault:
            return Failure(_wrong(f"the transport {name!r} needs the package {fault.name}"))
        return Success(getattr(module, self._maker)(settings))


def sync_links(transport: AnyTransport) -> Links[Transport]:
    """Those of sync calls."""
    return Links(transport, Transport, "open_sync")  # type: ignore[type-abstract]


def async_links(transport: AnyTransport) -> Links[AsyncTransport]:
    """Those of async calls."""
    return Links(transport, AsyncTransport, "open_async")  # type: ignore[type-abstract]


def _wrong(message: str, near: tuple[str, ...] = ()) -> ConfigurationInvalid:
    return ConfigurationInvalid(message=message, field="transport", near=near)
