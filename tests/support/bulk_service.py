"""A service for bulk runs on loopback: chat completions after a delay, and a count of the requests for each row.

    python -m tests.support.bulk_service --delay 0.05        prints its URL; GET /counts returns what it counted

What a prompt says decides its misfortune: "[400]", "[500 html]", "[hang]", "[reset]", "[401]", "[429]", "[garbage]".
"""

import argparse
import asyncio
import json
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_MARK = re.compile(r"\[([a-z0-9 ]+)\]")
ERROR = {"error": {"message": "no", "type": "invalid_request_error", "code": None}}


class BulkService:
    """Counts and answers. `rpm`: requests in any minute before 429s begin."""

    def __init__(
        self,
        delay_s: float = 0.0,
        *,
        rpm: int | None = None,
        window_s: float = 60.0,
        retry_after: str = "",
    ) -> None:
        self.delay_s = delay_s
        self.rpm = rpm
        self.window_s = window_s
        self.retry_after = retry_after
        self.prompts: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.in_flight = self.most_in_flight = 0
        self.times: list[float] = []
        self.largest = 0
        self.url = ""
        """Base URL, once it is served."""
        self._recent: deque[float] = deque()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = 0
                for line in head.split(b"\r\n"):
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                body = await reader.readexactly(length)
                if head.startswith(b"GET /counts"):
                    self._send(writer, 200, json.dumps(self.counts()))
                elif not await self._answer(head, body, writer):
                    return
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # cancelled: the test is over
        finally:
            writer.close()

    def counts(self) -> dict[str, Any]:
        return {
            "sends": self.prompts.total(),
            "answered": self.answered.total(),
            "prompts": len(self.prompts),
            "most_in_flight": self.most_in_flight,
            "statuses": {str(status): count for status, count in self.statuses.items()},
        }

    async def _answer(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """False if the connection is closed."""
        self.largest = max(self.largest, len(body))
        request = json.loads(body)
        prompt = str(request["messages"][-1]["content"])
        self.prompts[prompt] += 1
        self.times.append(time.monotonic())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.rpm is not None and self._is_over():
                headers = {"retry-after": self.retry_after} if self.retry_after else {}
                self._send(
                    writer,
                    429,
                    json.dumps({"error": {"message": "slow down", "type": "requests"}}),
                    headers,
                )
                return True
            mark = _MARK.search(prompt)
            match mark.group(1) if mark else "":
                case "hang":
                    await asyncio.sleep(60)
                case "reset":
                    writer.transport.abort()
                    return False
                case "500 html":
                    self._send(
                        writer,
                        500,
                        "<html><h1>Internal Server Error</h1></html>",
                        {"content-type": "text/html"},
                    )
                    return True
                case "garbage":
                    self._send(writer, 200, "{")
                    return True
                case "echo key":
                    key = re.search(rb"(?i)authorization: bearer (\S+)", head)
                    prompt = "" if key is None else key.group(1).decode()
                case number if number.isdigit():
                    message = {"error": {"message": f"refused with {number}", "type": "error"}}
                    self._send(writer, int(number), json.dumps(message))
                    return True
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            self.answered[prompt] += 1
            self._send(writer, 200, json.dumps(completion(request.get("model", ""), prompt)))
            return True
        finally:
            self.in_flight -= 1

    def _is_over(self) -> bool:
        now_s = time.monotonic()
        while self._recent and self._recent[0] < now_s - self.window_s:
            self._recent.popleft()
        self._recent.append(now_s)
        return len(self._recent) > (self.rpm or 0)

    def _send(
        self,
        writer: asyncio.StreamWriter,
        status: int,
        text: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.statuses[status] += 1
        body = text.encode()
        lines = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            **(headers or {}),
        }
        head = "".join([f"{name}: {value}\r\n" for name, value in lines.items()])
        writer.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)


def completion(model: str, prompt: str) -> dict[str, Any]:
    """The answer to a prompt: its end, with a usage by which every call costs the same."""
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer_to(prompt)}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
    }  # fmt: skip


def answer_to(prompt: str) -> str:
    """The text of the answer to a prompt."""
    return f"yes: {prompt[-60:]}"


async def _listen(service: BulkService, port: int) -> asyncio.Server:
    return await asyncio.start_server(
        service.serve, "127.0.0.1", port, limit=64 * 1024 * 1024, backlog=2048
    )


@contextmanager
def bulk_service(service: BulkService) -> Iterator[str]:
    """The service in a thread of this process; its base URL."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(_listen(service, 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:

        async def end() -> None:
            server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rpm", type=int, default=None)
    parser.add_argument("--retry-after", default="")
    options = parser.parse_args()
    service = BulkService(options.delay, rpm=options.rpm, retry_after=options.retry_after)
    server = await _listen(service, options.port)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
