"""How long a provider asks to wait, read from the headers of its answer, in seconds.

Sources: RFC 9110 10.2.3; openai-python 3.3.1 `_base_client.py` (retry-after-ms wins); api.openai.com and
api.anthropic.com rate-limit headers; read 2026-11-20.
"""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from llm_pure.types.http import Headers, get_header

_GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_GO_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)")

_LIMITS = ("requests", "tokens", "input-tokens", "output-tokens")


def retry_after_s(headers: Headers) -> float | None:
    """retry-after-ms, else retry-after (seconds or an HTTP date), else the reset of a rate limit that is used up.

    Dates are counted from the answer's own `date` header, since nothing here looks at a clock.
    """
    exact = _number(get_header(headers, "retry-after-ms"))
    if exact is not None:
        return exact / 1000
    asked = get_header(headers, "retry-after")
    if asked is not None:
        seconds = _number(asked)
        return seconds if seconds is not None else _until(headers, _http_date(asked))
    resets = [_reset(headers, limit) for limit in _LIMITS]
    return max([wait for wait in resets if wait is not None], default=None)


def parse_go_duration(text: str) -> float | None:
    """Seconds of a duration such as "6m0s", "12ms" or "29.7s"; None when it is none.

    >>> parse_go_duration("1m30.5s")
    90.5
    """
    found = _GO_DURATION.findall(text)
    if not found or "".join([number + unit for number, unit in found]) != text.strip():
        return None
    return _wait(sum(float(number) * _GO_UNITS[unit] for number, unit in found))


def _reset(headers: Headers, limit: str) -> float | None:
    """The wait of one limit that has nothing left: OpenAI's durations, Anthropic's timestamps."""
    for family in ("x-ratelimit", "anthropic-ratelimit"):
        parts = (f"{family}-{{}}-{limit}", f"{family}-{limit}-{{}}")
        for shape in parts:
            if get_header(headers, shape.format("remaining")) == "0":
                reset = get_header(headers, shape.format("reset")) or ""
                wait = parse_go_duration(reset)
                return wait if wait is not None else _until(headers, _iso_date(reset))
    return None


def _number(text: str | None) -> float | None:
    try:
        return _wait(float(text or ""))
    except ValueError:
        return None


def _wait(seconds: float) -> float | None:
    """The wait, None when it is below nothing or beyond 30 years: no one means that."""
    return seconds if 0 <= seconds < 1e9 else None


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # the last: a year of ten digits
        return None


def _iso_date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _until(headers: Headers, when: datetime | None) -> float | None:
    answered = _http_date(get_header(headers, "date") or "")
    if when is None or answered is None or when.tzinfo is None or answered.tzinfo is None:
        return None
    return max((when - answered) / timedelta(seconds=1), 0.0)
