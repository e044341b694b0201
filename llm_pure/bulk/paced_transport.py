"""The transport of a run: counts every send, shares every 429 and remaining-limits header among all calls.

The client's retries pass here too, so a pause holds for them as for first attempts.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from llm_pure.bulk.allowance import Allowance, CallRecord, current_record
from llm_pure.bulk.pacing import Pace, observe, schedule
from llm_pure.client.transport_manager import TransportCache
from llm_pure.transports.base import (
    AsyncStreamingResponse,
    AsyncTransport,
    Timeouts,
    TransportSettings,
)
from llm_pure.types.errors import ConnectionFailed
from llm_pure.types.http import Headers, HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult

STOPPING = "run_stopping"
"""Code of the error of a call that is not sent, since the run is ending."""


class PacedTransport:
    """An AsyncTransport around the transports of a client."""

    def __init__(
        self,
        cache: TransportCache[AsyncTransport],
        settings: TransportSettings,
        allowance: Allowance,
        limits: tuple[bool, bool],
        is_stopping: Callable[[], bool],
    ) -> None:
        """limits: whether requests and tokens are limited, so that retries need a permit too."""
        self._cache = cache
        self._settings = settings
        self._opened: LLMResult[AsyncTransport] | None = None
        self._allowance = allowance
        self._limits = limits
        self._is_stopping = is_stopping
        self._pace = Pace()
        self._second = 0.0
        self._sent_now = 0
        self._sent_before = 0
        self.sends = 0
        """Requests sent so far."""
        self.needs_credentials = cache.needs_credentials

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        """Return the complete response, of any status. Fails with code STOPPING once the run is ending."""
        record = current_record.get()
        refused = await self._wait(record) if self._must_wait(record) else None
        if refused is not None:
            return refused
        transport = self._transport(request.url)
        if type(transport) is Failure:
            return transport
        sent_s = self._count(record)
        try:
            result = await transport.unwrap().asend(request, timeouts)
        finally:
            record.sending = False
        if type(result) is not Failure:
            response = result.unwrap()
            self._observe(response.status, response.headers, sent_s)
        return result

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Timeouts
    ) -> AsyncIterator[LLMResult[AsyncStreamingResponse]]:
        """Yield the response as its body arrives."""
        record = current_record.get()
        refused = await self._wait(record) if self._must_wait(record) else None
        transport = self._transport(request.url)
        if refused is not None:
            yield refused
            return
        if type(transport) is Failure:
            yield transport
            return
        sent_s = self._count(record)
        try:
            async with transport.unwrap().astream(request, timeouts) as opened:
                if type(opened) is not Failure:
                    head = opened.unwrap().head
                    self._observe(head.status, head.headers, sent_s)
                yield opened
        finally:
            record.sending = False

    def _transport(self, url: str) -> LLMResult[AsyncTransport]:
        """The transport of the run, looked up once: its rows all go to one service."""
        if self._opened is None:
            self._opened = self._cache.get(self._settings, url)
        return self._opened

    def _must_wait(self, record: CallRecord) -> bool:
        """False for what most calls are: a first attempt, while nothing limits the pace or stops the run."""
        until_s = max(self._pace.pause_until_s, self._allowance.pause_until_s)
        return bool(
            record.attempts
            or self._pace.rate is not None
            or self._is_stopping()
            or (until_s and until_s > monotonic())
        )

    async def _wait(self, record: CallRecord) -> Failure[ConnectionFailed] | None:
        if record.attempts:
            await self._allowance.acquire(record.tokens, self._limits)
        self._pace, at_s = schedule(self._pace, monotonic())
        while True:
            now_s = monotonic()
            until_s = max(at_s, self._pace.pause_until_s, self._allowance.pause_until_s)
            if until_s <= now_s:
                break
            await asyncio.sleep(min(until_s - now_s, 1.0))
        if not self._is_stopping():
            return None
        message = "the run is stopping, and nothing more is sent"
        return Failure(ConnectionFailed(message=message, code=STOPPING, retryable=False))

    def _count(self, record: CallRecord) -> float:
        now_s = monotonic()
        if now_s - self._second >= 1:
            is_next = now_s - self._second < 2
            self._sent_before = self._sent_now if is_next else 0
            self._second, self._sent_now = now_s, 0
        self._sent_now += 1
        self.sends += 1
        record.attempts += 1
        record.sending = True
        return now_s

    def _observe(self, status: int, headers: Headers, sent_s: float) -> None:
        now_s = monotonic()
        before = self._pace
        sent_per_s = float(max(self._sent_now, self._sent_before, 1))
        self._pace = observe(
            before,
            status=status,
            headers=headers,
            sent_s=sent_s,
            now_s=now_s,
            sent_per_s=sent_per_s,
        )
        pause_s = self._pace.pause_until_s - now_s
        if self._pace.pause_until_s > before.pause_until_s and pause_s > 0:
            self._allowance.heartbeat(pause_s)
