"""The client's own rate limit: a sliding window of requests and tokens per minute. Pure: times are arguments."""

from collections import deque

import msgspec

WINDOW_S = 60.0


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Maximum in any sixty seconds, for one target; None: unlimited."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


class WindowEntry:
    """One request: when it is sent, its tokens as known so far, and whether the window still counts it."""

    __slots__ = ("at_s", "counts", "tokens")

    def __init__(self, at_s: float, tokens: float) -> None:
        self.at_s = at_s
        self.tokens = tokens
        self.counts = True


class SlidingWindow:
    """The requests of the last sixty seconds and those waiting to be sent, first come, first served.

    Times come from any monotonic clock. A request is examined when it enters and when it leaves. Not thread-safe.
    """

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        """May be set: what was counted stays counted."""
        self._entries: deque[WindowEntry] = deque()
        """Those that the window counts when the last of them is sent."""
        self._passed: deque[WindowEntry] = deque()
        """Those that it counts now, but no longer by then: they count again if the last is removed."""
        self._tokens = 0.0
        self._last_s = float("-inf")

    def wait_s(self, now_s: float, tokens: float = 0.0) -> float:
        """Return the seconds until a request of this size may be sent, without counting it.

        A request above the limit is sent alone.
        """
        return self._at_s(now_s, tokens)[0] - now_s

    def enter(self, now_s: float, tokens: float = 0.0) -> WindowEntry:
        """Count the request; `at_s` of the entry is when to send it."""
        at_s, expired = self._at_s(now_s, tokens)
        for _ in range(expired):
            old = self._entries.popleft()
            old.counts = False
            self._tokens -= old.tokens
            self._passed.append(old)
        while self._passed and self._passed[0].at_s + WINDOW_S <= now_s:
            self._passed.popleft()
        entry = WindowEntry(at_s, tokens)
        self._entries.append(entry)
        self._tokens += tokens
        self._last_s = at_s
        return entry

    def adjust(self, entry: WindowEntry, tokens: float) -> None:
        """Correct the tokens of a request to the number that the provider counted."""
        if entry.counts:
            self._tokens += tokens - entry.tokens
        entry.tokens = tokens

    def remove(self, entry: WindowEntry) -> None:
        """Remove a request that is not sent. Those behind it keep their time; the next one comes after the last of them."""
        for other in self._passed:
            other.counts = True
            self._tokens += other.tokens
        self._entries.extendleft(reversed(self._passed))
        self._passed.clear()
        if entry.counts:
            entry.counts = False
            self._entries.remove(entry)
            self._tokens -= entry.tokens
            self._last_s = self._entries[-1].at_s if self._entries else float("-inf")

    def _at_s(self, now_s: float, tokens: float) -> tuple[float, int]:
        """(when it may be sent, how many of the oldest entries have left the window by then)."""
        requests = self.limit.requests_per_minute
        allowed = self.limit.tokens_per_minute
        at_s = max(now_s, self._last_s)
        expired = 0
        left = self._tokens
        for entry in self._entries:
            is_old = entry.at_s + WINDOW_S <= at_s
            is_many = requests is not None and len(self._entries) - expired + 1 > max(1, requests)
            is_much = allowed is not None and left + tokens > allowed
            if not (is_old or is_many or is_much):
                break
            at_s = max(at_s, entry.at_s + WINDOW_S)
            left -= entry.tokens
            expired += 1
        return at_s, expired


def estimated_tokens(body: bytes) -> float:
    """Estimate the tokens of a request: a quarter of its bytes, which is an overestimate."""
    return len(body) / 4
