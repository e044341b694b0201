"""How many requests and tokens a minute a client allows itself: (limit, what went before, the time) -> seconds to wait."""

from collections import deque

import msgspec

WINDOW_S = 60.0


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The most in any sixty seconds, for one configuration; None is without a limit."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


class WindowEntry:
    """One request: when it goes out, and its tokens as far as they are known. counts: it is in the window still."""

    __slots__ = ("at_s", "counts", "tokens")

    def __init__(self, at_s: float, tokens: float) -> None:
        self.at_s = at_s
        self.tokens = tokens
        self.counts = True


class SlidingWindow:
    """What went out in the last sixty seconds, and what is waiting to go: first come, first served.

    No clock of its own: every time comes in, from any clock that only goes forward. A request is looked at when it
    comes in and when it has left the window. Not safe between threads by itself.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._entries: deque[WindowEntry] = deque()
        self._tokens = 0.0
        self._last_s = float("-inf")

    def wait_s(self, now_s: float, tokens: float = 0.0) -> float:
        """Seconds until a request of so many tokens may go. It isn't counted yet: `enter` does that.

        One that is larger than the limit goes alone.
        """
        return self._at_s(now_s, tokens)[0] - now_s

    def enter(self, now_s: float, tokens: float = 0.0) -> WindowEntry:
        """Counts the request, to go out at its time."""
        at_s, gone = self._at_s(now_s, tokens)
        for _ in range(gone):
            old = self._entries.popleft()
            old.counts = False
            self._tokens -= old.tokens
        entry = WindowEntry(at_s, tokens)
        self._entries.append(entry)
        self._tokens += tokens
        self._last_s = at_s
        return entry

    def adjust(self, entry: WindowEntry, tokens: float) -> None:
        """The answer is there, and with it the number of tokens that the provider counted."""
        if entry.counts:
            self._tokens += tokens - entry.tokens
            entry.tokens = tokens

    def remove(self, entry: WindowEntry) -> None:
        """Forget a request that is not sent."""
        if entry.counts:
            entry.counts = False
            self._entries.remove(entry)
            self._tokens -= entry.tokens
            self._last_s = self._entries[-1].at_s if self._entries else float("-inf")

    def _at_s(self, now_s: float, tokens: float) -> tuple[float, int]:
        """(when it may go, how many of the oldest entries are out of its window then)."""
        requests = self._limit.requests_per_minute
        allowed = self._limit.tokens_per_minute
        at_s = max(now_s, self._last_s)
        gone = 0
        left = self._tokens
        for entry in self._entries:
            is_old = entry.at_s + WINDOW_S <= at_s
            is_many = requests is not None and len(self._entries) - gone + 1 > max(1, requests)
            is_much = allowed is not None and left + tokens > allowed
            if not (is_old or is_many or is_much):
                break
            at_s = max(at_s, entry.at_s + WINDOW_S)
            left -= entry.tokens
            gone += 1
        return at_s, gone


def estimated_tokens(body: bytes) -> float:
    """A request's tokens before anybody has counted them: a quarter of its bytes, which is more than it will be."""
    return len(body) / 4
