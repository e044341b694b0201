"""Several processes that serve one gateway: each accepts from the same listening socket. One that dies is replaced.

Budgets are shared by the ledger, so one is needed; limits of keys and metrics by a temporary folder.
"""

import multiprocessing
import os
import signal
import socket
import time
from argparse import Namespace
from collections.abc import Callable
from types import FrameType
from typing import Any

from llm_pure.settings.config_file import ConfigFile
from llm_pure.types.errors import InvalidConfiguration, LLMError

RESTART_S = 1.0
"""Between the end of a process and the start of the next."""
STOP_S = 40.0
"""Processes that have not ended by then are killed."""

Worker = Callable[[Namespace, socket.socket], None]


def unshared_budget(configuration: ConfigFile) -> LLMError | None:
    """Why the budgets of this configuration cannot be kept by several processes, None if they can."""
    settings = configuration.serve
    keys = [key for key in settings.keys.values() if isinstance(key, dict)]
    limited = configuration.cost_control.max_budget is not None or any(
        key.get("max_budget") is not None for key in keys
    )
    if not limited or settings.ledger:
        return None
    message = "several workers share a budget by a file only: set serve/ledger"
    return InvalidConfiguration(message=message, field="serve/ledger")


class Supervisor:
    """Starts the processes, passes signals on to them, and replaces those that die."""

    def __init__(
        self, worker: Worker, options: Namespace, listener: socket.socket, count: int
    ) -> None:
        self._worker = worker
        self._options = options
        self._listener = listener
        self._context = multiprocessing.get_context("spawn")
        self._processes: list[Any] = []
        self._count = count
        self._stopping = False

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        handlers = {signal.SIGTERM: self._stop, signal.SIGINT: self._stop}
        if hasattr(signal, "SIGHUP"):
            handlers[signal.SIGHUP] = self._pass_on
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            self._processes = [self._start() for _ in range(self._count)]
            while not self._stopping:
                time.sleep(0.2)
                self._replace_dead()
            self._join()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self) -> Any:
        process = self._context.Process(target=self._worker, args=(self._options, self._listener))
        process.start()
        return process

    def _replace_dead(self) -> None:
        for index, process in enumerate(self._processes):
            if not process.is_alive() and not self._stopping:
                time.sleep(RESTART_S)
                if not self._stopping:  # else the signal has come meanwhile
                    self._processes[index] = self._start()

    def _join(self) -> None:
        self._send(signal.SIGTERM)  # also to one that was starting when the signal came
        deadline_s = time.monotonic() + STOP_S
        for process in self._processes:
            process.join(max(0.0, deadline_s - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        self._send(signal.SIGTERM)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        self._send(signal.Signals(number))

    def _send(self, number: signal.Signals) -> None:
        for process in self._processes:
            if process.is_alive():
                os.kill(process.pid, number)
