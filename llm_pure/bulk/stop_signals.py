"""Ctrl-C and SIGTERM as a request to stop, while a run is under way."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stop_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` for each of these signals; the handlers are as before afterwards. In the main thread only."""
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda *_: stop())
    try:
        yield
    finally:
        for restored, handler in before.items():
            signal.signal(restored, signal.SIG_DFL if handler is None else handler)
