"""One contestant in a process of its own: `python -m bench.load_client NAME URL SECONDS MODE CONCURRENCY...`.

For each concurrency one JSON line: {calls, seconds, cpu_s, peak_mb}. MODE is "whole" or "stream".
"""

import asyncio
import json
import resource
import sys
from time import perf_counter, process_time

from bench.load_contestants import CONTESTANTS, Call


async def main(name: str, url: str, seconds: float, stream: bool, levels: list[int]) -> None:
    async with CONTESTANTS[name][1](url) as call:
        expected = await call(stream)
        assert expected.startswith("word "), expected[:100]
        for level in levels:
            await _load(call, stream, level, 0)  # every connection is made before the clock runs
            began, began_cpu = perf_counter(), process_time()
            calls = await _load(call, stream, level, seconds)
            line = {
                "calls": calls,
                "seconds": perf_counter() - began,
                "cpu_s": process_time() - began_cpu,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
            print(json.dumps(line), flush=True)


async def _load(call: Call, stream: bool, level: int, seconds: float) -> int:
    """As many callers, each calling again until the time is up, and once at least."""
    ends = perf_counter() + seconds
    calls = 0

    async def work() -> None:
        nonlocal calls
        while True:
            text = await call(stream)
            assert text
            calls += 1
            if perf_counter() >= ends:
                return

    async with asyncio.TaskGroup() as tasks:
        for _ in range(level):
            tasks.create_task(work())
    return calls


if __name__ == "__main__":
    _, NAME, URL, SECONDS, MODE, *LEVELS = sys.argv
    asyncio.run(main(NAME, URL, float(SECONDS), MODE == "stream", [int(one) for one in LEVELS]))
