"""Work that can wait until an answer is sent, done for many requests together: prices, records, metrics, the log.

Between two requests a processor forgets this code: done for many together it takes a third of the time.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeAlias

MAX_WAITING = 128
WAIT_S = 0.05

Work: TypeAlias = Callable[[], object]

_log = logging.getLogger("llm_pure.gateway")


class Later:
    """A queue of work, in order. It is done when no request is being answered, when it is long, or after a short time."""

    def __init__(self) -> None:
        self._waiting: list[Work] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, work: Work) -> None:
        """Do this later. What it raises is logged."""
        self._waiting.append(work)

    def end_request(self, active: int) -> None:
        """A request is answered; active: how many others are not."""
        if not active or len(self._waiting) >= MAX_WAITING:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WAIT_S, self.flush)

    def flush(self) -> None:
        """Do all that waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        for work in waiting:
            try:
                work()
            except Exception:  # noqa: BLE001 - an observer or a price: the next request counts more
                _log.exception("a request could not be settled or reported")
