"""A thousand calls to a service that fails at every turn: each ends in one Result, and nearly all in an answer.

`python -m tests.support.chaos [CALLS]`, by hand; it needs Node. aimock drops a fifth of the requests (500), limits another
fifth (429) and cuts a tenth off, for every transport and every way to call it; half of the calls are streams. Every way
with the client's own retry policy, and with one that tries more often and waits less.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import anyio
import msgspec

from llm_pure import ChatRequest, Completion, LLMConfig, user
from llm_pure.client import LLM
from llm_pure.policy.retry import RetryPolicy
from llm_pure.types.result import Failure, LLMResult
from tests.support.carriers import KINDS, is_sync, run

AIMOCK = "@copilotkit/aimock@1.43.0"
CHAOS = ("--chaos-drop", "0.2", "--chaos-ratelimit", "0.2", "--chaos-disconnect", "0.1")
EAGER = RetryPolicy(max_attempts=10, initial_backoff_s=0.01, max_backoff_s=1)
POLICIES = {"default": RetryPolicy(), "eager": EAGER}
AT_ONCE = 100


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """calls: how many were made. answered: with their own answer. failed: kind of error -> how many. wrong: anything else."""

    calls: int
    answered: int
    failed: dict[str, int]
    wrong: tuple[str, ...] = ()


def question(number: int) -> ChatRequest:
    return ChatRequest(
        messages=(user(f"What is the answer to <{number}>?"),), stream=bool(number % 2)
    )


def answer(number: int) -> str:
    return f"The answer to <{number}> is {number * 7919}."


def tally(got: list[LLMResult[Completion]]) -> Tally:
    """How the calls ended; got[i] belongs to question(i)."""
    failed: dict[str, int] = {}
    wrong: list[str] = []
    answered = 0
    for number, one in enumerate(got):
        if isinstance(one, Failure):
            kind = one.failure().kind
            failed[kind] = failed.get(kind, 0) + 1
        elif one.unwrap().text == answer(number):
            answered += 1
        else:
            wrong.append(one.unwrap().text)
    return Tally(calls=len(got), answered=answered, failed=failed, wrong=tuple(wrong))


def ask_all(
    kind: str, config: LLMConfig, calls: int, retry: RetryPolicy = EAGER, **options: Any
) -> Tally:
    """All of them, several at once; an exception ends the run, since none may leave a call. options: of LLM."""
    transport = kind.split()[0]
    llm = LLM(config, transport, retry=retry, **options)
    if is_sync(kind):
        with llm, ThreadPoolExecutor(AT_ONCE) as threads:
            return tally(
                list(threads.map(lambda number: llm.completion(question(number)), range(calls)))
            )
    results: dict[int, LLMResult[Completion]] = {}

    async def main() -> None:
        waiting = iter(range(calls))

        async def work() -> None:
            for number in waiting:
                assert number not in results
                results[number] = await llm.acompletion(question(number))

        async with llm, anyio.create_task_group() as tasks:
            for _ in range(AT_ONCE):
                tasks.start_soon(work)

    run(kind, main)
    return tally([results[number] for number in range(calls)])


@contextmanager
def aimock(calls: int) -> Iterator[str]:
    """The address of one that knows the answers; its whole process group ends with it."""
    fixtures = [
        {"match": {"userMessage": f"<{number}>"}, "response": {"content": answer(number)}}
        for number in range(calls)
    ]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fixtures.json"
        file.write_text(json.dumps({"fixtures": fixtures}))
        command = ["npx", "-y", "-p", AIMOCK, "llmock", "-p", str(port), "-f", str(file), *CHAOS]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            try:
                _wait_for(port)
                yield f"http://127.0.0.1:{port}/v1"
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)


def _wait_for(port: int) -> None:
    ends_s = monotonic() + 60
    while monotonic() < ends_s:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        sleep(0.1)
    raise TimeoutError("aimock did not start")


def main() -> int:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    good = True
    with aimock(calls) as url:
        config = LLMConfig(api_key="sk-chaos-0123456789", model="gpt-5-mini", base_url=url)
        for (name, policy), kind in product(POLICIES.items(), KINDS):
            began = monotonic()
            seen = ask_all(kind, config, calls, policy)
            good = good and not seen.wrong and seen.answered >= 0.99 * calls
            print(
                f"{name:8} {kind:16} {seen.calls} calls, {seen.answered} answered, "
                f"failed {seen.failed}, wrong {list(seen.wrong[:3])}, {monotonic() - began:.1f} s",
                flush=True,
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
