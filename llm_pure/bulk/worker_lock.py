"""The lock of a run's workers: held by each process that sends rows for a driver elsewhere, and gone when it is.

The driver's own lock (`run_lock`) ends with the driver; workers of a killed driver may live a moment longer. The next driver
waits for them, so that no row is in two hands. Works on local disks and on NFS version 4.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Self

from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected, returns_failure

FILE = "workers.lock"
POLL_S = 0.1

if sys.platform == "win32":  # pragma: no cover

    def _lock(descriptor: int, *, alone: bool) -> None:
        """Windows has no shared locks; drivers on many machines run on Linux and macOS."""
else:
    import fcntl

    def _lock(descriptor: int, *, alone: bool) -> None:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)


class WorkerLock:
    """Held by one worker, beside others; a context manager that ends it."""

    def __init__(self, directory: Path) -> None:
        """Raises OSError: BlockingIOError if a driver is about to start."""
        self._descriptor = os.open(directory / FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor, alone=False)
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """End the lock. Once more is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


@returns_failure
def await_workers(directory: Path, timeout_s: float) -> None:
    """Wait until no worker of an earlier driver lives. Fails with InvalidConfiguration (code "locked") after timeout_s."""
    descriptor = os.open(directory / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    until_s = monotonic() + timeout_s
    try:
        while True:
            with suppress(BlockingIOError):
                _lock(descriptor, alone=True)
                return
            if monotonic() > until_s:
                message = f"workers of an earlier driver still send rows of the run {directory}"
                raise Rejected(
                    InvalidConfiguration(message=message, field="directory", code="locked")
                )
            sleep(POLL_S)
    finally:
        os.close(descriptor)
