"""A client that is open while its process forks: tests write lines [KIND, URL, CALLS] to `python -m tests.support.forking`.

Each line has a process of its own, forked by one that has imported the libraries. In it, parent and child go on with the same
transport. Each request has the number of its process and its own; the service answers with both. Prints for each line, as
JSON, the answers that were not those of the request, from either process, the child's first; the errors; and the exit code.
"""

import asyncio
import json
import os
import ssl
import sys
import threading
import traceback
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from tempfile import TemporaryFile
from typing import Any

import trio

from llm_pure.client.transport_manager import NAMES
from llm_pure.transports.base import TransportSettings
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure
from tests.support.carriers import QUICK, is_sync, open_async, open_sync


def settings() -> TransportSettings:
    """One connection, so that two processes would meet on it; any certificate is trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return TransportSettings(max_connections=1, tls=context)


def request(url: str, number: int) -> tuple[HttpRequest, bytes]:
    body = b"<%d %d>" % (os.getpid(), number)
    return HttpRequest("POST", url, (), body), body


def wrong(got: Any, body: bytes) -> list[str]:
    if isinstance(got, Failure):
        return [str(got.failure())]
    return [] if got.unwrap().body == body else [f"{body!r} got {got.unwrap().body!r}"]


def call(transport: Any, url: str, count: int) -> list[str]:
    found: list[str] = []
    for number in range(count):
        sent, body = request(url, number)
        found += wrong(transport.send(sent, QUICK), body)
    return found


async def acall(transport: Any, url: str, count: int) -> list[str]:
    found: list[str] = []
    for number in range(count):
        sent, body = request(url, number)
        found += wrong(await transport.asend(sent, QUICK), body)
    return found


@contextmanager
def locks_held(transport: Any) -> Iterator[None]:
    """Another thread holds the lock of the pools while the process forks."""
    rows = getattr(transport, "_rows", None)
    if rows is None:
        yield
        return
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with rows._lock:
            held.set()
            free.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        yield
    finally:
        free.set()
        thread.join()


def fork_and_call(transport: Any, child: Callable[[], list[str]], parent: Callable[[], list[str]]) -> list[str]:  # fmt: skip
    reading, writing = os.pipe()
    with locks_held(transport):
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            try:
                told = "\n".join(child())
            except BaseException as error:  # noqa: BLE001 - told to the parent
                told = repr(error)
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    found = parent()
    return [*told_by(pid, reading), *found]


def told_by(pid: int, reading: int) -> list[str]:
    """What the child wrote, when it has ended."""
    with open(reading, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(pid, 0)
    return [*filter(None, told.split("\n"))]


async def in_loop(kind: str, url: str, count: int) -> list[str]:
    """The parent goes on in its event loop, the child in one of its own."""
    transport = open_async(kind, settings())
    found = await acall(transport, url, 1)

    def child() -> list[str]:
        run = trio.run if kind.endswith("trio") else run_asyncio
        return run(partial(acall, transport, url, count))

    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        told = ""
        try:
            # in a thread, as the loop of the parent seems to run here
            results: list[str] = []
            thread = threading.Thread(target=lambda: results.extend(child()))
            thread.start()
            thread.join()
            told = "\n".join(results)
        except BaseException as error:  # noqa: BLE001
            told = repr(error)
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    found += await acall(transport, url, count)
    found += told_by(pid, reading)
    await transport.aclose()
    return found


def run_asyncio(call: Callable[[], Awaitable[list[str]]]) -> list[str]:
    async def main() -> list[str]:
        return await call()

    return asyncio.run(main())


def run(kind: str, url: str, calls: int) -> None:
    """Print what went wrong."""
    if is_sync(kind):
        with open_sync(kind, settings()) as transport:
            found = call(transport, url, 1)
            once = partial(call, transport, url, calls)
            found += fork_and_call(transport, once, once)
    else:
        start = partial(in_loop, kind, url, calls)
        found = trio.run(start) if kind.endswith("trio") else run_asyncio(start)
    print("\n".join(found), end="")


def forked(kind: str, url: str, calls: int) -> tuple[str, str, int]:
    """What a new process prints that runs this, its errors and its exit code."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as errors:
        pid = os.fork()
        if pid == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            code = 1
            try:
                run(kind, url, calls)
                code = 0
            except BaseException:  # noqa: BLE001
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        out.seek(0)
        errors.seek(0)
        return out.read(), errors.read(), code


def main() -> None:
    warnings.simplefilter("ignore")  # a process with threads that forks
    for module in NAMES.values():
        import_module(module)
    for line in iter(sys.stdin.readline, ""):
        kind, url, calls = json.loads(line)
        print(json.dumps(forked(kind, url, calls)), flush=True)


if __name__ == "__main__":
    main()
