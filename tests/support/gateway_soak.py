"""A gateway under many requests and many open streams: memory, open files and what is left behind.

    python -m tests.support.gateway_soak [--requests 20000] [--streams 1000]

The gateway is the command `llm-pure serve` in a process of its own, with a key that has a budget in a ledger file; provider and
clients are in this one. It prints what it saw, and exits with 1 if memory grew, a stream was cut, or something stayed open.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.gateway.client_keys import key_hash

KEY = "soak"
WARM_REQUESTS = 0.1
"""Part of the requests after which memory is measured for the first time."""
GROWTH_MB = 8.0
"""From then to the end; the ledger's caches and the allocator's arenas settle in it."""
STREAM_LIMIT_MB = 300.0
AT_ONCE = 32
JSON_ANSWER = msgspec.json.encode(
    {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
    }
)


def chunk(content: str | None, finish: str | None = None, **more: Any) -> bytes:
    """One event of a stream."""
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + msgspec.json.encode({**body, "choices": [choice], **more}) + b"\n\n"


class Provider:
    """OpenAI's chat completions on loopback. A stream waits in its middle until `release`."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.waiting = 0
        self.served = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
                body = await reader.readexactly(length)
                self.served += 1
                if b'"stream":true' in body.replace(b" ", b""):
                    await self._stream(writer)
                else:
                    size = str(len(JSON_ANSWER)).encode()
                    kind = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                    writer.write(kind + size + b"\r\n\r\n" + JSON_ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        kind = b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\n" + kind)
        usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
        for data in (chunk("one "), chunk("two ")):
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.waiting += 1
        await self.release.wait()
        self.waiting -= 1
        end = chunk("three") + chunk(None, "stop", usage=usage) + b"data: [DONE]\n\n"
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(end), end))
        await writer.drain()


class Gateway:
    """The process of the gateway."""

    def __init__(self, process: "subprocess.Popen[str]", url: str) -> None:
        self.url = url
        self._pid = process.pid

    def rss_mb(self) -> float:
        """Resident memory in MiB."""
        pages = int(Path(f"/proc/{self._pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def open_files(self) -> int:
        """Number of file descriptors."""
        return len(os.listdir(f"/proc/{self._pid}/fd"))


@asynccontextmanager
async def running_gateway(folder: Path, upstream: str) -> AsyncIterator[Gateway]:
    """`llm-pure serve` in front of a provider."""
    (folder / "c.yaml").write_text(
        f"models: {{fast: {{api_type: openai, api_key: k, model: m, max_token: 100, keep_alive: 1, base_url: {upstream}/v1}}}}\n"
        "prices: {m: {input: 1, output: 1}}\n"
        f'serve: {{log: calls.log, ledger: ledger.db, max_requests: 5000, keys: {{soak: {{sha256: "{key_hash(KEY)}", max_budget: 100000}}}}}}\n'
    )
    command = [sys.executable, "-m", "llm_pure", "serve", "--config", "c.yaml", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(  # noqa: ASYNC220 - it is started once
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            url = (await asyncio.to_thread(process.stdout.readline)).strip()
            yield Gateway(process, url)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 60)


class Seen(msgspec.Struct, kw_only=True):
    """What a run saw."""

    requests: int = 0
    streams: int = 0
    faults: list[str] = []
    start_mb: float = 0.0
    warm_mb: float = 0.0
    after_requests_mb: float = 0.0
    with_streams_mb: float = 0.0
    after_streams_mb: float = 0.0
    files_before: int = 0
    files_after: int = 0
    served: int = 0
    ledger_calls: int = 0
    ledger_reserved: int = 0

    def problems(self) -> list[str]:
        """What must not be."""
        grown = self.after_requests_mb - self.warm_mb
        calls = self.requests + self.streams
        rows = [
            (bool(self.faults), f"{len(self.faults)} answers were wrong: {self.faults[:3]}"),
            (grown > GROWTH_MB, f"memory grew by {grown:.1f} MiB over the requests"),
            (self.with_streams_mb > STREAM_LIMIT_MB, f"{self.with_streams_mb:.0f} MiB with open streams"),
            (self.files_after > self.files_before + 4, f"{self.files_after} files are open, {self.files_before} before"),
            (self.served != calls, f"the provider has answered {self.served} of {calls}"),
            (self.ledger_calls != calls, f"the ledger has {self.ledger_calls} of {calls} calls"),
            (self.ledger_reserved != 0, f"{self.ledger_reserved} reservations are left"),
        ]  # fmt: skip
        return [text for is_wrong, text in rows if is_wrong]


async def soak(requests: int, streams: int) -> Seen:
    """Run it."""
    seen, provider = Seen(faults=[]), Provider()
    server = await asyncio.start_server(provider.answer, "127.0.0.1", 0, backlog=2048)
    upstream = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with running_gateway(folder, upstream) as gateway:
            seen.start_mb = gateway.rss_mb()
            await _requests(gateway, max(AT_ONCE, int(requests * WARM_REQUESTS)), seen)
            seen.warm_mb = gateway.rss_mb()
            seen.files_before = gateway.open_files()
            await _requests(gateway, requests - seen.requests, seen)
            seen.after_requests_mb = gateway.rss_mb()
            await _streams(gateway, provider, streams, seen)
            seen.after_streams_mb = gateway.rss_mb()
            await _until(lambda: gateway.open_files() <= seen.files_before + 4)
            seen.files_after = gateway.open_files()
        seen.served = provider.served
        ledger = open_ledger(folder / "ledger.db").unwrap().ledger()
        seen.ledger_calls, seen.ledger_reserved = ledger.totals.calls, len(ledger.reserved)
    server.close()
    return seen


def _request(stream: bool) -> dict[str, Any]:
    messages = [{"role": "user", "content": "hello " * 50}]
    body: dict[str, Any] = {"model": "fast", "messages": messages, "max_tokens": 100}
    return body | ({"stream": True} if stream else {})


async def _requests(gateway: Gateway, count: int, seen: Seen) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    numbers = iter(range(count))
    async with aiohttp.ClientSession(gateway.url, headers=headers) as session:

        async def work() -> None:
            for _ in numbers:
                async with session.post("/v1/chat/completions", json=_request(False)) as answer:
                    data = await answer.read()
                    seen.requests += 1
                    if answer.status != 200 or b'"content":"ok"' not in data:
                        seen.faults.append(f"{answer.status} {data[:200]!r}")

        await asyncio.gather(*[work() for _ in range(AT_ONCE)])


async def _streams(gateway: Gateway, provider: Provider, count: int, seen: Seen) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(
        gateway.url, headers=headers, connector=connector, timeout=timeout
    ) as session:

        async def work() -> None:
            async with session.post("/v1/chat/completions", json=_request(True)) as answer:
                data = await answer.read()
                seen.streams += 1
                if (
                    answer.status != 200
                    or not data.endswith(b"data: [DONE]\n\n")
                    or b"three" not in data
                ):
                    seen.faults.append(f"{answer.status} {data[-200:]!r}")

        tasks = [asyncio.create_task(work()) for _ in range(count)]
        await _until(lambda: provider.waiting == count)
        seen.with_streams_mb = gateway.rss_mb()
        provider.release.set()
        await asyncio.gather(*tasks)


async def _until(condition: Any, timeout_s: float = 120.0) -> None:
    """Wait until something is so, at most for a time."""
    for _ in range(int(timeout_s / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--streams", type=int, default=1_000)
    options = parser.parse_args()
    seen = asyncio.run(soak(options.requests, options.streams))
    print(msgspec.json.format(msgspec.json.encode(seen)).decode())
    problems = seen.problems()
    print("\n".join(problems) or "nothing grew, nothing is left")
    raise SystemExit(1 if problems else 0)


if __name__ == "__main__":
    main()
