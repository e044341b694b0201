"""Pace of all calls of one key and model: every 429 and every remaining-limits header slows all of them. Pure.

A provider's retry-after pauses everything; the rate then starts at half of what it was and climbs back additively.
Times are arguments, on any monotonic clock.
"""

import re

import msgspec

from llm_pure.core.error_mapping import retry_after_s
from llm_pure.types.http import Headers, get_header

DEFAULT_PAUSE_S = 1.0
"""After a 429 without a hint."""

MAX_PAUSE_S = 600.0
"""The longest pause that a header sets; after it the next header decides."""

CLIMB_SHARE = 1 / 120
"""The rate climbs by this part of the rate before the cut, each second: a minute after the cut it is what it was."""

LIFTED_AT = 8.0
"""So many times the rate before the cut is no limit any more."""

MIN_RATE = 0.2
"""Calls per second that are always allowed."""

_DURATION = re.compile(r"(?<![\d.])(\d++(?:\.\d++)?+)(ms|h|m|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_LIMITS = tuple(
    (f"{prefix}{unit}-{remaining}", f"{prefix}{unit}-{reset}")
    if prefix.startswith("anthropic")
    else (f"{prefix}{remaining}-{unit}", f"{prefix}{reset}-{unit}")
    for prefix, remaining, reset in (
        ("x-ratelimit-", "remaining", "reset"),
        ("anthropic-ratelimit-", "remaining", "reset"),
    )
    for unit in ("requests", "tokens")
)
"""Headers with what is left and when it is full again: OpenAI's form, which most services have, and Anthropic's."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast calls may be sent now."""

    rate: float | None = None
    """Calls per second; None is unlimited."""
    ceiling: float = 0.0
    """The rate before the last cut; reached again, the limit is lifted."""
    pause_until_s: float = 0.0
    cut_s: float = float("-inf")
    """Time of the last cut. Responses to calls that were sent before it cut nothing again."""
    climbed_s: float = 0.0
    next_s: float = 0.0
    """Earliest time of the next call."""


def schedule(pace: Pace, now_s: float) -> tuple[Pace, float]:
    """Reserve the next call; return the pace after it and the time at which it may be sent."""
    pace = _climb(pace, now_s)
    at_s = max(now_s, pace.pause_until_s)
    if pace.rate is None:
        return pace, at_s
    at_s = max(at_s, pace.next_s)
    return msgspec.structs.replace(pace, next_s=at_s + 1 / pace.rate), at_s


def observe(
    pace: Pace, *, status: int, headers: Headers, sent_s: float, now_s: float, sent_per_s: float
) -> Pace:
    """Return the pace after a response. sent_per_s: the rate at which calls were sent lately."""
    if status == 429 or (status in (503, 529) and retry_after_s(headers) is not None):
        hint_s = retry_after_s(headers)
        pause_s = min(MAX_PAUSE_S, DEFAULT_PAUSE_S if hint_s is None else hint_s)
        return _cut(pace, pause_s, sent_s, now_s, sent_per_s)
    pause_s = _exhausted_s(headers)
    if pause_s > 0:
        return msgspec.structs.replace(
            pace, pause_until_s=max(pace.pause_until_s, now_s + min(MAX_PAUSE_S, pause_s))
        )
    return pace


def _cut(pace: Pace, pause_s: float, sent_s: float, now_s: float, sent_per_s: float) -> Pace:
    until_s = max(pace.pause_until_s, now_s + pause_s)
    if sent_s <= pace.cut_s:
        return msgspec.structs.replace(pace, pause_until_s=until_s)
    before = sent_per_s if pace.rate is None else min(pace.rate, max(sent_per_s, MIN_RATE))
    rate = max(MIN_RATE, before / 2)
    return Pace(
        rate=rate,
        ceiling=max(before, MIN_RATE),
        pause_until_s=until_s,
        cut_s=now_s,
        climbed_s=until_s,
        next_s=until_s,
    )


def _climb(pace: Pace, now_s: float) -> Pace:
    """Raise the rate for the time since the last climb; far above the old rate it is unlimited again."""
    passed_s = now_s - pace.climbed_s
    if pace.rate is None or passed_s < 0.25:
        return pace
    rate = pace.rate + pace.ceiling * CLIMB_SHARE * passed_s
    if rate > LIFTED_AT * pace.ceiling:
        return Pace(pause_until_s=pace.pause_until_s, cut_s=pace.cut_s)
    return msgspec.structs.replace(pace, rate=rate, climbed_s=now_s)


def _exhausted_s(headers: Headers) -> float:
    """Seconds until a limit of which nothing is left is full again; 0 if something is left."""
    waits_s = 0.0
    for name, value in headers:
        if value != "0" or "remaining" not in name:
            continue
        for remaining, reset in _LIMITS:
            if name == remaining:
                waits_s = max(waits_s, duration_s(get_header(headers, reset) or ""))
    return waits_s


def duration_s(text: str) -> float:
    """Return the seconds of a duration as OpenAI writes them; 0 for other forms, such as a time of day.

    >>> [duration_s(text) for text in ("1s", "6m0s", "20ms", "1.5", "2026-11-30T00:00:00Z", "")]
    [1.0, 360.0, 0.02, 1.5, 0.0, 0.0]
    """
    try:
        return max(0.0, min(float(text), MAX_PAUSE_S)) if text else 0.0
    except ValueError:
        pass
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return 0.0
    return float(sum(float(number) * _UNITS[unit] for number, unit in parts))
