"""Recording of what a gateway sends to providers and receives: a cassette for each exchange, redacted, for its owner's eyes only.

    override = RecordingGateway("cassettes")
    with override_transport(override):         # around a request, or around the server
        ...
    override.close()                            # waits until everything is written

The files are those of the traffic log: mode 0600, possible secrets masked. `--replay` answers from them. Redaction and writing
take milliseconds, so a thread does both; the event loop waits only if the thread is far behind.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore

from llm_pure.replay.cassette import Interaction
from llm_pure.replay.recorder import RecordingOverride
from llm_pure.replay.traffic_log import TrafficLog
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import LLMResult, Success

MAX_PENDING = 256
"""Exchanges that wait to be written. Each holds its bodies in memory."""


class BackgroundLog:
    """A sink that redacts and writes in a thread. What cannot be written is logged; the call succeeds."""

    def __init__(self, folder: Path) -> None:
        self._log = TrafficLog(folder)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="llm_pure recording")
        self._free = BoundedSemaphore(MAX_PENDING)

    def match(self, request: HttpRequest) -> LLMResult[Interaction | None]:
        """Return None: every request is sent."""
        return Success(None)

    def learn_secrets(self, secrets: Iterable[str]) -> None:
        """Mask these texts in all that is written from now on."""
        self._log.learn_secrets(secrets)

    def start(self, request: HttpRequest) -> int:
        """Return a number for a request that is about to be sent."""
        return self._log.start(request)

    def record(self, number: int, interaction: Interaction) -> LLMResult[Interaction]:
        """Write the exchange later."""
        self._free.acquire()
        written = self._thread.submit(self._log.record, number, interaction)
        written.add_done_callback(self._release)
        return Success(interaction)

    def close(self) -> None:
        """Wait until everything is written."""
        self._thread.shutdown()

    def _release(self, written: "Future[LLMResult[Interaction]]") -> None:
        self._free.release()


class RecordingGateway(RecordingOverride):
    """The override that records to a folder; see the module."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        log = BackgroundLog(Path(folder))
        super().__init__(log)
        self.close: Callable[[], None] = log.close
