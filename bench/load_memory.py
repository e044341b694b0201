"""What many calls leave behind, in a process of its own: `python -m bench.load_memory NAME URL CALLS MODE`.

One JSON line: {few, many}, the most bytes held after a tenth of the calls, and after as many again and the rest.
"""

import asyncio
import json
import sys

from bench.bench_memory import peak_bytes
from bench.load_contestants import CONTESTANTS, Call

AT_ONCE = 50


async def main(name: str, url: str, calls: int, stream: bool) -> None:
    async with CONTESTANTS[name][1](url) as call:
        await _calls(call, stream, calls // 10)
        few = peak_bytes()
        await _calls(call, stream, calls)
        print(json.dumps({"few": few, "many": peak_bytes()}), flush=True)


async def _calls(call: Call, stream: bool, many: int) -> None:
    left = iter(range(many))

    async def work() -> None:
        for _ in left:
            assert await call(stream)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(work())


if __name__ == "__main__":
    _, NAME, URL, CALLS, MODE = sys.argv
    asyncio.run(main(NAME, URL, int(CALLS), MODE == "stream"))
