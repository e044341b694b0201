"""Replace the transport of all clients inside a `with` block, to record or replay code that creates its own `LLM(config)`.

Nothing is patched. Transports that were passed as objects are not replaced.

    with override_transport(recorder):
        program()
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Protocol, runtime_checkable

from llm_pure.transports.base import AsyncTransport, Transport
from llm_pure.types.result import LLMResult

TRAFFIC_LOG_ENV = "LLM_PURE_LOG"
"""Environment variable with a folder, into which this process writes its traffic; see `llm-pure log`."""

_LOG = "llm_pure.replay.traffic_log"  # imported by name: the log is in a layer above this one


class TransportOverride(Protocol):
    """Creates transports around, or in place of, the named one. `make` opens the named one when it is needed."""

    def open_sync(self, make: Callable[[], LLMResult[Transport]]) -> Transport:
        """Return a transport; the caller closes it by its `close`."""
        ...

    def open_async(self, make: Callable[[], LLMResult[AsyncTransport]]) -> AsyncTransport:
        """Return an async transport; the caller closes it by its `aclose`."""
        ...


@runtime_checkable
class LearnsSecrets(Protocol):
    """An override that writes traffic, and masks these texts in it."""

    def learn_secrets(self, secrets: Iterable[str]) -> None:
        """Mask these texts in all that is written from now on."""
        ...


_of_context: ContextVar[TransportOverride | None] = ContextVar("llm_pure_override", default=None)
_active: list[TransportOverride] = []


@contextmanager
def override_transport(override: TransportOverride) -> Iterator[None]:
    """Use the override for every call inside the block, from any thread or task.

    Of several blocks, the one of the same context applies. Threads and event loops without a context of their own use
    the block that was entered last.
    """
    before = _of_context.get()
    _active.append(override)
    _of_context.set(override)
    try:
        yield
    finally:
        _of_context.set(before)
        _active.remove(override)


def current_override() -> TransportOverride | None:
    """Return the override that applies now, else the traffic log if the environment asks for it, else None."""
    override = _of_context.get()
    if override is not None and override in _active:  # a task may outlive the block it started in
        return override
    if _active:
        return _active[-1]
    folder = os.environ.get(TRAFFIC_LOG_ENV)
    if folder:
        log: TransportOverride = import_module(_LOG).enable_traffic_log(folder)
        return log
    return None
