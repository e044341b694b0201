"""`Watch`: ends a request whose client has left or whose provider is silent, and keeps the client's connection alive meanwhile.

It listens for the disconnect from the first moment; a request that is answered at once costs no task for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from llm_pure.gateway.request_body import Receive
from llm_pure.types.errors import LLMError, TimedOut

LISTEN_AFTER_S = 0.03
"""A watch listens after this time, at the latest after twice as much: a task that listens for the disconnect costs as much as
a tenth of a short request. The upstream call ends within 0.1 s."""


class WatchTimes:
    """Limits in seconds, and the watches that do not listen yet."""

    __slots__ = ("first_byte_s", "keep_alive_s", "silence_s", "starts")

    def __init__(self, keep_alive_s: float, first_byte_s: float, silence_s: float) -> None:
        self.keep_alive_s = keep_alive_s
        self.first_byte_s = first_byte_s
        self.silence_s = silence_s
        self.starts = _Starts()


class _Starts:
    """Watches that are to listen soon, with one timer for all of them: most requests are over before."""

    __slots__ = ("_loop", "_new", "_old")

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        """The event loop with the timer, None without one."""
        self._new: set[Watch] = set()
        self._old: set[Watch] = set()
        """Here since the timer last went off."""

    def add(self, watch: "Watch", loop: asyncio.AbstractEventLoop) -> None:
        self._new.add(watch)
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(LISTEN_AFTER_S, self._go_on, loop)

    def remove(self, watch: "Watch") -> None:
        self._new.discard(watch)
        self._old.discard(watch)

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        due, self._old, self._new = self._old, self._new, set()
        for watch in due:
            watch.listen()
        if self._loop is not loop:
            return
        if self._old:
            loop.call_later(LISTEN_AFTER_S, self._go_on, loop)
        else:
            self._loop = None


class Watch:
    """Watches one request. Its task is cancelled if the client leaves (`gone`) or the provider is silent (`expired`)."""

    def __init__(
        self,
        receive: Receive,
        times: WatchTimes,
        last_byte_s: Callable[[], float],
        keep_alive: Callable[[], Awaitable[None]] | None,
    ) -> None:
        """last_byte_s: when the provider last sent something. keep_alive: sends to the client; None for unary answers."""
        task = asyncio.current_task()
        assert task is not None
        self.gone = False
        self.expired: LLMError | None = None
        self.has_bytes = False
        """The provider has begun its answer."""
        self.sending_since_s: float | None = None
        """The client has not yet read what was sent to it."""
        self.pinging: asyncio.Task[None] | None = None
        self._task = task
        self._loop = asyncio.get_running_loop()
        self._receive = receive
        self._times = times
        self._last_byte_s = last_byte_s
        self._keep_alive = keep_alive
        self._listener: asyncio.Task[None] | None = None
        self._over = False
        self.last_sent_s = monotonic()
        self._timer: asyncio.TimerHandle | None = None
        times.starts.add(self, self._loop)

    def stop(self) -> None:
        """End watching: the request is over, and its task is not cancelled any more."""
        self._over = True
        if self._timer is None:
            self._times.starts.remove(self)
            return
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()
        if self.pinging is not None:
            self.pinging.cancel()

    def caused(self) -> bool:
        """Whether the cancellation that was just raised is this watch's; it is taken back then."""
        if not self.gone and self.expired is None:
            return False
        self._task.uncancel()
        return True

    async def sent(self) -> None:
        """Wait until a keep-alive has been sent, so that nothing comes between its bytes."""
        if self.pinging is not None:
            await asyncio.wait([self.pinging])  # raises nothing of the keep-alive's own

    def listen(self) -> None:
        """Begin to listen for the disconnect, and to look at the time."""
        self._listener = self._loop.create_task(self._disconnected())
        self._timer = self._loop.call_later(self._next_s(), self._tick)

    async def _disconnected(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._leave()
                return

    def _leave(self) -> None:
        if not self._over:
            self.gone = True
            self._cancel()

    def _cancel(self) -> None:
        self._over = True
        self._task.cancel()

    def _next_s(self) -> float:
        times = self._times
        limit_s = times.silence_s if self.has_bytes else times.first_byte_s
        return max(0.001, min(times.keep_alive_s, limit_s) / 2)

    def _tick(self) -> None:
        if self._over:
            return
        now_s, times = monotonic(), self._times
        if self.sending_since_s is not None:
            if now_s - self.sending_since_s > times.silence_s:
                self._leave()  # it does not read
                return
        else:
            limit_s = times.silence_s if self.has_bytes else times.first_byte_s
            if now_s - self._last_byte_s() >= limit_s:
                message = f"the provider sent nothing for {limit_s:g} s"
                self.expired = TimedOut(message=message, phase="read", retryable=True)
                self._cancel()
                return
            idle_s = now_s - self.last_sent_s
            if self._keep_alive is not None and idle_s >= times.keep_alive_s:
                self.last_sent_s = now_s
                if self.pinging is None or self.pinging.done():
                    self.pinging = self._loop.create_task(self._ping(self._keep_alive))
        self._timer = self._loop.call_later(self._next_s(), self._tick)

    async def _ping(self, keep_alive: Callable[[], Awaitable[None]]) -> None:
        await keep_alive()
