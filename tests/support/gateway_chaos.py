"""Streams through a gateway while its upstream drops, limits and hangs, and its clients leave.

    python -m tests.support.gateway_chaos 1000 [--seed 1]

Everything is over loopback: an upstream of five dialects, the gateway in uvicorn, clients of five dialects. It checks that no stream looks like
a success that is none, that nothing stays open, and that the ledger has what the upstream counted.
"""

import argparse
import asyncio
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import msgspec

from llm_pure.core.server import VENDORS
from llm_pure.gateway import CallRecord
from llm_pure.gateway.client_keys import OPEN
from llm_pure.gateway.key_access import KeyAccess
from llm_pure.gateway.serving import serve_on_loopback
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.types.completion import Usage
from llm_pure.types.errors import LLMError, RateLimited, ServerError
from llm_pure.types.events import (
    Finished,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.result import Failure, Success
from tests.support.gateways import ERRORS_OF, configuration, streamed

DIALECTS = (
    "openai_chat",
    "openai_responses",
    "anthropic_messages",
    "gemini_content",
    "ollama_native",
)
ENDS = {
    "openai_chat": b"data: [DONE]",
    "openai_responses": b"event: response.completed",
    "anthropic_messages": b"event: message_stop",
    "gemini_content": b'"finishReason":"STOP"',
    "ollama_native": b'"done":true',
}
KINDS = (
    "good", "good", "good", "slow", "bytes", "limited", "broken", "html", "reset", "early", "cut", "error", "malformed", "hang",
    "silent",
)  # fmt: skip
"""What the upstream does with a request."""


MODELS = {
    "openai_chat": "{{api_type: openai, api_key: k, model: gpt-5-mini, base_url: '{url}/v1'}}",
    "openai_responses": "{{api_type: openai_responses, api_key: k, model: gpt-5-mini, base_url: '{url}/v1'}}",
    "anthropic_messages": "{{api_type: anthropic, api_key: k, model: claude-haiku-4-5, base_url: '{url}'}}",
    "gemini_content": "{{api_type: gemini, api_key: k, model: gemini-2.5-flash, base_url: '{url}'}}",
    "ollama_native": "{{api_type: ollama, model: local, base_url: '{url}/api', max_token: 100}}",
}
"""Dialect -> the model that speaks it, whose name in the gateway is that of the dialect."""

PATHS = {
    "chat/completions": "openai_chat",
    "responses": "openai_responses",
    "messages": "anthropic_messages",
    "streamGenerateContent": "gemini_content",
    "api/chat": "ollama_native",
}
"""What is in the path of a provider -> its dialect."""


class Script(msgspec.Struct, frozen=True):
    """A streamed answer in the bytes of a dialect."""

    kind: str
    """The content type."""
    frames: list[bytes]
    end: list[bytes]
    """The rest of a complete answer: its last text, which has its number, the usage, the marks of the end."""
    fault: bytes
    """An error in the stream."""
    malformed: bytes


def script(dialect: str, number: int, words: int, stop: int, *, thinks: bool) -> Script:
    """The answer with this number. stop: how many frames come before what is wrong with it."""
    received = ReceivedRequest(dialect=dialect, model="m", created_s=1, response_id=f"r{number}")
    server = server_dialects[dialect]
    texts: list[StreamEvent] = [TextDelta(f"w{number}.{index} ", 1) for index in range(words)]
    if thinks:
        texts.insert(0, ReasoningDelta("hm", 0))
    started = Started(id=f"r{number}", model="m", provider=VENDORS[dialect])
    usage = UsageReported(Usage(input_tokens=7, output_tokens=words))
    ending = [(TextDelta(f"<end {number}>", 1),), (usage, Finished("stop"))]
    encoder, broken = server.open_encoder(received), server.open_encoder(received)
    frames = [encoder.encode(batch) for batch in ((started,), *[(text,) for text in texts])]
    for batch in ((started,), *[(text,) for text in texts[:stop]]):
        broken.encode(batch)
    end = [encoder.encode(batch) for batch in ending]
    fault = broken.close(Failure(ServerError(message="boom", provider="", status=500)))
    lines = dialect == "ollama_native"
    return Script(
        kind=server.stream_type(received),
        frames=[frame for frame in frames if frame],
        end=[*end, encoder.close(Success(None))],
        fault=fault,
        malformed=b'{"broken\n' if lines else b"data: {broken\n\n",
    )


def refusal(dialect: str, kind: str) -> tuple[int, str, bytes]:
    """Status, content type and body of an answer that is no stream."""
    if kind == "html":
        return 200, "text/html", b"<html>busy</html>"
    error: LLMError = ServerError(message="no", status=500)
    if kind == "limited":
        error = RateLimited(message="no", status=429)
    received = ReceivedRequest(dialect=dialect, model="m")
    response = server_dialects[dialect].build_error(error, received)
    return response.status, "application/json", response.body


class Upstream:
    """Answers in five dialects, by chance well. It counts what it has sent to the end."""

    def __init__(self, seed: int) -> None:
        self.kinds: Counter[str] = Counter()
        self.completed: dict[int, int] = {}
        """Number of an answer that was sent to its end -> its output tokens."""
        self.open = 0
        self.port = 0
        self._random = random.Random(seed)
        self._number = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        path = head.split(b" ", 2)[1].decode()
        dialect = next(name for part, name in PATHS.items() if part in path)
        self._number += 1
        number, kind = self._number, self._random.choice(KINDS)
        self.kinds[f"{dialect} {kind}"] += 1
        if kind in ("limited", "broken", "html"):
            status, form, body = refusal(dialect, kind)
            writer.write(
                f"HTTP/1.1 {status} X\r\ncontent-type: {form}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
                + body
            )
            await writer.drain()
            return True
        if kind == "silent":
            await reader.read(1)  # until it is hung up on
            return False
        words = self._random.randint(3, 30)
        stop = self._random.randrange(1, words)
        answer = script(dialect, number, words, stop, thinks=self._random.random() < 0.3)
        before, end = answer.frames[:stop], answer.end
        writer.write(
            f"HTTP/1.1 200 OK\r\ncontent-type: {answer.kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        )
        match kind:
            case "reset":
                await self._send(writer, before)
                writer.transport.abort()
                return False
            case "early":
                await self._send(writer, before)
                writer.write(b"0\r\n\r\n")
            case "cut":
                await self._send(writer, [*before, answer.frames[stop][:40]])
                return False
            case "error":
                await self._send(writer, [*before, answer.fault, *end])
                writer.write(b"0\r\n\r\n")
            case "malformed":
                await self._send(writer, [b"".join([*before, answer.malformed, *end])])
                writer.write(b"0\r\n\r\n")
            case "hang":
                await self._send(writer, before)
                await reader.read(1)
                return False
            case _:
                pieces = [*answer.frames, *end]
                if kind == "bytes":
                    data = b"".join(pieces[:6]) if words > 6 else b"".join(pieces)
                    rest = b"".join(pieces)[len(data) :]
                    pieces = [data[index : index + 1] for index in range(len(data))]
                    pieces += [rest] if rest else []
                await self._send(writer, pieces, pause=kind == "slow")
                writer.write(b"0\r\n\r\n")
                await writer.drain()
                self.completed[number] = words
        await writer.drain()
        return True

    async def _send(
        self, writer: asyncio.StreamWriter, pieces: list[bytes], *, pause: bool = False
    ) -> None:
        for piece in filter(None, pieces):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if pause:
                await asyncio.sleep(0.01)
            await writer.drain()


@contextmanager
def running_upstream(seed: int) -> Iterator[Upstream]:
    """The upstream in a thread."""
    upstream = Upstream(seed)
    ready = threading.Event()
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, backlog=2048)
        upstream.port = server.sockets[0].getsockname()[1]
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        ready.set()
        async with server:
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait(5)
    try:
        yield upstream
    finally:
        stop[0]()
        thread.join(5)


class Outcome(msgspec.Struct):
    """What a client saw."""

    dialect: str
    left: bool
    status: int = 0
    body: bytes = b""
    complete: bool = False

    @property
    def is_success(self) -> bool:
        return self.complete and self.status == 200 and ENDS[self.dialect] in self.body

    @property
    def is_error(self) -> bool:
        return self.complete and (self.status >= 400 or ERRORS_OF[self.dialect] in self.body)


async def one_client(port: int, number: int, chance: random.Random) -> Outcome:
    dialect = chance.choice(DIALECTS)
    path, body = streamed(dialect)
    model = chance.choice(DIALECTS)
    path = path.replace("fast", model)
    if "model" in body:
        body = {**body, "model": model}
    data = msgspec.json.encode(body)
    leaves_after = chance.choice([None, None, None, 0, chance.randrange(2000)])
    await asyncio.sleep(chance.random() * 0.002 * number % 2)
    outcome = Outcome(dialect, leaves_after is not None)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            f"POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {len(data)}\r\n\r\n".encode()
            + data
        )
        await writer.drain()
        if leaves_after == 0:
            await asyncio.sleep(chance.random() * 0.05)
            writer.transport.abort()
            return outcome
        received = b""
        while piece := await asyncio.wait_for(reader.read(4096), 60):
            received += piece
            if leaves_after is not None and len(received) >= leaves_after:
                writer.transport.abort()
                return outcome
        head, _, rest = received.partition(b"\r\n\r\n")
        outcome.status = int(head.split(b" ")[1])
        if b"chunked" in head.lower():
            outcome.body, outcome.complete = _dechunked(rest)
        else:
            outcome.body, outcome.complete = rest, True
    except OSError:
        pass
    finally:
        writer.close()
    return outcome


def _dechunked(data: bytes) -> tuple[bytes, bool]:
    pieces: list[bytes] = []
    while data:
        size, _, rest = data.partition(b"\r\n")
        if not size:
            return b"".join(pieces), False
        length = int(size, 16)
        if length == 0:
            return b"".join(pieces), True
        pieces.append(rest[:length])
        data = rest[length + 2 :]
    return b"".join(pieces), False


class Report(msgspec.Struct):
    """What a run saw, and what is wrong with it."""

    clients: int
    successes: int
    errors: int
    left: int
    upstream: dict[str, int]
    requests: int
    spent_usd: str
    took_s: float
    problems: list[str] = []


def run(count: int, seed: int = 1, *, silence_s: float = 1.0) -> Report:
    """Send so many requests; return what became of them."""
    records: list[CallRecord] = []
    text = (
        "prices: {local: {input: 1, output: 2}}\n"
        "retry: {max_attempts: 2, initial_backoff_s: 0.01, max_backoff_s: 0.02}\n"
        "cost_control: {max_budget: 1000}\n"
        f"serve: {{keep_alive_s: 0.2, first_byte_s: {silence_s}, silence_s: {silence_s}}}\n"
        "models:\n"
    )
    started_s = time.monotonic()
    problems: list[str] = []
    with running_upstream(seed) as upstream:
        url = f"http://127.0.0.1:{upstream.port}"
        models = [f"  {name}: {model.format(url=url)}\n" for name, model in MODELS.items()]
        config = configuration(text + "".join(models))
        with serve_on_loopback(config, env={}, observers=(records.append,)) as gateway:
            port = int(gateway.url.rpartition(":")[2])

            async def clients() -> list[Outcome]:
                free = asyncio.Semaphore(200)

                async def guarded(number: int) -> Outcome:
                    async with free:
                        return await one_client(port, number, random.Random(seed * 10_000 + number))

                return list(await asyncio.gather(*[guarded(number) for number in range(count)]))

            outcomes = asyncio.run(clients())
            deadline_s = time.monotonic() + 10
            while (
                gateway.application.active or len(records) < count
            ) and time.monotonic() < deadline_s:
                time.sleep(0.02)
                if not gateway.application.active and time.monotonic() > deadline_s - 8:
                    break  # clients that left before their request was read have no record
            if gateway.application.active:
                problems.append(f"{gateway.application.active} requests are still open")
            access = gateway.application.service.access
            assert isinstance(access, KeyAccess)
            spent = access.budgets.spending((OPEN,))[""].spent_usd
            reserved = access.budgets.store_for(OPEN).ledger().reserved
        deadline_s = time.monotonic() + 5
        while upstream.open and time.monotonic() < deadline_s:
            time.sleep(0.02)
        if upstream.open:
            problems.append(f"{upstream.open} connections to the upstream are still open")
        problems += _check(outcomes, records, upstream, spent)
        if reserved:
            problems.append(f"{len(reserved)} reservations are left")
    return Report(
        clients=count,
        successes=sum(outcome.is_success for outcome in outcomes),
        errors=sum(outcome.is_error for outcome in outcomes),
        left=sum(outcome.left for outcome in outcomes),
        upstream=dict(upstream.kinds),
        requests=len(records),
        spent_usd=f"{spent:f}",
        took_s=round(time.monotonic() - started_s, 1),
        problems=problems,
    )


def _check(
    outcomes: list[Outcome], records: list[CallRecord], upstream: Upstream, spent: Decimal
) -> list[str]:
    problems: list[str] = []
    counted = 0
    for outcome in outcomes:
        if outcome.is_success:
            mark = outcome.body.rpartition(b"<end ")[2].partition(b">")[0]
            if not mark.isdigit() or int(mark) not in upstream.completed:
                problems.append(f"a false success in {outcome.dialect}: {outcome.body[-300:]!r}")
                continue
            counted += upstream.completed[int(mark)]
            words = outcome.body.count(b"w%d." % int(mark))
            if words < upstream.completed[int(mark)]:
                problems.append(f"a success without {upstream.completed[int(mark)] - words} words")
        elif not outcome.left and not outcome.is_error:
            problems.append(
                f"neither success nor error in {outcome.dialect}: {outcome.status} {outcome.body[-300:]!r}"
            )
    good = [record for record in records if not record.error]
    successes = sum(outcome.is_success for outcome in outcomes)
    settled = sum([record.usage.output_tokens or 0 for record in good])
    extra = len(good) - successes  # the client left while the end was on its way
    if extra < 0 or (extra == 0 and settled != counted) or settled < counted:
        problems.append(
            f"settled {settled} tokens of {len(good)} calls, and {successes} clients got {counted}"
        )
    costs = sum([record.cost_usd or Decimal(0) for record in records], Decimal(0))
    if costs != spent:
        problems.append(f"the ledger has {spent}, and the records {costs}")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    report = run(options.count, options.seed)
    print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
