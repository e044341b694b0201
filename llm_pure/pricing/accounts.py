"""Budgets with a period: an account has a limit for each period, and its spending starts at zero in the next one. Pure.

Periods are the same on every machine and after every restart: they are counted from fixed points in UTC, not from the first
call. Days end at midnight, weeks (7d) before Monday, months with the calendar's.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from llm_pure.pricing.ledger import ZERO, budget_error
from llm_pure.types.errors import BudgetExceeded

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([1-9][0-9]{0,8})(mo|[smhdw])")
_ORIGIN = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays for a call, and how much a period may cost."""

    name: str
    max_usd: Decimal
    period: str = ""
    """Such as "1d" or "1mo"; "" never ends."""


class AccountSpending(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has spent in the period that began at this time."""

    period_start_s: float = 0.0
    """In seconds since 1970; 0 for an account without a period."""
    spent_usd: Decimal = ZERO


def is_period(text: str) -> bool:
    """True for 30s, 5m, 1h, 1d, 30d, 2w, 1mo and the like, and for "".

    >>> is_period("30d"), is_period("1mo"), is_period("1 day")
    (True, True, False)
    """
    return text == "" or _DURATION.fullmatch(text) is not None


def period_start(period: str, now: datetime) -> datetime:
    """Return when the current period began. `period` is one that `is_period` accepts.

    >>> period_start("1d", datetime(2026, 11, 30, 1, 15, tzinfo=UTC)).isoformat()
    '2026-11-30T00:00:00+00:00'
    >>> period_start("1mo", datetime(2026, 11, 30, 1, 15, tzinfo=UTC)).isoformat()
    '2026-11-01T00:00:00+00:00'
    """
    match = _DURATION.fullmatch(period)
    if match is None:
        return datetime.fromtimestamp(0, UTC)
    count, unit = int(match[1]), match[2]
    at = max(now.astimezone(UTC), _ORIGIN)
    if unit == "mo":
        months = at.year * 12 + at.month - 1
        first = months - months % count
        return datetime(max(1, first // 12), first % 12 + 1, 1, tzinfo=UTC)
    length_s = count * _UNITS_S[unit]
    return _ORIGIN + timedelta(seconds=int((at - _ORIGIN).total_seconds()) // length_s * length_s)


def current(account: Account, spending: AccountSpending, now: datetime) -> AccountSpending:
    """Return the spending of the current period: zero if the account's last call was in an earlier one.

    A clock that is set back does not give the money of a later period twice. If that period is not the next one, the clock was
    wrong when it began: what was spent counts for the current one, and the next begins as it should.
    """
    start = period_start(account.period, now)
    start_s = start.timestamp()
    if start_s > spending.period_start_s:
        return AccountSpending(period_start_s=start_s)
    if start_s < spending.period_start_s and _is_later_than_next(account.period, spending, start):
        return AccountSpending(period_start_s=start_s, spent_usd=spending.spent_usd)
    return spending


def _is_later_than_next(period: str, spending: AccountSpending, start: datetime) -> bool:
    try:
        began = datetime.fromtimestamp(spending.period_start_s, UTC)
        return period_start(period, began - timedelta(seconds=1)) > start
    except (OverflowError, ValueError, OSError):  # a damaged row
        return True


def account_error(
    account: Account, spending: AccountSpending, reserved_usd: Decimal, usd: Decimal
) -> BudgetExceeded | None:
    """BudgetExceeded if an amount exceeds what the account has left in this period, else None."""
    error = budget_error(account.max_usd, spending.spent_usd, reserved_usd, usd)
    if error is None:
        return None
    period = f" per {account.period}" if account.period else ""
    return BudgetExceeded(
        message=f"the budget of {account.name or 'the gateway'}{period} is used up: {error.message}"
    )


def least_limit(accounts: Iterable[Account]) -> Decimal | None:
    """Return the smallest limit of the accounts; None without any."""
    return min((account.max_usd for account in accounts), default=None)
