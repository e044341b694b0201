"""Signals as a request to stop, while a run is under way."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stop_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` for Ctrl-C, SIGTERM and a terminal that is closed, unless `nohup` ignores that.

    The handlers are as before afterwards. Outside the main thread nothing changes.
    """
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in _numbers():
            before[number] = signal.signal(number, lambda *_: stop())
    try:
        yield
    finally:
        for restored, handler in before.items():
            signal.signal(restored, signal.SIG_DFL if handler is None else handler)


def _numbers() -> tuple[signal.Signals, ...]:
    hangup = getattr(signal, "SIGHUP", None)  # not on Windows
    if hangup is None or signal.getsignal(hangup) == signal.SIG_IGN:
        return (signal.SIGINT, signal.SIGTERM)
    return (signal.SIGINT, signal.SIGTERM, hangup)
