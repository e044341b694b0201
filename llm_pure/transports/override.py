"""A detour: what every client that names its transport goes over in its place, for as long as a block lasts.

This is how recorded traffic reaches code that makes its own `LLM(config)`: nothing is patched, and a transport that
the caller brought is left alone.

    with detoured(tape):
        program()
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Protocol

from llm_pure.transports.base import AsyncTransport, Transport
from llm_pure.types.result import LLMResult

TRAFFIC_LOG_ENV = "LLM_PURE_LOG"
"""Names a folder in which this process keeps its exchanges, see `llm-pure log`."""

_LOG = "llm_pure.replay.traffic_log"  # text, as names of transports are: the log stands above this layer


class TransportOverride(Protocol):
    """Makes transports around, or in place of, the one that was named. `make` opens that one, when it is needed."""

    def open_sync(self, make: Callable[[], LLMResult[Transport]]) -> Transport:
        """A transport; whoever asked closes it by its `close`."""
        ...

    def open_async(self, make: Callable[[], LLMResult[AsyncTransport]]) -> AsyncTransport:
        """The same, async; closed by its `aclose`."""
        ...


_here: ContextVar[TransportOverride | None] = ContextVar("llm_pure_detour", default=None)
_open: list[TransportOverride] = []


@contextmanager
def override_transport(detour: TransportOverride) -> Iterator[None]:
    """Every call made inside of the block, from any thread or task, takes the detour.

    Of several blocks at once the one of the same context counts; a thread that was started without one, or an event
    loop from before the block, takes the last that was opened.
    """
    before = _here.get()
    _open.append(detour)
    _here.set(detour)
    try:
        yield
    finally:
        _here.set(before)
        _open.remove(detour)


def current_override() -> TransportOverride | None:
    """The one to take now; None where nobody asked for any."""
    here = _here.get()
    if here is not None and here in _open:  # a task may outlive the block that it was started in
        return here
    if _open:
        return _open[-1]
    folder = os.environ.get(TRAFFIC_LOG_ENV)
    if folder:
        log: TransportOverride = import_module(_LOG).enable_traffic_log(folder)
        return log
    return None
