"""Where a client's spending is kept: in this process, or in an SQLite file that processes share."""

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from threading import Lock
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec

from llm_pure.pricing import ledger as pure
from llm_pure.pricing.ledger import Call, Ledger
from llm_pure.types.result import Failure, LLMResult, Success

OnAlert: TypeAlias = Callable[[Ledger], object]

_AT_ONCE = 64


@runtime_checkable
class Account(Protocol):
    """Reservations and calls, safe to use from threads. Nothing here waits for a network."""

    @property
    def max_usd(self) -> Decimal | None:
        """The budget; None for no limit: then nothing is held."""
        ...

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Hold so much; the name of the hold. Fails with BudgetExceeded."""
        ...

    def settle(self, name: str, call: Call) -> None:
        """The call is over: its hold goes, and what it did cost counts."""
        ...

    def release(self, name: str) -> None:
        """The call came to nothing."""
        ...

    def ledger(self) -> Ledger:
        """What was spent and is held, as of now."""
        ...


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What a client may spend. max_usd: None for no limit. alert_share: of max_usd; on_alert is told when it is passed."""

    max_usd: Decimal | None = None
    alert_share: float = 0.8
    on_alert: OnAlert | None = None


class MemoryAccount:
    """The account of one process."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget()
        self._ledger = Ledger(max_usd=self._budget.max_usd)
        self._numbers = count(1)
        self._lock = Lock()
        self._deferred: list[Callable[[], Call]] = []

    @property
    def max_usd(self) -> Decimal | None:
        """The budget; None for no limit."""
        return self._budget.max_usd

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Hold so much; the name of the hold. Fails with BudgetExceeded."""
        with self._lock:
            self._count_deferred()
            name = str(next(self._numbers))
            after = pure.reserve(self._ledger, name, usd)
            if isinstance(after, Failure):
                return after
            self._ledger = after.unwrap()
            return Success(name)

    def settle(self, name: str, call: Call) -> None:
        """The call is over: its hold goes, and what it did cost counts."""
        with self._lock:
            self._count_deferred()
            before = self._ledger
            self._ledger = after = pure.settle(before, name, call)
        tell = self._budget.on_alert
        if tell is not None and pure.crossed_threshold(before, after, self._budget.alert_share):
            tell(after)

    def defer(self, call: Callable[[], Call]) -> None:
        """A call that nothing was held for: priced and counted when somebody looks, or with so many others.

        Done together it costs a fraction of what it costs between two calls to a service.
        """
        with self._lock:
            self._deferred.append(call)
            if len(self._deferred) >= _AT_ONCE:
                self._count_deferred()

    def release(self, name: str) -> None:
        """The call came to nothing."""
        with self._lock:
            self._ledger = pure.release(self._ledger, name)

    def ledger(self) -> Ledger:
        """What was spent and is held, as of now."""
        with self._lock:
            self._count_deferred()
            return self._ledger

    def _count_deferred(self) -> None:
        waiting, self._deferred = self._deferred, []
        if waiting:
            self._ledger = pure.record(self._ledger, [call() for call in waiting])


class Capped:
    """Another account, with a limit for each single call."""

    def __init__(self, account: Account, max_cost_usd: Decimal) -> None:
        self._account = account
        self._most_usd = max_cost_usd

    @property
    def max_usd(self) -> Decimal | None:
        """The limit of a call; it is never None, so calls are held."""
        return self._most_usd

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        """Hold so much; the name of the hold. Fails with BudgetExceeded."""
        refused = pure.refusal(self._most_usd, Decimal(0), Decimal(0), usd)
        return self._account.reserve(usd) if refused is None else Failure(refused)

    def settle(self, name: str, call: Call) -> None:
        """The call is over."""
        self._account.settle(name, call)

    def release(self, name: str) -> None:
        """The call came to nothing."""
        self._account.release(name)

    def ledger(self) -> Ledger:
        """What the account says."""
        return self._account.ledger()
