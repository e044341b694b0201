"""Metrics of several processes as one: each writes its own to a folder, and /metrics of any of them is the sum.

The files of processes that have ended stay: a counter never goes back.
"""

import logging
import os
from pathlib import Path
from threading import Lock, Timer

import msgspec

from llm_pure.gateway.call_record import CallRecord
from llm_pure.gateway.metrics import Metrics

WRITE_AFTER_S = 0.25
"""How old the figures of another process may be."""

_log = logging.getLogger("llm_pure.gateway")


class SharedMetrics(Metrics):
    """The metrics of this process, and in `render` those of all."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._file = folder / f"metrics-{os.getpid()}-{os.urandom(4).hex()}"
        self._timer: Timer | None = None
        self._timer_lock = Lock()

    def observe(self, record: CallRecord) -> None:
        """Count one request, and write the figures soon."""
        super().observe(record)
        with self._timer_lock:
            if self._timer is None:
                self._timer = Timer(WRITE_AFTER_S, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write the figures of this process for the others."""
        with self._timer_lock:
            self._timer = None
        temporary = self._file.with_suffix(".new")
        try:
            temporary.write_bytes(msgspec.msgpack.encode(self.figures()))
            temporary.replace(self._file)
        except OSError as error:
            _log.warning("the metrics of this process cannot be written: %s", error)

    def render(self, in_flight: int | None = None) -> bytes:
        """Return the sum over all processes as text for Prometheus."""
        self.flush()
        total = Metrics()
        for file in sorted(self._folder.glob("metrics-*")):
            if file.suffix == ".new":
                continue
            try:
                total.add(msgspec.msgpack.decode(file.read_bytes()))
            except (OSError, msgspec.MsgspecError, ValueError, TypeError, LookupError) as error:
                _log.warning("the metrics in %s cannot be read: %s", file.name, error)
        return total.render(in_flight)
