"""Which event loop is running: connections live in one, and are useless in every other."""

import asyncio
import sys


def running_loop() -> object:
    """A token of the loop that this task runs in, the same for all of its tasks; asyncio or trio."""
    trio = sys.modules.get("trio")  # it runs nothing unless somebody has imported it
    if trio is not None and trio.lowlevel.in_trio_run():
        return trio.lowlevel.current_trio_token()
    return asyncio.get_running_loop()
